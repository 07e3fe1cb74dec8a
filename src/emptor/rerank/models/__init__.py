"""The re-ranking networks: one file each, the same inputs for all, and a registry of them by name."""

from emptor.rerank.models.inputs import Labels, ListSpec, RerankBatch, Sides
from emptor.rerank.models.registry import MODELS, build

__all__ = ["MODELS", "Labels", "ListSpec", "RerankBatch", "Sides", "build"]
