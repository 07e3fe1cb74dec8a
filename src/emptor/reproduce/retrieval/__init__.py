"""Retrieval networks beside each other: SMAR, what it is made of, and the opponents that might win."""
