"""The tables of re-ranking studies, from the summaries that `emptor reproduce` writes, and of what re-ranking costs."""

from __future__ import annotations

from typing import Any

from markdown import line, listed
from rerank_front import KINDS, RULES, above, added, curves, is_point
from study_tables import by_arm, causes, models, tests

from emptor.learn.compare import Mean

CLICKS = tuple(f"clicks, {kind}" for kind in KINDS)
_CHANGES = (*(f"change of clicks, %, {kind}" for kind in KINDS), "change of orders, %", "change of worth, %")
_TESTED = (*CLICKS, "orders", "click AUC", "click NDCG@10")
_BESIDE = ("ranker", "pointwise", "prm", "setrank", *RULES, "personal dpp", "mmr by sight", "armmt and podmmi")
"""What PODM-MI's parts are shown beside; all others stand in ARMMT's tables."""


def market(results: dict[str, Any]) -> str:
    """All re-rankers in the loop and offline, in every arm, tests and causes."""
    arms = {arm: _of(own, points=False) for arm, own in results["arms"].items()}
    first = next(iter(arms))
    parts = _shown_again(arms, first)
    offline = ["click AUC", "click NDCG@10", "click GAUC", "purchase GAUC", "weights"]
    parts += ["Offline, on what was on the screen:", models(arms[first], offline)]
    parts += _compared(arms, results["causes"], _TESTED)
    return "\n\n".join(parts) + "\n"


def front(results: dict[str, Any]) -> str:
    """PODM-MI's parts beside what might win, how varied pages are and what variety costs, tests and causes."""
    arms = {arm: _of(own, points=False, method="podmmi") for arm, own in results["arms"].items()}
    first = next(iter(arms))
    parts = _shown_again(arms, first)
    parts += ["How much more varied (ILD@20) pages are than the ranker's own:", _added(arms[first])]
    points = _of(results["arms"][first], points=True)
    parts += ["What variety costs, balance by balance:"]
    parts += [models(points, [_CHANGES[0], f"ILD@20, {KINDS[0]}", _CHANGES[1], f"ILD@20, {KINDS[1]}"])]
    parts += [_above(results["arms"][first])]
    parts += _compared(arms, results["causes"], (*CLICKS, "orders"))
    return "\n\n".join(parts) + "\n"


def _shown_again(arms: dict[str, Any], first: str) -> list[str]:
    parts = [f"Arm “{first}”, seeds {listed(arms[first]['seeds'])}; pages shown again, in % of the ranker's own order:"]
    parts += [models(arms[first], [*_CHANGES, "ILD@20"])]
    for change in (_CHANGES[0], _CHANGES[2], _CHANGES[3]) if len(arms) > 1 else ():
        parts += [f"{change}, in every arm:", by_arm(arms, change)]
    return parts


def _compared(arms: dict[str, Any], found: list[dict[str, Any]], metrics: tuple[str, ...]) -> list[str]:
    if any(len(own["seeds"]) < 2 for own in arms.values()):
        return []
    parts = ["Paired differences over the seeds, p corrected by Holm over all the tests of an arm:"]
    for metric in metrics:
        parts += [f"{metric}:", tests(arms, metric)]
    if own := [row for row in found if row["metric"] == CLICKS[0]]:
        parts += [f"{CLICKS[0]}, with a cause and without it (p corrected over all metrics):", causes(own, CLICKS[0])]
    return parts


def _of(arm: dict[str, Any], *, points: bool, method: str | None = None) -> dict[str, Any]:
    """An arm with the points of fronts alone, or without them. method: it and its parts alone, and what is _BESIDE."""
    rows = [
        row
        for row in arm["rows"]
        if is_point(row["model"]) == points
        and (method is None or row["model"].startswith(method) or row["model"] in _BESIDE)
    ]
    names = {row["model"] for row in rows}
    return {**arm, "rows": rows, "tests": [own for own in arm["tests"] if {own["a"], own["b"]} <= names]}


