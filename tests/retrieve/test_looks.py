"""Ways to look at pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emptor.errors import EmptorError
from emptor.retrieve.looks import NUMBERS, PIXELS, look_of
from tests.encoders.folders import PROCESSOR, saved, vision


def drawn(folder: Path) -> list[Path | None]:
    """Red, blue, no picture, damaged, red again."""
    paths: list[Path | None] = []
    for at, colour in enumerate(("red", "blue", None, "damaged", "red")):
        path = folder / f"{at}.png"
        if colour == "damaged":
            path.write_bytes(b"no picture")
        elif colour is not None:
            image = Image.new("RGB", (90, 70), "white")
            image.paste(colour, (20, 15, 70, 55))
            image.save(path)
        paths.append(None if colour is None else path)
    return paths


@pytest.mark.parametrize("kind", [PIXELS, NUMBERS, "folder"])
def test_each_look_tells_what_is_there_and_what_differs(kind: str, tmp_path: Path) -> None:
    if kind == "folder":
        saved(tmp_path / "model", vision("clip"), PROCESSOR)
        kind = "model"
    look = look_of(kind, base=tmp_path)
    seen, there = look.read(drawn(tmp_path))
    assert there.tolist() == [True, True, False, False, True]
    assert seen.shape == ((5, 3, look.side, look.side) if look.side else (5, 1, look.values))
    assert np.isfinite(seen).all() and (seen[~there] == 0).all()
    assert np.array_equal(seen[0], seen[4]) and not np.allclose(seen[0], seen[1], atol=1e-2)
    again = look_of(look.name, base=tmp_path)
    assert again.fingerprint == look.fingerprint


def test_a_folder_of_another_kind_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match="'pixel' is neither numbers nor pixels, and no folder"):
        look_of("pixel", base=tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmptorError, match=r"has no config\.json"):
        _ = look_of("empty", base=tmp_path).fingerprint
