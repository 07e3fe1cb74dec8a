"""From raw text to index terms: the one analyser that indexing and searching share."""

from emptor.shop.text.analyser import Analyser, AnalyserOptions, QueryWord

__all__ = ["Analyser", "AnalyserOptions", "QueryWord"]