def _above(arm: dict[str, Any]) -> str:
    """What PODM-MI's curve is above that of each rule, in %."""
    lines = [
        line(["clicks, %, the mean over the varieties that both reach", *KINDS]),
        line(["---", *["---:"] * len(KINDS)]),
    ]
    for rule in (own for own in curves(arm) if own in RULES):
        cells = [_signed(above(arm, rule, kind), 2) for kind in KINDS]
        lines.append(line([f"`podmmi` − `{rule}`", *cells]))
    return "\n".join(lines)


def _added(arm: dict[str, Any]) -> str:
    lines = [line(["", *KINDS, f"{KINDS[0]} less {KINDS[1]}"]), line(["---", "---:", "---:", "---:"])]
    names = [
        own for own in dict.fromkeys(row["model"] for row in arm["rows"]) if own not in ("ranker", "random", "truth")
    ]
    lines += [line([f"`{own}`", *(_signed(change, 4) for change in added(arm, own))]) for own in names]
    return "\n".join(lines)


def _signed(found: Mean, digits: int) -> str:
    if found.mean is None:
        return ""
    low = "" if found.low is None else f" [{found.low:+.{digits}f}, {found.high:+.{digits}f}]"
    return f"{found.mean:+.{digits}f}{low}"


def movielens(results: dict[str, Any]) -> str:
    """All re-rankers on films, accuracy beside variety, and tests."""
    arm = _of(results["arms"]["all"], points=False)
    columns = ["click NDCG@10", "click AUC", "ILD@10", "ILD@10 of topics", "alpha-NDCG@10", "categories@10", "weights"]
    parts = [f"Seeds {listed(arm['seeds'])} of what was drawn beside each and of training:", models(arm, columns)]
    parts += ["Paired differences in click NDCG@10 over the seeds, p corrected by Holm:"]
    parts += [tests({"all": arm}, "click NDCG@10")]
    return "\n\n".join(parts) + "\n"


def letor(results: dict[str, Any]) -> str:
    """Networks that need features alone, by graded NDCG."""
    arm = results["arms"]["all"]
    parts = [f"Seeds {listed(arm['seeds'])} of training:"]
    parts += [models(arm, ["NDCG@10", "click GAUC", "click AUC", "weights"])]
    return "\n\n".join(parts) + "\n"


def speed(results: dict[str, Any]) -> str:
    """Ways to re-rank down; times beside the ranker before."""
    before = results["ranker"]
    lines = [line(["", f"{results['list']} products, p50"]), line(["---", "---:"])]
    lines += [line([f"`{row['model']}`", f"{row['p50_ms']:.1f} ms"]) for row in results["rows"]]
    told = (
        f"The ranker before it, `{before['model']}` over {before['candidates']} candidates, takes "
        f"{before['p50_ms']:.1f} ms; to describe the {results['list']} for the one who asks takes "
        f"{results['features_ms']:.1f} ms of each row but the rules'. {results['products']:,} products are read in "
        f"{results['read_s']:.1f} s, once a generation."
    )
    return "\n".join([*lines, "", told]) + "\n"


def greedy(results: dict[str, Any]) -> str:
    """The DPP by its growing factor beside determinants, and MMR, in milliseconds for all lists."""
    heads = ["candidates", "lists", "DPP", f"DPP, window {results['window']}", "MMR", "determinants", "times as long"]
    lines = [line(heads), line(["---:"] * len(heads))]
    for row in results["rows"]:
        times = [row[name] for name in ("dpp_ms", "dpp_window_ms", "mmr_ms", "determinants_ms")]
        cells = [f"{own:.2f}" for own in times]
        lines.append(line([str(row["candidates"]), str(row["lists"]), *cells, f"{times[3] / times[0]:.1f}"]))
    return "\n".join(lines) + f"\n\n{results['depth']} products are chosen; milliseconds for all lists, one thread.\n"
