"""Drawn pictures: every style of every category in every pattern, and what a person could tell apart."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from emptor.market.knowledge import CATEGORIES, Category
from emptor.market.knowledge.palette import COLORS, companions
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.contact_sheet import contact_sheet, write_contact_sheet
from emptor.market.pictures.draw import Sitter, draw
from emptor.market.pictures.shapes import band, ellipse, path, rounded
from emptor.market.pictures.textures import PATTERNS, texture
from emptor.market.streams import stream

SIZE = 64


def picture(category: Category, *, key: object = 0, size: int = SIZE, **changes: str) -> np.ndarray:
    color = changes.get("color", category.colors[0])
    sitter = Sitter(
        drawing=category.drawing,
        style=changes.get("style", category.styles[0]),
        color=color,
        second=companions(color)[0],
        pattern=changes.get("pattern", "plain"),
        material=changes.get("material", category.materials[0]),
        caption="The Quiet Harbour\nAda Lark",
    )
    return np.asarray(draw(sitter, size=size, chance=stream(0, "test", key))).astype(float)


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.key)
def test_every_style_in_every_pattern_is_a_picture_of_something(category: Category) -> None:
    for number, style in enumerate(category.styles):
        for pattern in PATTERNS:
            color = category.colors[number % len(category.colors)]
            pixels = picture(category, style=style, pattern=pattern, color=color, size=32)
            assert pixels.shape == (32, 32, 3)
            corner, middle = pixels[:4, :4].reshape(-1, 3), pixels[8:24, 8:24].reshape(-1, 3)
            assert corner.min() > 190, "the backdrop is light"
            assert middle.std(axis=0).max() > 6, f"{style} in {pattern} shows nothing"


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.key)
def test_colors_are_the_ones_listed(category: Category) -> None:
    """Of two pictures that differ in colour only, the one of the bluer product is bluer."""
    known = [color for color in category.colors if color in COLORS]
    assert len(known) == len(category.colors)
    blueness = {color: COLORS[color][2] - COLORS[color][0] for color in known}
    warm, cold = min(known, key=blueness.__getitem__), max(known, key=blueness.__getitem__)
    shown = {color: picture(category, color=color)[16:60, 12:52].mean(axis=(0, 1)) for color in (warm, cold)}
    assert shown[cold][2] - shown[cold][0] > shown[warm][2] - shown[warm][0] + 2


def test_styles_and_categories_look_different() -> None:
    grey = {c.key: picture(c, color=c.colors[0]).mean(axis=2) for c in CATEGORIES if c.name != "Cookbooks"}
    keys = list(grey)
    for i, first in enumerate(keys):
        for second in keys[i + 1 :]:
            assert np.abs(grey[first] - grey[second]).mean() > 2, (first, second)
    for category in CATEGORIES:
        looks = [picture(category, style=style) for style in category.styles]
        for i, look in enumerate(looks):
            for other in looks[i + 1 :]:
                assert np.abs(look - other).max() > 25, category.key


def test_the_same_sitter_and_chance_give_the_same_picture() -> None:
    mug = next(category for category in CATEGORIES if category.name == "Mugs")
    assert np.array_equal(picture(mug), picture(mug))
    assert not np.array_equal(picture(mug), picture(mug, key=1))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_use_the_second_color(pattern: str) -> None:
    image = texture(pattern, 1, 128, (250, 0, 0), (0, 250, 0), (0, 0, 250))
    shares = np.asarray(image).reshape(-1, 3).mean(axis=0) / 250
    assert shares[0] > 0.2, "the first colour stays visible"
    assert (shares[1] > 0.04) == (pattern != "plain")


def test_unknown_names_are_refused() -> None:
    rng = stream(0, "test")
    sitter = Sitter("submarine", "yellow", "yellow", "white", "plain", "steel")
    with pytest.raises(KeyError, match="submarine"):
        draw(sitter, size=32, chance=rng)
    with pytest.raises(ValueError, match="no such pattern: houndstooth"):
        texture("houndstooth", 0, 32, (0, 0, 0), (1, 1, 1), (2, 2, 2))


def test_shapes_off_the_canvas_are_cut_not_an_error() -> None:
    canvas = Canvas(64)
    canvas.fill(ellipse(-50, -50, 10), (200, 0, 0), shade="ball")
    canvas.fill(ellipse(100, 50, 20), (200, 0, 0), shade="ball", opacity=0.5)
    canvas.cast(ellipse(200, 50, 3))
    canvas.stroke(path("M -20 -20 L -5 -5"), (0, 0, 0), 2)
    left, _, right, _ = canvas.coverage.getbbox() or (0, 0, 0, 0)
    assert left > 40
    assert right == 64


def test_what_covers_hides_and_glass_does_not() -> None:
    canvas = Canvas(100)
    canvas.fill(rounded(20, 20, 80, 80, 0), (200, 0, 0), edge=0)
    canvas.fill(rounded(40, 40, 60, 60, 0), (0, 0, 200), edge=0)
    assert canvas.color.getpixel((50, 50)) == (0, 0, 200)
    assert canvas.color.getpixel((30, 30)) == (200, 0, 0)
    canvas.fill(rounded(20, 20, 38, 80, 0), (0, 200, 0), edge=0, opacity=0.5)
    red, green, _ = canvas.color.getpixel((30, 50))  # type: ignore[misc]
    assert abs(red - 100) < 3
    assert abs(green - 100) < 3
    assert canvas.coverage.getpixel((10, 10)) == 0


def test_a_band_is_as_wide_as_asked() -> None:
    outline = band(np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]]), 2.0)
    x, y = outline.T
    area = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    assert area == pytest.approx(2 * 20, abs=0.5)


def test_the_contact_sheet_shows_every_category(tmp_path) -> None:  # type: ignore[no-untyped-def]
    sheet = contact_sheet(columns=2, cell=32)
    assert sheet.height == 32 * -(-len(CATEGORIES) // 2)
    shown = np.asarray(sheet.crop((96, 0, 96 + 64, sheet.height))).reshape(-1, 32, 64, 3)
    assert all(row.std() > 5 for row in shown), "every row has pictures"
    assert contact_sheet(columns=2, cell=32).tobytes() == sheet.tobytes()
    write_contact_sheet(tmp_path / "images" / "sheet.png", columns=2, cell=16)
    assert Image.open(tmp_path / "images" / "sheet.png").format == "PNG"
