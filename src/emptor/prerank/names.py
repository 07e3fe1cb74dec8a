"""The names of trained pre-rankers, for who must know them without loading torch."""

NAMES = ("hccp", "exposed", "weak_negatives", "cold", "distilled", "infonce", "listwise")
"""Those of `prerank.models`."""
