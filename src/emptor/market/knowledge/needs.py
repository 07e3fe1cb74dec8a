"""Every need that people bring to the market. What it takes stands in the encyclopaedia, never beside a product."""

from __future__ import annotations

from emptor.market.knowledge.need import Need
from emptor.market.knowledge.needs_home import HOME
from emptor.market.knowledge.needs_life import LIFE
from emptor.market.knowledge.needs_more import MORE
from emptor.market.knowledge.needs_out import OUT

NEEDS: tuple[Need, ...] = OUT + HOME + LIFE + MORE

__all__ = ["NEEDS", "Need"]
