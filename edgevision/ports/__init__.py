"""The seams: what the loop needs of cameras, engines, tasks, sinks and brokers.

Each port is one small protocol; adapters implement it and every adapter package also
ships a fake.
"""

from edgevision.ports.delivering import (
    Broker,
    Delivery,
    InspectionSink,
    Message,
    NewResult,
    Outbox,
    OutboxRow,
)
from edgevision.ports.inspecting import (
    Engine,
    EngineInfo,
    Feed,
    FeedCounters,
    References,
    Source,
    Task,
    Tensor,
)
from edgevision.ports.supervising import ServiceManager

__all__ = [
    "Broker",
    "Delivery",
    "Engine",
    "EngineInfo",
    "Feed",
    "FeedCounters",
    "InspectionSink",
    "Message",
    "NewResult",
    "Outbox",
    "OutboxRow",
    "References",
    "ServiceManager",
    "Source",
    "Task",
    "Tensor",
]
