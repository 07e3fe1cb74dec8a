"""The tables of docs/ranking.md on speed, from their result file."""

from __future__ import annotations

from typing import Any


def ranking_speed(results: dict[str, Any]) -> str:
    """Training beside FuxiCTR's layers, and what scoring costs beside its floor."""
    lines = []
    training, scoring = results["training"], results["scoring"]
    if "fuxictr" in training["median"]:
        lines += ["| deep interest network | rows/s | AUC | GAUC |", "|---|---:|---:|---:|"]
        for name, label in (("emptor", "`din`"), ("fuxictr", "out of FuxiCTR's layers, loader and loop")):
            own = training["median"][name]
            lines.append(f"| {label} | {own['rows_per_s']:,.0f} | {own['auc']:.4f} | {own['gauc']:.4f} |")
        lines += [
            "",
            f"{training['times_rows_per_s']:.1f} times the rows a second: medians of {training['rounds']} rounds, "
            f"an epoch of {results['rows']['learnt']:,} rows each, batches of {training['batch']:,}, one thread. ",
            "",
        ]
    lines += ["| 200 candidates | p50, ms | multiply-adds, million | floor, ms |", "|---|---:|---:|---:|"]
    lines.append(f"| features | {scoring['features_p50_ms']:.2f} | | |")
    for own in scoring["rows"]:
        work = f"{own['multiply_adds'] / 1e6:.2f} | {own['floor_ms']:.3f}" if "multiply_adds" in own else " | "
        lines.append(f"| `{own['model']}` | {own['p50_ms']:.2f} | {work} |")
    rate = scoring["multiply_adds_per_s"] / 1e9
    return (
        "\n".join(lines) + f"\n\nFloor: at {rate:.0f} billion multiply-adds a second, those of a large matrix product. "
    )


def closed_loop(results: dict[str, Any]) -> str:
    """What trained models change in shares of the untrained cascade, by market, and over them."""
    lines = ["| market | model | users | orders per user | clicks per user | dollars per user |"]
    lines.append("|---|---|---:|---:|---:|---:|")
    measures = ("orders", "clicks", "gmv")
    for run in results["runs"]:
        own = [_share(run["rows"][name]) for name in measures]
        lines.append(f"| {run['seed']} | `{run['model']}` | {run['users']:,} | {' | '.join(own)} |")
    for model in dict.fromkeys(run["model"] for run in results["runs"]):
        found = {own["measure"]: own for own in results["together"] if own["model"] == model and "measure" in own}
        told = [f"{found[name]['mean']:+.1%} {_interval(found[name]['ci95'])}" for name in measures]
        lines.append(f"| all | `{model}` | | {' | '.join(told)} |")
    days = results["runs"][0]["days"]
    spread = _exposure([own for own in results["together"] if "exposure" in own])
    return "\n".join([*lines, *spread]) + (
        f"\n\n{days} days from the day after the log on; intervals (95%) over users. The last rows weigh markets by "
        "how sure each is, and speak of users of these markets, not of other markets. "
    )


def _exposure(rows: list[dict[str, Any]]) -> list[str]:
    """How evenly products are shown, before and after."""
    if not rows:
        return []
    told = {"gini": "Gini of impressions", "coverage": "products shown", "tail": "tail's impressions"}
    lines = ["", f"| model | {' | '.join(told.values())} |", f"|---|{'---:|' * len(told)}"]
    for model in dict.fromkeys(own["model"] for own in rows):
        own = {row["exposure"]: row for row in rows if row["model"] == model}
        changes = [f"{row['a']:.3f} to {row['b']:.3f}" for row in (own[name] for name in told)]
        lines.append(f"| `{model}` | {' | '.join(changes)} |")
    return lines


def _share(row: dict[str, Any]) -> str:
    return f"{row['relative']:+.1%} {_interval([row['low'] / row['a'], row['high'] / row['a']])}"


def _interval(ci95: list[float]) -> str:
    return f"[{ci95[0]:+.1%}, {ci95[1]:+.1%}]"
