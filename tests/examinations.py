"""The doctor's examination of a broker, and what it found."""

from typing import Any

from edgevision.config.station import MqttSettings, Station
from edgevision.doctor.broker import check_broker
from edgevision.doctor.findings import Finding, Grade

__all__ = ["STATION", "examined", "failure", "verdicts"]

STATION = Station.model_validate(
    {
        "schema": "edgevision.station/1",
        "station": "line1",
        "recipe": "recipe.yaml",
        "cameras": [{"source": "sample:1"}],
    }
)


def examined(port: int, host: str = "127.0.0.1", **changes: Any) -> list[Finding]:
    fields = {"host": host, "port": port, "connect_timeout_s": 2.0} | changes
    return list(check_broker(STATION.model_copy(update={"mqtt": MqttSettings.model_validate(fields)})))


def verdicts(findings: list[Finding]) -> dict[str, str]:
    return {finding.name: finding.verdict.value for finding in findings}


def failure(findings: list[Finding]) -> Finding:
    """Return the one failure, which ends the examination and has a remedy."""
    assert [finding.verdict for finding in findings[:-1]] == [Grade.OK] * (len(findings) - 1)
    assert findings[-1].verdict is Grade.FAIL
    assert findings[-1].remedy
    assert "\n" not in findings[-1].text
    return findings[-1]
