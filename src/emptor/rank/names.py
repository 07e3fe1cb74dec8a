"""The names of trained rankers, for who must know them without loading torch."""

NETWORKS = (
    *("lr", "lr_crosses", "dnn_no_history", "dnn", "dnn_crosses", "din", "din_wide"),
    *("category_moe", "mmoe", "awmoe", "awmoe_no_contrast", "awmoe_no_attention"),
)
"""Those of `rank.models`."""
TREES = "lightgbm"
"""Boosted trees, see `rank.trees`."""
NAMES = (*NETWORKS, TREES)
