import pytest

from edgevision.mqtt.failure import Failure, FailureKind
from edgevision.mqtt.versions import Version, Versions

OLD = Failure(FailureKind.PROTOCOL_VERSION, "does not speak it")
SILENT = Failure(FailureKind.NO_ANSWER, "closed")
AWAY = Failure(FailureKind.REFUSED, "nobody listens")


def test_mqtt_5_is_tried_first() -> None:
    assert Versions("auto").candidates() == [Version.V5, Version.V311]


def test_an_old_broker_is_not_asked_for_mqtt_5_again() -> None:
    versions = Versions("auto")
    assert versions.failed(Version.V5, OLD)
    versions.accepted(Version.V311)
    assert versions.candidates() == [Version.V311]


def test_a_broker_that_closed_without_a_word_is_asked_for_mqtt_5_again_next_time() -> None:
    versions = Versions("auto")
    assert versions.failed(Version.V5, SILENT)
    versions.accepted(Version.V311)
    assert versions.candidates() == [Version.V5, Version.V311]


def test_a_broker_that_spoke_mqtt_5_is_not_taken_for_an_old_one_while_it_restarts() -> None:
    versions = Versions("auto")
    versions.accepted(Version.V5)
    assert not versions.failed(Version.V5, SILENT)


def test_a_broker_that_is_away_is_not_asked_for_another_version() -> None:
    assert not Versions("auto").failed(Version.V5, AWAY)


@pytest.mark.parametrize("version", list(Version))
def test_a_version_that_was_asked_for_is_the_only_one(version: Version) -> None:
    versions = Versions(version.value)
    versions.failed(version, OLD)
    assert versions.candidates() == [version]


def test_when_every_version_was_refused_all_are_tried_again() -> None:
    versions = Versions("auto")
    versions.failed(Version.V5, OLD)
    versions.failed(Version.V311, OLD)
    assert versions.candidates() == [Version.V5, Version.V311]


def test_mqtt_5_is_probed_until_the_broker_has_spoken_it() -> None:
    versions = Versions("auto")
    assert not versions.is_sure(Version.V5)
    assert versions.is_sure(Version.V311)
    versions.accepted(Version.V5)
    assert versions.is_sure(Version.V5)
    assert Versions("5").is_sure(Version.V5)
