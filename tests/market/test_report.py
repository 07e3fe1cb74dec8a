"""A market held beside public logs: figures are those one counts by hand, and cascades meet the same users."""

from __future__ import annotations

import json
import math
import re
import shutil
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from emptor.cli import app
from emptor.errors import EmptorError
from emptor.market.config import VERSION
from emptor.market.experiment import Row
from emptor.market.report.ab import compare_cascades, corrected
from emptor.market.report.figures import MEANINGS, figures, judged, outside
from emptor.market.report.measures import STEPS, Measured, measure
from emptor.market.report.page import market_page
from emptor.market.report.public import FIXED, SIZED, sources
from emptor.market.report.report import report_market
from emptor.market.report.skew import fit, ordered, spaced, top_share, zipf_share
from emptor.market.report.words import range_text, value_text, verdict_text
from emptor.market.store import folder_of, load_config, load_state
from emptor.shop import schema
from emptor.shop.shop import Shop

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
VOID = {"meta", "br", "link", "img", "input", "hr"}
POPULAR = """
[cascade.popular]
stages = [{ stage = "retrieve", method = "popular", depth = 60, budget_ms = 100 }]
deadline_ms = 200
"""


def event(
    request: str, action: str, product: str, position: int, *, user: str, query: str | None = None, after: float = 0
) -> dict[str, Any]:
    """An event of a page; the session is the user's, and the time START plus so many seconds."""
    return {
        "event_id": f"{request}-{action}-{product}",
        "time": START + timedelta(seconds=after),
        "request_id": request,
        "user_id": user,
        "session_id": f"s-{user}-{after // 86_400:.0f}",
        "scenario": "recommend" if query is None else "search",
        "query": query,
        "action": action,
        "product_id": product,
        "position": position,
    }


def table(rows: list[dict[str, Any]]) -> pl.LazyFrame:
    empty = pl.from_arrow(schema.EVENT.empty_table())
    assert isinstance(empty, pl.DataFrame)
    return pl.DataFrame(rows, schema=empty.schema).lazy()


@pytest.fixture(scope="module")
def by_hand() -> Measured:
    """Two users, four pages: `a` searches twice for mug (and reads on once), `b` is shown recommendations."""
    rows = [
        # page 1: two on the screen, one click, which becomes a cart and an order, sent back later
        event("r1", "impression", "p1", 0, user="a", query="mug"),
        event("r1", "impression", "p2", 1, user="a", query="mug"),
        event("r1", "click", "p1", 0, user="a", query="mug", after=2),
        event("r1", "add_to_cart", "p1", 0, user="a", query="mug", after=10),
        event("r1", "purchase", "p1", 0, user="a", query="mug", after=20),
        event("r1", "return", "p1", 0, user="a", query="mug", after=4 * 86_400),
        # page 2: the same list, read on
        event("r2", "impression", "p3", 20, user="a", query="mug", after=60),
        # page 3: the same query another day, nothing clicked
        event("r3", "impression", "p1", 0, user="a", query="mug", after=86_400),
        # page 4: recommendations, two clicks and an order that may still come back
        event("r4", "impression", "p1", 0, user="b", after=9 * 86_400),
        event("r4", "impression", "p4", 1, user="b", after=9 * 86_400),
        event("r4", "click", "p1", 0, user="b", after=9 * 86_400 + 3),
        event("r4", "click", "p4", 1, user="b", after=9 * 86_400 + 6),
        event("r4", "purchase", "p4", 1, user="b", after=9 * 86_400 + 30),
    ]
    listed = {"p1": -100, "p2": -100, "p3": -100, "p4": 0, "p5": -1}
    products = pl.DataFrame(
        {"product_id": list(listed), "listed_at": [START + timedelta(days=day) for day in listed.values()]},
        schema_overrides={"listed_at": pl.Datetime("us", "UTC")},
    )
    return measure(table(rows), products)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("click_rate_search", 1 / 4),
        ("click_rate_recommend", 2 / 2),
        ("click_rate_at_1", 2 / 3),
        ("click_rate_at_5", None),
        ("first_click_rate", 2 / 3),
        ("first_to_fifth", None),
        ("pages_without_click", 2 / 4),
        ("clicks_per_page", 3 / 4),
        ("clicks_per_cart", 3 / 1),
        ("clicks_per_purchase", 3 / 2),
        ("item_exponent", None),
        ("items_top_1", 2 / 3),
        ("items_top_20_search", 1.0),
        ("never_clicked", 3 / 5),
        ("never_shown", 1 / 5),
        ("new_exposure", 1 / 6),
        ("new_on_sale", 2 / 5),
        ("queries_top_1", 1.0),
        ("queries_once", 0.0),
        ("searches_tail", 0.0),
        ("actions_median", 3.0),
        ("actions_mean", 3.0),
        ("actions_below_5", 1.0),
        ("buyers", 1.0),
        ("repeat_buyers", 0.0),
        ("session_pages", (2 + 1 + 1) / 3),
        ("session_seconds", (60 + 0 + 30) / 3),
        ("session_clicks", (1 + 2) / 2),
        ("return_rate", 1.0),
    ],
)
def test_figures_of_a_log_counted_by_hand(by_hand: Measured, name: str, value: float | None) -> None:
    assert by_hand.values[name] == (None if value is None else pytest.approx(value))


