"""The tables of a pre-ranking study, from the summary that `emptor reproduce` writes, and of what pre-ranking costs."""

from __future__ import annotations

from typing import Any

from markdown import line, listed
from study_tables import by_arm, causes, models, tests

MEASURE = "true best kept@30"


def speed(results: dict[str, Any]) -> str:
    """Networks down; times of 1,000 and 10,000 candidates beside the bare product, and what vectors weigh."""
    names = [
        "",
        "1,000 candidates, p50 (bare product)",
        "10,000 (bare product)",
        "candidates/s",
        "vectors, a million products",
    ]
    lines = [line(names), line(["---", *["---:"] * 4])]
    for row in results["rows"]:
        times = []
        for size in (1_000, 10_000):
            floor = f" ({row[f'floor_ms@{size}']:.2f})" if f"floor_ms@{size}" in row else ""
            times.append(f"{row[f'p50_ms@{size}']:.1f} ms{floor}")
        weight = "–" if row["mib_per_million"] is None else f"{row['mib_per_million']:,.0f} MiB"
        lines.append(line([f"`{row['model']}`", *times, f"{row['candidates_per_s']:,.0f}", weight]))
    told = f"{results['products']:,} products, one request at a time on one thread, features and history included."
    return "\n".join([*lines, "", told]) + "\n"


def market(results: dict[str, Any]) -> str:
    """All cuts as the world is, by head, middle and tail; every arm; tests and causes where seeds allow them."""
    arms = results["arms"]
    first = next(iter(arms))
    parts = [f"Arm “{first}”, {_seeds(arms[first]['seeds'])}:"]
    by_part = [f"{MEASURE}, {name}" for name in ("head", "middle", "tail")]
    rest = ["true best kept@60", "ranker's best kept@30", "clicks of the page@30", "orders of the page@30", "weights"]
    parts += [models(arms[first], [MEASURE, *by_part, *rest])]
    if len(arms) > 1:
        parts += [f"{MEASURE} in every arm:", by_arm(arms, MEASURE)]
    if any(len(own["seeds"]) > 1 for own in arms.values()):
        parts += [f"Paired differences in {MEASURE} over the seeds, p corrected by Holm over all the tests of an arm:"]
        parts += [tests(arms, MEASURE)]
        if results["causes"]:
            parts += ["With a cause and without it:", causes(results["causes"], MEASURE)]
    return "\n\n".join(parts) + "\n"


def rounds(results: dict[str, Any]) -> str:
    """Pre-rankers that are trained again and again, without and with exploration: the mean of their last rounds."""
    names = {
        "clicks a view": ("clicks a page view", 3),
        "orders a view": ("orders a page view", 4),
        "exposure: gini": ("Gini", 3),
        "exposure: coverage": ("products shown", 3),
        "exposure: tail": ("tail's impressions", 3),
        "true best kept@30": ("true best kept@30", 3),
    }
    heads = ["", "order behind", "explored", *[told for told, _ in names.values()]]
    lines = [line(heads), line(["---", "---", *["---:"] * (1 + len(names))])]
    for row in results["together"]:
        values = [f"{row['means'][name]:.{digits}f}" for name, (_, digits) in names.items()]
        lines.append(line([f"`{row['model']}`", row["behind"], f"{row['explored']:.0%}", *values]))
    runs = results["runs"]
    seeds = listed(sorted({run["seed"] for run in runs}))
    last, views = len(runs[0]["rounds"]) - 1, sum(own["views"] for own in runs[0]["rounds"]) / len(runs[0]["rounds"])
    told = f"Markets {seeds}; the last three of {last} rounds of {views:,.0f} page views each."
    parts = ["\n".join(lines), "Gini, round by round, the mean over the markets:", _by_round(results, "exposure: gini")]
    return "\n\n".join([*parts, told]) + "\n"


def _by_round(results: dict[str, Any], name: str) -> str:
    of: dict[tuple[str, str, float], list[list[float]]] = {}
    for run in results["runs"]:
        key = run["model"], run["behind"], run["explored"]
        of.setdefault(key, []).append([own[name] for own in run["rounds"]])
    many = len(results["runs"][0]["rounds"])
    heads = ["", "order behind", "explored", *map(str, range(many))]
    lines = [line(heads), line(["---", "---", *["---:"] * (1 + many)])]
    for (model, behind, explored), found in of.items():
        means = [sum(own[at] for own in found) / len(found) for at in range(many)]
        lines.append(line([f"`{model}`", behind, f"{explored:.0%}", *[f"{own:.3f}" for own in means]]))
    return "\n".join(lines)


def _seeds(seeds: list[int]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {listed(seeds)}"
