"""Reproductions: a method beside its rivals on one data set, tuned alike, over seeds, with what it must show."""