def test_every_figure_has_a_value_and_every_value_a_meaning(by_hand: Measured) -> None:
    assert set(by_hand.values) == set(MEANINGS)
    assert {*FIXED, *SIZED} <= set(MEANINGS)
    assert by_hand.size == {"events": 13, "pages": 4, "searches": 2, "users": 2, "products": 5, "days": 9}
    assert by_hand.query_counts.tolist() == [2]
    assert by_hand.item_clicks.tolist() == [2, 1]


def test_an_empty_log_has_no_figures() -> None:
    steps: list[None] = []
    products = pl.DataFrame(
        {"product_id": [], "listed_at": []},
        schema={"product_id": pl.String, "listed_at": pl.Datetime("us", "UTC")},
    )
    found = measure(table([]), products, on_step=lambda: steps.append(None))
    assert set(found.values.values()) == {None}
    assert len(steps) == STEPS
    assert {own.verdict for own in figures(found)} == {None}


def test_the_line_of_an_exact_power_law_is_found() -> None:
    counts = 10_000 * np.arange(1, 301, dtype=np.float64) ** -0.7
    line = fit(counts)
    assert line is not None
    assert (line.slope, math.exp(line.intercept), line.ranks) == pytest.approx((-0.7, 10_000, 300))
    assert fit(np.full(9, 100.0)) is None
    assert top_share(ordered(np.array([0, 1, 3, 0, 6])), 0.2) == pytest.approx(0.6)
    assert top_share(np.zeros(0), 0.2) is None
    assert zipf_share(4, 1.0, 0.25) == pytest.approx(1 / (1 + 1 / 2 + 1 / 3 + 1 / 4))
    assert spaced(0, 5).tolist() == []
    assert spaced(3, 80).tolist() == [1, 2, 3]


def test_a_verdict_says_by_how_much() -> None:
    assert judged(0.5, 0.4, 0.6) == ("inside", None)
    assert judged(0.62, 0.4, 0.6) == ("inside", None)  # within 5%
    assert judged(0.9, 0.4, 0.6) == ("above", pytest.approx(0.5))
    assert judged(0.1, 0.4, 0.6) == ("below", pytest.approx(0.75))
    assert verdict_text("above", 0.5, has_range=True, has_value=True) == "above by 50%"
    assert verdict_text("above", 3.1, has_range=True, has_value=True) == "above 4.1 times"
    assert verdict_text(None, None, has_range=True, has_value=False) == "log too short"
    assert value_text(0.123, "percent") == "12.3%"
    assert value_text(0.0162, "percent") == "1.62%"
    assert value_text(100.4, "seconds") == "1 min 40 s"
    assert range_text(0.016, 0.027, "percent", about=True) == "~1.6–2.7%"


def test_what_is_off_comes_furthest_first(by_hand: Measured) -> None:
    off = [own.off or 0 for own in outside(figures(by_hand))]
    assert off == sorted(off, reverse=True)
    assert off
    for own in figures(by_hand):
        assert all(source.low <= source.high for source in sources(own.name, by_hand))
        if own.verdict == "inside":
            assert own.off is None


