"""The tables of closed loops: what stages change for users who shop under cascades with and without them."""

from __future__ import annotations

from typing import Any

from emptor.shop.training import CALLED


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


def reranking(results: dict[str, Any]) -> str:
    """Ways to re-rank down, over all markets, in shares of the ranker's own order.

    How evenly they show products is left out: within a page they move, and which are on it stays.
    """
    measures = {
        "orders": "orders per user",
        "clicks": "clicks per user",
        "carts": "carts per user",
        "gmv": "dollars per user",
        "pages_per_visit": "pages per visit",
    }
    lines = [f"| | {' | '.join(measures.values())} | orders, by market |", f"|---|{'---:|' * (len(measures) + 1)}"]
    for model in dict.fromkeys(run["model"] for run in results["runs"]):
        found = {own["measure"]: own for own in results["together"] if own["model"] == model and "measure" in own}
        told = [_mean(found.get(name)) for name in measures]
        mine = [run["rows"]["orders"]["relative"] for run in results["runs"] if run["model"] == model]
        each = ", ".join("–" if own is None else f"{own:+.1%}" for own in mine)
        lines.append(f"| `{model}` | {' | '.join(told)} | {each} |")
    return "\n".join(lines) + f"\n\n{_whose(results)} "


def stages(results: dict[str, Any]) -> str:
    """Stages down; what each adds in its turn, and to all the others."""
    measures = {"orders": "orders", "clicks": "clicks", "gmv": "dollars"}
    heads = [f"{told}, {to}" for to in ("in turn", "to the others") for told in measures.values()]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    names = {**CALLED, "all": "all four"}
    found = {(own["stage"], own["to"], own["measure"]): own for own in results["together"] if "measure" in own}
    for stage, name in names.items():
        cells = [_mean(found.get((stage, to, measure))) for to in ("in turn", "to the others") for measure in measures]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + f"\n\n{_whose(results)} "


def _whose(results: dict[str, Any]) -> str:
    runs = results["runs"]
    seeds = list(dict.fromkeys(run["seed"] for run in runs))
    users = sum(next(run["users"] for run in runs if run["seed"] == seed) for seed in seeds)
    markets = f"{len(seeds)} market{'s' * (len(seeds) != 1)}"
    return (
        f"{markets}, {users:,} users of whom nothing was learnt, {runs[0]['days']} days. Changes with their intervals "
        "(95%) over users of these markets, markets weighed by how sure each is."
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


def _mean(own: dict[str, Any] | None) -> str:
    return "" if own is None else f"{own['mean']:+.1%} {_interval(own['ci95'])}"


def _share(row: dict[str, Any]) -> str:
    return f"{row['relative']:+.1%} {_interval([row['low'] / row['a'], row['high'] / row['a']])}"


def _interval(ci95: list[float]) -> str:
    return f"[{ci95[0]:+.1%}, {ci95[1]:+.1%}]"
