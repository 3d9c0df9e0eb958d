#!/bin/sh
# One command from a fresh clone to verdicts on MQTT: makes a virtual environment, installs
# the device package, starts an embedded broker, the daemon on the built-in sample line and the dashboard.
# Options are those of `edgevision demo`: --frames N, --video FILE, --camera N, --url URL,
# --broker HOST:PORT; see --help.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv=${EDGEVISION_VENV:-$root/.venv}
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "demo: Python 3.11 or newer is needed; $python is $("$python" --version 2>&1 || echo absent)." >&2
    echo "demo: install it, or name one: PYTHON=/path/to/python3.11 sh deploy/demo.sh" >&2
    exit 2
fi

if [ ! -x "$venv/bin/python" ] && ! "$python" -m venv "$venv"; then
    echo "demo: no virtual environment could be made; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 2
fi

extras=cpu,demo,dashboard
[ "$(uname -m)" = x86_64 ] && extras=$extras,openvino

wanted=$(cat "$root/pyproject.toml" "$root/deploy/constraints.txt" | cksum)" $extras"
stamp=$venv/.demo-installed
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    echo "demo: installing the device package into $venv (once) ..."
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --constraint "$root/deploy/constraints.txt" --editable "$root[$extras]"
    echo "$wanted" >"$stamp"
fi

exec "$venv/bin/python" -m edgevision demo --recipe "$root/deploy/examples/surface-crack.yaml" "$@"
