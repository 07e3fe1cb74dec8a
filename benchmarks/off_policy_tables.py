"""The tables of off-policy estimates in docs/evaluation.md, from benchmarks/off_policy.py's results."""

from __future__ import annotations

from typing import Any

LABELS = {
    "ips": "IPS",
    "snips": "SNIPS",
    "dr": "doubly robust, with the ranker",
    "examination": "by examination",
    "direct": "the ranker's opinion",
    "agreeing": "agreeing places",
}


def off_policy(results: dict[str, Any]) -> str:
    """Clicks by method, then orders, then each target."""
    days, explore, worlds = results["days"], results["explore"], results["worlds"]
    pages, explored = (sum(world[name] for world in worlds) for name in ("pages", "explored"))
    clicks, orders = (sum(world[name] for world in worlds) for name in ("clicks", "orders"))
    lines = [
        *_methods(results["summary"], "clicked", "clicks on a first page"),
        "",
        *_methods(results["summary"], "bought", "orders on a first page"),
        "",
        *_decisions(worlds),
        "",
        *_targets(worlds),
        "",
        f"{len(worlds)} worlds (seeds {', '.join(str(world['seed']) for world in worlds)}), {pages:,} first pages, "
        f"{explored:,} of them explored (share {explore['share']}, depth {explore['depth']}), {clicks:,} clicks, "
        f"{orders:,} orders; {days['logged']} days logged and {days['closed loop']} in the closed loop.",
    ]
    return "\n".join(lines) + " "


def _methods(summary: dict[str, Any], outcome: str, title: str) -> list[str]:
    """Errors beside the closed loop in shares of the truth, how many intervals hold either truth, and ranks."""
    loop, same = (summary[truth][outcome] for truth in ("closed loop", "same requests"))
    head = (title, "error", "absolute error", "half of interval", "hold same requests", "hold closed loop")
    lines = [
        f"| {' | '.join((*head, 'absolute error, all', 'rank correlation, all'))} |",
        f"|---|{'---:|' * (len(head) + 1)}",
    ]
    for method, label in LABELS.items():
        own, every = loop[method]["supported"], loop[method]["all"]
        ranks = loop[method]["rank_correlation"]
        cells = [
            label,
            f"{own['error']:+.1%}",
            f"{own['absolute_error']:.1%}",
            f"{own['half_width']:.1%}",
            _share(same[method]["supported"]["holds_truth"], own["known"]),
            _share(own["holds_truth_luck_counted"], own["known"]),
            f"{every['absolute_error']:.1%}",
            f"{sum(ranks) / len(ranks):.2f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _decisions(worlds: list[dict[str, Any]]) -> list[str]:
    """How often the interval of a target's difference to the log's own order leaves 0 out, and on which side of it the
    same requests say that it lies.
    """
    lines = [
        "| clicks: better or worse than the log's own order? | decided | rightly | wrongly |",
        "|---|---:|---:|---:|",
    ]
    for method, label in LABELS.items():
        decided = right = every = 0
        for world in worlds:
            base = world["targets"][0]["same requests"]["clicked"]["value"]
            for target in world["targets"][1:]:
                (own,) = (one for one in target["estimates"]["clicked"] if one["method"] == method)
                value, low, high = own["over_log"]
                every += 1
                if low > 0 or high < 0:
                    decided += 1
                    right += (value > 0) == (target["same requests"]["clicked"]["value"] > base)
        lines.append(f"| {label} | {decided} of {every} | {right} | {decided - right} |")
    return lines


def _targets(worlds: list[dict[str, Any]]) -> list[str]:
    """Clicks on a first page of each target, the mean over worlds: what the methods say, and what is true."""
    shown = ("ips", "snips", "dr", "examination", "direct")
    names = [target["target"] for target in worlds[0]["targets"]]
    head = (
        "clicks on a first page",
        "support",
        "worth pages",
        "closed loop",
        "same requests",
        *(LABELS[m] for m in shown),
    )
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    for name in names:
        own = [target for world in worlds for target in world["targets"] if target["target"] == name]
        found = [{one["method"]: one for one in target["estimates"]["clicked"]} for target in own]
        cells = [
            name,
            f"{_mean([one['ips']['support'] for one in found]):.0%}",
            f"{_mean([one['ips']['ess'] for one in found]):,.0f}",
            *(f"{_mean([target[truth]['clicked']['value'] for target in own]):.3f}" for truth in _TRUTHS),
            *(f"{_mean([one[method]['value'] for one in found]):.3f}" for method in shown),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


_TRUTHS = ("closed loop", "same requests")


def _share(share: float, count: int) -> str:
    return f"{round(share * count)} of {count}"


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
