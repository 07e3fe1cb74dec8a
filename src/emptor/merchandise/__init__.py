"""Merchandising: rules of people (pin, boost, bury, block, synonym) as the last layer of every cascade."""

from emptor.merchandise.blocks import Blocks
from emptor.merchandise.faults import LeftOut
from emptor.merchandise.rules import NAME, Draft, Rule, Rules
from emptor.merchandise.stage import Merchandising, methods
from emptor.merchandise.store import add_rule, end_rule, read_rules

__all__ = [
    "NAME",
    "Blocks",
    "Draft",
    "LeftOut",
    "Merchandising",
    "Rule",
    "Rules",
    "add_rule",
    "end_rule",
    "methods",
    "read_rules",
]
