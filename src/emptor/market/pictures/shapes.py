"""Outlines: curves and common figures as points in a frame of 100 x 100, x to the right and y down.

Every function returns float64 [P, 2]. Curves are written in the language of SVG paths (absolute M L H V C Q
Z).
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_TOKEN = re.compile(r"[MLHVCQZ]|-?\d*\.?\d+")
_STEPS = np.linspace(0.0, 1.0, 17)[1:, None]


@lru_cache(maxsize=8192)
def path(commands: str) -> Points:
    """The points of an SVG path of one piece, for example `path("M 10 90 Q 50 20 90 90 Z")`."""
    tokens = _TOKEN.findall(commands)
    points: list[Points] = []
    here, command, at = np.zeros(2), "M", 0

    def pairs(count: int) -> Points:
        return np.array(tokens[at : at + 2 * count], dtype=float).reshape(count, 2)

    while at < len(tokens):
        if tokens[at].isalpha():
            command = tokens[at]
            at += 1
            continue
        if command == "C":
            one, two, end = pairs(3)
            t, s = _STEPS, 1 - _STEPS
            points.append(s**3 * here + 3 * s**2 * t * one + 3 * s * t**2 * two + t**3 * end)
            at += 6
        elif command == "Q":
            one, end = pairs(2)
            t, s = _STEPS, 1 - _STEPS
            points.append(s**2 * here + 2 * s * t * one + t**2 * end)
            at += 4
        elif command in "HV":
            end = here.copy()
            end[command == "V"] = float(tokens[at])
            points.append(end[None])
            at += 1
        else:
            points.append(pairs(1))
            at += 2
        here = points[-1][-1]
    return _shared(np.concatenate(points))


def _shared(points: Points) -> Points:
    """Write-protected, since a cache hands it out again."""
    points.setflags(write=False)
    return points


def mirrored(half: str | Points) -> Points:
    """A symmetrical outline from its left half, drawn from top to bottom; the axis is x = 50."""
    if isinstance(half, str):
        return _mirrored_path(half)
    return np.concatenate([half, flipped(half)[::-1]])


@lru_cache(maxsize=1024)
def _mirrored_path(half: str) -> Points:
    return _shared(np.concatenate([path(half), flipped(path(half))[::-1]]))


def flipped(points: Points) -> Points:
    """The mirror image about the axis x = 50."""
    return np.column_stack([100 - points[:, 0], points[:, 1]])


@lru_cache(maxsize=4096)
def ellipse(cx: float, cy: float, rx: float, ry: float | None = None, *, start: float = 0, end: float = 360) -> Points:
    """An ellipse, or the arc of it between two angles in degrees (0 points right, 90 down)."""
    angles = np.radians(np.linspace(start, end, max(8, int(abs(end - start) / 7))))
    high = rx if ry is None else ry
    return _shared(np.column_stack([cx + rx * np.cos(angles), cy + high * np.sin(angles)]))


@lru_cache(maxsize=4096)
def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Points:
    """A rectangle with round corners."""
    radius = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    if radius <= 0:
        return _shared(polygon((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
    corners = [
        ellipse(x0 + radius, y0 + radius, radius, start=180, end=270),
        ellipse(x1 - radius, y0 + radius, radius, start=270, end=360),
        ellipse(x1 - radius, y1 - radius, radius, start=0, end=90),
        ellipse(x0 + radius, y1 - radius, radius, start=90, end=180),
    ]
    return _shared(np.concatenate(corners))


def polygon(*corners: tuple[float, float]) -> Points:
    """Straight lines from corner to corner."""
    return np.array(corners, dtype=float)


@lru_cache(maxsize=4096)
def regular(
    cx: float, cy: float, radius: float, corners: int, *, inner: float | None = None, turn: float = -90
) -> Points:
    """A regular polygon, or a star where `inner` (the radius between the corners) is given."""
    count = corners * (1 if inner is None else 2)
    angles = np.radians(turn + np.arange(count) * 360 / count)
    radii = np.full(count, radius)
    if inner is not None:
        radii[1::2] = inner
    return _shared(np.column_stack([cx + radii * np.cos(angles), cy + radii * np.sin(angles)]))


@lru_cache(maxsize=4096)
def heart(cx: float, cy: float, size: float) -> Points:
    """A heart `2 * size` wide."""
    t = np.linspace(0, 2 * np.pi, 48)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return _shared(np.column_stack([cx + x * size / 16, cy + y * size / 16]))


def moved(points: Points, dx: float = 0, dy: float = 0) -> Points:
    """The outline shifted."""
    return points + np.array([dx, dy])


def scaled(points: Points, sx: float, sy: float | None = None, *, about: tuple[float, float] = (50, 50)) -> Points:
    """The outline stretched about a point."""
    centre = np.array(about)
    return (points - centre) * np.array([sx, sx if sy is None else sy]) + centre


def turned(points: Points, degrees: float, *, about: tuple[float, float] = (50, 50)) -> Points:
    """The outline turned clockwise about a point."""
    angle, centre = np.radians(degrees), np.array(about)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (points - centre) @ turn + centre


def band(line: Points, width: float, *, closed: bool = False) -> Points:
    """The outline of a line of a width; corners are mitred, up to three times the width."""
    at = np.concatenate([line[-1:], line, line[:1]]) if closed else line
    step = np.diff(at, axis=0)
    along = step / np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)[:, None]
    if closed:
        before, after = along[:-1], along[1:]
    else:
        before, after = np.concatenate([along[:1], along]), np.concatenate([along, along[-1:]])
    sideways = np.column_stack([-(before + after)[:, 1], (before + after)[:, 0]])
    length = np.maximum(np.hypot(sideways[:, 0], sideways[:, 1]), 1 / 3)
    sideways *= (width / length**2)[:, None]  # half the width over the cosine of half the turn
    left, right = line + sideways, line - sideways
    if closed:
        return np.concatenate([left, left[:1], right[:1], right[::-1]])
    return np.concatenate([left, right[::-1]])
