"""Features: one way from (history, query, product, time) to arrays, for training and serving alike."""

from emptor.shop.features.described import Arrays, Described, arrays_of, joined, taken
from emptor.shop.features.features import Features
from emptor.shop.features.heard import Heard, Told, hearing
from emptor.shop.features.products import ProductColumns
from emptor.shop.features.spec import ACTIONS, CONTEXT, GAPS, NUMERIC, OWN, FeatureSpec

__all__ = [
    "ACTIONS",
    "CONTEXT",
    "GAPS",
    "NUMERIC",
    "OWN",
    "Arrays",
    "Described",
    "FeatureSpec",
    "Features",
    "Heard",
    "ProductColumns",
    "Told",
    "arrays_of",
    "hearing",
    "joined",
    "taken",
]
