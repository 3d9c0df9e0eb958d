"""The doctor at a Mosquitto with TLS: each way in which certificates fail, told apart."""

from pathlib import Path
from typing import Any

import pytest

from edgevision.doctor.findings import Grade
from tests.certificates import Authority
from tests.examinations import examined, failure, verdicts
from tests.mosquitto import needs_mosquitto, running_mosquitto

pytestmark = [pytest.mark.broker, needs_mosquitto]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def tls_config(authority: Authority, name: str = "server", extra: str = "", **changes: Any) -> str:
    certificate, key = authority.issue(name, **changes)
    return f"cafile {authority.certificate}\ncertfile {certificate}\nkeyfile {key}\n{extra}"


def test_tls_at_a_trusted_broker_is_fine(authority: Authority) -> None:
    with running_mosquitto(tls_config(authority)) as broker:
        findings = examined(broker.port, tls={"ca_file": authority.certificate})

    # The certificates of these tests last for ten days.
    assert verdicts(findings)["broker.tls"] == "WARN"
    assert "expires on" in findings[2].text
    assert findings[-1].verdict is Grade.OK


@pytest.mark.parametrize(
    ("changes", "what", "remedy"),
    [
        ({"expired": True}, "has expired", "renew it"),
        ({"host": "10.1.2.3"}, "is for another address", "mqtt.host"),
    ],
)
def test_a_certificate_of_the_broker_that_is_not_right(
    authority: Authority, changes: dict[str, Any], what: str, remedy: str
) -> None:
    with running_mosquitto(tls_config(authority, "wrong", **changes)) as broker:
        found = failure(examined(broker.port, tls={"ca_file": authority.certificate}))

    assert found.name == "broker.tls"
    assert what in found.text
    assert remedy in found.remedy


def test_a_certificate_for_another_host_name(authority: Authority) -> None:
    with running_mosquitto(tls_config(authority, "named", host="broker.example")) as broker:
        found = failure(examined(broker.port, host="localhost", tls={"ca_file": authority.certificate}))

    assert "is for another host name" in found.text


def test_a_certificate_of_an_unknown_authority(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    with running_mosquitto(tls_config(authority)) as broker:
        found = failure(examined(broker.port, tls={"ca_file": stranger.certificate}))

    assert "authority" in found.text
    assert "tls.ca_file" in found.remedy


def test_tls_at_a_port_without_it(authority: Authority) -> None:
    with running_mosquitto() as broker:
        found = failure(examined(broker.port, tls={"ca_file": authority.certificate}))

    assert (found.name, "TLS port" in found.remedy) == ("broker.tls", True)


@pytest.mark.parametrize("is_expired", [None, True], ids=["none", "expired"])
def test_a_client_certificate_that_the_broker_does_not_take(
    authority: Authority, tmp_path: Path, is_expired: bool | None
) -> None:
    tls = {"ca_file": authority.certificate}
    if is_expired:
        certificate, key = authority.issue("old-station", expired=True)
        tls |= {"cert_file": certificate, "key_file": key}
    with running_mosquitto(tls_config(authority, extra="require_certificate true")) as broker:
        found = failure(examined(broker.port, tls=tls))

    assert found.name == "broker.tls"
    assert "does not take this station's certificate" in found.text


def test_a_client_certificate_that_the_broker_takes(authority: Authority) -> None:
    certificate, key = authority.issue("station")
    tls = {"ca_file": authority.certificate, "cert_file": certificate, "key_file": key}
    with running_mosquitto(tls_config(authority, extra="require_certificate true")) as broker:
        findings = examined(broker.port, tls=tls)

    assert verdicts(findings)["broker.publish"] == "OK"
