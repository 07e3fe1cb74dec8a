"""What the starter market knows: categories, colours, brands. Everything that the catalogue says follows
from it.
"""

from emptor.market.knowledge.category import Category, Measure
from emptor.market.knowledge.fashion import FASHION
from emptor.market.knowledge.household import HOUSEHOLD

CATEGORIES: tuple[Category, ...] = FASHION + HOUSEHOLD
"""Every category, grouped by department."""

__all__ = ["CATEGORIES", "Category", "Measure"]
