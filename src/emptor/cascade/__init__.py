"""The cascade: the contract between stages, and the runner that keeps it."""

from emptor.cascade.contract import MAX_LIST, Candidates, Requests, Stage
from emptor.cascade.runner import Cascade, Methods, Outcome, Pace
from emptor.cascade.trace import Degraded, StageTrace, Trace

__all__ = [
    "MAX_LIST",
    "Candidates",
    "Cascade",
    "Degraded",
    "Methods",
    "Outcome",
    "Pace",
    "Requests",
    "Stage",
    "StageTrace",
    "Trace",
]
