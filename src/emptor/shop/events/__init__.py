"""The behaviour log: what users saw and did, kept durably and read as one table."""

from emptor.shop.events.exporting import export_events
from emptor.shop.events.importing import ImportCounts, import_events
from emptor.shop.events.log import Ack, EventLog
from emptor.shop.events.ubi import from_ubi, to_ubi
from emptor.shop.events.validate import EventFault, validate_event

__all__ = [
    "Ack",
    "EventFault",
    "EventLog",
    "ImportCounts",
    "export_events",
    "from_ubi",
    "import_events",
    "to_ubi",
    "validate_event",
]
