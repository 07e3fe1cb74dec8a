"""The behaviour log: what users saw and did, kept durably and read as one table."""

from emptor.shop.events.erasing import Erased, Selection
from emptor.shop.events.exporting import export_events
from emptor.shop.events.importing import ImportCounts, import_events
from emptor.shop.events.log import Ack, EventLog
from emptor.shop.events.mapping import parse_actions, parse_event_maps, parse_one_time
from emptor.shop.events.sources import event_files
from emptor.shop.events.ubi import from_ubi, to_ubi
from emptor.shop.events.validate import EventFault, validate_event

__all__ = [
    "Ack",
    "Erased",
    "EventFault",
    "EventLog",
    "ImportCounts",
    "Selection",
    "event_files",
    "export_events",
    "from_ubi",
    "import_events",
    "parse_actions",
    "parse_event_maps",
    "parse_one_time",
    "to_ubi",
    "validate_event",
]
