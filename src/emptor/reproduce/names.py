"""The methods that can be reproduced, for who must know them without loading torch."""

METHODS = {
    "smar": ("market", "fashion", "homedepot"),
    "hccp": ("market",),
    "awmoe": ("market", "movielens", "beauty"),
    "armmt": ("market", "movielens", "letor"),
    "podmmi": ("market", "movielens", "letor"),
}
"""Names, with their data sets; the classes are those of `reproduce.method`."""
