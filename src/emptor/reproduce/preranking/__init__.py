"""HCCP and its opponents on data sets, over seeds."""
