"""Invented brands: what each one sells, and how dear it is."""

from __future__ import annotations

from dataclasses import dataclass

TIERS: dict[str, float] = {"budget": 0.62, "middle": 1.0, "premium": 1.9}
"""Price beside that of a middling brand."""


@dataclass(frozen=True)
class Brand:
    """A brand; `tier` is a key of TIERS."""

    name: str
    tier: str
    departments: tuple[str, ...]


_FASHION = "Women Men Accessories"
_SHOES = "Shoes Accessories"
_BAGS = "Bags Accessories"
_LIVING = "Home Kitchen"
_TECH = "Electronics"
_FIELD = "Outdoor Sport Bags"
_PLAY = "Toys Books"

_TABLE: dict[tuple[str, str], str] = {
    ("budget", _FASHION): "Pennyloom, Everday, Tilda & Co, Basicwell, Sunniva",
    ("middle", _FASHION): "Larkhem, Ostrava Row, Fernwick, Marlo Dune, Quillon",
    ("premium", _FASHION): "Maison Verlaine, Aurelio Sant, Hollin Grace, Vesper Lane",
    ("budget", _SHOES): "Stepwell, Kickaroo, Padlo",
    ("middle", _SHOES): "Trottenby, Solenne, Runavik, Cobbleton",
    ("premium", _SHOES): "Castellane, Brogue & Birch",
    ("budget", _BAGS): "Totelly, Pakko",
    ("middle", _BAGS): "Wayfold, Nordpak, Satchelry",
    ("premium", _BAGS): "Cuoio Alto, Emberlyn",
    ("budget", _LIVING): "Homely Hen, Brightnook, Kupp",
    ("middle", _LIVING): "Claywright, Lumafern, Oakenroot, Panwell, Tindra",
    ("premium", _LIVING): "Atelier Fjord, Copperline, Lindqvist Home",
    ("budget", _TECH): "Zappio, Pixley, Voltra",
    ("middle", _TECH): "Auralux, Nimbit, Korvex, Soundhaven",
    ("premium", _TECH): "Helion Audio, Lumenar, Obsidia",
    ("budget", _FIELD): "Trekko, Playfold",
    ("middle", _FIELD): "Pinecrest Trail, Hydrova, Ironwick, Summitry",
    ("premium", _FIELD): "Norrland Works, Granitepeak",
    ("budget", _PLAY): "Giggleby",
    ("middle", _PLAY): "Cuddlecove, Tumbletoy",
    ("premium", _PLAY): "Woodlark & Wren",
    ("budget", "Beauty"): "Rosapetal",
    ("middle", "Beauty"): "Belleflore, Amberine",
    ("premium", "Beauty"): "Nuit Dorée",
    ("middle", "Books"): "Lantern Press, Hearthside Books, Paper Heron",
}

BRANDS: tuple[Brand, ...] = tuple(
    Brand(name.strip(), tier, tuple(departments.split()))
    for (tier, departments), names in _TABLE.items()
    for name in names.split(",")
)


def brands_of(department: str) -> tuple[Brand, ...]:
    """The brands that sell in a department."""
    return tuple(brand for brand in BRANDS if department in brand.departments)
