"""The report as a page: its figures are the report's, nothing comes from elsewhere, and no text becomes markup."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from emptor.cli import app
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate import Judgements, evaluate, evaluate_shop
from emptor.evaluate.charts import Bar, Bin, Point, histogram, interval_chart, share_chart
from emptor.evaluate.page import report_page
from emptor.evaluate.page_rows import Query, difference_bins, value_bins
from emptor.evaluate.svg import inline_svg

VOID = {"meta", "br", "link", "img", "input", "hr"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{7*7}} & \x1b[31m"


class Parsed(HTMLParser):
    """Elements, and the tables as rows of cells: (text, [values of its data elements])."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.tables: dict[str, list[list[tuple[str, list[str]]]]] = {}
        self.text = ""
        self._box = ""
        self.feed(page)
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self.elements.append((tag, own))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "div" and own.get("class", "").startswith("box"):
            self._box = own["id"]
            self.tables[self._box] = []
        elif tag == "tr":
            self.tables[self._box].append([])
        elif tag in ("td", "th"):
            self.tables[self._box][-1].append(("", []))
        elif tag == "data" and self.in_table:
            self.tables[self._box][-1][-1][1].append(own["value"])

    @property
    def in_table(self) -> bool:
        return "td" in self.open or "th" in self.open

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_table:
            text, values = self.tables[self._box][-1][-1]
            self.tables[self._box][-1][-1] = (text + data, values)

    def rows(self, box: str) -> list[list[Any]]:
        """The numbers of each body row, or its text where there are none."""
        return [[[float(v) for v in values] or text.strip() for text, values in row] for row in self.tables[box][1:]]


def stored(report: Any) -> dict[str, Any]:
    return json.loads(report.to_json())


@pytest.fixture(scope="module")
def report(golden: Engine) -> dict[str, Any]:
    """Of the golden shop: a query that ties, one that each side loses, one that only the other answers."""
    rows = [
        ("red striped mug", "P34", 3, "exact"),
        ("red striped mug", "P30", 1, "exact"),
        ("blue lamp", "P41", 3, "wide"),
        ("blue lamp", "P45", 3, "wide"),
        ("blue lamp", "P11", 2, "wide"),
        ("zzqx", "P50", 3, "wide"),
        ("twin", "dup-0", 2, None),
        ("twin", "gone", 3, None),
    ]
    judgements = Judgements.of(pl.DataFrame(rows, schema=["query", "product_id", "grade", "kind"], orient="row"))
    lists = dict(zip(["blue lamp", "twin"], golden.ranking(["lamp", "twin"]), strict=True)) | {"zzqx": ["P50"]}
    both = evaluate(
        golden.ranking,
        judgements,
        ["ndcg@10", "recall@5:1", "judged@3"],
        catalogue_size=60,
        known_products=golden.view.product_ids(golden.view.order),
        against=lambda texts: [lists.get(text, []) for text in texts],
        names=("default", "other"),
        resamples=200,
        command="emptor evaluate shop",
    )
    losses = evaluate_shop(golden, judgements, metrics=["ndcg@10"]).losses
    return {**stored(both), "losses": [own.to_dict() for own in losses]}


def test_every_figure_of_the_tables_is_the_report_s(report: dict[str, Any]) -> None:
    page = Parsed(report_page(report))
    metrics = list(dict.fromkeys(own["metric"] for own in report["metrics"]))
    ordered = [own for metric in metrics for own in report["metrics"] if own["metric"] == metric]
    assert [row[-4:] for row in page.rows("metrics-table")] == [
        [[own["mean"]], own["ci95"], [own["random"]], [own["n"]]] for own in ordered
    ]
    by_kind = [own for own in report["by_kind"] if own["metric"] == "ndcg@10"]
    assert [row[-4:] for row in page.rows("kinds-table")] == [
        [[own["mean"]], own["ci95"] or "–", [own["random"]], [own["n"]]]
        for kind in ("wide", "exact")
        for own in by_kind
        if own["kind"] == kind
    ]
    assert page.rows("tests-table") == [
        [
            own["metric"],
            [own["diff"]],
            own["ci95"],
            *([own[key]] for key in ("p", "p_holm", "wins", "ties", "losses", "n")),
        ]
        for own in report["tests"]
    ]
    (losses,) = report["losses"]
    names = losses["outcomes"]
    wanted = {own["kind"]: own for own in [losses["overall"], *losses["by_kind"]]}
    for (kind, queries, relevant, *counts, at_best), key in zip(
        page.rows("losses-table-1"), [None, "wide", "exact"], strict=True
    ):
        own = wanted[key]
        assert (kind, queries, relevant) == (key or "all queries", [own["queries"]], [own["relevant"]])
        assert counts == [[own["counts"][name], own["shares"][name]] for name in names]
        assert at_best == [own["at_best"]]
    assert page.rows("outcomes-table-1")[:-1] == [
        [name, [losses["overall"]["counts"][name]], [losses["overall"]["shares"][name]]] for name in names[::-1]
    ]
    assert [(row[2], row[3]) for row in page.rows("examples-table-1")] == [
        ([own["grade"]], own["outcome"]) for own in losses["examples"]
    ]
    values = {own["query"]: own["values"] for own in report["per_query"]}
    worst = page.rows("worst-table")
    assert {row[0] for row in worst} == set(values)
    for query, _, _, first, second in worst:
        assert (first, second) == ([values[query]["default"]["ndcg@10"]], [values[query]["other"]["ndcg@10"]])
    assert [row[3] for row in worst] == sorted(row[3] for row in worst)
    assert [row[0] for row in page.rows("behind-table")] == ["zzqx"]
    assert sum(row[1][0] for row in page.rows("spread-table")) == len(values)
    assert sum(row[1][0] for row in page.rows("differences-table")) == len(values)
    for note in report["notes"]:
        assert note in page.text
    for definition in (*(own["definition"] for own in report["metrics"]), report["unjudged_definition"]):
        assert definition in page.text


