#!/bin/sh
# Installs edgevision on a station with systemd and starts the sample line as edgevision@line1.
# Again over an older one: upgrades it and restarts the stations that run. deploy/INSTALL.md tells more.
#   install.sh [--openvino] [--gpu] [--offline WHEELDIR]
#   install.sh --uninstall
set -eu
umask 022

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
python=${PYTHON:-python3}
venv=/opt/edgevision
config=/etc/edgevision
units=/etc/systemd/system
dropins=$units/edgevision@.service.d
extra=cpu
also=''
wheels=''
uninstall=''
ready_within_s=120

stop() {
    echo "install: $1" >&2
    exit "${2:-2}"
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --openvino) also=openvino ;;
        --gpu) extra=gpu ;;
        --offline)
            [ $# -gt 1 ] || stop "--offline: expected the folder with the wheels"
            wheels=$2
            shift
            ;;
        --uninstall) uninstall=yes ;;
        *) stop "$1: unknown; expected --openvino, --gpu, --offline WHEELDIR or --uninstall" ;;
        esac
        shift
    done
}

check_host() {
    [ "$(id -u)" = 0 ] || stop "expected root, got $(id -un); run it with sudo"
    [ -d /run/systemd/system ] || stop "this machine was not booted with systemd; for containers see deploy/demo.sh"
}

check_python() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        stop "Python 3.11 or newer is needed, $python is $("$python" --version 2>&1 || echo absent); PYTHON=/path names one"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        stop "$python makes no virtual environments; on Debian and Ubuntu: apt-get install python3-venv"
    case $("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))') in
    /root* | /home*) stop "$python lies in a home folder, which the service cannot see; PYTHON=/usr/bin/python3 names another" ;;
    esac
    [ -z "$wheels" ] || ls "$wheels"/edgevision-*.whl >/dev/null 2>&1 ||
        stop "$wheels: expected edgevision-*.whl and what it needs; deploy/INSTALL.md says how to make them"
}

pip() {
    "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"
}

install_package() {
    echo "install: the package into $venv"
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv "$venv"
    wanted=$extra${also:+,$also}
    # Both engines bring the same module; the other one would shadow it, or take its files along later.
    other=onnxruntime$([ "$extra" = gpu ] || echo -gpu)
    pip uninstall --yes "$other" 2>/dev/null
    if [ -z "$wheels" ]; then
        pip install --constraint "$root/deploy/constraints.txt" "$root[$wanted]"
        return
    fi
    pip install --no-index --find-links "$wheels" --constraint "$root/deploy/constraints.txt" "edgevision[$wanted]"
    # The same version may come with other contents.
    pip install --no-index --find-links "$wheels" --no-deps --force-reinstall edgevision
}

install_units() {
    echo "install: edgevision@.service"
    install -m 644 "$root/systemd/edgevision@.service" "$units/"
    rm -f "$dropins/openvino.conf" "$dropins/gpu.conf"
    install -d "$dropins"
    [ -z "$also" ] || install -m 644 "$root/systemd/edgevision@.service.d/openvino.conf" "$dropins/"
    [ "$extra" = cpu ] || install -m 644 "$root/systemd/edgevision@.service.d/gpu.conf" "$dropins/"
    rmdir "$dropins" 2>/dev/null || true
    systemctl daemon-reload
}

# Sets $stations: those that run, which are started again, or line1 on a new host.
start_stations() {
    if [ -e "$config/line1.yaml" ]; then
        echo "install: $config stays as it is"
        stations=$(systemctl list-units --plain --no-legend --state=active,activating 'edgevision@*.service' |
            cut -d ' ' -f 1)
    else
        install -d "$config"
        [ -e "$config/surface-crack.yaml" ] || install -m 644 "$root/deploy/examples/surface-crack.yaml" "$config/"
        install -m 644 "$root/deploy/examples/line1.yaml" "$config/"
        stations=edgevision@line1.service
        systemctl enable --quiet $stations
    fi
    for station in $stations; do
        systemctl stop "$station"
        systemctl start --no-block "$station"
    done
}

# Not `systemctl start`: it would wait for ever for a camera that is away. Inactive is a unit whose turn has
# not come yet.
wait_until_ready() {
    waited_s=0
    while ! systemctl is-active --quiet "$1" && ! systemctl is-failed --quiet "$1" &&
        [ $waited_s -lt $ready_within_s ]; do
        sleep 1
        waited_s=$((waited_s + 1))
    done
    systemctl is-active --quiet "$1" || {
        journalctl --no-pager --lines 20 --unit "$1" >&2
        stop "$1 is not ready: $(systemctl show --property StatusText --value "$1")" 1
    }
    echo "install: $1 is ready: $(systemctl show --property StatusText --value "$1")"
}

remove_all() {
    systemctl stop 'edgevision@*.service'
    rm -f "$units/edgevision@.service" "$units"/*.wants/edgevision@*.service
    rm -f "$dropins/openvino.conf" "$dropins/gpu.conf"
    rmdir "$dropins" 2>/dev/null || true
    rm -rf "$venv"
    systemctl daemon-reload
    systemctl reset-failed 'edgevision@*.service'
    echo "install: removed. $config, /etc/credstore and the results in /var/lib/edgevision are still there."
}

read_options "$@"
check_host
if [ -n "$uninstall" ]; then
    remove_all
    exit 0
fi
check_python
install_package
install_units
start_stations
for station in $stations; do
    wait_until_ready "$station"
done
