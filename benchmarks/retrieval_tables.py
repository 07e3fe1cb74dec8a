"""The tables of a retrieval study, from the summary that `emptor reproduce` writes, and of what retrieval costs."""

from __future__ import annotations

from typing import Any

from markdown import line, listed
from study_tables import by_arm, causes, models, tests

MEASURE = "recall@50"
_PART = f"{MEASURE} of products "


def market(results: dict[str, Any]) -> str:
    """All retrievers as the world is, by kind of query and by kind of product; every arm; tests; causes."""
    arms = results["arms"]
    first = next(iter(arms))
    found = _metrics(arms[first])
    kinds = [name for name in found if name.startswith(f"{MEASURE}, ")]
    parts = [f"Arm “{first}”, seeds {listed(arms[first]['seeds'])}:"]
    parts += [models(arms[first], [MEASURE, "recall@200", "weights"])]
    parts += ["recall@50 by kind of query:", models(arms[first], [MEASURE, *kinds])]
    parts += ["recall@50 of products of one kind, where no more than 50 fit:", _parts(arms[first], found)]
    if len(arms) > 1:
        parts += ["recall@50 in every arm:", by_arm(arms, MEASURE)]
        visual = f"{MEASURE}, visual"
        parts += ["recall@50 of visual queries in every arm:", by_arm(arms, visual)]
    parts += ["Paired differences in recall@50 over the seeds, p corrected by Holm over all the tests of an arm:"]
    parts += [tests(arms, MEASURE)]
    if results["causes"]:
        parts += ["With a cause and without it:", causes(results["causes"], MEASURE)]
    return "\n\n".join(parts) + "\n"


def public(results: dict[str, Any]) -> str:
    """All retrievers on a public set, by kind of query and product, and tests."""
    arm = results["arms"]["all"]
    found = _metrics(arm)
    kinds = [name for name in found if name.startswith(f"{MEASURE}, ")]
    parts = [
        f"Seeds {listed(arm['seeds'])}, of what was drawn to learn from and of training; queries are the same in all:"
    ]
    parts += [models(arm, [MEASURE, "recall@200", *kinds])]
    if any(name.startswith(_PART) for name in found):
        parts += ["recall@50 of products of one kind, where no more than 50 fit:", _parts(arm, found)]
    parts += ["Paired differences in recall@50 over the seeds, p corrected by Holm:", tests({"all": arm}, MEASURE)]
    return "\n\n".join(parts) + "\n"


def speed(results: dict[str, Any]) -> str:
    """What a shop waits for, and what its index costs and finds."""
    own = results["training"]
    told = (
        f"SMAR, preset `small`, on {own['products']:,} products and a log of {own['pairs']:,} pairs (a tenth of "
        f"its users, and of their queries, is left out of learning): {own['train_s']:.0f} s for "
        f"reading, naming and both stages, {own['encode_s']:.0f} s for the vectors of all products "
        f"({own['encoded_per_s']:,.0f} a second, pictures read again), {own['both_s']:.0f} s in all. recall@50 on "
        f"queries that nothing was learnt from {own['recall@50']:.3f}."
    )
    once = "exact, p50 (reading the vectors once)"
    plain_head = "FAISS as it comes: recall@100, p50 (steps)"
    heads = ["products", "vectors, links", "built in", "recall@100", "p50", once, plain_head]
    lines = [line(heads), line(["---:"] * len(heads))]
    for row in results["rows"]:
        beside = list(row["faiss"]["by_steps"].items())
        steps, plain = next((own for own in beside if own[1]["recall@100"] >= row["recall@100"]), beside[-1])
        lines.append(
            line(
                [
                    f"{row['products']:,}",
                    f"{row['vectors_mib']:,.0f}, {row['links_mib']:,.0f} MiB",
                    f"{row['build_s']:,.0f} s",
                    f"{row['recall@100']:.3f}",
                    f"{row['p50_ms']:.2f} ms",
                    f"{row['exact_p50_ms']:.1f} ms ({row['exact_floor_ms']:.1f})",
                    f"{plain['recall@100']:.3f}, {plain['p50_ms']:.2f} ms ({steps})",
                ]
            )
        )
    return (
        f"{told}\n\n"
        + "\n".join(lines)
        + "\n\nProducts of the index have no pictures, one query at a time, one thread.\n"
    )


def _parts(arm: dict[str, Any], found: list[str]) -> str:
    named = {**arm, "rows": [{**row, "metric": row["metric"].removeprefix(_PART)} for row in arm["rows"]]}
    return models(named, [MEASURE, *(name.removeprefix(_PART) for name in found if name.startswith(_PART))])


def _metrics(arm: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(row["metric"] for row in arm["rows"]))
