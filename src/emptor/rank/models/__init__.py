"""Ranking networks: plain torch modules, one file each, all with the same inputs and the same outputs."""
