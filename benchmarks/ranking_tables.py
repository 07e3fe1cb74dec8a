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
