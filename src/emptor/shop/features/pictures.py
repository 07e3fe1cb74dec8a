"""What a picture is like, in plain numbers: no network, and the same numbers wherever they are made.

The backdrop is guessed from the left and right edge, row by row; what is away from it is the product. Numbers come in
GROUPS: its form, colours, how light falls across it, its edges and its texture. Most are taken on a grid that is laid
over the product, so that they do not depend on where in the frame it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

SIDE = 32
"""Pixels a side of the pictures that are described."""
VERSION = 1
"""Of the numbers: another one is another meaning."""
_GRID = 16
_CELLS = 4
_ANGLES = 6
_HUES = 12
_SHADES = 8
_NEAR, _FAR = 0.08, 0.2
"""Distance from the backdrop (sum over red, green, blue; 0..3) up to which a pixel is backdrop, and product from."""
_INK = 0.05
"""Added to light before its logarithm: the grain of what is nearly black says nothing."""


@dataclass(frozen=True)
class Groups:
    """Numbers of B pictures by what they tell of, each [B, n] float32.

    form: logarithm of width over height, share of the frame, share of its own box. outline: how much of each cell of
    the box is product. relief: log light in each cell beside the product's mean. fall: how log light changes to the
    right, to the foot, from the middle to the sides and to the ends, along the diagonal, towards the outline. colour:
    mean and spread of light and of two opponent colours, strength, how colours go with light, skewness of light. hue:
    histogram, weighted by saturation. saturation: histogram. texture: logarithms of the mean and of the root mean
    square of differences of light between neighbours: across, down, on both diagonals, and to all four. edges:
    gradients by orientation in each cell.
    """

    form: np.ndarray
    outline: np.ndarray
    relief: np.ndarray
    fall: np.ndarray
    colour: np.ndarray
    hue: np.ndarray
    saturation: np.ndarray
    texture: np.ndarray
    edges: np.ndarray


WIDTHS = {
    "form": 3,
    "outline": _CELLS**2,
    "relief": _CELLS**2,
    "fall": 6,
    "colour": 10,
    "hue": _HUES,
    "saturation": _SHADES,
    "texture": 10,
    "edges": _CELLS**2 * _ANGLES,
}
"""How many numbers a group has."""
WIDTH = sum(WIDTHS.values())
_LEVELS = 5
PALETTE = _LEVELS**3
"""How many numbers `palette` gives."""


def describe(pictures: np.ndarray) -> np.ndarray:
    """pictures [B, SIDE, SIDE, 3] uint8 -> [B, WIDTH] float32, group by group."""
    groups = _Described(pictures.astype(np.float32) / 255).groups()
    return np.concatenate([getattr(groups, own.name) for own in fields(groups)], axis=1).astype(np.float32)


def palette(pictures: np.ndarray) -> np.ndarray:
    """Which colours a product has: pictures [B, SIDE, SIDE, 3] uint8 -> [B, PALETTE] float32, the square roots of a
    histogram over red, green and blue, each pixel shared between the bins around it; backdrop left out.

    Square roots bring the trim nearer to what it is on. Means and hues, which `describe` has, tell beige from tan no
    better than a mixture of white and brown.
    """
    described = _Described(pictures.astype(np.float32) / 255)
    colours = described.pictures.reshape(described.count, -1, 3, 1) * (_LEVELS - 1)
    sure = described.sure.reshape(described.count, -1, 1)
    red, green, blue = np.moveaxis(np.maximum(1 - np.abs(colours - np.arange(_LEVELS, dtype=np.float32)), 0), 2, 0)
    both = ((red * sure)[..., None] * green[:, :, None]).reshape(described.count, sure.shape[1], -1)
    shares = (both.swapaxes(1, 2) @ blue) / (sure.sum(1)[:, None] + 1e-3)
    return np.sqrt(shares.reshape(described.count, PALETTE)).astype(np.float32)


class _Described:
    """Pictures [B, SIDE, SIDE, 3] in 0..1, and what is found in them on the way to their numbers."""

    def __init__(self, pictures: np.ndarray) -> None:
        self.pictures = pictures
        self.count = len(pictures)
        edge = np.concatenate([pictures[:, :, :2], pictures[:, :, -2:]], axis=2)
        self.backdrop = np.median(edge, axis=2, keepdims=True)
        apart = np.abs(pictures - self.backdrop)
        away = apart[..., 0] + apart[..., 1] + apart[..., 2]  # faster than a sum over so short an axis
        self.product = np.clip((away - _NEAR) / (_FAR - _NEAR), 0, 1)
        self.sure = np.clip(4 * self.product - 2.5, 0, 1)
        """Without the seam, which has colours of both."""
        self.colors = _opponent(pictures)

    def groups(self) -> Groups:
        return Groups(
            form=self._form(),
            outline=self._pooled(self.covered),
            relief=self._pooled(self._light * self.covered),
            fall=self._fall(),
            colour=self._colour(),
            hue=self._hue(),
            saturation=self._saturation(),
            texture=self._texture(),
            edges=self._edges(),
        )

    @cached_property
    def box(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """left, right, top, bottom [B] of the product, in pixels; the last two in a hundred of its mass left out."""
        return *_bounds(self.product.sum(1)), *_bounds(self.product.sum(2))

    @cached_property
    def _laid(self) -> np.ndarray:
        """[B, _GRID, _GRID, 4]: product, and its three colours, on a grid over its box."""
        left, right, top, bottom = self.box
        image = np.concatenate([self.product[..., None], self.colors], axis=-1)
        rows = _laid_over(image, top, bottom)
        return _laid_over(rows.swapaxes(1, 2), left, right).swapaxes(1, 2)

    @property
    def covered(self) -> np.ndarray:
        """[B, _GRID, _GRID]."""
        return self._laid[..., 0]

    @cached_property
    def _light(self) -> np.ndarray:
        """[B, _GRID, _GRID] log light beside the product's mean."""
        light = np.log(np.maximum(self._laid[..., 1], 0) + _INK)
        weight = self.covered.sum((1, 2)) + 1e-3
        return light - ((light * self.covered).sum((1, 2)) / weight)[:, None, None]

    def _pooled(self, values: np.ndarray) -> np.ndarray:
        """[B, _GRID, _GRID, ...] -> means of cells, [B, n]."""
        step = _GRID // _CELLS
        cells = values.reshape(self.count, _CELLS, step, _CELLS, step, -1)
        return cells.mean((2, 4)).reshape(self.count, -1)

    def _form(self) -> np.ndarray:
        left, right, top, bottom = self.box
        wide, high = (right - left) / SIDE, (bottom - top) / SIDE
        share = self.product.mean((1, 2))
        return np.stack([np.log(wide / high), share, share / (wide * high)], axis=1)

    def _fall(self) -> np.ndarray:
        """A weighted fit over the product by least squares, held a little towards 0."""
        at = np.linspace(-1, 1, _GRID, dtype=np.float32)
        across, down = np.broadcast_to(at, (_GRID, _GRID)), np.broadcast_to(at[:, None], (_GRID, _GRID))
        fixed = np.stack([across, down, across**2, down**2, across * down, np.ones((_GRID, _GRID))], axis=-1)
        basis = np.concatenate(
            [
                np.broadcast_to(fixed, (self.count, *fixed.shape)),
                _blurred(self.covered)[..., None],
            ],
            axis=-1,
        ).reshape(self.count, _GRID**2, -1)
        weighted = (basis * self.covered.reshape(self.count, -1, 1)).transpose(0, 2, 1)
        hold = 0.01 * self.covered.sum((1, 2))[:, None, None] * np.eye(basis.shape[-1]) + 1e-6 * np.eye(basis.shape[-1])
        found = np.linalg.solve(weighted @ basis + hold, weighted @ self._light.reshape(self.count, -1, 1))[..., 0]
        return np.delete(found, 5, axis=1)

    @cached_property
    def _weight(self) -> np.ndarray:
        return self.sure.sum((1, 2)) + 1e-3

    def _mean(self, values: np.ndarray) -> np.ndarray:
        """Over the sure part of the product: values [B, SIDE, SIDE] -> [B]."""
        return (values * self.sure).sum((1, 2)) / self._weight

    def _colour(self) -> np.ndarray:
        means = [self._mean(self.colors[..., at]) for at in range(3)]
        apart = [self.colors[..., at] - means[at][:, None, None] for at in range(3)]
        spread = [np.sqrt(self._mean(own**2) + 1e-6) for own in apart]
        ties = [self._mean(apart[0] * own) / (spread[0] ** 2 + 1e-3) for own in apart[1:]]
        skew = self._mean(apart[0] ** 3) / (spread[0] ** 3 + 1e-4)
        return np.stack([*means, np.hypot(means[1], means[2]), *spread, *ties, skew], axis=1)

    @cached_property
    def _strength(self) -> np.ndarray:
        red, green, blue = np.moveaxis(self.pictures, -1, 0)
        high, low = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
        return (high - low) / (high + 1e-3)

    def _hue(self) -> np.ndarray:
        red, green, blue = np.moveaxis(self.pictures, -1, 0)
        turn = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue) / (2 * np.pi)
        return self._histogram(turn * _HUES, _HUES, self.sure * self._strength, round_=True) / self._weight[:, None]

    def _saturation(self) -> np.ndarray:
        return self._histogram(self._strength * _SHADES - 0.5, _SHADES, self.sure) / self._weight[:, None]

    def _histogram(self, place: np.ndarray, size: int, weight: np.ndarray, *, round_: bool = False) -> np.ndarray:
        """Sums of weights by place [B, SIDE, SIDE], shared between the two bins next to it -> [B, size]."""
        low = np.floor(place)
        share = place - low
        out = np.zeros((self.count, size), np.float32)
        row = size * np.arange(self.count)[:, None, None]
        for at, part in ((low, 1 - share), (low + 1, share)):
            own = at.astype(np.int64)
            own = own % size if round_ else np.clip(own, 0, size - 1)
            total = np.bincount((row + own).ravel(), (part * weight).ravel(), self.count * size)
            out += total.reshape(out.shape)
        return out

    def _texture(self) -> np.ndarray:
        light, found = self.colors[..., 0], []
        for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
            found += self._differences(light, down, across)
        middle = 4 * light[:, 1:-1, 1:-1] - light[:, 2:, 1:-1] - light[:, :-2, 1:-1]
        middle -= light[:, 1:-1, 2:] + light[:, 1:-1, :-2]
        found += _energy(middle, self.sure[:, 1:-1, 1:-1])
        return np.log(np.stack(found, axis=1) + 1e-3)

    def _differences(self, light: np.ndarray, down: int, across: int) -> list[np.ndarray]:
        """Energy of what differs from the pixel that many rows below and columns to the right."""
        first = (slice(None), slice(0, SIDE - down), slice(max(-across, 0), SIDE - max(across, 0)))
        second = (slice(None), slice(down, SIDE), slice(max(across, 0), SIDE - max(-across, 0)))
        return _energy(light[second] - light[first], np.minimum(self.sure[second], self.sure[first]))

    def _edges(self) -> np.ndarray:
        """Square roots of mean gradients by cell and orientation, each shared between the two nearest orientations."""
        behind = self.backdrop.mean((1, 2, 3))[:, None, None]
        light = self._laid[..., 1] * self.covered + behind * (1 - self.covered)
        across, down = np.zeros_like(light), np.zeros_like(light)
        across[:, :, 1:-1] = light[:, :, 2:] - light[:, :, :-2]
        down[:, 1:-1] = light[:, 2:] - light[:, :-2]
        size = np.hypot(across, down)
        turn = np.arctan2(down, across) / np.pi * _ANGLES
        angle = np.arange(_ANGLES, dtype=np.float32)
        apart = np.abs((turn[..., None] - angle + _ANGLES / 2) % _ANGLES - _ANGLES / 2)
        return np.sqrt(self._pooled(size[..., None] * np.maximum(1 - apart, 0)))


