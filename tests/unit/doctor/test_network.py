"""What cannot be shown with a real broker; the rest: tests/integration/test_doctor.py."""

import socket
import threading
from typing import Any

import pytest

from edgevision.doctor.findings import Grade
from edgevision.doctor.network import check_dns


def test_a_resolver_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def never(*_: Any, **__: Any) -> list[Any]:
        released.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never)
    (found,) = check_dns("broker.example", 1883, timeout_s=0.05)
    released.set()

    assert (found.name, found.verdict) == ("broker.dns", Grade.FAIL)
    assert "no answer" in found.text


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "..", "\udcff"])
def test_a_name_that_is_none_is_told(host: str) -> None:
    (found,) = check_dns(host, 1883, timeout_s=10)

    assert found.verdict is Grade.FAIL
