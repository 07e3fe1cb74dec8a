"""Every need that people bring to the market."""

from __future__ import annotations

from emptor.market.knowledge.need import Need, need

NEEDS: tuple[Need, ...] = (
    need(
        "monsoon commute",
        "monsoon commute | getting to the office through a downpour | walking to work when it pours | rainy season commute",
        "Shoes/Boots: style=rain; Men/Jackets: style=raincoat; Accessories/Umbrellas:; Bags/Backpacks: style=rolltop",
        """x""",
    ),
    need("flat feet", "flat feet | fallen arches | my arches hurt after walking", "Shoes/Sneakers: style=running", "x"),
)