def _opponent(pictures: np.ndarray) -> np.ndarray:
    """Light, red against blue, green against both; [..., 3]."""
    red, green, blue = np.moveaxis(pictures, -1, 0)
    return np.stack([(red + green + blue) / 3, red - blue, green - (red + blue) / 2], axis=-1)


def _bounds(mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last place [B] of mass [B, SIDE]; at least four pixels apart."""
    share = np.cumsum(mass, 1) / (mass.sum(1, keepdims=True) + 1e-6)
    low = np.minimum((share < 0.02).sum(1), SIDE - 4)
    high = SIDE - (share > 0.985).sum(1)
    return low.astype(np.float32), np.maximum(high, low + 4).astype(np.float32)


def _laid_over(image: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """image [B, SIDE, ...] -> [B, _GRID, ...]: means around the middles of _GRID equal parts of [low, high)."""
    part = (high - low)[:, None] / _GRID
    middle = low[:, None] + part * (np.arange(_GRID, dtype=np.float32) + 0.5) - 0.5
    apart = np.abs(middle[..., None] - np.arange(SIDE, dtype=np.float32))
    weight = np.maximum(1 - apart / np.maximum(part, 1)[..., None], 0)
    weight /= weight.sum(-1, keepdims=True)
    return (weight @ image.reshape(len(image), SIDE, -1)).reshape(len(image), _GRID, *image.shape[2:])


def _blurred(values: np.ndarray) -> np.ndarray:
    """Means over five by five, [B, n, n]."""
    for axis in (1, 2):
        padded = np.pad(values, [(0, 0)] + [(2, 2) if axis == own else (0, 0) for own in (1, 2)])
        size = values.shape[axis]
        values = np.stack([np.take(padded, range(at, at + size), axis) for at in range(5)]).mean(0)
    return values


def _energy(values: np.ndarray, weight: np.ndarray) -> list[np.ndarray]:
    """Mean size, and root of the mean square."""
    total = weight.sum((1, 2)) + 1e-2
    return [(np.abs(values) * weight).sum((1, 2)) / total, np.sqrt((values**2 * weight).sum((1, 2)) / total)]
