"""The networks of multimodal retrieval: one file each, the same inputs and outputs, and a registry of them by name."""

from emptor.retrieve.models.inputs import InputSpec, ProductBatch, RetrievalBatch
from emptor.retrieve.models.registry import MODELS, PRESETS, build
from emptor.retrieve.models.retriever import Output, Products, Query, Retriever

__all__ = [
    "MODELS",
    "PRESETS",
    "InputSpec",
    "Output",
    "ProductBatch",
    "Products",
    "Query",
    "RetrievalBatch",
    "Retriever",
    "build",
]
