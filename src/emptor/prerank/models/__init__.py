"""The pre-ranking networks: one file each, the same inputs for all, and a registry of them by name."""

from emptor.prerank.models.inputs import Level, PrerankBatch
from emptor.prerank.models.registry import MODELS, build

__all__ = ["MODELS", "Level", "PrerankBatch", "build"]
