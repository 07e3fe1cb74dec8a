"""A world's config: what it refuses, and what its hash tells apart."""

from __future__ import annotations

import hashlib

import orjson
import pytest

from emptor.errors import EmptorError
from emptor.market.config import PRESETS, VERSION, WorldConfig


def test_the_hash_names_the_world() -> None:
    config = WorldConfig.of("tiny", seed=3)
    assert config.hash == WorldConfig.of("tiny", seed=3).hash == WorldConfig.read(config.model_dump()).hash
    others = [
        WorldConfig.of("tiny", seed=4),
        config.changed(page={"redundancy": 0}),
        config.changed(form="two"),
        config.changed(users=201),
    ]
    assert len({config.hash, *(own.hash for own in others)}) == 5
    assert config.changed(page={"redundancy": 0}).page.contrast == config.page.contrast


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_sound(preset: str) -> None:
    assert WorldConfig.of(preset).preset == preset


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"products": 3}, ["products", "50", "3"]),
        ({"page": {"redundancy": -1}}, ["page.redundancy", "0", "-1"]),
        ({"page": {"redundance": 1}}, ["page.redundance", "redundancy"]),
        ({"pages": {}}, ["pages", "page"]),
        ({"taste": {"local": 2}}, ["taste.local", "1", "2"]),
        ({"form": "three"}, ["form", "one", "two"]),
        ({"demand": {"visits": "many"}}, ["demand.visits", "number", "many"]),
        ({"seed": 1.5}, ["seed"]),
    ],
)
def test_impossible_worlds_are_refused_in_a_sentence(changes: dict[str, object], expected: list[str]) -> None:
    with pytest.raises(EmptorError) as raised:
        WorldConfig.read({**PRESETS["tiny"], **changes})
    text = str(raised.value)
    assert "\n" not in text and all(own in text for own in expected), text


def test_an_unknown_preset_is_told_the_known_ones() -> None:
    with pytest.raises(EmptorError, match=r"'huge'.*tiny, demo, study, large"):
        WorldConfig.of("huge")


def test_the_defaults_are_pinned_to_the_version() -> None:
    """Hashes leave defaults out: another default is another market, and needs another version, or two worlds would have
    one name.
    """
    content = orjson.dumps(WorldConfig().model_dump(), option=orjson.OPT_SORT_KEYS)
    assert (VERSION, hashlib.blake2b(content, digest_size=6).hexdigest()) == ("v2", "56edab7de3ce")
