"""Reads result files: what `replay --out` and `ledger export` wrote, one result message a line."""

import json
from pathlib import Path
from typing import Any

from edgevision.compare import Keys, Result
from edgevision.errors import UsageError
from edgevision.types import Judgement

__all__ = ["read_results"]

_ORIGIN = ("recipe", "recipe_version", "recipe_hash", "model", "model_version", "model_hash")
_ENGINE = ("engine", "provider", "precision")


def read_results(path: Path) -> list[Result]:
    """Return the results of a file, in order.

    Raises:
        UsageError: it cannot be read, or a line is no result message.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(
            f"{path}: expected a file of results, got: {error.strerror}; check its path"
        ) from error
    keys = Keys()
    return [_result(path, number, line, keys) for number, line in enumerate(lines, 1)]


def _name(message: dict[str, Any]) -> str:
    return str(message.get("file") or message.get("camera", ""))


def _message(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError as error:
        raise _no_result(path, number, "no JSON") from error
    if not isinstance(message, dict) or message.get("schema") != "edgevision.result/1":
        raise _no_result(path, number, "something else")
    return message


def _result(path: Path, number: int, line: bytes, keys: Keys) -> Result:
    message = _message(path, number, line)
    try:
        truth = message.get("truth")
        return Result(
            key=keys.next(_name(message), message.get("frame_id"), message.get("trigger_id")),
            judgement=Judgement(message["judgement"]),
            truth=None if truth is None else Judgement(truth),
            score_max=float(message["score_max"]),
            reason=str(message["reason"]),
            codes=tuple(str(reason["code"]) for reason in message["reasons"]),
            boxes=tuple(
                (each["class"], each["score"], tuple(each["box_xyxy"])) for each in message["defects"]
            ),
            size_wh=(int(message["width"]), int(message["height"])),
            part_id=message.get("part_id"),
            origin=tuple((name, str(message[name])) for name in (*_ORIGIN, *_ENGINE) if name in message),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _no_result(path, number, f"{type(error).__name__}: {error}") from error


def _no_result(path: Path, number: int, got: str) -> UsageError:
    return UsageError(
        f"{path}, line {number}: expected a result message, as edgevision replay --out and ledger export "
        f"write them, got {got}"
    )
