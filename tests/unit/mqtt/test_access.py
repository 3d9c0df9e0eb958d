from pathlib import Path

import pytest

from edgevision.config.station import MqttSettings, TlsSettings
from edgevision.errors import ConfigError
from edgevision.mqtt.access import read_access


def test_without_settings_there_is_no_password_and_no_tls() -> None:
    access = read_access(MqttSettings(host="broker"))
    assert (access.username, access.password, access.tls) == (None, None, None)


def test_the_password_is_the_file_without_its_line_end_and_shows_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(" s3cret \n")
    access = read_access(MqttSettings(host="broker", username="line1", password_file=file))
    assert access.password == " s3cret "
    assert "s3cret" not in repr(access)


def test_a_systemd_credential_is_found_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mqtt").write_text("s3cret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = MqttSettings(host="broker", username="line1", password_credential="mqtt")
    assert read_access(settings).password == "s3cret"


def test_a_credential_outside_of_systemd_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    settings = MqttSettings(host="broker", username="line1", password_credential="mqtt")
    with pytest.raises(ConfigError, match="LoadCredential"):
        read_access(settings)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe\xff"])
def test_a_password_file_that_does_not_serve_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=str(file)):
        read_access(MqttSettings(host="broker", username="line1", password_file=file))


def test_a_password_without_a_user_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret")
    with pytest.raises(ConfigError, match="username"):
        read_access(MqttSettings(host="broker", password_file=file))


def test_an_authority_file_that_is_missing_or_no_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    with pytest.raises(ConfigError, match="ca_file"):
        read_access(MqttSettings(host="broker", tls=TlsSettings(ca_file=file)))
    file.write_text("no certificate")
    with pytest.raises(ConfigError, match="ca_file"):
        read_access(MqttSettings(host="broker", tls=TlsSettings(ca_file=file)))


def test_a_client_certificate_that_is_missing_is_named(tmp_path: Path) -> None:
    tls = TlsSettings(cert_file=tmp_path / "c.pem", key_file=tmp_path / "c.key")
    with pytest.raises(ConfigError, match="cert_file"):
        read_access(MqttSettings(host="broker", tls=tls))


def test_host_names_are_always_verified() -> None:
    access = read_access(MqttSettings(host="broker", tls=TlsSettings()))
    assert access.tls is not None
    assert access.tls.check_hostname
