"""Re-ranking: the order of a page, by networks and rules that see the list as a whole."""
