"""From the visible side of a product to its picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from emptor.market.pictures import (
    accessories,
    bags,
    books,
    bottoms,
    electronics,
    home,
    kitchen,
    leisure,
    shoes,
    tops,
    toys,
)
from emptor.market.pictures.canvas import Canvas, Placement
from emptor.market.pictures.look import Look
from emptor.market.pictures.studio import BACKDROPS, photograph

Drawing = Callable[[Canvas, Look], None]

_STANDING: dict[str, Drawing] = {
    "sneaker": shoes.sneaker,
    "boot": shoes.boot,
    "heel": shoes.heel,
    "backpack": bags.backpack,
    "handbag": bags.handbag,
    "lamp": home.lamp,
    "mug": home.mug,
    "chair": home.chair,
    "vase": home.vase,
    "pan": kitchen.pan,
    "kettle": kitchen.kettle,
    "bottle": kitchen.bottle,
    "perfume": kitchen.perfume,
    "lipstick": kitchen.lipstick,
    "camera": electronics.camera,
    "laptop": electronics.laptop,
    "speaker": electronics.speaker,
    "tent": leisure.tent,
    "ball": leisure.ball,
    "dumbbell": leisure.dumbbell,
    "plush": toys.plush,
    "toy_car": toys.toy_car,
}
_LYING: dict[str, Drawing] = {
    "dress": bottoms.dress,
    "skirt": bottoms.skirt,
    "trousers": bottoms.trousers,
    "top": tops.top,
    "shirt": tops.shirt,
    "t_shirt": tops.t_shirt,
    "jacket": tops.jacket,
    "watch": accessories.watch,
    "sunglasses": accessories.sunglasses,
    "cap": accessories.cap,
    "umbrella": accessories.umbrella,
    "cushion": home.cushion,
    "headphones": electronics.headphones,
    "phone": electronics.phone,
    "book": books.book,
}
_MIRRORED = frozenset({"sneaker", "boot", "heel", "mug", "pan", "kettle", "toy_car", "cap"})
"""Things that face left or right."""


@dataclass(frozen=True)
class Sitter:
    """What of a product can be seen.

    `drawing` names the silhouette; `caption` is the title of a book and, on a second line, its author.
    """

    drawing: str
    style: str
    color: str
    second: str
    pattern: str
    material: str
    caption: str = ""


def draw(sitter: Sitter, *, size: int, chance: np.random.Generator) -> Image.Image:
    """An RGB picture of size x size pixels; the same sitter and the same chance give the same picture.

    Raises: KeyError for a drawing that does not exist, ValueError for a pattern that does not.
    """
    drawing = _STANDING.get(sitter.drawing) or _LYING[sitter.drawing]
    stands = sitter.drawing in _STANDING and sitter.style != "pendant"
    placement = Placement(
        scale=float(chance.uniform(0.86, 0.94) + (0.0 if stands else 0.04)),
        tilt=0.0 if stands else float(chance.normal(0, 1.8)),
        dx=float(chance.normal(0, 1.0)),
        dy=float(chance.normal(0, 0.7)),
        mirror=bool(sitter.drawing in _MIRRORED and chance.random() < 0.5),
    )
    tint = int(chance.integers(len(BACKDROPS)))
    look = Look(
        style=sitter.style,
        color=sitter.color,
        second=sitter.second,
        pattern=sitter.pattern,
        material=sitter.material,
        side=2 * size,
        chance=chance,
        caption=sitter.caption,
    )
    canvas = Canvas(2 * size, placement)
    drawing(canvas, look)
    return photograph(canvas, tint=tint, stands=stands)
