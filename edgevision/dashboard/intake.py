"""From MQTT to the live state: every message is checked, junk is dropped and counted. Knows no network."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from edgevision.dashboard.address import Address, Kind, read_topic
from edgevision.dashboard.jpeg import is_jpeg, result_id_of
from edgevision.dashboard.plant import Plant, TooMany
from edgevision.messages.alarm import AlarmMessage
from edgevision.messages.command import AnswerMessage
from edgevision.messages.info import InfoMessage
from edgevision.messages.metrics import MetricsMessage
from edgevision.messages.result import ResultMessage
from edgevision.messages.state import StateMessage
from edgevision.messages.status import Status
from edgevision.messages.wire import MessageModel

__all__ = ["Intake"]

_log = logging.getLogger(__name__)

_MAX_MESSAGE_BYTES = 262_144
_MAX_ID = 200

Model = TypeVar("Model", bound=MessageModel)


class _Junk(Exception):
    """What no station says."""


class Intake:
    """Takes messages in one thread. Fields that a newer station adds are ignored."""

    def __init__(self, plant: Plant, root: str) -> None:
        """Take what is below the topic `root`."""
        self._plant = plant
        self._root = root
        self.taken = 0
        self.junk: Counter[str] = Counter()
        """Dropped messages by the last level of their topic, `topic` for strange ones."""
        self._takers: dict[Kind, Callable[[Address, bytes], None]] = {
            Kind.STATUS: self._status,
            Kind.STATE: self._state,
            Kind.INFO: self._info,
            Kind.ALARM: self._alarm,
            Kind.METRICS: self._metrics,
            Kind.RESULT: self._result,
            Kind.LAST: self._last,
            Kind.PREVIEW: self._preview,
            Kind.ANSWER: self._answer,
        }

    def take(self, topic: str, payload: bytes, is_retained: bool = False) -> None:
        """Apply a message, or count it as junk."""
        address = read_topic(self._root, topic)
        if address is None:
            self._drop("topic", topic, "no topic of a station")
            return
        if not payload or (address.kind is Kind.LAST and not is_retained):
            return  # A retained message was deleted; or the same comes as a result.
        try:
            self._takers[address.kind](address, payload)
        except (_Junk, TooMany, ValueError) as error:
            self._drop(address.kind.value, topic, str(error).splitlines()[0])
        except Exception:  # noqa: BLE001 - see below
            # Were the connection ended by it, the broker would send it again and again.
            _log.exception("a message on %r could not be taken", topic)
            self.junk["fault"] += 1
        else:
            self.taken += 1

    def _drop(self, kind: str, topic: str, why: str) -> None:
        self.junk[kind] += 1
        _log.debug("dropped a message on %r: %s", topic, why)

    def _status(self, address: Address, payload: bytes) -> None:
        self._plant.take_status(address.station, Status(payload.decode()))

    def _state(self, address: Address, payload: bytes) -> None:
        self._plant.take_state(_read(StateMessage, address, payload))

    def _info(self, address: Address, payload: bytes) -> None:
        self._plant.take_info(_read(InfoMessage, address, payload))

    def _alarm(self, address: Address, payload: bytes) -> None:
        self._plant.take_alarm(_read(AlarmMessage, address, payload))

    def _metrics(self, address: Address, payload: bytes) -> None:
        self._plant.take_metrics(_read(MetricsMessage, address, payload))

    def _result(self, address: Address, payload: bytes) -> None:
        self._plant.take_result(_read_result(address, payload), payload)

    def _last(self, address: Address, payload: bytes) -> None:
        self._plant.take_last(_read_result(address, payload))

    def _preview(self, address: Address, payload: bytes) -> None:
        if not is_jpeg(payload):
            raise _Junk("no JPEG, or too large")
        assert address.camera is not None
        self._plant.take_preview(address.station, address.camera, payload, result_id_of(payload))

    def _answer(self, address: Address, payload: bytes) -> None:
        self._plant.take_answer(_read(AnswerMessage, address, payload))


def _read(model: type[Model], address: Address, payload: bytes) -> Model:
    if len(payload) > _MAX_MESSAGE_BYTES:
        raise _Junk(f"{len(payload)} bytes, at most {_MAX_MESSAGE_BYTES}")
    try:
        message = model.model_validate_json(payload, extra="ignore")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _Junk(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    said = (getattr(message, "station", address.station), getattr(message, "camera", address.camera))
    if said[0] != address.station or (address.camera is not None and said[1] != address.camera):
        raise _Junk("the topic names another station or camera than the message")
    return message


def _read_result(address: Address, payload: bytes) -> ResultMessage:
    message = _read(ResultMessage, address, payload)
    if not 0 < len(message.result_id) <= _MAX_ID or min(message.width, message.height) < 1:
        raise _Junk("no usable result_id or size of the frame")
    return message
