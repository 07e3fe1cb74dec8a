"""Rules of people: what they do to a list, how they are told apart, stored and explained."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emptor.cascade import Requests
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.merchandise import Draft, Rule, Rules, add_rule, end_rule, read_rules
from emptor.merchandise.stage import Merchandising
from emptor.shop.filters import parse_filters
from emptor.shop.importer import republish

AT = "2026-05-01T09:00:00+00:00"


def ids(engine: Engine, query: str, **more: Any) -> list[str]:
    return [hit.product["product_id"] for hit in engine.search(query, **{"k": 100, **more}).results]


def add(engine: Engine, **draft: Any) -> Rule:
    rule = add_rule(engine.shop.path, draft, author="tester", check=lambda rule: None)
    assert engine.refresh()
    return rule


def test_a_pin_stands_where_it_was_put_and_the_rest_closes_up(engine: Engine) -> None:
    before = ids(engine, "mug")
    add(engine, kind="pin", query="  MUG ", product_id="P00", position=2)
    after = ids(engine, "mug")
    assert "P00" not in before and after[2] == "P00"
    assert [own for own in after if own != "P00"] == before
    assert ids(engine, "striped mug")[2] != "P00", "another query is another query"
    page = engine.search("mug", k=1, offset=2)
    assert page.results[0].product["product_id"] == "P00" and page.results[0].position == 2


def test_pins_in_a_row_and_behind_the_end(engine: Engine) -> None:
    before = ids(engine, "deck over")
    add(engine, kind="pin", query="deck over", product_id="P01", position=0)
    add(engine, kind="pin", query="deck over", product_id="P02", position=0)
    add(engine, kind="pin", query="deck over", product_id="P03", position=99)
    add(engine, kind="pin", query="deck over", product_id="nothing", position=0)
    assert ids(engine, "deck over") == ["P02", "P01", *before, "P03"]


def test_a_pin_respects_the_visitors_filters_and_blocks(engine: Engine) -> None:
    add(engine, kind="pin", query="mug", product_id="P00", position=0)
    assert ids(engine, "mug", filters=["brand:Kilnhaus"])[0] != "P00"
    add(engine, kind="block", product_id="P00")
    assert "P00" not in ids(engine, "mug") and "P00" not in ids(engine, "dress")


def test_boost_and_bury_move_by_places(engine: Engine) -> None:
    before = ids(engine, "striped")
    red = ids(engine, "striped", filters=["attr.color:red"])
    add(engine, kind="boost", query="striped", filter="attr.color:red", factor=1000)
    assert ids(engine, "striped")[: len(red)] == red
    add(engine, kind="bury", query="striped", filter="attr.color:red", factor=1000)
    assert ids(engine, "striped") == before, "the two cancel out"
    add(engine, kind="bury", query="striped", filter="brand:Kilnhaus", factor=1000)
    after = ids(engine, "striped")
    kilnhaus = [own for own in before if own[:2] in ("P3", "P4")]
    assert after == [own for own in before if own not in kilnhaus] + kilnhaus


def test_a_rule_for_a_category_holds_there_and_below(engine: Engine) -> None:
    add(engine, kind="pin", category="home", product_id="odd-9", position=0)
    assert ids(engine, "", filters=["category:Home"])[0] == "odd-9"
    assert ids(engine, "lamp", filters=["category:Home"])[0] == "odd-9"
    assert ids(engine, "", filters=["category:Home/Mugs"])[0] != "odd-9", "it is not in that category"
    assert ids(engine, "")[0] != "odd-9"
    assert ids(engine, "", filters=["category:Home|Women"])[0] != "odd-9"


def test_synonyms_for_all_for_a_query_and_for_a_category(engine: Engine) -> None:
    assert ids(engine, "beaker") == []
    rule = add(engine, kind="synonym", words="beaker, mug")
    assert ids(engine, "beaker") and set(ids(engine, "beaker")) <= set(ids(engine, "mug"))
    end_rule(engine.shop.path, rule.id, author="tester")
    assert engine.refresh() and ids(engine, "beaker") == []
    add(engine, kind="synonym", query="morning thing", words="mug")
    assert set(ids(engine, "morning thing")) >= {"P30", "P31"}
    add(engine, kind="synonym", category="Home", words="beaker => mug")
    assert ids(engine, "beaker") == []
    assert ids(engine, "beaker", filters=["category:Home/Mugs"])


def test_a_touched_list_is_explained_rule_by_rule(engine: Engine) -> None:
    plain = engine.search("mug").cascade
    pin = add(engine, kind="pin", query="mug", product_id="P00", position=1)
    block = add(engine, kind="block", query="mug", product_id="P30")
    page = engine.search("mug")
    assert page.cascade != plain, "what rules are in force is part of a cascade's hash"
    story = engine.explain(page.request_id, private=True)
    assert story is not None
    public = engine.explain(page.request_id)
    assert public is not None and set(public["stages"][-1]["rules"]["0"]) == {"id", "kind", "text"}
    last = story["stages"][-1]
    assert last["stage"] == "merchandise" and last["dropped"] == []
    [kept_out] = story["stages"][0]["blocked"]
    assert kept_out["products"] == ["P30"] and kept_out["rule"]["id"] == block.id
    assert kept_out["rule"]["author"] == "tester" and "author" not in public["stages"][0]["blocked"][0]["rule"]
    assert last["products"][1] == "P00" and last["columns"]["place_before"][1] is None
    assert last["rules"]["0"]["id"] == pin.id and last["columns"]["rule"][1] == 0
    assert last["rules"]["0"]["author"] == "tester" and last["rules"]["0"]["at"]
    steps = engine.follow(page.request_id, "P30")
    assert steps is not None and str(block) in steps[-1].words and steps[-1].place is None
    steps = engine.follow(page.request_id, "P00")
    assert steps is not None and "Pinned at 2" in steps[-2].words and str(pin) in steps[-2].words
    other = engine.explain(engine.search("dress").request_id)
    assert other is not None and other["stages"][-1]["scores"] == other["stages"][-2]["scores"]


def test_exploration_leaves_pins_alone(shop_path: Path) -> None:
    toml = (shop_path / "shop.toml").read_text()
    (shop_path / "shop.toml").write_text(toml + "explore = { share = 1.0, depth = 5 }\n")
    with Engine.open(shop_path) as engine:
        add(engine, kind="pin", query="mug", product_id="P00", position=1)
        lists = [engine.search("mug", k=8, seed=seed) for seed in range(30)]
    assert all(page.results[1].product["product_id"] == "P00" for page in lists)
    assert all(page.results[1].propensity == 1.0 and page.explored for page in lists)
    assert len({tuple(hit.product["product_id"] for hit in page.results) for page in lists}) > 5
    assert {round(page.results[at].propensity, 3) for page in lists for at in (0, 2, 3, 4)} == {0.25}


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        ({"kind": "pin", "query": "mug", "product_id": "P00"}, "needs a position"),
        ({"kind": "pin", "query": "mug", "filter": "brand:A", "position": 1}, "product_id of one product"),
        ({"kind": "boost", "filter": "brand:A"}, "needs a query or a category"),
        ({"kind": "boost", "query": "mug"}, "either a product_id or a filter"),
        ({"kind": "block", "filter": "colour"}, "cannot be read"),
        ({"kind": "block", "product_id": "a", "position": 3}, "other rules have none"),
        ({"kind": "synonym", "words": " "}, "needs words"),
        ({"kind": "hide", "product_id": "a"}, "kind"),
        ({"kind": "pin", "query": "mug", "product_id": "a", "position": 100}, "position"),
        ({"kind": "block", "product_id": "a", "colour": "red"}, "colour"),
        ({"kind": "block", "product_id": "a", "category": "/"}, "no path"),
    ],
)
def test_a_draft_that_makes_no_sense_is_told(tmp_path: Path, draft: dict[str, Any], sentence: str) -> None:
    with pytest.raises(EmptorError, match=sentence):
        add_rule(tmp_path, draft, author="", check=lambda rule: None)
    assert read_rules(tmp_path).every == ()


def test_rules_are_remembered_when_they_end(tmp_path: Path) -> None:
    rule = add_rule(tmp_path, {"kind": "block", "product_id": "a"}, author="ann", check=lambda rule: None)
    end_rule(tmp_path, rule.id, author="bob")
    (ended,) = read_rules(tmp_path).every
    assert (ended.author, ended.ended_by, ended.active) == ("ann", "bob", False) and ended.ended_at
    with pytest.raises(EmptorError, match="no rule"):
        end_rule(tmp_path, rule.id, author="bob")


def test_many_hands_at_once_lose_nothing(tmp_path: Path) -> None:
    def write(own: int) -> None:
        for number in range(5):
            draft = {"kind": "block", "product_id": f"{own}-{number}"}
            add_rule(tmp_path, draft, author=str(own), check=lambda rule: None)

    threads = [threading.Thread(target=write, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_rules(tmp_path).moving) == 20


def test_a_damaged_file_is_told_and_a_running_engine_keeps_its_rules(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    add(engine, kind="pin", query="mug", product_id="P00", position=0)
    file = engine.shop.path / "rules.json"
    for content, told in (
        ("{broken", "is damaged"),
        ("[]", "is damaged"),
        ('{"format": 99, "rules": []}', "newer Emptor"),
        ('{"format": 1, "rules": {}}', "is damaged"),
    ):
        caplog.clear()
        file.write_text(content)
        assert engine.refresh() and ids(engine, "mug")[0] == "P00"
        with pytest.raises(EmptorError, match=told):
            read_rules(engine.shop.path)
        (fault,) = engine.rule_faults
        assert told in fault and "the rules read before stay in force" in fault
        assert [own.message for own in caplog.records] == [fault]
        engine.shop.update([{"product_id": "P30", "price": 2.0}])
        assert engine.refresh() and len(caplog.records) == 1, "told once"
        with pytest.raises(EmptorError, match=told):
            add_rule(engine.shop.path, {"kind": "block", "product_id": "P00"}, author="", check=lambda rule: None)
        with Engine.open(engine.shop.path) as fresh:
            assert "no rule is in force" in fresh.rule_faults[0] and ids(fresh, "mug")[0] != "P00"
        assert file.read_text() == content
    file.unlink()
    assert engine.refresh() and engine.rule_faults == () and ids(engine, "mug")[0] != "P00"


BAD: list[tuple[object, str]] = [
    ({"id": "a", "kind": "pin", "query": "mug", "product_id": "P00", "at": AT}, "a pin needs a position"),
    ({"id": "b", "kind": "pinn", "query": "mug", "product_id": "P00", "position": 0, "at": AT}, "did you mean pin"),
    ({"id": "c", "kind": "pin", "product_id": "P00", "position": 0, "at": AT}, "needs a query or a category"),
    ({"kind": "block", "product_id": "P00", "at": AT}, "the key 'id' is missing; expected any text that no other"),
    ({"id": "e", "kind": "block", "filter": "colour:red", "at": AT}, "unknown field 'colour'; expected brand:NAME"),
    ({"id": "f", "kind": "block", "prodct_id": "P00", "at": AT}, "'prodct_id'; did you mean product_id?"),
    ({"id": "g", "kind": "boost", "query": "x", "product_id": "P00", "factor": 0.5, "at": AT}, "greater than 1"),
    ("a rule", "found 'a rule', expected an object with id, kind and at"),
    ({"id": "s", "kind": "synonym", "words": "alone", "at": AT}, "expected `word, other word`"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_a_bad_rule_is_left_out_and_named_and_the_others_hold(
    shop_path: Path, caplog: pytest.LogCaptureFixture, bad: object, reason: str
) -> None:
    good = {"id": "good", "kind": "pin", "query": "mug", "product_id": "P00", "position": 0, "at": AT}
    rules = [{"id": "old", "kind": "block", "product_id": "P01", "at": AT}, bad, good]
    (shop_path / "rules.json").write_bytes(orjson.dumps({"format": 1, "by": "a program", "rules": rules}))
    with Engine.open(shop_path) as engine:
        assert ids(engine, "mug")[0] == "P00"
        (fault,) = engine.rule_faults
        assert reason in fault and "left out until it is mended" in fault and str(shop_path / "rules.json") in fault
        named = bad.get("id") if isinstance(bad, dict) else None
        assert "rule 2" in fault if named is None else repr(named) in fault
        assert [own.message for own in caplog.records] == [fault]
        rule = add(engine, kind="synonym", words="beaker, mug")
        end_rule(shop_path, "old", author="ann")
        assert engine.refresh() and engine.rule_faults == (fault,) and len(caplog.records) == 1
    content = orjson.loads((shop_path / "rules.json").read_bytes())
    assert content["by"] == "a program"
    if named != "s":  # that one can be read, and is stored as any other
        assert content["rules"][1] == bad
    assert [own.get("id") for own in content["rules"] if isinstance(own, dict)][-2:] == ["good", rule.id]
    assert content["rules"][0]["ended_by"] == "ann"
    assert ["factor" in own for own in content["rules"] if isinstance(own, dict)].count(True) == (named == "g")


def test_a_rule_for_a_product_that_the_shop_lacks_is_noted(engine: Engine) -> None:
    add(engine, kind="pin", query="mug", product_id="gone", position=0)
    add(engine, kind="block", product_id="P30")
    (note,) = engine.rule_notes
    assert "the shop has no product 'gone'" in note and "pin gone at 1 for “mug”" in note and engine.rule_faults == ()
    engine.shop.update([{"product_id": "P30", "delete": True}])
    assert engine.refresh() and len(engine.rule_notes) == 2


drafts = st.one_of(
    st.builds(
        lambda product, position: Draft(kind="pin", query="striped", product_id=product, position=position),
        st.sampled_from(["P00", "P01", "P33", "odd-2", "none"]),
        st.integers(0, 99),
    ),
    st.builds(
        lambda kind, filter, factor: Draft(kind=kind, query="striped", filter=filter, factor=factor),
        st.sampled_from(["boost", "bury", "block"]),
        st.sampled_from(["brand:Kilnhaus", "attr.color:red", "category:Women", "price:..20"]),
        st.floats(1.1, 50),
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(drafts, max_size=6), depth=st.integers(1, 70))
def test_any_rules_keep_the_contract(golden: Engine, chosen: list[Draft], depth: int) -> None:
    now = "2026-01-01T00:00:00+00:00"
    rules = Rules(tuple(Rule(**own.model_dump(), id=str(at), at=now) for at, own in enumerate(chosen)))
    stage = Merchandising(golden.view, rules=rules, depth=depth)
    requests = Requests.of(["striped", "mug", "striped"], filters=[(), (), parse_filters(["brand:Kilnhaus"])])
    before = golden.run(requests).candidates.cut(depth)
    after = stage(requests, before)
    for at in range(3):
        rows, scores = after.row(at)
        assert len(set(rows.tolist())) == len(rows) <= depth
        falls = scores[:-1] > scores[1:]
        ties = (scores[:-1] == scores[1:]) & (rows[:-1] < rows[1:])
        assert (falls | ties).all()
        assert golden.view.mask(requests.filters[at])[rows].all()
        alone = stage(
            requests.rows(slice(at, at + 1)), golden.run(requests.rows(slice(at, at + 1))).candidates.cut(depth)
        )
        assert np.array_equal(alone.row(0)[0], rows)
    assert np.array_equal(after.row(1)[0], before.row(1)[0]), "another query is left alone"


@pytest.mark.parametrize(("kind", "place", "factor", "after"), [
    ("boost", 9, 3, 3), ("boost", 2, 2, 1), ("boost", 3, 3, 1), ("bury", 1, 3, 3), ("bury", 3, 3, 9),
])  # fmt: skip
def test_a_factor_moves_by_what_it_says(engine: Engine, kind: str, place: int, factor: float, after: int) -> None:
    product = ids(engine, "striped")[place - 1]
    add(engine, kind=kind, query="striped", product_id=product, factor=factor)
    assert ids(engine, "striped").index(product) + 1 == after


def test_what_is_blocked_stays_blocked_without_time_and_on_similar_products(engine: Engine) -> None:
    add(engine, kind="block", product_id="P31")
    late = engine.search("mug", deadline=time.monotonic() - 1)
    assert late.degraded and "P31" not in [hit.product["product_id"] for hit in late.results]
    similar = engine.recommend(product_id="P30", k=50)
    assert "P31" not in [hit.product["product_id"] for hit in similar.results] and similar.results


def test_a_rule_that_cannot_be_read_stops_nothing(engine: Engine) -> None:
    add(engine, kind="synonym", words="beaker, mug")
    file = engine.shop.path / "rules.json"
    file.write_text(file.read_text().replace("beaker, mug", "alone"))
    engine.shop.update([{"product_id": "P30", "price": 1.0}])
    assert engine.refresh() and engine.view.product(engine.view.row("P30") or 0)["price"] == 1.0


def test_a_thousand_rules_take_milliseconds(golden: Engine) -> None:
    drafts = [Draft(kind="block", product_id=f"none-{at}") for at in range(1_000)]
    rules = Rules(tuple(Rule(**own.model_dump(), id=str(at), at="2026-01-01") for at, own in enumerate(drafts)))
    stage = Merchandising(golden.view, rules=rules, depth=1000)
    requests = Requests.of(["striped"])
    before = golden.run(requests).candidates
    stage(requests, before)
    start = time.perf_counter()
    after = stage(requests, before)
    assert after is before and time.perf_counter() - start < 0.1


def test_a_product_of_another_generation_is_not_followed(engine: Engine) -> None:
    page = engine.search("mug")
    republish(engine.shop)
    assert engine.refresh()
    steps = engine.follow(page.request_id, "P30")
    assert steps is not None and "published anew" in steps[0].words
    add(engine, kind="boost", query="other", filter="brand:Kilnhaus")
    page = engine.search("copper pipe")
    lost = engine.follow(page.request_id, "P00")
    assert lost is not None and len(lost) == 1 and "none of the query" in lost[0].words
