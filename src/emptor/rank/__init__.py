"""Ranking: the order of what is relevant for the one who asks. So far by hand; trained methods must beat it."""

from emptor.rank.stage import methods

__all__ = ["methods"]
