"""Re-rankers beside each other on the market and on public data sets."""
