"""The starter market."""
