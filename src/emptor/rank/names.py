"""The names of the ranking networks, for who must know them without loading torch. `rank.models` has them all."""

NAMES = (
    *("lr", "lr_crosses", "dnn_no_history", "dnn", "dnn_crosses", "din", "din_wide"),
    *("category_moe", "mmoe", "awmoe", "awmoe_no_contrast", "awmoe_no_attention"),
)
