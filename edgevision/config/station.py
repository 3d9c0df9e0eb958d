"""The settings of a station, as pydantic models. A pure format; reading files is `config.document`."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from edgevision.config.changegate import ChangeGateSettings
from edgevision.config.evidence import EvidenceSettings, PreviewSettings
from edgevision.config.orders import CommandSettings, TriggerSettings
from edgevision.config.passwords import holds_password
from edgevision.config.plant import HomeAssistantSettings, MetricsPageSettings
from edgevision.config.problems import WrongKey
from edgevision.config.record import RecordSettings
from edgevision.messages.topics import STATION_TOPICS

__all__ = [
    "SCHEMA",
    "CameraSettings",
    "EngineSettings",
    "LedgerSettings",
    "MqttSettings",
    "Station",
    "TlsSettings",
]

SCHEMA: Final = "edgevision.station/1"

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Credential = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}$")]
HOST: Final = r"^([^\s:/@\[\]]{1,255}|[0-9A-Fa-f]*(:[0-9A-Fa-f.]*){2,8}(%[A-Za-z0-9_.-]+)?)$"
Seconds = Annotated[float, Field(gt=0.0, le=3600.0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _require_ordered(what: str, min_s: float, max_s: float) -> None:
    if min_s > max_s:
        msg = f"expected {what}_min_s at most {what}_max_s, got {min_s} and {max_s}"
        raise ValueError(msg)


class CameraSettings(_Part):
    """One camera: its address, what is asked of it, and how patient to be with it."""

    name: Name = "cam1"
    source: Annotated[str, Field(coerce_numbers_to_str=True)]
    """Camera index, /dev/v4l/by-id/… path, rtsp:// or http:// URL, video file, image folder,
    or sample:SEED."""
    url_password_file: Path | None = None
    """Holds the password of the user in the URL."""
    width: Annotated[int, Field(strict=True, ge=1, le=65535)] | None = None
    height: Annotated[int, Field(strict=True, ge=1, le=65535)] | None = None
    fps: Annotated[float, Field(ge=0.001, le=10_000.0)] | None = None
    fourcc: Annotated[str, Field(min_length=4, max_length=4)] | None = None
    exposure: float | None = None
    gain: float | None = None
    on_refused_setting: Literal["error", "warn"] = "warn"
    open_timeout_s: Seconds = 5.0
    read_timeout_s: Seconds = 1.5
    """Longer than the time between two pictures; a camera that goes without a word is missed then."""
    frozen_after_s: Seconds | None = 10.0
    """The same pixels for this long mean a frozen camera; null switches the check off."""
    reopen_min_s: Seconds = 0.25
    reopen_max_s: Seconds = 0.75
    """Asking a camera costs little; with a short pause it is back within 2 s of its return."""
    px_per_mm: Annotated[float, Field(gt=0)] | None = None
    """Calibration: pixels per millimetre on the part."""
    mode: Literal["continuous", "interval", "triggered"] = "continuous"
    """Which frames are inspected: as they come, one every `interval_s`, or one for each trigger."""
    interval_s: Seconds = 1.0
    capture_delay_ms: Annotated[float, Field(ge=0.0, le=10_000.0)] = 100.0
    """From the begin of an exposure until the frame is here, at most: only frames that arrive this much
    after a trigger were certainly exposed after it. Modes interval and triggered."""
    max_pending: Annotated[int, Field(strict=True, ge=1, le=256)] = 8
    """Further triggers are refused while so many wait for their verdicts."""
    change_gate: ChangeGateSettings | None = None
    """Every frame is inspected in full when absent."""

    @field_validator("source")
    @classmethod
    def _without_password(cls, source: str) -> str:
        if holds_password(source):
            msg = (
                "expected no password in this file; write it into a file of its own, name that one in "
                "url_password_file, and leave rtsp://USER@HOST/… here"
            )
            raise ValueError(msg)
        return source

    @model_validator(mode="after")
    def _delays(self) -> "CameraSettings":
        _require_ordered("reopen", self.reopen_min_s, self.reopen_max_s)
        return self

    @model_validator(mode="after")
    def _has_a_clock(self) -> "CameraSettings":
        is_sample = self.source.startswith("sample:")
        if self.mode != "continuous" and is_sample and self.fps is None:
            msg = f"mode {self.mode} needs frames with a clock; give the sample line fps"
            raise ValueError(msg)
        if self.mode == "triggered" and self.change_gate is not None:
            msg = "change_gate: each trigger asks about another part, however alike; leave it out"
            raise ValueError(msg)
        return self


class EngineSettings(_Part):
    """What executes the models."""

    name: Literal["auto", "onnxruntime", "openvino"] = "auto"
    provider: Literal["auto", "cpu", "cuda", "tensorrt"] = "auto"
    precision: Literal["auto", "int8", "fp32"] = "auto"
    require: bool = False
    """Refuse to start, instead of raising an alarm, when the provider falls back."""
    half: bool = False
    """Let a GPU compute with fewer bits than fp32 has: TensorRT in fp16, CUDA in TF32. The golden samples
    must reproduce all the same. The CPU takes no notice."""
    threads: Annotated[int, Field(strict=True, ge=1, le=256)] | None = None
    """All cores this process may use when absent."""
    cache_dir: Path | None = None
    """Where measured choices and compiled models are kept; the user's cache when absent."""


