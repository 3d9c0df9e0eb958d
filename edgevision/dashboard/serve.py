"""A dashboard as a whole: composed, started, stopped."""

import time
from typing import Any, Self

from edgevision.dashboard.actions import Actions
from edgevision.dashboard.address import filters
from edgevision.dashboard.api import Api
from edgevision.dashboard.app import web_application
from edgevision.dashboard.commands import Commander
from edgevision.dashboard.events import Events
from edgevision.dashboard.history import History
from edgevision.dashboard.intake import Intake
from edgevision.dashboard.lookup import Lookup
from edgevision.dashboard.plant import Plant
from edgevision.dashboard.recorder import Recorder
from edgevision.dashboard.sessions import Sessions, Tokens
from edgevision.dashboard.settings import DashboardSettings
from edgevision.dashboard.subscriber import Subscriber
from edgevision.dashboard.visitors import Visitors
from edgevision.dashboard.web import WebServer

__all__ = ["Dashboard"]


class Dashboard:
    """`with Dashboard(settings) as dashboard: … dashboard.address …`."""

    def __init__(self, settings: DashboardSettings) -> None:
        """Open the history and take the port.

        Raises:
            ConfigError: a file that the settings name does not serve.
            OutputError: the history cannot be opened.
            UsageError: the address cannot be listened on.
        """
        history = History(settings.history, keep_days=settings.keep_days, max_mb=settings.history_mb)
        self._recorder = Recorder(history, _now_ms)
        self._plant = Plant(self._recorder, settings.hours, _now_ms)
        self._plant.restore(history.memory(_now_ms() - round(settings.hours * 3_600_000)))
        self._intake = Intake(self._plant, settings.topic_root)
        broker = settings.broker.model_copy(
            update={"client_id": settings.broker.client_id or history.client_id}
        )
        self._subscriber = Subscriber(broker, filters(settings.topic_root), self._intake.take)
        self._events, self.application = self._web(settings)
        self._server = WebServer(self.application, settings.host, settings.port)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return self._server.address

    def __enter__(self) -> Self:
        """Start everything."""
        self._recorder.start()
        self._subscriber.start()
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything; what arrived is in the history."""
        self._events.is_over = True
        self._server.stop()
        self._subscriber.stop()
        self._recorder.stop()

    def _web(self, settings: DashboardSettings) -> tuple[Events, Any]:
        sessions, tokens = Sessions(), Tokens()
        visitors = Visitors(settings, sessions, tokens)
        commander = None
        if settings.has_commands:
            commander = Commander(self._plant, settings.topic_root, self._subscriber.send)
        api = Api(self._plant, self._recorder, Lookup(settings.history))
        actions = Actions(settings, self._plant, commander, sessions, tokens)
        events = Events(self._plant, self._link, visitors.may_look)
        return events, web_application(api, actions, events, visitors)

    def _link(self) -> dict[str, Any]:
        """Tell pages how the dashboard itself is doing."""
        return {
            "is_connected": self._subscriber.is_connected,
            "broker": self._subscriber.where,
            "problem": self._subscriber.problem,
            "junk": sum(self._intake.junk.values()),
            "history_problem": self._recorder.problem,
            "history_dropped": self._recorder.dropped,
        }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