def test_what_a_table_shows_is_its_value_rounded(report: dict[str, Any]) -> None:
    page = report_page(report)
    shown = re.findall(r'<data value="([^"]+)">([^<]+)</data>', page)
    assert len(shown) > 100
    for value, text in shown:
        number = text.replace("−", "-").replace(",", "").replace("+", "")
        scale, places = (100, 1) if number.endswith("%") else (1, 4)
        assert float(number.rstrip("%")) == pytest.approx(float(value) * scale, abs=0.51 * 10**-places), value


def test_the_page_stands_alone_and_can_be_heard(report: dict[str, Any]) -> None:
    text = report_page(report)
    page = Parsed(text)
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "@import" not in text
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "image", "use", "foreignobject"}
    attributes = {name for _, own in page.elements for name in own}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {"src", "srcdoc", "xlink:href"}
    assert all(own["href"].startswith("#") for tag, own in page.elements if "href" in own)
    ids = [own["id"] for _, own in page.elements if "id" in own]
    assert len(ids) == len(set(ids))
    assert {own["href"][1:] for _, own in page.elements if "href" in own} <= set(ids)
    assert {own["aria-labelledby"] for _, own in page.elements if "aria-labelledby" in own} <= set(ids)
    count = [tag for tag, _ in page.elements].count
    assert count("h1") == 1
    assert count("svg") == count("figure") == count("figcaption") == 5
    assert all(own["role"] == "img" and own["aria-label"] for tag, own in page.elements if tag == "svg")
    assert all(own["scope"] in ("row", "col") for tag, own in page.elements if tag == "th")
    assert 'pointer-events="none"' not in text


def test_hostile_text_stays_text() -> None:
    frame = pl.DataFrame(
        {
            "query": [HOSTILE, HOSTILE + "2", "c"],
            "product_id": [HOSTILE, "2", "3"],
            "grade": [1, 1, 1],
            "kind": [HOSTILE, HOSTILE + "2", "k" * 500],
        }
    )
    report = evaluate(
        lambda texts: [[HOSTILE]] * len(texts),
        Judgements.of(frame, path=HOSTILE),
        ["hit@1", "mrr"],
        catalogue_size=9,
        against=lambda texts: [[]] * len(texts),
        names=(HOSTILE, HOSTILE + "b"),
        command=HOSTILE,
    )
    outcomes = [f"lost by {HOSTILE}", "below the page", "on the page"]
    counts = {"kind": None, "queries": 1, "relevant": 3, "at_best": 3, "counts": dict.fromkeys(outcomes, 1)}
    counts["shares"] = dict.fromkeys(outcomes, 1 / 3)
    example = {"query": HOSTILE, "kind": HOSTILE, "product_id": HOSTILE, "title": HOSTILE, "grade": 1, "rank": None}
    losses = {
        "cascade": HOSTILE,
        "definition": HOSTILE,
        "outcomes": outcomes,
        "overall": counts,
        "by_kind": [{**counts, "kind": HOSTILE}, {**counts, "kind": HOSTILE + "2"}],
        "examples": [{**example, "outcome": outcomes[0]}],
    }
    text = report_page({**stored(report), "losses": [losses]})
    page = Parsed(text)
    assert not {tag for tag, _ in page.elements} & {"script", "img"}
    assert not {name for _, own in page.elements for name in own if name.startswith("on")}
    assert "<script>alert(1)" in page.text
    assert "{{7*7}}" in page.text
    assert "k" * 90 not in text


