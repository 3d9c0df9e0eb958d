import pytest

from edgevision.daemon.keeping import evidence_conditions
from edgevision.evidence.keeper import EvidenceHealth


@pytest.mark.parametrize(
    ("health", "code"),
    [
        (EvidenceHealth(failure="the disk is full"), "evidence_failed"),
        (EvidenceHealth(is_dropping=True), "evidence_dropped"),
        (EvidenceHealth(is_squeezed=True), "evidence_squeezed"),
    ],
)
def test_what_is_wrong_with_the_evidence_is_an_alarm(health: EvidenceHealth, code: str) -> None:
    (condition,) = evidence_conditions(health)

    assert condition.code == code
    assert health.failure in condition.text


def test_sound_evidence_is_no_alarm() -> None:
    assert evidence_conditions(EvidenceHealth()) == []
