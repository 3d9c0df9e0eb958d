"""The one tree of errors a user can meet. Library exceptions become one of these at the edge.

    EdgeVisionError               1
    ├── UsageError                2  the command line asks for something impossible
    ├── ConfigError              78  a settings file or recipe is wrong
    ├── BundleError               4  a bundle is refused
    │   ├── DamagedBundle         4  the archive cannot be trusted: zip, size, path, hash
    │   ├── ManifestError         4  the manifest or the ONNX model inside does not fit the format
    │   └── GoldenMismatch        4  the golden samples do not reproduce on this engine
    ├── EngineError               5  an engine cannot load or run a model
    │   └── ProviderUnavailable   5  the required execution provider is not there
    ├── CaptureError              6  a source cannot be opened or read
    │   ├── CameraRefusedSetting  6  the camera did not take an asked setting
    │   ├── DamagedFrame          6  one picture of a camera cannot be decoded; the next one may
    │   └── TruncatedInput        3  a recording ended before its last frame
    ├── InspectionError           1  a stage could not decide about one frame
    ├── PublishError              7  the broker or the connection to it
    ├── LedgerError               9  the ledger cannot be opened, read or written
    │   ├── DamagedLedger         9  the file is no database any more
    │   ├── DamagedResult         3  a result in it cannot be read any more; the others can
    │   └── ForeignLedger         9  another version wrote the file, or another process writes it
    ├── GalleryError             11  a gallery is refused, or cannot be read or written
    ├── EvidenceError             1  the images of an inspection cannot be kept
    ├── StationUnfit             10  the doctor found what keeps a station from working
    ├── OutputError               8  a result file cannot be written
    └── VerdictsDiffer           12  two result files disagree about a verdict

The numbers are exit statuses of the command line; `edgevision --help` lists them with the others.
Every message says what, what was expected, what was got, and what to do.
"""

from typing import ClassVar

__all__ = [
    "BundleError",
    "CameraRefusedSetting",
    "CaptureError",
    "ConfigError",
    "DamagedBundle",
    "DamagedFrame",
    "DamagedLedger",
    "DamagedResult",
    "EdgeVisionError",
    "EngineError",
    "EvidenceError",
    "ForeignLedger",
    "GalleryError",
    "GoldenMismatch",
    "InspectionError",
    "LedgerError",
    "ManifestError",
    "OutputError",
    "ProviderUnavailable",
    "PublishError",
    "StationUnfit",
    "TruncatedInput",
    "UsageError",
    "VerdictsDiffer",
]


class EdgeVisionError(Exception):
    """Base of all errors shown to a user; `exit_status` is what the command line returns."""

    exit_status: ClassVar[int] = 1


class UsageError(EdgeVisionError):
    """The command line asks for something that cannot be done."""

    exit_status = 2


class ConfigError(EdgeVisionError):
    """A settings file or recipe is wrong (EX_CONFIG of sysexits.h: systemd must not retry)."""

    exit_status = 78


class BundleError(EdgeVisionError):
    """A bundle is refused."""

    exit_status = 4


class DamagedBundle(BundleError):
    """The archive cannot be trusted: not a zip, truncated, oversized, unsafe path, wrong hash."""


class ManifestError(BundleError):
    """The manifest does not fit the format, or the ONNX model does not fit the manifest."""


class GoldenMismatch(BundleError):
    """The golden samples do not reproduce on the engine in use."""


class EngineError(EdgeVisionError):
    """An engine cannot load or run a model."""

    exit_status = 5


class ProviderUnavailable(EngineError):
    """The required execution provider is absent or fell back to another one."""


class CaptureError(EdgeVisionError):
    """A source cannot be opened or read."""

    exit_status = 6


class CameraRefusedSetting(CaptureError):
    """The camera did not take a setting that the station requires."""


class DamagedFrame(CaptureError):
    """One picture of a camera cannot be decoded; the next one may."""


class TruncatedInput(CaptureError):
    """An input is damaged; all of it that can be read was processed (a recording: its readable frames)."""

    exit_status = 3


class InspectionError(EdgeVisionError):
    """A stage could not decide about one frame; the inspector turns it into ND."""


class PublishError(EdgeVisionError):
    """The broker cannot be used as configured."""

    exit_status = 7


class LedgerError(EdgeVisionError):
    """The ledger cannot be opened, read or written."""

    exit_status = 9


class DamagedLedger(LedgerError):
    """The file is no database, or one that is damaged, or it was taken away while in use."""


class DamagedResult(LedgerError):
    """A result of a ledger cannot be read any more; the others can."""

    exit_status = 3


class ForeignLedger(LedgerError):
    """The ledger is of another version, or in use by another process."""


class GalleryError(EdgeVisionError):
    """A gallery is refused, or cannot be read or written."""

    exit_status = 11


class EvidenceError(EdgeVisionError):
    """The images of an inspection cannot be kept; counted and told, never a reason to stop."""


class StationUnfit(EdgeVisionError):
    """The doctor found something that keeps a station from working."""

    exit_status = 10


class OutputError(EdgeVisionError):
    """A result file cannot be written."""

    exit_status = 8


class VerdictsDiffer(EdgeVisionError):
    """Two result files disagree about a verdict, or one lacks frames of the other."""

    exit_status = 12
