"""Pre-ranking: from all that retrieval found to the few that the ranker can afford, trained on the whole stream."""

from emptor.prerank.stage import methods

__all__ = ["methods"]
