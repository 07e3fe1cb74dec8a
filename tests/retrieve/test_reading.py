"""How a query was read: told as it was asked, and what a list without all words looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emptor.engine import Engine
from emptor.explain import reading_lines
from emptor.merchandise import add_rule
from emptor.shop.importer import republish
from tests.retrieve.test_lexical import ids, make


def read(engine: Engine, query: str, **more: Any) -> dict[str, Any]:
    story = engine.explain(engine.search(query, **more).request_id)
    assert story is not None
    return story["reading"]


def test_words_units_corrections_and_neighbours_with_their_weights(golden: Engine) -> None:
    told = read(golden, "the sneekers 12-ounce dw735x 2 in. x 4 in.")
    words = {own["word"]: own for own in told["words"]}
    assert list(words) == ["the", "sneekers", "12oz", "dw735x", "2x4"]
    assert words["the"]["optional"] and not words["sneekers"]["optional"]
    assert words["sneekers"]["alternatives"] == [{"text": "sneaker", "weight": 0.8, "why": "correction"}]
    assert words["12oz"]["kind"] == "quantity"
    assert words["12oz"]["alternatives"] == [{"text": "12", "weight": 0.3, "why": "form"}]
    assert words["dw735x"]["alternatives"] == [], "a word with digits has no spelling"
    assert told["did_you_mean"] is not None and "sneakers" in told["did_you_mean"]
    assert told["with_all_words"] == 0 and told["relaxed"] and told["note"] is None
    assert golden.explain(golden.search("").request_id)["reading"] is None


def test_a_correction_of_two_edits_weighs_half(tmp_path: Path) -> None:
    with make(tmp_path / "shop", [{"product_id": str(at), "title": "ceiling lantern"} for at in range(9)]) as engine:
        [word] = read(engine, "lamterm")["words"]
        assert word["alternatives"] == [{"text": "lantern", "weight": 0.4, "why": "correction"}]
        assert read(engine, "lanterm")["words"][0]["alternatives"][0]["weight"] == 0.8


def test_synonyms_are_told_with_their_weight(engine: Engine) -> None:
    """Less than the words themselves, except of words that no product has."""
    lines = "trainer => sneakers\nmug => lamp\nwriting table light, desk lamp\ndesk lamp => copper pipe\n"
    (engine.shop.path / "synonyms.txt").write_text(lines)
    assert engine.refresh()
    told = read(engine, "red mug trainers writing table light")
    words = {own["word"]: own for own in told["words"]}
    assert {"text": "sneaker", "weight": 1.0, "why": "synonym"} in words["trainers"]["alternatives"]
    assert {"text": "lamp", "weight": 0.7, "why": "synonym"} in words["mug"]["alternatives"]
    assert told["phrases"] == [
        {
            "phrase": "writing table light",
            "alternatives": [{"text": "desk lamp", "weight": 1.0, "why": "synonym"}],
        }
    ]
    assert {own["weight"] for own in read(engine, "desk lamp")["phrases"][0]["alternatives"]} == {0.7}
    lines = " ".join(reading_lines(told))
    assert "Beside trainers: sneaker at 1 (synonym)" in lines and "Any word was enough" in lines


def test_a_word_with_a_synonym_is_no_misspelling(tmp_path: Path) -> None:
    rows = [{"product_id": f"car{at}", "title": "toy cars for children"} for at in range(30)]
    rows += [{"product_id": f"hp{at}", "title": "wireless headphones that one folds and carries"} for at in range(9)]
    with make(tmp_path / "shop", rows) as engine:
        page = engine.search("cans")
        assert page.did_you_mean == "cars" and page.results[0].product["product_id"].startswith("car")
        add_rule(engine.shop.path, {"kind": "synonym", "words": "cans => headphones"}, author="", check=lambda _: None)
        assert engine.refresh()
        page = engine.search("cans", k=100)
        assert page.did_you_mean is None
        assert {hit.product["product_id"][:2] for hit in page.results} == {"hp"}
        [word] = read(engine, "cans")["words"]
        assert word["alternatives"] == [{"text": "headphon", "weight": 1.0, "why": "synonym"}], "nobody has cans"
        assert engine.search("red cans wirelss").did_you_mean == "red cans wireless", "other words are corrected"
        engine.shop.update([{"product_id": "tin", "title": "cans of paint"}])
        assert engine.refresh()
        assert ids(engine, "cans")[0] == "tin", "a product has the word now: the synonym stands behind it"
        assert {"text": "headphon", "weight": 0.7, "why": "synonym"} in read(engine, "cans")["words"][0]["alternatives"]


def test_words_of_a_run_with_synonyms_are_no_misspellings_either(engine: Engine) -> None:
    (engine.shop.path / "synonyms.txt").write_text("sneekers of joy => desk lamp\n")
    assert engine.refresh()
    page = engine.search("sneekers of joy")
    assert page.did_you_mean is None and {hit.product["product_id"][:2] for hit in page.results} == {"P4"}
    told = read(engine, "sneekers of joy")
    assert told["phrases"][0]["alternatives"] == [{"text": "desk lamp", "weight": 1.0, "why": "synonym"}]
    assert not any(own["why"] == "correction" for word in told["words"] for own in word["alternatives"])
    assert engine.search("sneekers").did_you_mean == "sneakers", "alone it is a misspelling as before"


def test_a_synonym_of_a_category_makes_a_word_known_where_it_holds(engine: Engine) -> None:
    draft = {"kind": "synonym", "words": "sneekers => mug", "category": "Home"}
    add_rule(engine.shop.path, draft, author="", check=lambda _: None)
    assert engine.refresh()
    assert engine.search("sneekers").did_you_mean == "sneakers"
    page = engine.search("sneekers", filters=["category:Home"])
    assert page.did_you_mean is None and page.results[0].product["category"] == ["Home", "Mugs"]


def test_an_arrow_adds_and_takes_nothing_away(engine: Engine) -> None:
    (engine.shop.path / "synonyms.txt").write_text("dress => shirt\n")
    assert engine.refresh()
    found = ids(engine, "dress")
    assert set(found) >= {"P00", "P10"}, "the word itself goes on matching"
    assert found.index("P00") < found.index("P10"), "and weighs more than what was added"


def test_whether_all_words_had_to_match_is_told(tmp_path: Path) -> None:
    rows = [{"product_id": f"both{at:03}", "title": "oak table"} for at in range(120)]
    rows += [{"product_id": f"one{at}", "title": "oak chair"} for at in range(20)]
    with make(tmp_path / "shop", rows) as engine:
        told = read(engine, "oak table")
        assert (told["with_all_words"], told["relaxed"]) == (120, False)
        assert "Every word had to match: 120 products have them all." in reading_lines(told)
        told = read(engine, "oak chair")
        assert (told["with_all_words"], told["relaxed"]) == (20, True)
        assert "since only 20 products have every word; those stand first" in " ".join(reading_lines(told))
        for query, line in (
            ("oak", "Every word had to match: no product that passes the filters has them all."),
            ("oak table", "Any word was enough, since no product that passes the filters has every word."),
        ):
            assert line in reading_lines(read(engine, query, filters=["brand:Acme"]))


def test_products_with_every_word_stand_before_those_that_lack_one(tmp_path: Path) -> None:
    """By scores alone, `walnut walnut` in a short title beats a long title with both words."""
    long = "a table with so many other words about its legs drawers finish care size weight and delivery in walnut"
    rows = [{"product_id": "both", "title": long}]
    rows += [{"product_id": f"a{at}", "title": "walnut walnut"} for at in range(3)]
    rows += [{"product_id": f"t{at}", "title": "table"} for at in range(60)]
    with make(tmp_path / "shop", rows) as engine:
        page = engine.search("walnut table", k=100)
        assert page.results[0].product["product_id"] == "both"
        scores = [hit.score for hit in page.results]
        assert scores == sorted(scores, reverse=True) and page.total == 64


@pytest.mark.parametrize("depth", [1, 2, 3, 50])
def test_however_short_the_list_it_starts_with_every_word(tmp_path: Path, depth: int) -> None:
    rows = [{"product_id": f"w{at}", "title": "walnut walnut"} for at in range(9)]
    rows += [{"product_id": "z1", "title": "walnut table"}, {"product_id": "z2", "title": "table of walnut and oak"}]
    toml = f'[cascade.default]\nstages = [{{ stage = "retrieve", method = "hybrid", depth = {depth} }}]\n'
    with make(tmp_path / "shop", rows, toml) as engine:
        found = ids(engine, "walnut table")
        assert found[:2] == ["z1", "z2"][:depth] and len(found) == min(depth, 11)


def test_a_reading_of_another_state_says_so(engine: Engine) -> None:
    page = engine.search("red mug")
    republish(engine.shop)
    assert engine.refresh()
    story = engine.explain(page.request_id)
    assert story is not None and "The shop has changed" in story["reading"]["note"]


def test_a_list_that_no_word_was_matched_for_says_so(engine: Engine) -> None:
    toml = engine.shop.path / "shop.toml"
    toml.write_text(toml.read_text() + '[cascade.p]\nstages = [{ stage = "retrieve", method = "popular" }]\n')
    assert engine.refresh()
    assert "not matched" in read(engine, "red mug", cascade="p")["note"]


def test_at_its_most_relax_below_leaves_the_order_to_the_scores(tmp_path: Path) -> None:
    rows = [{"product_id": "both", "title": f"a table with {'many other words ' * 9} in walnut"}]
    rows += [{"product_id": f"w{at}", "title": "walnut walnut"} for at in range(3)]
    rows += [{"product_id": f"t{at}", "title": "table"} for at in range(60)]
    with make(tmp_path / "shop", rows, "[search]\nrelax_below = 10000\n") as engine:
        assert ids(engine, "walnut table")[0] == "w0"
        assert "scores alone decide; 1 product has every word" in " ".join(reading_lines(read(engine, "walnut table")))
