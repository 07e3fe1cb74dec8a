"""A canvas that shapes are laid on, one over the other, with paint, light and shadow.

Colour is kept premultiplied beside its coverage, so that shrinking the finished picture gives smooth edges on any
background. Shapes are given in a frame of 100 x 100; `Placement` moves that frame a little from picture to picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from emptor.market.starter.knowledge.palette import Rgb, darker
from emptor.market.starter.pictures.shading import ramp
from emptor.market.starter.pictures.shapes import Points

Paint = Rgb | Image.Image
"""What a shape is filled with: a colour, or a texture as large as the canvas."""

SHADOW: Rgb = (18, 16, 34)
_LIGHT: Rgb = (255, 253, 246)
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Placement:
    """Where the product stands: scale about the middle, tilt in degrees, shift in hundredths of the picture."""

    scale: float = 1.0
    tilt: float = 0.0
    dx: float = 0.0
    dy: float = 0.0
    mirror: bool = False


class Canvas:
    """An empty canvas of side x side pixels, twice what the finished picture will have."""

    def __init__(self, side: int, placement: Placement | None = None) -> None:
        placement = placement or Placement()
        self.side = side
        self.color = Image.new("RGB", (side, side))
        self.coverage = Image.new("L", (side, side))
        angle, unit = np.radians(placement.tilt), side / 100 * placement.scale
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * unit
        self._linear = np.diag([-1.0, 1.0]) @ turn if placement.mirror else turn
        middle = np.array([50 + placement.dx, 50 + placement.dy]) * side / 100
        self._offset = middle - np.array([50.0, 50.0]) @ self._linear
        self._unit = unit

    def fill(
        self,
        outline: Points,
        paint: Paint,
        *,
        shade: str | None = None,
        edge: float = 0.2,
        opacity: float = 1.0,
        weave: Image.Image | None = None,
    ) -> None:
        """Lay a filled shape. `shade`: a surface of `shading.ramp`; `edge`: strength of its darker rim, 0..1."""
        xy = outline @ self._linear + self._offset
        box = self._box(xy, 0)
        if box is None:
            return
        corners = (xy - np.array(box[:2])).ravel().tolist()
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        ImageDraw.Draw(mask).polygon(corners, fill=round(255 * opacity))
        self._lay(mask, box, paint, shade, weave)
        if edge:
            rim = Image.new("L", mask.size)
            width = max(2, round(0.9 * self.side / 100))
            ImageDraw.Draw(rim).line(corners + corners[:4], fill=round(255 * edge), width=width)
            self.color.paste(SHADOW, box, ImageChops.multiply(rim, mask))

    def stroke(
        self, line: Points, paint: Paint, width: float, *, opacity: float = 1.0, closed: bool = False, caps: bool = True
    ) -> None:
        """Lay a line of a width (in frame units) with round ends."""
        xy = line @ self._linear + self._offset
        thick = max(1, round(width * self._unit))
        box = self._box(xy, thick)
        if box is None:
            return
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        draw, at = ImageDraw.Draw(mask), xy - np.array(box[:2])
        ink = round(255 * opacity)
        if closed:
            at = np.concatenate([at, at[:2]])
        draw.line(at.ravel().tolist(), fill=ink, width=thick, joint="curve")
        if caps and not closed and thick > 3:
            for x, y in (at[0], at[-1]):
                draw.ellipse([x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2], fill=ink)
        self._lay(mask, box, paint, None, None)

    def tube(self, line: Points, paint: Rgb, width: float, *, closed: bool = False) -> None:
        """A round bar, strap or cord along a line: dark rim, body, and a gleam on the side of the light."""
        self.stroke(line, darker(paint, 0.32), width, closed=closed)
        self.stroke(line, paint, width * 0.78, closed=closed)
        gleam = line - np.array([0.16 * width, 0.16 * width])
        self.stroke(gleam, _LIGHT, width * 0.2, opacity=0.28, closed=closed)

    def crease(self, line: Points, *, width: float = 2.0, strength: float = 0.16, light: bool = False) -> None:
        """A soft fold, seam or gleam that lies on what is already there and never leaves it."""
        xy = line @ self._linear + self._offset
        thick = max(2, round(width * self._unit))
        box = self._box(xy, thick)
        if box is None:
            return
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        draw, corners = ImageDraw.Draw(mask), (xy - np.array(box[:2])).ravel().tolist()
        for part, ink in ((1.0, 0.3), (0.66, 0.6), (0.3, 1.0)):
            draw.line(corners, fill=round(255 * strength * ink), width=max(1, round(thick * part)), joint="curve")
        self.color.paste(_LIGHT if light else SHADOW, box, ImageChops.multiply(mask, self.coverage.crop(box)))

    def cast(self, outline: Points, *, dx: float = 0.8, dy: float = 1.4, strength: float = 0.22) -> None:
        """The shadow that a part which comes next throws on what is already there."""
        xy = (outline + np.array([dx, dy])) @ self._linear + self._offset
        box = self._box(xy, 0)
        if box is None:
            return
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        ImageDraw.Draw(mask).polygon((xy - np.array(box[:2])).ravel().tolist(), fill=round(255 * strength))
        self.color.paste(SHADOW, box, ImageChops.multiply(mask, self.coverage.crop(box)))

    def light(self, outline: Points, shade: str) -> None:
        """Shade a region as one surface, whatever has been laid there."""
        xy = outline @ self._linear + self._offset
        box = self._box(xy, 0)
        if box is None:
            return
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        ImageDraw.Draw(mask).polygon((xy - np.array(box[:2])).ravel().tolist(), fill=255)
        self._shade(mask, box, shade)

    def crop(self, outline: Points) -> None:
        """Cut away everything outside a shape."""
        mask = Image.new("L", (self.side, self.side))
        ImageDraw.Draw(mask).polygon((outline @ self._linear + self._offset).ravel().tolist(), fill=255)
        self.coverage = ImageChops.multiply(self.coverage, mask)
        self.color = ImageChops.multiply(self.color, Image.merge("RGB", (mask, mask, mask)))

    def print_picture(self, picture: Image.Image, outline: Points) -> None:
        """Lay an RGB picture over the bounding box of a shape, cut to the shape (a screen, a book cover)."""
        xy = outline @ self._linear + self._offset
        low, high = np.floor(xy.min(axis=0)).astype(int), np.ceil(xy.max(axis=0)).astype(int)
        width, height = (int(n) for n in high - low)
        if width < 1 or height < 1:
            return
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).polygon((xy - low).ravel().tolist(), fill=255)
        stretched = picture.resize((width, height), Image.Resampling.BILINEAR)
        self.color.paste(stretched, (int(low[0]), int(low[1])), mask)
        self.coverage.paste(255, (int(low[0]), int(low[1])), mask)

    def _box(self, xy: Points, margin: float) -> Box | None:
        low, high = xy.min(axis=0) - margin, xy.max(axis=0) + margin
        left, top = max(0, int(low[0])), max(0, int(low[1]))
        right, bottom = min(self.side, int(high[0]) + 2), min(self.side, int(high[1]) + 2)
        return (left, top, right, bottom) if right > left and bottom > top else None

    def _lay(self, mask: Image.Image, box: Box, paint: Paint, shade: str | None, weave: Image.Image | None) -> None:
        self.color.paste(paint.crop(box) if isinstance(paint, Image.Image) else paint, box, mask)
        self.coverage.paste(255, box, mask)
        if weave is not None:
            self.color.paste(SHADOW, box, ImageChops.multiply(mask, weave.crop(box)))
        if shade:
            self._shade(mask, box, shade)

    def _shade(self, mask: Image.Image, box: Box, shade: str) -> None:
        for tone, strength in zip((SHADOW, _LIGHT), ramp(shade), strict=True):
            light = strength.resize(mask.size, Image.Resampling.BILINEAR)
            self.color.paste(tone, box, ImageChops.multiply(mask, light))
