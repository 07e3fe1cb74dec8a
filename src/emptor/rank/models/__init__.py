"""The ranking networks: one file each, the same inputs and outputs for all, and a registry of them by name."""

from emptor.rank.models.inputs import TASKS, InputSpec, RankBatch
from emptor.rank.models.registry import MODELS, build, size

__all__ = ["MODELS", "TASKS", "InputSpec", "RankBatch", "build", "size"]
