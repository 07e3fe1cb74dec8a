"""Needs: said in people's words, answered by products, explained in the encyclopaedia and nowhere else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from emptor.market.config import WorldConfig
from emptor.market.knowledge import CATEGORIES
from emptor.market.knowledge.encyclopaedia import write_encyclopaedia
from emptor.market.knowledge.need import Need, need
from emptor.market.knowledge.needs import NEEDS
from emptor.market.world.needs import grades
from emptor.market.world.products import Products, make_products, slots_of

CATEGORY = {category.key: category for category in CATEGORIES}


@pytest.fixture(scope="module")
def products() -> Products:
    return make_products(WorldConfig.of("demo"), until=0)


def tokens(text: str) -> list[str]:
    """Words without their plural s, so that `mugs` is `mug`."""
    return [word.rstrip("s") for word in re.findall(r"[a-z0-9]+", text.lower())]


def says(text: str, words: str) -> bool:
    found, sought = tokens(text), tokens(words)
    return any(found[at : at + len(sought)] == sought for at in range(len(found) - len(sought) + 1))


def test_a_need_is_read_from_its_short_form() -> None:
    own = need(
        "rain", "wet feet| soaked ", "Shoes/Boots: style=rain|hiking, for=men; Accessories/Umbrellas:", "So\n  it is."
    )
    assert own.phrases == ("wet feet", "soaked")
    assert own.wants == {
        "Shoes/Boots": {"style": frozenset({"rain", "hiking"}), "for": frozenset({"men"})},
        "Accessories/Umbrellas": {},
    }
    assert own.article == "So it is."


def test_there_are_many_needs_and_no_two_are_typed_alike() -> None:
    assert len(NEEDS) >= 60
    phrases = [phrase for own in NEEDS for phrase in own.phrases]
    assert len(set(phrases)) == len(phrases)
    assert all(phrase == phrase.lower() for phrase in phrases)


@pytest.mark.parametrize("own", NEEDS, ids=lambda own: own.name)
def test_a_need_is_well_formed(own: Need) -> None:
    assert 3 <= len(own.phrases) <= 5
    assert 60 <= len(own.article.split()) <= 120
    for key, requirements in own.wants.items():
        category = CATEGORY[key]
        slots = dict(slots_of(category))
        slots |= {"color": category.colors, "pattern": category.patterns, "material": category.materials}
        for name, values in requirements.items():
            assert values <= set(slots[name]), f"{key} has no such {name}"


@pytest.mark.parametrize("own", NEEDS, ids=lambda own: own.name)
def test_no_phrase_names_what_it_wants(own: Need) -> None:
    for key, requirements in own.wants.items():
        named = [CATEGORY[key].noun, *CATEGORY[key].synonyms]
        named += [value for values in requirements.values() for value in values if len(value) > 2]
        assert not [(phrase, word) for phrase in own.phrases for word in named if says(phrase, word)]


@pytest.mark.parametrize("own", NEEDS, ids=lambda own: own.name)
def test_the_article_tells_of_every_category_that_is_wanted(own: Need) -> None:
    for key, requirements in own.wants.items():
        category = CATEGORY[key]
        names = [category.noun, category.name, *category.synonyms, *category.styles, category.noun.split(" ")[-1]]
        assert any(says(own.article, name) for name in names), f"{key} is wanted, and the article does not say so"
        for name, values in requirements.items():
            told = [value for value in values if any(word in tokens(own.article) for word in tokens(value))]
            assert told, f"{own.name}, {key}: nothing is said of {name}"


def test_most_categories_are_wanted_by_some_need() -> None:
    wanted = {key for own in NEEDS for key in own.wants}
    missing = sorted(set(CATEGORY) - wanted)
    assert len(missing) <= 0.1 * len(CATEGORY), f"no need wants {', '.join(missing)}"


def test_every_need_is_answered_and_not_by_everything(products: Products) -> None:
    found = grades(products)
    assert found.shape == (len(NEEDS), len(products))
    assert found.dtype == np.uint8
    share = (found == 3).mean(1)
    assert share.min() > 0, NEEDS[int(share.argmin())].name
    assert share.max() < 0.1, NEEDS[int(share.argmax())].name


def test_grades_follow_the_truth_and_not_the_claims(products: Products) -> None:
    found = grades(products)
    for number in (0, len(NEEDS) // 2, len(NEEDS) - 1):
        for row in np.flatnonzero(found[number] > 0)[::37].tolist() + list(range(40)):
            requirements = NEEDS[number].wants.get(CATEGORIES[products.category[row]].key)
            if requirements is None:
                assert found[number, row] == 0
                continue
            true = products.attributes(row)
            met = sum(true.get(name) in values for name, values in requirements.items())
            expected = 3 if met == len(requirements) else 2 if 2 * met >= len(requirements) else 1
            assert found[number, row] == expected


def test_the_encyclopaedia_has_an_article_for_each_need_and_category(tmp_path: Path) -> None:
    write_encyclopaedia(tmp_path / "articles.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "articles.jsonl").read_text().splitlines()]
    assert len(lines) == len(NEEDS) + len(CATEGORIES)
    assert all(set(line) == {"title", "text"} and len(line["text"].split()) > 15 for line in lines)
    assert len({line["text"] for line in lines}) == len(lines)