def test_one_cascade_without_kinds_or_losses_and_values_that_are_not_defined() -> None:
    frame = pl.DataFrame({"query": ["a"], "product_id": ["1"], "grade": [1]})
    report = evaluate(lambda texts: [["1"]], Judgements.of(frame), ["judged@3", "pair_accuracy"], catalogue_size=9)
    page = Parsed(report.to_html())
    assert page.rows("metrics-table")[1] == ["pair_accuracy", "–", "–", "–", [0.0]]
    assert page.rows("metrics-table")[0][1:3] == [[1.0], "–"]
    assert not {"kinds-table", "tests-table", "losses-table-1", "behind-table", "spread-table"} & set(page.tables)
    old = {key: value for key, value in stored(report).items() if key != "losses"}
    assert report_page(old)


def test_other_json_is_refused() -> None:
    with pytest.raises(EmptorError, match="it lacks judgements"):
        report_page({"kind": "evaluation"})
    with pytest.raises(EmptorError, match="expected an evaluation report"):
        report_page({})


def test_the_command_writes_the_page(golden: Engine, tmp_path: Any) -> None:
    judged = tmp_path / "judged.csv"
    judged.write_text("query,product_id,grade\nred striped mug,P34,3\nblue lamp,P41,2\n")
    words = ["evaluate", str(golden.shop.path), "--judgements", str(judged), "--html", str(tmp_path / "r.html")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "Where relevant products are lost" in done.output
    page = Parsed((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert page.rows("losses-table-1")[0][0] == "all queries"
    refused = CliRunner().invoke(app, [*words[:-1], str(tmp_path / "none" / "r.html")])
    assert isinstance(refused.exception, EmptorError)


def drawn(svg: str) -> str:
    return "".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def test_charts_keep_labels_apart_that_look_alike() -> None:
    long = "a very long kind of query that is cut"
    points = [Point(label, 0, 0.5, 0.4, 0.6, 0.1) for label in (long + " 1", long + " 2", "", "\x00")]
    text = drawn(interval_chart(points, label="means"))
    assert text.count("a very long kind of") == 2
    assert "(2)" in text
    assert "(blank)" in text
    bars = [Bar(label, (0.25, 0.75), mark=0.5) for label in ("a", "b")]
    assert drawn(share_chart(bars, colours=["#1f5f4a", "#e3e8e5"], label="shares")).count("75%") == 2


def test_bars_are_as_long_as_their_numbers() -> None:
    svg = histogram([Bin(0.0, 0.5, (3,)), Bin(0.5, 1.0, (1,))], label="queries", x_title="x")
    heights = [float(h) for h in re.findall(r'd="M[\d.]+,[\d.]+h[\d.]+v([\d.]+)h-[\d.]+Z"', svg)][-2:]
    assert heights[0] == pytest.approx(3 * heights[1], rel=0.02)


def test_an_svg_keeps_nothing_but_shapes_and_text() -> None:
    hostile = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" viewBox="0 0 9 9" onload="x()">'
        "<script>x()</script><style>*{}</style><a href='javascript:x()'><text>in</text></a>"
        "<rect fill='url(#a)' stroke='red' onclick='x()'/><text pointer-events='none'>a &lt;b&gt; &amp;</text></svg>"
    )
    assert inline_svg(hostile, label='"<i>') == (
        '<svg role="img" aria-label="&#34;&lt;i&gt;" viewBox="0 0 9 9"><rect stroke="red"></rect>'
        "<text>a &lt;b&gt; &amp;</text></svg>"
    )
    with pytest.raises(ValueError, match="expected an SVG"):
        inline_svg("<p/>", label="")


def test_bins_hold_every_query_once() -> None:
    values = [0.0, 0.1, 0.15, 0.3, 0.7, 0.95, 1.0]
    queries = [Query("q", None, 1, (value, 1 - value)) for value in values]
    bins = value_bins(queries, 2)
    assert [own.counts[0] for own in bins] == [1, 2, 0, 1, 0, 0, 0, 1, 0, 2]
    assert [sum(own.counts[at] for own in bins) for at in (0, 1)] == [7, 7]
    pairs = [(0.5, 0.5), (0.6, 0.5), (0.5, 0.6), (0.55, 0.5), (0.0, 0.45), (0.3, 0.3 + 1e-15)]
    found, ties = difference_bins([Query("q", None, 1, pair) for pair in pairs])
    counts = {(own.low, own.high): own.counts[0] for own in found if own.counts[0]}
    assert ties == 2
    assert counts == {(0.0, 0.1): 2, (-0.1, 0.0): 1, (-0.5, -0.4): 1}
    assert math.isclose(found[0].low, -found[-1].high)
    assert difference_bins([Query("q", None, 1, (0.5, 0.5))]) == ([], 1)