class TlsSettings(_Part):
    """TLS to the broker. System authorities are used when `ca_file` is absent."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @model_validator(mode="after")
    def _pair(self) -> "TlsSettings":
        if (self.cert_file is None) != (self.key_file is None):
            msg = "expected both cert_file and key_file, or neither"
            raise ValueError(msg)
        return self


class MqttSettings(_Part):
    """The broker."""

    host: Annotated[str, Field(pattern=HOST)]
    """A name or an address alone: the port has its own key, and TLS its section."""
    port: Annotated[int, Field(strict=True, ge=1, le=65535)] | None = None
    """1883, or 8883 with TLS, when absent."""
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    client_id: str | None = None
    username: str | None = None
    password_file: Path | None = None
    password_credential: Credential | None = None
    """Name of a systemd credential (LoadCredential=)."""
    tls: TlsSettings | None = None
    keepalive_s: Annotated[int, Field(strict=True, ge=5, le=3600)] = 30
    connect_timeout_s: Seconds = 5.0
    reconnect_min_s: Seconds = 1.0
    reconnect_max_s: Seconds = 30.0
    result_expiry_s: Annotated[int, Field(strict=True, ge=1, le=2**32 - 1)] | None = None
    outbox_max_messages: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 10_000
    """Results kept in memory while the broker is away; with a ledger, while its disk takes nothing."""

    @model_validator(mode="after")
    def _consistent(self) -> "MqttSettings":
        if self.password_file is not None and self.password_credential is not None:
            msg = "expected one of password_file and password_credential"
            raise ValueError(msg)
        _require_ordered("reconnect", self.reconnect_min_s, self.reconnect_max_s)
        return self


class LedgerSettings(_Part):
    """The journal on the station's disk: results survive a crash and a broker that is away."""

    path: Path
    """Relative to this file; made where it is missing, its folder must exist."""
    max_bytes: Annotated[int, Field(strict=True, ge=1_000_000, le=10**15)] = 4_000_000_000
    """The file holds so much at most: delivered results go first, then waiting ones, OK before NG and ND."""
    keep_days: Annotated[float, Field(gt=0.0, le=3650.0)] = 30.0
    """How long results stay after the broker has acknowledged them."""


class Station(_Part):
    """A station file."""

    schema_: Literal["edgevision.station/1"] = Field(SCHEMA, alias="schema")
    station: Name
    topic_root: Annotated[str, Field(pattern=r"^[^/+#$\s][^+#$\s]*[^/+#$\s]$")] = "edgevision"
    recipe: Path
    """Relative to this file."""
    cameras: Annotated[tuple[CameraSettings, ...], Field(min_length=1)]
    engine: EngineSettings = EngineSettings()
    mqtt: MqttSettings | None = None
    """Inspect without publishing when absent."""
    ledger: LedgerSettings | None = None
    """Needs `mqtt`. Results wait for the broker in memory when absent, and are lost with the process."""
    triggers: TriggerSettings = TriggerSettings()
    commands: CommandSettings = CommandSettings()
    evidence: EvidenceSettings | None = None
    """No images are kept when absent."""
    record: RecordSettings | None = None
    """Nothing is recorded when absent."""
    preview: PreviewSettings | None = None
    """No previews are sent when absent."""
    home_assistant: HomeAssistantSettings | None = None
    """Home Assistant is told nothing when absent."""
    metrics_page: MetricsPageSettings | None = None
    """Nothing is served over HTTP when absent."""
    metrics_every_s: Seconds = 5.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _camera_names(self) -> "Station":
        names = [camera.name for camera in self.cameras]
        for index, name in enumerate(names):
            if name in names[:index]:
                msg = f"expected different names, got {', '.join(names)}"
                raise WrongKey(("cameras", index, "name"), msg)
            if name in STATION_TOPICS:
                msg = f"{name} is a topic of the station itself; rename the camera"
                raise WrongKey(("cameras", index, "name"), msg)
        return self

    @model_validator(mode="after")
    def _trigger_targets(self) -> "Station":
        triggered = [camera.name for camera in self.cameras if camera.mode == "triggered"]
        for index, gpio in enumerate(self.triggers.gpio):
            if gpio.camera not in (None, *triggered):
                msg = f"{gpio.camera} is no camera of mode triggered, as are {triggered}"
                raise WrongKey(("triggers", "gpio", index, "camera"), msg)
        return self

    @model_validator(mode="after")
    def _need_a_broker(self) -> "Station":
        if self.mqtt is not None:
            return self
        if self.ledger is not None:
            raise WrongKey(("ledger",), "it keeps results for a broker; give the section mqtt too")
        if self.commands.enabled:
            raise WrongKey(("commands",), "they come over MQTT; give the section mqtt too")
        if self.home_assistant is not None:
            raise WrongKey(("home_assistant",), "it is told over MQTT; give the section mqtt too")
        return self
