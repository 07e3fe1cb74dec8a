"""The tables of a study, from the summary that `emptor reproduce` writes."""

from __future__ import annotations

from typing import Any

from markdown import line, listed

LOST = "GAUC lost with others' histories"
TAIL = "GAUC, at most 10, one a user"
TRUTH = "truth"


def market(results: dict[str, Any]) -> str:
    """All models as the world is; GAUC in every arm; what is left of gains with their causes switched off."""
    arms = results["arms"]
    first = next(iter(arms))
    columns = ["GAUC", TAIL, "NDCG@10", "purchase AUC", LOST, "weights"]
    parts = [f"Arm “{first}”, seeds {listed(arms[first]['seeds'])}:", models(arms[first], columns)]
    if len(arms) > 1:
        parts += ["GAUC in every arm:", by_arm(arms)]
    parts += ["Paired differences in GAUC over the seeds, p corrected by Holm over all the tests of an arm:"]
    parts += [tests(arms)]
    if results["causes"]:
        parts += ["With a cause and without it:", causes(results["causes"])]
    return "\n\n".join(parts) + "\n"


def public(results: dict[str, Any]) -> str:
    """All models on a public set, and what AW-MoE is to each of the others."""
    arm = results["arms"]["all"]
    metrics = {row["metric"] for row in arm["rows"]}
    tail = next((name for name in ("GAUC, held out", "GAUC, at most 5") if name in metrics), None)
    columns = ["GAUC", *([tail] if tail else []), "AUC", "NDCG@10", LOST]
    parts = [f"Seeds {listed(arm['seeds'])}, of what was drawn beside each and of training; users are the same in all:"]
    parts += [models(arm, columns)]
    parts += ["Paired differences in GAUC over the seeds, p corrected by Holm:", tests({"all": arm})]
    return "\n\n".join(parts) + "\n"


def models(arm: dict[str, Any], columns: list[str]) -> str:
    """Models by the first column, best first, with half the 95% interval over seeds."""
    cells = {(row["model"], row["metric"]): row for row in arm["rows"]}
    names = sorted(dict.fromkeys(row["model"] for row in arm["rows"]), key=lambda own: -cells[own, columns[0]]["mean"])
    heads = [column.replace("GAUC, ", "GAUC: ").removeprefix(f"{columns[0]}, ") for column in columns]
    lines = [line(["", *heads]), line(["---", *["---:"] * len(columns)])]
    lines += [line([_name(name), *(_cell(cells.get((name, column)), column) for column in columns)]) for name in names]
    return "\n".join(lines)


def by_arm(arms: dict[str, Any], metric: str = "GAUC") -> str:
    cells = {(arm, row["model"]): row for arm, own in arms.items() for row in own["rows"] if row["metric"] == metric}
    first = next(iter(arms))
    names = sorted((own for arm, own in cells if arm == first), key=lambda own: -cells[first, own]["mean"])
    heads = [f"{arm} ({len(own['seeds'])} seed{'s' if len(own['seeds']) > 1 else ''})" for arm, own in arms.items()]
    lines = [line(["", *heads]), line(["---", *["---:"] * len(arms)])]
    lines += [line([_name(name), *(_cell(cells.get((arm, name)), metric) for arm in arms)]) for name in names]
    return "\n".join(lines)


def tests(arms: dict[str, Any], metric: str = "GAUC") -> str:
    pairs = {(own["a"], own["b"]): None for arm in arms.values() for own in arm["tests"]}
    found = {
        (name, own["a"], own["b"]): own for name, arm in arms.items() for own in arm["tests"] if own["metric"] == metric
    }
    lines = [line(["difference", *(["a − b"] if len(arms) == 1 else arms)]), line(["---", *["---:"] * len(arms)])]
    lines += [line([f"`{a}` − `{b}`", *(_test(found.get((arm, a, b))) for arm in arms)]) for a, b in pairs]
    return "\n".join(lines)


def causes(found: list[dict[str, Any]], metric: str = "GAUC") -> str:
    lines = [
        line([f"gain in {metric}", "among", "as it is", "switched off", "difference [95%], p (Holm)"]),
        line(["---", "---", "---:", "---:", "---:"]),
    ]
    for own in found:
        among = "all" if own["metric"] == metric else own["metric"].removeprefix(f"{metric}, ")
        difference = own["difference"]
        told = f"{difference['mean']:+.4f}{_interval(difference['ci95'])}{_p(difference.get('p_holm'))}"
        on, off = (f"{own[name]['mean']:+.4f}" for name in ("on", "off"))
        lines.append(line([f"`{own['a']}` − `{own['b']}`", among, on, f"{off} ({own['arm']})", told]))
    return "\n".join(lines)


def _name(model: str) -> str:
    return "what the market itself would order by" if model == TRUTH else f"`{model}`"


def _cell(row: dict[str, Any] | None, column: str) -> str:
    if row is None:
        return ""
    if column == "weights":
        return f"{row['mean']:,.0f}{' trees' if row['model'] == 'lightgbm' else ''}"
    digits, sign = (1, "+") if "%" in column else (4, "")
    half = "" if row["ci95"] is None else f" ± {(row['ci95'][1] - row['ci95'][0]) / 2:.{digits}f}"
    return f"{row['mean']:{sign}.{digits}f}{half}"


def _test(own: dict[str, Any] | None) -> str:
    if own is None:
        return ""
    return f"{own['diff']:+.4f}{_interval(own['ci95'])}{_p(own['p_holm'])}"


def _interval(ci95: list[float] | None) -> str:
    return "" if ci95 is None else f" [{ci95[0]:+.4f}, {ci95[1]:+.4f}]"


def _p(value: float | None) -> str:
    return "" if value is None else ", p < 0.001" if value < 0.001 else f", p {value:.3f}"
