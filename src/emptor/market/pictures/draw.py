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
    cycling,
    electronics,
    games,
    home,
    interior,
    kitchen,
    leisure,
    shoes,
    tops,
    toys,
    wraps,
)
from emptor.market.pictures.canvas import Canvas, Placement
from emptor.market.pictures.hidden_style import DIMENSIONS, hidden_style
from emptor.market.pictures.look import Look
from emptor.market.pictures.studio import any_studio, photograph

Drawing = Callable[[Canvas, Look], None]

_STANDING: dict[str, Drawing] = {
    "sneaker": shoes.sneaker,
    "boot": shoes.boot,
    "heel": shoes.heel,
    "backpack": bags.backpack,
    "handbag": bags.handbag,
    "suitcase": bags.suitcase,
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
    "bicycle": cycling.bicycle,
    "helmet": cycling.helmet,
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
    "scarf": wraps.scarf,
    "belt": wraps.belt,
    "rug": interior.rug,
    "clock": interior.clock,
    "controller": games.controller,
}
_MIRRORED = frozenset({"sneaker", "boot", "heel", "mug", "pan", "kettle", "toy_car", "cap", "bicycle", "helmet"})
"""Things that face left or right."""
_ROUND = frozenset({"ball", "watch", "clock", "bicycle"})
"""Things whose circles must stay circles, nearly."""
_HANGING = frozenset({"pendant"})
"""Styles of standing things that hang."""
_CLOSE_UPS = 0.08
"""Share of pictures in which the product fills the frame, its ends cut off."""


@dataclass(frozen=True)
class Sitter:
    """What of a product can be seen.

    `drawing` names the silhouette; `caption` is the title of a book and, on a second line, its author; `look` is the
    hidden style, numbers that no text states, each about standard normal (see `hidden_style`).
    """

    drawing: str
    style: str
    color: str
    second: str
    pattern: str
    material: str
    caption: str = ""
    look: tuple[float, ...] = (0.0,) * DIMENSIONS


def draw(sitter: Sitter, *, size: int, chance: np.random.Generator) -> Image.Image:
    """An RGB picture of size x size pixels; the same sitter and the same chance give the same picture.

    What `chance` decides says nothing about the product: backdrop, lamp, camera, and where in the frame it stands.

    Raises: KeyError for a drawing that does not exist, ValueError for a pattern that does not, or a wrong look.
    """
    drawing = _STANDING.get(sitter.drawing) or _LYING[sitter.drawing]
    stands = sitter.drawing in _STANDING and sitter.style not in _HANGING
    hidden = hidden_style(sitter.look)
    close_up, scale, mirror = chance.random(3).tolist()
    tilt, dx, dy = chance.standard_normal(3).tolist()
    reach = 1.0 + 0.12 * scale if close_up < _CLOSE_UPS else 0.76 + 0.19 * scale
    supple = 0.45 if sitter.drawing in _ROUND else 1.0
    placement = Placement(
        scale=reach if stands else reach + 0.03,
        tilt=0.0 if stands else 2.2 * tilt,
        dx=1.8 * dx,
        dy=1.2 * dy,
        mirror=sitter.drawing in _MIRRORED and mirror < 0.5,
        stretch=supple * hidden.stretch,
        taper=supple * hidden.taper,
    )
    studio = any_studio(chance)
    look = Look(
        style=sitter.style,
        color=sitter.color,
        second=sitter.second,
        pattern=sitter.pattern,
        material=sitter.material,
        side=2 * size,
        chance=chance,
        caption=sitter.caption,
        hidden=hidden,
    )
    canvas = Canvas(2 * size, placement)
    drawing(canvas, look)
    return photograph(canvas, studio, stands=stands, hidden=hidden)
