"""What a drawing is told about a product: its style, its colours, and paints made from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PIL import Image

from emptor.market.knowledge.palette import COLORS, Rgb, brightness, darker, lighter, mixed
from emptor.market.pictures.canvas import Canvas, Paint
from emptor.market.pictures.hidden_style import PLAIN, HiddenStyle
from emptor.market.pictures.shapes import Points
from emptor.market.pictures.textures import texture, weave
from emptor.market.pictures.tones import toned


@dataclass(frozen=True)
class Look:
    """The visible side of a product.

    `side`: of the canvas in pixels. `chance`: for small differences between pictures. `hidden`: for the differences
    that no text states.
    """

    style: str
    color: str
    second: str
    pattern: str
    material: str
    side: int
    chance: np.random.Generator = field(repr=False)
    caption: str = ""
    hidden: HiddenStyle = PLAIN

    @cached_property
    def main(self) -> Rgb:
        """The colour that the product is listed under, in its own tone."""
        return toned(self.color, self.hidden.lightness, self.hidden.chroma)

    @cached_property
    def trim(self) -> Rgb:
        """A second colour that goes with the first."""
        second, lean = COLORS[self.second], self.hidden.trim
        if lean < 0:
            return mixed(second, self.main, -0.3 * lean)  # not so far that patterns drown
        return (lighter if brightness(second) > brightness(self.main) else darker)(second, 0.4 * lean)

    @property
    def dark(self) -> Rgb:
        """The main colour in the shade: soles, linings, seams."""
        return darker(self.main, 0.45)

    @property
    def pale(self) -> Rgb:
        """The main colour in the light."""
        return lighter(self.main, 0.45)

    @property
    def ink(self) -> Rgb:
        """A colour that stands out on the main one."""
        return darker(self.main, 0.72) if brightness(self.main) > 0.5 else lighter(self.main, 0.78)

    @cached_property
    def paint(self) -> Paint:
        """The main colour with its pattern and band."""
        cloth = self.main if self.pattern == "plain" else self._cloth
        half = round(self.hidden.band * self.side / 200)
        if half < 1:
            return cloth
        painted = Image.new("RGB", (self.side, self.side), cloth) if isinstance(cloth, tuple) else cloth.copy()
        middle, thin = round(self.hidden.band_at * self.side / 100), max(1, half // 3)
        for low, high in ((-half, half), (half + 2 * thin, half + 3 * thin)):
            painted.paste(mixed(self.main, self.trim, 0.8), (0, middle + low, self.side, middle + high))
        return painted

    @cached_property
    def _cloth(self) -> Image.Image:
        accent, third = self.trim, COLORS["mustard"] if self.color != "mustard" else COLORS["cream"]
        if self.pattern == "leopard":
            accent, third = darker(self.main, 0.78), darker(self.main, 0.34)
            if brightness(self.main) < 0.35:
                accent, third = lighter(self.main, 0.55), lighter(self.main, 0.22)
        elif self.pattern == "camo":
            toward = -1 if brightness(self.main) < 0.3 else 1
            accent = darker(self.main, 0.4) if toward > 0 else lighter(self.main, 0.25)
            third = mixed(self.main, COLORS["beige"], 0.62)
        elif self.pattern == "checked":
            third = self.ink
        elif self.pattern == "floral":
            third = COLORS["mint"] if brightness(self.main) < 0.5 else COLORS["teal"]
        return texture(self.pattern, int(self.chance.integers(3)), self.side, self.main, accent, third, self.hidden.cut)

    @cached_property
    def weave(self) -> Image.Image | None:
        """The structure of the material."""
        return weave(self.material, self.side)

    def cover(self, canvas: Canvas, outline: Points, *, shade: str | None = "cloth", edge: float = 0.2) -> None:
        """Lay a shape in the product's own paint and material."""
        canvas.fill(outline, self.paint, shade=shade, edge=edge, weave=self.weave, piping=self._hem)

    @property
    def _hem(self) -> Rgb | None:
        """The colour of the hems of parts, None where they are like the rest."""
        lean = self.hidden.piping
        if not lean:
            return None
        return mixed(self.main, self.trim, 0.9 * lean) if lean > 0 else darker(self.main, -0.65 * lean)
