"""Whether this process can read passwords and keys, and whether everybody else can, too."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from edgevision.config.station import Station
from edgevision.doctor.findings import Examination, failed, fine, warned

__all__ = ["check_credentials"]


def check_credentials(station: Station) -> Examination:
    """Look at every file that the station file names and that holds a secret."""
    for key, path in _secrets(station):
        name = f"credentials.{key}"
        try:
            mode = path.stat().st_mode
        except OSError as error:
            remedy = f"write the secret there, or correct {key}"
            yield failed(name, f"{path}: {error.strerror}", remedy)
            continue
        if not path.is_file() or not os.access(path, os.R_OK):
            remedy = "make it a file that the user that the station runs as may read"
            yield failed(name, f"{path} cannot be read by this user", remedy)
        elif mode & stat.S_IROTH:
            yield warned(name, f"{path} can be read by everybody on this machine", f"chmod o-r {path}")
        else:
            yield fine(name, f"{path} can be read by this user and not by everybody")


def _secrets(station: Station) -> Iterator[tuple[str, Path]]:
    for camera in station.cameras:
        if camera.url_password_file is not None:
            yield f"{camera.name}.url_password_file", camera.url_password_file
    if station.mqtt is None:
        return
    if station.mqtt.password_file is not None:
        yield "mqtt.password_file", station.mqtt.password_file
    if station.mqtt.tls is not None and station.mqtt.tls.key_file is not None:
        yield "mqtt.tls.key_file", station.mqtt.tls.key_file
