#!/bin/sh
# Every check of this repository: installs what the tests need, then lint, format, types,
# layers and tests. Runs all of them even if one fails, and exits 1 if any did.
# EDGEVISION_VENV names the virtual environment, .venv by default; arguments go to pytest.
# torch is about 200 MB in its CPU build and gigabytes with CUDA: on a machine without a GPU,
# let your pip configuration offer the CPU build (find-links or an extra index).
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 1
cd "$root" || exit 1
venv=${EDGEVISION_VENV:-$root/.venv}
python=${PYTHON:-python3}
failed=''

step() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed $name"
}

stop() {
    echo "tests/run.sh: $1" >&2
    exit 1
}

make_venv() {
    [ -x "$venv/bin/python" ] && return
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        stop "Python 3.11 or newer is needed; install it, or name one: PYTHON=/path/to/python3.11 sh tests/run.sh"
    "$python" -m venv "$venv" ||
        stop "no virtual environment could be made; on Debian and Ubuntu: apt-get install python3-venv"
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
        --constraint deploy/constraints.txt --editable ".[$1]"
}

install_package() {
    wanted=$(cat pyproject.toml deploy/constraints.txt tests/run.sh | cksum)
    stamp=$venv/.tests-installed
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    echo "installing the package and what its tests need into $venv (once)"
    pip_install cpu,openvino,demo,dashboard,gallery,gpio,parquet,export,test ||
        stop "the package could not be installed; pip says why above"
    pip_install ray || echo "Ray cannot be installed here, pip says why above:" \
        "the tests of a replay on a cluster are skipped"
    echo "$wanted" >"$stamp"
}

install_from_system() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        log=$(mktemp)
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
            "$@"; } >"$log" 2>&1 </dev/null || tail -n 5 "$log"
        rm -f "$log"
    fi
}

install_mosquitto() {
    PATH=$PATH:/usr/sbin:/usr/local/sbin
    command -v mosquitto >/dev/null && return
    install_from_system mosquitto mosquitto-clients
    command -v mosquitto >/dev/null || echo "No Mosquitto here, and it cannot be installed from system packages:" \
        "the tests marked 'broker' are skipped. As root: apt-get install mosquitto"
}

install_chromium() {
    command -v chromium >/dev/null && return
    install_from_system chromium fonts-noto-cjk
    command -v chromium >/dev/null || echo "No Chromium here, and it cannot be installed from system packages:" \
        "the tests marked 'browser' are skipped. As root: apt-get install chromium"
}

install_systemd() {
    command -v nsenter >/dev/null && command -v ip >/dev/null && command -v dbus-daemon >/dev/null &&
        [ -x /lib/systemd/systemd ] && return
    install_from_system systemd dbus iproute2 util-linux
}

echo "== install"
make_venv
install_package
install_mosquitto
install_chromium
install_systemd
export PATH="$venv/bin:$PATH"

step ruff ruff check .
step format ruff format --check .
step mypy mypy
step layers lint-imports
step pytest pytest "$@"

if [ -n "$failed" ]; then
    echo "FAILED:$failed"
    exit 1
fi
echo "all checks passed"
