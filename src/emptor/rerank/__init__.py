"""Re-ranking: the order of a page, by networks and rules that see the list as a whole."""

from emptor.rerank.stage import methods

__all__ = ["methods"]
