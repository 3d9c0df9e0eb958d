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
    Received,
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
from edgevision.ports.triggering import EdgeLine, TriggerInput

__all__ = [
    "Broker",
    "Delivery",
    "EdgeLine",
    "Engine",
    "EngineInfo",
    "Feed",
    "FeedCounters",
    "InspectionSink",
    "Message",
    "NewResult",
    "Outbox",
    "OutboxRow",
    "Received",
    "References",
    "ServiceManager",
    "Source",
    "Task",
    "Tensor",
    "TriggerInput",
]
