"""The names of re-rankers, for who must know them without loading torch."""

NAMES = ("armmt", "podmmi", "prm", "setrank", "dlcm", "pointwise")
"""Networks, those of `rerank.models`."""
GREEDY = ("mmr", "dpp")
"""Rules that nothing is trained for."""
