"""What variety costs: clicks of pages against how little their products are alike, by rules' balances and by PODM-MI.

python benchmarks/rerank_front.py docs/results/podmmi_market/neighbours-matter/report.json
    --svg docs/images/podmmi-front.svg
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import orjson

from emptor.learn.compare import Mean, over_seeds

KINDS = ("browsing", "buying")
_CURVES = {"mmr": "mmr at ", "dpp": "dpp at ", "prm and dpp": "prm and dpp at ", "podmmi": "podmmi times "}
_NAMES = {"mmr": "MMR", "dpp": "DPP", "prm and dpp": "DPP behind PRM", "podmmi": "PODM-MI"}
RULES = {"mmr": "ranker", "dpp": "ranker", "prm and dpp": "prm"}
"""Rules with a curve, and the order that it begins at."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("--svg", type=Path, required=True)
    args = parser.parse_args()
    drawn(orjson.loads(args.report.read_bytes())).save(args.svg)


def is_point(model: str) -> bool:
    """Whether a model of a study stands for a point of a curve."""
    return any(model.startswith(own) for own in _CURVES.values())


def curves(arm: dict[str, Any]) -> list[str]:
    """Which of all curves a study has points of: some may not have been asked for."""
    names = {row["model"] for row in arm["rows"]}
    return [own for own, begins in _CURVES.items() if any(name.startswith(begins) for name in names)]


def curve(arm: dict[str, Any], name: str, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """(ILD@20 [points, seeds], change of clicks in % [points, seeds]) of a rule, or of PODM-MI with itself among them,
    the least varied first.
    """
    own = {(row["model"], row["metric"]): row["per_seed"] for row in arm["rows"]}
    of = list(dict.fromkeys(row["model"] for row in arm["rows"] if row["model"].startswith(_CURVES[name])))
    of += ["podmmi"] if name == "podmmi" else []
    varied, clicks = (
        np.array([own[model, metric] for model in of]) for metric in (f"ILD@20, {kind}", f"change of clicks, %, {kind}")
    )
    order = np.argsort(varied.mean(1))
    return varied[order], clicks[order]


def above(arm: dict[str, Any], rule: str, kind: str) -> Mean:
    """By how much PODM-MI's curve of clicks, in % of the ranker's, is above that of a rule: the mean over the varieties
    that both reach, seed by seed; of nothing where they have none in common. A rule's curve begins at the order that it
    is given.
    """
    own = {(row["model"], row["metric"]): row["per_seed"] for row in arm["rows"]}
    varied, clicks = curve(arm, rule, kind)
    varied, clicks = (
        np.concatenate([[own[RULES[rule], metric]], points])
        for metric, points in ((f"ILD@20, {kind}", varied), (f"change of clicks, %, {kind}", clicks))
    )
    mine = curve(arm, "podmmi", kind)
    found = [_apart(*(each[:, seed] for each in (*mine, varied, clicks))) for seed in range(varied.shape[1])]
    return over_seeds(found) if np.isfinite(found).all() else over_seeds([])


def _apart(x: np.ndarray, y: np.ndarray, other_x: np.ndarray, other_y: np.ndarray) -> float:
    """The mean of a curve less another over the range of x that both have, straight between points; NaN where none."""
    low, high = max(x.min(), other_x.min()), min(x.max(), other_x.max())
    if low >= high:
        return float("nan")
    at = np.linspace(low, high, 101)
    one, other = (np.interp(at, a[order := np.argsort(a)], b[order]) for a, b in ((x, y), (other_x, other_y)))
    return float((one - other).mean())


def added(arm: dict[str, Any], model: str) -> list[Mean]:
    """How much more varied (ILD@20) a model's pages are than the ranker's own, for each of KINDS, and of the first less
    the second; over the seeds.
    """
    own = {(row["model"], row["metric"]): np.array(row["per_seed"]) for row in arm["rows"]}
    change = [own[model, f"ILD@20, {kind}"] - own["ranker", f"ILD@20, {kind}"] for kind in KINDS]
    return [over_seeds(values) for values in (*change, change[0] - change[1])]


def drawn(arm: dict[str, Any]) -> alt.HConcatChart:
    """A chart for each kind of request."""
    rows = []
    for kind in KINDS:
        for name in curves(arm):
            label = _NAMES[name]
            varied, clicks = (own.mean(1) for own in curve(arm, name, kind))
            both = zip(varied.tolist(), clicks.tolist(), strict=True)
            rows += [{"kind": kind, "by": label, "at": at, "ILD@20": x, "clicks": y} for at, (x, y) in enumerate(both)]
    charts = [_chart([row for row in rows if row["kind"] == kind], kind) for kind in KINDS]
    return alt.hconcat(*charts).configure_axis(grid=True, gridOpacity=0.4).configure_view(strokeOpacity=0)


def _chart(rows: list[dict[str, Any]], kind: str) -> alt.Chart:
    encoded = alt.Chart(alt.Data(values=rows), title=f"who is {kind}", width=320, height=260).encode(
        x=alt.X("ILD@20:Q", scale=alt.Scale(zero=False), title="variety of the page (ILD@20)"),
        y=alt.Y("clicks:Q", title="clicks, % of the ranker's own order"),
        color=alt.Color("by:N", title=None),
        order="at:O",
    )
    return encoded.mark_line(point=True)


if __name__ == "__main__":
    main()
