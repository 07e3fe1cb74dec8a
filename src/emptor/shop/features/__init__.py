"""Features: one way from (history, query, product, time) to arrays, for training and serving alike."""

from emptor.shop.features.features import Arrays, Features
from emptor.shop.features.spec import ACTIONS, CONTEXT, GAPS, NUMERIC, OWN, FeatureSpec

__all__ = ["ACTIONS", "CONTEXT", "GAPS", "NUMERIC", "OWN", "Arrays", "FeatureSpec", "Features"]
