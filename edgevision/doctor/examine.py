"""Runs all checks of a station, one after the other. A check that fails by itself is a finding, too."""

from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from edgevision.doctor.broker import check_broker
from edgevision.doctor.camera import check_camera
from edgevision.doctor.clock import Reading, check_clock, is_synchronised, read_clock
from edgevision.doctor.credentials import check_credentials
from edgevision.doctor.disk import check_disk
from edgevision.doctor.findings import Examination, Finding, failed
from edgevision.doctor.ledger import check_ledger
from edgevision.doctor.models import check_models
from edgevision.doctor.settings import Patient, check_settings

__all__ = ["examine", "guarded"]

_Result = TypeVar("_Result")


def examine(path: Path) -> Iterator[Finding]:
    """Yield what is found at the station of this file, as it is found; never raises."""
    before = read_clock()
    patient = yield from guarded("settings", partial(check_settings, path))
    if patient is not None:
        for name, check in _checks(patient, before):
            yield from guarded(name, check)


def guarded(
    name: str, check: Callable[[], Generator[Finding, None, _Result]]
) -> Generator[Finding, None, _Result | None]:
    """Yield a check's findings and return its result; whatever it raises becomes a failure."""
    try:
        return (yield from check())
    except Exception as error:  # noqa: BLE001 - a doctor must not faint
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        yield failed(name, f"the check itself failed: {what}", "please report it as a bug of edgevision")
        return None


def _checks(patient: Patient, before: Reading) -> Iterator[tuple[str, Callable[[], Examination]]]:
    station, recipe = patient.station, patient.recipe
    yield "credentials", partial(check_credentials, station)
    if recipe is not None:
        yield "models", partial(check_models, recipe, station)
    for camera in station.cameras:
        yield f"camera.{camera.name}", partial(check_camera, camera)
    yield "broker", partial(check_broker, station)
    yield "disk", partial(check_disk, station)
    if station.ledger is not None:
        yield "ledger", partial(check_ledger, station.ledger.path)
    yield "clock", lambda: check_clock(before, read_clock(), synchronised=is_synchronised())
