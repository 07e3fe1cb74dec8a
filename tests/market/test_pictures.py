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
from emptor.market.pictures.hidden_style import DIMENSIONS, PLAIN, hidden_style
from emptor.market.pictures.shapes import band, ellipse, path, rounded
from emptor.market.pictures.studio import BACKDROPS, any_studio
from emptor.market.pictures.textures import PATTERNS, Cut, texture
from emptor.market.pictures.tones import lab, toned
from emptor.market.streams import stream

SIZE = 64


def picture(
    category: Category,
    *,
    key: object = 0,
    size: int = SIZE,
    look: tuple[float, ...] = (0.0,) * DIMENSIONS,
    **changes: str,
) -> np.ndarray:
    color = changes.get("color", category.colors[0])
    sitter = Sitter(
        drawing=category.drawing,
        style=changes.get("style", category.styles[0]),
        color=color,
        second=companions(color)[0],
        pattern=changes.get("pattern", "plain"),
        material=changes.get("material", category.materials[0]),
        caption="The Quiet Harbour\nAda Lark",
        look=look,
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


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.key)
def test_every_number_of_the_hidden_look_shows_in_plain_products(category: Category) -> None:
    usual = picture(category)
    for dimension in range(DIMENSIONS):
        for value in (-1.5, 1.5):
            look = tuple(value if i == dimension else 0.0 for i in range(DIMENSIONS))
            assert np.abs(picture(category, look=look) - usual).mean() > 0.5, (dimension, value)


def test_the_hidden_look_changes_pictures_gradually() -> None:
    """A small step of the look is a small step of the picture, for every category and from any look."""
    rng = stream(0, "gradual")
    for category in CATEGORIES:
        look, step = rng.standard_normal((2, DIMENSIONS))
        pattern = category.patterns[-1]
        here, near, far = (
            picture(category, pattern=pattern, look=tuple(look + share * step)) for share in (0.0, 0.01, 1.0)
        )
        assert np.abs(near - here).mean() < 0.35 * np.abs(far - here).mean(), category.key


def test_the_hidden_look_says_nothing_where_the_product_is_not() -> None:
    """Backdrop, lamp and frame come from chance alone."""
    mug = next(category for category in CATEGORIES if category.name == "Mugs")
    corners = [picture(mug, look=look)[:5, :5] for look in ((0.0,) * 6, (1.0, -2.0, 0.5, 0.0, 1.0, -1.0))]
    assert np.array_equal(*corners)


def test_what_is_black_stays_black() -> None:
    """However glossy, and however brightly the dye falls: no look lays more than a sheen on a black bag."""
    bag = next(category for category in CATEGORIES if category.drawing == "backpack")
    usual = np.percentile(picture(bag, color="black")[24:52, 24:40], 75)
    for look in stream(0, "black").standard_normal((60, DIMENSIONS)):
        assert np.percentile(picture(bag, color="black", look=tuple(look))[24:52, 24:40], 75) < usual + 115


def test_no_number_of_the_look_is_a_property() -> None:
    """Each property follows several numbers, and none follows one alone."""
    looks = stream(0, "looks").standard_normal((2000, DIMENSIONS))
    styles = [hidden_style(tuple(look)) for look in looks]
    names = (
        "stretch",
        "taper",
        "lightness",
        "chroma",
        "trim",
        "piping",
        "band",
        "gloss",
        "line",
        "fade",
        "fleck",
        "warmth",
        "slant",
        "heart",
        "rim",
    )
    values = np.array([[getattr(style, name) for name in names] + [style.cut.zoom, style.cut.turn] for style in styles])
    follows = np.abs(np.corrcoef(values.T, looks.T)[: values.shape[1], values.shape[1] :])
    assert follows.max() < 0.85
    assert ((follows > 0.15).sum(axis=1) >= 2).all()
    assert (follows.max(axis=0) > 0.4).all(), "every number matters"


@pytest.mark.parametrize("color", COLORS)
def test_tones_keep_the_name_of_a_color(color: str) -> None:
    assert toned(color, 0, 0) == COLORS[color]
    named = lab(np.array(list(COLORS.values()), dtype=float))
    for lightness in (-1, 0, 1):
        for chroma in (-1, 0, 1):
            away = np.linalg.norm(named - lab(np.array([toned(color, lightness, chroma)], dtype=float)), axis=1)
            assert list(COLORS)[int(away.argmin())] == color, (lightness, chroma)


def test_wrong_looks_are_refused() -> None:
    assert hidden_style((0.0,) * DIMENSIONS) == PLAIN
    with pytest.raises(ValueError, match="6 numbers, not 2"):
        hidden_style((0.0, 1.0))
    with pytest.raises(ValueError, match="finite"):
        hidden_style((0.0, 1.0, float("nan"), 0.0, 0.0, 0.0))


def test_pictures_are_taken_in_different_ways() -> None:
    studios = [any_studio(stream(0, "studio", i)) for i in range(200)]
    assert {studio.tint for studio in studios} == set(range(len(BACKDROPS)))
    assert {studio.table is None for studio in studios} == {True, False}
    for values in (
        [studio.lamp for studio in studios],
        [studio.power for studio in studios],
        [studio.gains[0] for studio in studios],
        [studio.grain for studio in studios],
    ):
        assert len(set(values)) > 150


def test_words_of_categories_do_not_clash() -> None:
    nouns = [category.noun for category in CATEGORIES]
    said = [word for category in CATEGORIES for word in (category.noun, *category.synonyms)]
    assert len(set(nouns)) == len(nouns)
    assert len(set(said)) == len(said)
    assert len(CATEGORIES) >= 44
    assert len({category.department for category in CATEGORIES}) >= 6


def test_a_cut_of_a_pattern_can_be_larger_turned_and_denser() -> None:
    red, green = (250, 0, 0), (0, 250, 0)

    def inked(cut: Cut) -> np.ndarray:
        return np.asarray(texture("dotted", 1, 256, red, green, red, cut))[::2, ::2, 1] / 250.0

    usual = inked(Cut())
    assert inked(Cut(density=1)).mean() > 1.2 * usual.mean()
    assert inked(Cut(density=-1)).mean() < 0.8 * usual.mean()
    assert np.abs(np.diff(inked(Cut(zoom=1.8)), axis=1)).mean() < 0.7 * np.abs(np.diff(usual, axis=1)).mean()
    assert np.abs(inked(Cut(turn=20)) - usual).mean() > 0.1


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
