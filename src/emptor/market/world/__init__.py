"""A world: the truth about products, users and queries, as arrays that follow from a seed and a config."""
