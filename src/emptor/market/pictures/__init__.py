"""Drawn product pictures: a silhouette per category in any colour, pattern and material."""
