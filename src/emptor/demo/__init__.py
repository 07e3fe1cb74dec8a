"""The demo: a shop made out of nothing (`making`), which trains its own stages while it is served (`training`)."""
