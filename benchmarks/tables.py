"""Write the tables of README.md and the docs from the result files, so that no figure is typed by hand.

    python benchmarks/tables.py [--check]

A table stands between `<!-- table: NAME -->` and `<!-- end -->` and comes from docs/results/NAME.json, or
NAME/summary.json. `--check` writes nothing and ends with status 1 where a table is not what its file says.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import budget_tables
import loop_tables
import market_tables
import off_policy_tables
import orjson
import prerank_tables
import ranking_tables
import rerank_tables
import retrieval_tables
import study_tables
from markdown import line

ROOT = Path(__file__).parents[1]
MARK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    stale = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        old = page.read_text(encoding="utf-8")
        new = MARK.sub(lambda match: f"{match[1]}{table(match[2])}{match[3]}", old)
        if new != old:
            stale.append(page.name)
            if not args.check:
                page.write_text(new, encoding="utf-8")
    if args.check and stale:
        raise SystemExit(f"tables differ from docs/results in {', '.join(stale)}; run python benchmarks/tables.py")


def table(name: str) -> str:
    """The Markdown of one result file, with the command that makes it."""
    results = ROOT / "docs" / "results"
    path = next((own for own in (results / f"{name}.json", results / name / "summary.json") if own.exists()), None)
    if path is None:
        return ""
    found = orjson.loads(path.read_bytes())
    if path.name == "summary.json":
        reports = {arm: path.parent / own / "report.json" for arm, own in found["arms"].items()}
        found["arms"] = {arm: orjson.loads(own.read_bytes()) for arm, own in reports.items()}
    env = found["env"]
    source = f"`{found['command']}`; Python {env['python']}, {env['cpus']} cores"
    return f"{RENDER[name](found)}\n{source}.\n"


def comparison(results: dict[str, Any]) -> str:
    """Models down, metrics across, each with its interval; then what each test says."""
    metrics = list(dict.fromkeys(row["metric"] for row in results["rows"]))
    models = list(dict.fromkeys(row["model"] for row in results["rows"]))
    cells = {(row["model"], row["metric"]): row for row in results["rows"]}
    tests = {(test["a"], test["b"], test["metric"]): test for test in results["tests"]}
    lines = [line(["", *metrics, "queries"]), line(["---"] * (len(metrics) + 2))]
    for model in models:
        values = [f"{cells[model, m]['mean']:.4f} [{_pair(cells[model, m]['ci95'])}]" for m in metrics]
        lines.append(line([model, *values, str(cells[model, metrics[0]]["n"])]))
    lines += ["", line(["difference", *metrics]), line(["---"] * (len(metrics) + 1))]
    for a, b in dict.fromkeys((a, b) for a, b, _ in tests):
        values = []
        for metric in metrics:
            test = tests[a, b, metric]
            p = test.get("p_holm", test["p"])
            values.append(f"{test['diff']:+.4f} [{_pair(test['ci95'], sign=True)}], p {_p(p)}")
        lines.append(line([f"{a} − {b}", *values]))
    return "\n".join(lines) + "\n"


def imports(results: dict[str, Any]) -> str:
    lines = [line(["products", "seconds", "rows/s", "peak memory"]), line(["---:"] * 4)]
    for row in results["rows"]:
        rate = row["products"] / row["seconds"]
        lines.append(
            line([f"{row['products']:,}", f"{row['seconds']:.1f}", f"{rate:,.0f}", f"{row['peak_mib']:,} MiB"])
        )
    return "\n".join(lines) + f"\n\nTen times the rows take {results['ratio']:.2f} times the memory. "


def latency(results: dict[str, Any]) -> str:
    names = {
        "bare_call_p50_ms": "bare engine call, p50 ms",
        "empty_route_p50_ms": "empty FastAPI route, p50 ms",
        "p50_ms": "/v1/search, p50 ms",
        "p95_ms": "/v1/search, p95 ms",
        "p99_ms": "/v1/search, p99 ms",
        "above_sum_ms": "p50 above the sum of both floors, ms",
        "rate_1_client": "requests/s, one client",
        "rate_8_clients": "requests/s, eight clients",
        "speedup_8_clients": "eight clients against one",
    }
    rows = results["rows"]
    lines = [line(["", *(f"{row['products']:,} products" for row in rows)]), line(["---", *["---:"] * len(rows)])]
    lines += [line([label, *(f"{row[name]:,.2f}" for row in rows)]) for name, label in names.items()]
    return "\n".join(lines) + "\n"


def page_views(results: dict[str, Any]) -> str:
    """What was asked for beside what was seen, of both phases."""
    changing, overload = results["changing"], results["overload"]
    rows = [
        ("page views, by 16 clients", f"{changing['page_views']:,}"),
        ("generations published meanwhile", f"{changing['generations_published']}"),
        ("promotions and rollbacks meanwhile", f"{changing['promotions_and_rollbacks']}"),
        ("failed requests", f"{changing['failed']}"),
        ("pages that mixed two generations", f"{changing['mixed']}"),
        ("p50, p99 of a view, ms", f"{changing['p50_ms']:.0f}, {changing['p99_ms']:.0f}"),
        ("capacity, searches/s", f"{overload['capacity_per_s']:.0f}"),
        ("sent at twice that", f"{overload['sent']:,}"),
        ("answered", f"{overload['answered']:,}"),
        ("refused with 503 and Retry-After", f"{overload['refused_with_retry_after']:,}"),
        ("neither", f"{overload['other']}"),
        ("answered: p50, p99, worst, ms", _three(overload, "answered")),
        ("refused: p99, ms", f"{overload['refused_p99_ms']:.0f}"),
        ("requests sent late by this client, p99, ms", f"{overload['sent_late_p99_ms']:.1f}"),
    ]
    return "\n".join([line(["", "seen"]), line(["---", "---:"]), *(line(list(own)) for own in rows)]) + "\n"


def _three(own: dict[str, Any], name: str) -> str:
    return ", ".join(f"{own[f'{name}_{part}_ms']:.0f}" for part in ("p50", "p99", "worst"))


def openapi_fuzz(results: dict[str, Any]) -> str:
    statuses = ", ".join(f"{count:,} times {status}" for status, count in results["statuses"].items())
    cases = f"{results['cases']:,} cases over {len(results['operations'])} operations"
    return f"{cases}: {statuses}; failures: {results['failures']}. "


def picture_features(results: dict[str, Any]) -> str:
    """What probes read off pictures' numbers, then what these cost."""
    lines = [
        line(["numbers of a picture", "read by", "look, R²", "category", "colour"]),
        line(["---"] * 2 + ["---:"] * 3),
    ]
    for row in results["rows"]:
        shares = [f"{row[name]:.1%}" if name in row else "" for name in ("category", "color")]
        lines.append(line([row["numbers"], row["probe"], f"{row['look_mean']:.3f}", *shares]))
    chance = [f"{results['rows'][0][f'chance_{name}']:.1%}" for name in ("category", "color")]
    lines.append(line(["", "the commonest name", "0", *chance]))
    cost, times = results["ms_per_picture"], results["publishing_s"]
    without, first, later = (sorted(times[name])[len(times[name]) // 2] for name in ("without", "first", "later"))
    return "\n".join(lines) + (
        f"\n\nA picture takes {cost['decode']:.2f} ms to decode and {cost['describe']:.2f} ms to describe, of one "
        f"core. Publishing {results['pictures']:,} products takes {without:.1f} s without, {first:.1f} s the first "
        f"time and {later:.1f} s from then on (medians). "
    )


RENDER: dict[str, Callable[[dict[str, Any]], str]] = {
    "homedepot": comparison,
    "field_weights": comparison,
    "import": imports,
    "latency": latency,
    "budget": budget_tables.budget,
    "page_views": page_views,
    "openapi_fuzz": openapi_fuzz,
    "market": market_tables.market,
    "market_pictures": market_tables.pictures,
    "market_pairs": market_tables.pairs,
    "market_report": market_tables.report,
    "picture_features": picture_features,
    "off_policy": off_policy_tables.off_policy,
    "ranking_speed": ranking_tables.ranking_speed,
    "closed_loop": loop_tables.closed_loop,
    "closed_loop_retrieval": loop_tables.closed_loop,
    "closed_loop_preranking": loop_tables.closed_loop,
    "closed_loop_reranking": loop_tables.reranking,
    "stages": loop_tables.stages,
    "prerank_rounds": prerank_tables.rounds,
    "awmoe_market": study_tables.market,
    "awmoe_movielens": study_tables.public,
    "awmoe_beauty": study_tables.public,
    "smar_market": retrieval_tables.market,
    "smar_fashion": retrieval_tables.public,
    "smar_homedepot": retrieval_tables.public,
    "retrieval_speed": retrieval_tables.speed,
    "prerank_speed": prerank_tables.speed,
    "hccp_market": prerank_tables.market,
    "armmt_market": rerank_tables.market,
    "podmmi_market": rerank_tables.front,
    "armmt_movielens": rerank_tables.movielens,
    "podmmi_movielens": rerank_tables.movielens,
    "armmt_letor": rerank_tables.letor,
    "rerank_speed": rerank_tables.speed,
    "dpp_speed": rerank_tables.greedy,
}


def _pair(interval: list[float], *, sign: bool = False) -> str:
    return ", ".join(f"{value:+.4f}" if sign else f"{value:.4f}" for value in interval)


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.001 else "< 0.001"


if __name__ == "__main__":
    main()
