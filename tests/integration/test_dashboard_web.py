"""The dashboard's web interface, asked as a browser and as an attacker would ask."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from edgevision.config.station import MqttSettings
from edgevision.dashboard.passwords import add_user
from edgevision.dashboard.serve import Dashboard
from edgevision.dashboard.settings import DashboardSettings
from edgevision.types import Judgement
from tests.mosquitto import free_port
from tests.plants import Said, Station

NOW_NS = 1_795_600_000_000_000_000
HOSTILE = "<img src=x onerror=alert(1)>"


@contextmanager
def opened(tmp_path: Path, **fields: Any) -> Iterator[tuple[Dashboard, TestClient]]:
    """Run a dashboard whose broker is away, and a browser on the same machine."""
    broker = MqttSettings(host="127.0.0.1", port=free_port())
    settings = DashboardSettings(broker=broker, history=tmp_path / "history.sqlite", port=0, **fields)
    with Dashboard(settings) as dashboard:
        yield dashboard, TestClient(dashboard.application, "http://127.0.0.1", client=("127.0.0.1", 5))


def hear(dashboard: Dashboard, *said: Said) -> None:
    for one in said:
        dashboard._intake.take(*one)


def token(client: TestClient) -> dict[str, str]:
    return {"X-CSRF-Token": client.get("/api/me").json()["token"]}


@pytest.fixture
def users(tmp_path: Path) -> Path:
    add_user(tmp_path / "users", "ann", "correct horse")
    return tmp_path / "users"


def sign_in(client: TestClient, password: str = "correct horse") -> int:
    body = {"user": "ann", "password": password}
    return client.post("/api/login", json=body, headers=token(client)).status_code


def test_every_answer_forbids_what_a_page_of_ours_does_not_need(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, client):
        for path in ("/", "/station/x", "/static/js/dom.js", "/api/results", "/nothing", "/login"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "server" not in headers


def test_no_page_has_script_or_style_of_its_own() -> None:
    from edgevision.dashboard import app, pages

    texts = [page.read_text() for page in pages._FOLDER.glob("*.html")]
    assert len(texts) == len(pages._NAMES) + 1
    for text in texts:
        assert "<script>" not in text
        assert "style=" not in text
        assert " on" not in text.replace(" one", "")
    for script in (app._STATIC / "js").glob("*.js"):
        assert "innerHTML" not in script.read_text()


def test_results_are_served_as_they_arrived_whatever_they_hold(tmp_path: Path) -> None:
    with opened(tmp_path) as (dashboard, client):
        said = Station().result(Judgement.NG, NOW_NS, part_id=HOSTILE, reason=HOSTILE)
        hear(dashboard, said)
        (found,) = client.get("/api/results").json()["results"]
        answer = client.get(f"/api/results/{found['result_id']}")

    assert (found["part_id"], found["reason"]) == (HOSTILE, HOSTILE)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["message"] == json.loads(said[1])


def test_pictures_are_served_for_an_ng_and_for_the_newest(tmp_path: Path) -> None:
    with opened(tmp_path) as (dashboard, client):
        station = Station()
        said = station.result(Judgement.NG, NOW_NS)
        result_id = json.loads(said[1])["result_id"]
        picture = station.preview(result_id)
        hear(dashboard, said, picture)
        number = dashboard._plant.station("line1").cameras["cam1"].picture.number  # type: ignore[union-attr]

        assert client.get(f"/pictures/{result_id}").content == picture[1]
        newest = client.get(f"/pictures/line1/cam1/{number}")
        assert (newest.content, newest.headers["content-type"]) == (picture[1], "image/jpeg")
        assert client.get(f"/pictures/line1/cam1/{number - 1}").status_code == 404
        assert client.get("/pictures/none").status_code == 404


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", "before=" + "9" * 30, "judgement=XX", "text=" + "a" * 5000, "before=٣"]
)
def test_a_strange_question_gets_an_ordinary_answer(tmp_path: Path, query: str) -> None:
    with opened(tmp_path) as (_, client):
        assert client.get(f"/api/results?{query}").json() == {"results": []}


def test_a_page_of_another_name_does_not_reach_the_loopback(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, client):
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 421
        assert client.get("/", headers={"Host": "localhost:99"}).status_code == 200


def test_an_alarm_is_acknowledged_from_our_own_page_only(tmp_path: Path) -> None:
    body = {"camera": "", "code": "camera_lost"}
    path = "/api/stations/line1/acknowledge"
    with opened(tmp_path) as (dashboard, client):
        hear(dashboard, Station().alarm("camera_lost", "cam1 is lost.", NOW_NS))
        ours = token(client)

        assert client.post(path, json=body).status_code == 403
        assert client.post(path, json=body, headers={"X-CSRF-Token": "0" * 64}).status_code == 403
        assert client.post(path, json=body, headers=ours | {"Origin": "http://evil"}).status_code == 403
        assert client.post(path, data=body, headers=ours).status_code == 403
        assert client.post(path, json=body, headers=ours | {"Origin": "http://127.0.0.1"}).status_code == 200
        assert client.post(path, json=body, headers=ours).status_code == 404


@pytest.mark.parametrize(
    "content", [b"[]", b"{", b'{"code": 1}', b"[" * 9000, b'{"code": "' + b"x" * 20_000 + b'"}']
)
def test_a_strange_body_is_refused(tmp_path: Path, content: bytes) -> None:
    with opened(tmp_path) as (_, client):
        headers = token(client) | {"Content-Type": "application/json"}
        answer = client.post("/api/stations/line1/acknowledge", content=content, headers=headers)

    assert answer.status_code == 400


def test_without_commands_nobody_commands(tmp_path: Path, users: Path) -> None:
    with opened(tmp_path, password_file=users) as (dashboard, client):
        hear(dashboard, *Station().start(NOW_NS))
        assert sign_in(client) == 200
        assert client.get("/api/me").json()["has_commands"] is False
        answer = client.post("/api/stations/line1/commands", json={"verb": "stop"}, headers=token(client))

    assert answer.status_code == 403


def test_strangers_see_nothing_where_one_signs_in(tmp_path: Path, users: Path) -> None:
    with opened(tmp_path, password_file=users) as (_, client):
        for path in ("/api/results", "/events", "/pictures/x", "/api/stations/x/figures"):
            assert client.get(path).status_code == 401
        page = client.get("/station/line1", follow_redirects=False)
        assert (page.status_code, page.headers["location"]) == (303, "/login?next=/station/line1")
        assert client.get("/login").status_code == 200


def test_a_session_is_begun_with_the_password_and_ended_at_once(tmp_path: Path, users: Path) -> None:
    with opened(tmp_path, password_file=users) as (_, client):
        assert sign_in(client, "wrong horse") == 403
        assert sign_in(client) == 200
        assert client.get("/api/me").json()["user"] == "ann"
        assert client.get("/api/results").status_code == 200
        cookie = client.cookies["edgevision_session"]
        assert client.post("/api/logout", json={}, headers=token(client)).status_code == 200
        client.cookies.set("edgevision_session", cookie)
        assert client.get("/api/results").status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(tmp_path: Path, users: Path) -> None:
    with opened(tmp_path, password_file=users) as (_, client):
        body = {"user": "ann", "password": "correct horse"}
        header = client.post("/api/login", json=body, headers=token(client)).headers["set-cookie"].lower()

    assert "httponly" in header
    assert "samesite=strict" in header


def test_the_token_of_another_session_does_not_serve(tmp_path: Path, users: Path) -> None:
    with opened(tmp_path, password_file=users) as (_, client):
        before = token(client)
        assert sign_in(client) == 200
        assert client.post("/api/logout", json={}, headers=before).status_code == 403


def test_guessing_passwords_is_slowed_down(tmp_path: Path, users: Path) -> None:
    with opened(tmp_path, password_file=users) as (_, client):
        statuses = [sign_in(client, f"wrong {number}") for number in range(11)]

    assert statuses == [403] * 10 + [429]


def test_a_reverse_proxy_names_the_visitor_and_only_it_may(tmp_path: Path) -> None:
    with opened(tmp_path, auth_header="X-Forwarded-User") as (dashboard, client):
        named = {"X-Forwarded-User": "ann"}
        assert client.get("/api/me", headers=named).json()["user"] == "ann"
        assert client.get("/").status_code == 401
        stranger = TestClient(dashboard.application, "http://127.0.0.1", client=("10.0.0.9", 5))
        assert stranger.get("/api/results", headers=named).status_code == 401


def test_a_command_says_who_gave_it_and_is_refused_where_it_makes_no_sense(tmp_path: Path) -> None:
    path = "/api/stations/line1/commands"
    with opened(tmp_path, auth_header="X-User", has_commands=True) as (dashboard, client):
        client.headers["X-User"] = "ann"
        client.headers.update(token(client))
        assert client.post(path, json={"verb": "stop"}).status_code == 400
        hear(dashboard, *Station().start(NOW_NS))
        assert client.post(path, json={"verb": "format"}).status_code == 400
        assert client.post(path, json={"verb": "stop", "force": "yes"}).status_code == 400
        assert client.post(path, json={"verb": "stop"}).json() == {"error": "no connection to the broker"}


def test_a_file_outside_of_the_pages_is_not_served(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, client):
        for path in ("/static/../serve.py", "/static/%2e%2e/serve.py", "/static/..%2fserve.py"):
            assert client.get(path).status_code == 404
