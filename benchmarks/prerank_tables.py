"""The table of what pre-ranking costs."""

from __future__ import annotations

from typing import Any

from markdown import line


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