class Parsed(HTMLParser):
    """Elements of a page; fails where one is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.values: list[float] = []
        self.feed(page)
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "data":
            self.values.append(float(dict(attrs)["value"] or "nan"))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def report(tiny_market: Path) -> dict[str, Any]:
    return json.loads(report_market(tiny_market, command="emptor market report shop").to_json())


def test_a_report_names_its_world_and_counts_the_log(report: dict[str, Any], tiny_market: Path) -> None:
    config = load_config(tiny_market)
    with Shop.open(tiny_market) as shop:
        events = shop.events.read().collect()
    assert (report["world"], report["seed"], report["market"]) == (config.hash, config.seed, VERSION)
    assert report["log"]["events"] == events.height
    assert report["log"]["users"] == events["user_id"].n_unique()
    found = {own["name"]: own["value"] for own in report["figures"]}
    search = events.filter(pl.col("scenario") == "search")["action"].value_counts()
    counts = dict(search.iter_rows())
    assert found["click_rate_search"] == pytest.approx(counts["click"] / counts["impression"])
    assert sum(own["clicked"] for own in report["positions"]) <= events.filter(pl.col("action") == "click").height


def test_the_page_is_whole_and_asks_for_nothing(report: dict[str, Any]) -> None:
    page = market_page(report)
    parsed = Parsed(page)
    ids = [own["id"] for _, own in parsed.elements if "id" in own]
    assert len(ids) == len(set(ids))
    assert {own["href"] for _, own in parsed.elements if "href" in own} <= {f"#{name}" for name in ids}
    assert not any("src" in own for _, own in parsed.elements)
    assert not any(tag in ("script", "link", "img", "iframe") for tag, _ in parsed.elements)
    assert not re.search(r"url\(|@import|https?:", page)
    assert sum(tag == "svg" for tag, _ in parsed.elements) == 6
    for own in report["figures"]:
        assert own["value"] is None or own["value"] in parsed.values
        assert own["label"] in page


def test_no_text_of_a_report_becomes_markup(report: dict[str, Any]) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x> {{7*7}}"
    stored = json.loads(json.dumps(report))
    stored |= {"shop": hostile, "command": hostile, "notes": [hostile], "world": hostile}
    stored["config"]["preset"] = hostile
    for own in stored["figures"]:
        own["label"] = own["definition"] = hostile
        for source in (own["public"] or {"sources": []})["sources"]:
            source["name"] = hostile
    parsed = Parsed(market_page(stored))
    assert not any(tag in ("script", "img") for tag, _ in parsed.elements)
    with pytest.raises(EmptorError, match="emptor market report --json"):
        market_page({"kind": "evaluation"})


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["market", *map(str, arguments)])


def test_the_command_writes_page_and_figures(tiny_market: Path, tmp_path: Path) -> None:
    html, figures_file = tmp_path / "report.html", tmp_path / "report.json"
    result = run("report", tiny_market, "--html", html, "--json", figures_file)
    assert result.exit_code == 0, result.output
    assert "figures lie where public ones do" in result.output
    assert Parsed(html.read_text(encoding="utf-8"))
    assert json.loads(figures_file.read_bytes())["kind"] == "market report"
    lost = run("report", tiny_market, "--json", tmp_path / "nowhere" / "report.json")
    assert isinstance(lost.exception, EmptorError)
    assert "no folder" in str(lost.exception)
    none = run("report", tmp_path / "shop")
    assert isinstance(none.exception, EmptorError)
    assert "no simulated market" in str(none.exception)


@pytest.fixture(scope="module")
def two_cascades(tiny_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tiny market with a second cascade, which knows no query."""
    shop = tmp_path_factory.mktemp("ab") / "shop"
    shutil.copytree(folder_of(tiny_market), folder_of(shop))
    shutil.copytree(tiny_market, shop)
    settings = shop / "shop.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + POPULAR, encoding="utf-8")
    return shop


def test_a_cascade_does_not_differ_from_itself(two_cascades: Path) -> None:
    found = compare_cascades(two_cascades, "default", "initial", days=2)
    assert any("the same cascade, default: every" in note and "exactly 0" in note for note in found.notes)
    assert found.totals[0] == found.totals[1]
    assert found.totals[0]["clicks"] > 0
    for row in found.rows:
        assert (row.difference, row.low, row.high) == (0, 0, 0)
        assert row.p in (1.0, None)


def test_two_cascades_differ_the_same_way_again_and_leave_no_trace(two_cascades: Path) -> None:
    config = load_config(two_cascades)
    before = load_state(two_cascades, config)
    with Shop.open(two_cascades) as shop:
        events = shop.events.count()
    first, second = (compare_cascades(two_cascades, "default", "popular", days=2, seed=3) for _ in range(2))
    assert first.rows == second.rows
    assert first.first_day == before.day == 2
    clicks = next(row for row in first.rows if row.measure == "clicks")
    assert clicks.difference < 0  # the second answers every query with the same products
    assert clicks.difference == pytest.approx(clicks.b - clicks.a)
    after = load_state(two_cascades, config)
    assert after.day == before.day
    assert np.array_equal(after.satisfaction, before.satisfaction)
    with Shop.open(two_cascades) as shop:
        assert shop.events.count() == events


def test_holm_corrects_what_has_a_p() -> None:
    rows = tuple(Row(name, 1, 2, 1, 0, 2, p) for name, p in (("x", 0.01), ("rate", None), ("y", 0.04)))
    assert corrected(rows) == (pytest.approx(0.02), None, pytest.approx(0.04))


def test_the_comparison_says_who_takes_part(two_cascades: Path, tmp_path: Path) -> None:
    file = tmp_path / "ab.json"
    arguments = ("ab", two_cascades, "--a", "default", "--b", "popular", "--days", 1, "--json", file)
    result = run(*arguments, "--users", 100_000, "--held-out")
    assert result.exit_code == 0, result.output
    stored = json.loads(file.read_bytes())
    assert stored["kind"] == "market comparison"
    assert stored["world"] == load_config(two_cascades).hash
    assert stored["held_out"] and 0 < stored["users"] < 60
    assert "100,000 users were asked for" in " ".join(result.output.split())
    assert {row["measure"] for row in stored["rows"]} >= {"clicks", "orders", "gmv", "pages_per_visit", "click_rate"}
    assert all(row["ci95"] == [row["low"], row["high"]] for row in stored["rows"])
    few = run(*arguments, "--users", 7)
    assert few.exit_code == 0, few.output
    assert json.loads(file.read_bytes())["users"] == 7


@pytest.mark.parametrize(
    ("days", "names", "sentence"),
    [(1, ("default", "none"), "unknown cascade 'none'"), (90, ("default", "default"), "days")],
)
def test_a_comparison_that_cannot_be_is_refused(
    two_cascades: Path, days: int, names: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(EmptorError, match=sentence):
        compare_cascades(two_cascades, *names, days=days)
