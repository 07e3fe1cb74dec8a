"""The methods that can be reproduced, for who must know them without loading torch."""

METHODS = {"awmoe": ("market", "movielens", "beauty"), "smar": ("market", "fashion", "homedepot")}
"""Names, with their data sets; the classes are those of `reproduce.method`."""
