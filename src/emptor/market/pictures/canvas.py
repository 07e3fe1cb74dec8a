"""A canvas that shapes are laid on, one over the other, with paint, light and shadow.

Four planes, each side x side pixels: colour (premultiplied: black where nothing is), how much is covered, light (128
as painted, 0 in deepest shadow, 255 brightest) and relief (the same scale, for rims, seams and folds). Light stays
apart until the end because one byte per pixel is much cheaper to work on than three, and relief because lines that
are simply drawn are much cheaper than lines that are blended. Shapes are given in a frame of 100 x 100; `Placement`
moves that frame a little from picture to picture, and shapes it from product to product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from emptor.market.knowledge.palette import Rgb
from emptor.market.pictures.shading import NEUTRAL, ramp
from emptor.market.pictures.shapes import Points, band

Paint = Rgb | Image.Image
"""What a shape is filled with: a colour, or a texture as large as the canvas."""

_Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Placement:
    """Where the product stands and how it is proportioned, about the middle of the frame.

    `scale`; `tilt` in degrees; `dx`, `dy`: shift in frame units; `stretch`: logarithm of the change of width over
    height; `taper`: how much wider the lower half is, as a share.
    """

    scale: float = 1.0
    tilt: float = 0.0
    dx: float = 0.0
    dy: float = 0.0
    mirror: bool = False
    stretch: float = 0.0
    taper: float = 0.0


class Canvas:
    """An empty canvas of side x side pixels, twice what the finished picture will have."""

    def __init__(self, side: int, placement: Placement | None = None) -> None:
        placement = placement or Placement()
        self.side = side
        self.color = Image.new("RGB", (side, side))
        self.coverage = Image.new("L", (side, side))
        self.light = Image.new("L", (side, side), NEUTRAL)
        self.relief = Image.new("L", (side, side), NEUTRAL)
        self._draw_color = ImageDraw.Draw(self.color)
        self._draw_coverage = ImageDraw.Draw(self.coverage)
        self._draw_light = ImageDraw.Draw(self.light)
        self._draw_relief = ImageDraw.Draw(self.relief)
        angle, unit = np.radians(placement.tilt), side / 100 * placement.scale
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * unit
        self._linear = np.diag([-1.0, 1.0]) @ turn if placement.mirror else turn
        wide, high = np.exp(placement.stretch / 2), np.exp(-placement.stretch / 2)
        spare = max(wide, high) ** -0.75  # what grows in one direction must not leave the picture
        self._linear = np.diag([wide * spare, high * spare]) @ self._linear
        self._middle = np.array([50 + placement.dx, 50 + placement.dy]) * side / 100
        self._taper = placement.taper / 50
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
        piping: Rgb | None = None,
    ) -> None:
        """Lay a filled shape. `shade`: a surface of `shading.ramp`; `edge`: strength of its darker rim, 0..1.

        `weave`: the fine structure of the material, a shadow mask as large as the canvas. `piping`: the colour of its
        hem, which is laid within what is covered already.
        """
        xy = self._pixels(outline)
        corners = xy.ravel().tolist()
        solid = opacity == 1 and not isinstance(paint, Image.Image)
        if opacity == 1 and not isinstance(paint, Image.Image):  # cheaper than pasting through a mask
            self._draw_color.polygon(corners, fill=paint)
            self._draw_coverage.polygon(corners, fill=255)
        if solid and shade is None and weave is None:
            self._draw_light.polygon(corners, fill=NEUTRAL)
        else:
            mask, box = self._mask(xy, opacity)
            if mask is None:
                return
            if not solid:
                texture = paint.crop(box) if isinstance(paint, Image.Image) else _even(paint, mask)
                self.color.paste(texture, box, mask)
                self.coverage.paste(255, box, mask)
            light = NEUTRAL if shade is None else ramp(shade).resize(mask.size, Image.Resampling.BILINEAR)
            self.light.paste(light, box, mask)
            if weave is not None:
                self.light.paste(0, box, ImageChops.multiply(mask, weave.crop(box)))
        if opacity == 1:
            self._draw_relief.polygon(corners, fill=NEUTRAL)
        if piping is not None:
            width = max(2, round(2.3 * self._unit))
            self._draw_color.line(corners + corners[:4], fill=piping, width=width)
        if edge:
            width = max(2, round(0.9 * self.side / 100))
            self._draw_relief.line(corners + corners[:4], fill=round(NEUTRAL * (1 - edge)), width=width)

    def stroke(
        self,
        line: Points,
        paint: Rgb,
        width: float,
        *,
        opacity: float = 1.0,
        closed: bool = False,
        caps: bool = True,
    ) -> None:
        """Lay a line of a width in frame units; `caps`: with round ends."""
        xy = self._pixels(line)
        thick = max(1, round(width * self._unit))
        if opacity == 1:
            _line(self._draw_color, xy, paint, thick, closed=closed, caps=caps)
            _line(self._draw_coverage, xy, 255, thick, closed=closed, caps=caps)
            for draw in (self._draw_light, self._draw_relief):
                _line(draw, xy, NEUTRAL, thick, closed=closed, caps=caps)
            return
        box = self._box(xy, thick)
        mask = Image.new("L", (max(1, box[2] - box[0]), max(1, box[3] - box[1])))
        _line(ImageDraw.Draw(mask), xy - box[:2], round(255 * opacity), thick, closed=closed, caps=caps)
        self.color.paste(_even(paint, mask), box[:2], mask)
        self.coverage.paste(255, box[:2], mask)

    def tube(self, line: Points, paint: Rgb, width: float, *, closed: bool = False) -> None:
        """A round bar, strap or cord along a line: dark rim, body, and a gleam on the side of the light."""
        xy, thick = self._pixels(line), max(1, round(width * self._unit))
        gleam = xy - 0.14 * thick
        _line(self._draw_color, xy, paint, thick, closed=closed)
        _line(self._draw_coverage, xy, 255, thick, closed=closed)
        _line(self._draw_relief, xy, NEUTRAL, thick, closed=closed)
        _line(self._draw_light, xy, 78, thick, closed=closed)
        _line(self._draw_light, xy, NEUTRAL - 12, max(1, round(thick * 0.74)), closed=closed)
        _line(self._draw_light, gleam, NEUTRAL + 18, max(1, round(thick * 0.42)), closed=closed)
        _line(self._draw_light, gleam, NEUTRAL + 42, max(1, round(thick * 0.18)), closed=closed)

    def crease(self, line: Points, *, width: float = 2.0, strength: float = 0.16, light: bool = False) -> None:
        """A soft fold, seam or gleam on what is already there."""
        thick = max(2, round(width * self._unit))
        corners = self._pixels(line).ravel().tolist()
        reach = 255 - NEUTRAL if light else -NEUTRAL
        for part, share in ((thick, 0.3), (max(1, round(thick * 0.66)), 0.62), (max(1, thick // 3), 1.0)):
            self._draw_relief.line(corners, fill=round(NEUTRAL + reach * strength * share), width=part)

    def cast(self, outline: Points, *, dx: float = 0.8, dy: float = 1.4, strength: float = 0.22) -> None:
        """The shadow that a part which comes next throws on what is already there."""
        mask, box = self._mask(self._pixels(outline + np.array([dx, dy])), strength)
        if mask is not None:
            self.light.paste(0, box, mask)

    def relight(self, outline: Points, shade: str) -> None:
        """Shade a region as one surface, whatever parts it is made of; seams stay."""
        mask, box = self._mask(self._pixels(outline), 1.0)
        if mask is not None:
            self.light.paste(ramp(shade).resize(mask.size, Image.Resampling.BILINEAR), box, mask)

    def crop(self, outline: Points) -> None:
        """Cut away everything outside a shape."""
        mask = Image.new("L", (self.side, self.side))
        ImageDraw.Draw(mask).polygon(self._pixels(outline).ravel().tolist(), fill=255)
        self.coverage.paste(0, (0, 0), ImageChops.invert(mask))
        self.color.paste((0, 0, 0), (0, 0), ImageChops.invert(mask))

    def lay_picture(self, picture: Image.Image, outline: Points) -> None:
        """Lay a picture over the bounding box of a shape, cut to the shape (a screen, a label).

        An RGBA picture is laid as ink: what is transparent in it shows the ground.
        """
        xy = self._pixels(outline)
        mask, box = self._mask(xy, 1.0)
        if mask is None:
            return
        stretched = picture.resize(mask.size, Image.Resampling.BILINEAR)
        if stretched.mode == "RGBA":
            mask = ImageChops.multiply(mask, stretched.getchannel("A"))
            stretched = stretched.convert("RGB")
        else:
            for draw in (self._draw_light, self._draw_relief):
                draw.polygon(xy.ravel().tolist(), fill=NEUTRAL)
        self.color.paste(stretched, box, mask)
        self.coverage.paste(255, box, mask)

    def _pixels(self, points: Points) -> Points:
        about = points - 50.0
        if self._taper:
            about[:, 0] *= 1 + self._taper * about[:, 1]
        return about @ self._linear + self._middle

    def _box(self, xy: Points, margin: float) -> _Box:
        """The part of the canvas that holds the points; empty (right <= left) where they all lie outside."""
        low, high = xy.min(axis=0) - margin, xy.max(axis=0) + margin
        left, top = max(0, int(low[0])), max(0, int(low[1]))
        return left, top, min(self.side, int(high[0]) + 2), min(self.side, int(high[1]) + 2)

    def _mask(self, xy: Points, opacity: float) -> tuple[Image.Image | None, _Box]:
        box = self._box(xy, 0)
        if box[2] <= box[0] or box[3] <= box[1]:
            return None, box
        mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
        ImageDraw.Draw(mask).polygon((xy - box[:2]).ravel().tolist(), fill=round(255 * opacity))
        return mask, box


def _even(paint: Rgb, mask: Image.Image) -> Image.Image:
    """An even picture as large as the mask, since Pillow pastes pictures faster than colours."""
    return Image.new("RGB", mask.size, paint)


def _line(
    draw: ImageDraw.ImageDraw,
    xy: Points,
    ink: int | Rgb,
    thick: int,
    *,
    closed: bool = False,
    caps: bool = True,
) -> None:
    """A line as a polygon around it, which is smoother and cheaper than Pillow's joints."""
    if thick <= 3:
        at = np.concatenate([xy, xy[:2]]) if closed else xy
        draw.line(at.ravel().tolist(), fill=ink, width=thick)
        return
    draw.polygon(band(xy, thick, closed=closed).ravel().tolist(), fill=ink)
    if caps and not closed:
        for x, y in (xy[0].tolist(), xy[-1].tolist()):
            draw.ellipse([x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2], fill=ink)
