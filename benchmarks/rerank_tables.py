"""The tables of re-ranking studies, from the summaries that `emptor reproduce` writes, and of what re-ranking costs."""

from __future__ import annotations

from typing import Any

from markdown import line, listed
from study_tables import models


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
