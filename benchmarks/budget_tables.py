"""The tables of the end-to-end budget: what a search takes, which stage takes it, and what it needs of memory."""

from __future__ import annotations

from typing import Any

from markdown import line


def budget(results: dict[str, Any]) -> str:
    """Sizes across; first all of a search, then its stages, then memory and what making the shop took."""
    rows = results["rows"]
    parts = [_searches(results), _stages(rows), _memory(rows)]
    told = [f"{own['products']:,} products: {_about(own)}" for own in rows]
    return "\n\n".join([*parts, f"{'; '.join(told)}.", *_published(rows)]) + "\n"


def _head(first: str, rows: list[dict[str, Any]]) -> list[str]:
    names = [first, *(f"{own['products']:,} products" for own in rows)]
    return [line(names), line(["---", *["---:"] * len(rows)])]


def _searches(results: dict[str, Any]) -> str:
    rows, deadline = results["rows"], results["deadline_ms"]
    rate = rows[0]["steady"]["rate"]
    lines = _head("a search", rows)
    for name, told in (("alone", "one at a time"), ("steady", f"{rate:.0f} a second")):
        values = [", ".join(f"{own[name][f'p{at}_ms']:.0f}" for at in (50, 95, 99)) for own in rows]
        lines.append(line([f"{told}: p50, p95, p99, ms", *values]))
        if name == "alone":
            parts = [f"{own[name]['p50_ms_with_history']:.0f}, {own[name]['p50_ms_without']:.0f}" for own in rows]
            lines.append(line(["of who has a history, of nobody known: p50, ms", *parts]))
        for key, said in (("over_deadline", f"longer than {deadline:.0f} ms"), ("degraded", "a stage cut off")):
            lines.append(line([f"{told}: {said}", *(f"{own[name][key]:.1%}" for own in rows)]))
    return "\n".join(lines)


def _stages(rows: list[dict[str, Any]]) -> str:
    names = [own["stage"] for own in rows[0]["stages"]]
    lines = [
        line(["stage", "budget", *(f"{own['products']:,} products: p50, p95" for own in rows)]),
        line(["---", *["---:"] * (len(rows) + 1)]),
    ]
    for at, name in enumerate(names):
        found = [own["stages"][at] for own in rows]
        allowed = found[0]["budget_ms"]
        values = [f"{own['p50_ms']:.1f}, {own['p95_ms']:.1f} ms" for own in found]
        lines.append(line([name, "" if allowed is None else f"{allowed:.0f} ms", *values]))
    return "\n".join(lines)


def _memory(rows: list[dict[str, Any]]) -> str:
    lines = _head("memory and time", rows)
    for key, told in (("ready", "server, ready"), ("asked", "server, after all searches")):
        values = [f"{own['memory'][key]['resident_mib']:,.0f} MiB" for own in rows]
        lines.append(line([told, *values]))
    lines.append(line(["of which not files", *(f"{own['memory']['asked']['own_mib']:,.0f} MiB" for own in rows)]))
    lines.append(line(["server, most at once", *(f"{own['memory']['asked']['peak_mib']:,.0f} MiB" for own in rows)]))
    lines.append(
        line(["server, until it is ready, time of one core", *(f"{own['ready_cpu_s']:.0f} s" for own in rows)])
    )
    for name, told in _STEPS.items():
        found = [next(step for step in own["steps"] if step["name"] == name) for own in rows]
        lines.append(line([told, *(f"{step['peak_mib']:,.0f} MiB, {step['cpu_s']:,.0f} s" for step in found)]))
    return "\n".join(lines)


_STEPS = {
    "make": "making and importing the catalogue, most at once, time of one core",
    "shop": "its users' days, and publishing again",
    "train retrieve": "training retrieval, all products encoded",
    "train prerank": "training pre-ranking",
    "train rank": "training ranking",
    "train rerank": "training re-ranking",
}


def _about(row: dict[str, Any]) -> str:
    pictures = "with pictures" if row["pictures"] else "without pictures (a million take hours to draw)"
    return f"{pictures}, {row['users']:,} users"


def _published(rows: list[dict[str, Any]]) -> list[str]:
    found = []
    for own in rows:
        if (new := own.get("publishing")) is not None:
            slow = new["meanwhile"]
            found.append(
                f"A generation of {own['products']:,} products published beside the server is served after "
                f"{new['taken_up_s']:.0f} s; meanwhile, at {new['rate']:.0f} searches a second, p95 is "
                f"{slow['p95_ms']:.0f} ms, {slow['over_deadline']:.1%} take longer than the deadline and the server "
                f"has at most {new['memory']['peak_mib']:,.0f} MiB."
            )
    return found
