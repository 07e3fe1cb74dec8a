"""What the starter market knows: categories, colours, brands. Everything that the catalogue says follows
from it.
"""

from emptor.market.starter.knowledge.category import Category, Measure
from emptor.market.starter.knowledge.fashion import FASHION
from emptor.market.starter.knowledge.household import HOUSEHOLD

CATEGORIES: tuple[Category, ...] = FASHION + HOUSEHOLD
"""Every category, grouped by department."""

__all__ = ["CATEGORIES", "Category", "Measure"]
