"""The market's tables of docs/market.md, from its result files."""

from __future__ import annotations

from typing import Any


def market(results: dict[str, Any]) -> str:
    """Speed and weight beside what is asked for."""
    rows = [
        ("products without pictures, listed and written, /s", results["products_per_s"], "20,000"),
        ("page views/s of behaviour alone, two processes", results["behaviour_views_per_s_two"], "50,000"),
        ("page views/s of behaviour alone, one process", results["behaviour_views_per_s_one"], ""),
        ("bytes that a page view must read (its floor)", results["behaviour_bytes_per_view"], ""),
        ("page views/s through the untrained cascade", results["views_per_s"], "2,000"),
        ("the same, publishing each day included", results["views_per_s_publishing_included"], ""),
        ("seconds to make the demo's market", results["making_s"], ""),
        ("bytes of truth for a product", results["bytes_per_product"], ""),
        ("bytes of truth for a user", results["bytes_per_user"], ""),
        ("bytes of log for a page view", results["log_bytes_per_view"], ""),
        ("peak memory of all this, MiB", results["peak_mib"], ""),
    ]
    lines = ["| | seen | asked for |", "|---|---:|---:|"]
    lines += [f"| {label} | {value:,.0f} | {asked} |" for label, value, asked in rows]
    return "\n".join(lines) + f"\n\nWorld {results['world']}, seed {results['seed']}. "


def pictures(results: dict[str, Any]) -> str:
    """Pictures a second, and what a small network reads from them."""
    asked = {64: "500", 256: "120"}
    lines = ["| pictures | processes | /s, best of rounds | /s, median | /s of processor time | asked for |"]
    lines.append("|---|---:|---:|---:|---:|---:|")
    for row in results["speed"]:
        values = (row["pictures_per_s"], row["pictures_per_s_median"], row["pictures_per_cpu_s"])
        bound = asked[row["size_px"]] if row["processes"] == 2 else ""
        cells = " | ".join(f"{own:,.0f}" for own in values)
        lines.append(f"| {row['size_px']} px | {row['processes']} | {cells} | {bound} |")
    reading = [f"{name.replace('_', ' ')} {value:.3g}" for name, value in results["reading"].items() if _number(value)]
    return "\n".join(lines) + f"\n\nRead by a small network: {', '.join(reading)}. "


def pairs(results: dict[str, Any]) -> str:
    """Each claim with its cause on and off."""
    lines = ["| claim | cause | measure | on | off | on less off | verdict |", "|---|---|---|---:|---:|---:|---|"]
    for row in results["pairs"]:
        values = " | ".join(_summary(row[name]) for name in ("on", "off", "on_less_off"))
        lines.append(f"| {row['claim']} | {row['cause']} | {row['measure']} | {values} | {row['verdict']} |")
    lines += ["", *_bounds(results["policies"]), "", *_switches(results["switches"])]
    aa, found = results["aa"], results["aa"]["p_below_.05"]
    told = ", ".join(f"{count} for {name}" for name, count in found.items())
    lines += ["", f"A/A: of {aa['runs']} runs that differ in luck only, p < .05 in {told}."]
    return "\n".join(lines) + f" Intervals: {results['interval']}. "


def _bounds(results: dict[str, Any]) -> list[str]:
    """Orders per user of policies that know more and more, in both forms of the world."""
    forms = results["forms"]
    names = list(next(iter(forms.values()))["per user"])
    lines = [f"| orders per user | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    for form, own in forms.items():
        values = " | ".join(f"{own['per user'][name]['orders']:.4f}" for name in names)
        lines.append(f"| form {form} | {values} |")
    return lines


def _switches(results: dict[str, Any]) -> list[str]:
    """Each effect on and off: the measures that it moves beyond noise; of one that moves none, all."""
    lines = ["| knob | measure | on | off | on less off |", "|---|---|---:|---:|---:|"]
    for row in results["rows"]:
        moved = {name: own for name, own in row["measures"].items() if _is_moved(own["on_less_off"])}
        for name, own in (moved or row["measures"]).items():
            gap = own["on_less_off"]
            tail = f" [{gap['ci95'][0]:+.3f}, {gap['ci95'][1]:+.3f}]" if gap["ci95"] else ""
            lines.append(
                f"| {row['switch']} | {name} | {own['on']:.3f} | {own['off']:.3f} | {gap['mean']:+.3f}{tail} |"
            )
    return lines


def report(results: dict[str, Any]) -> str:
    """The market's figures beside public ones."""
    lines = ["| figure | market | public logs | verdict |", "|---|---:|---:|---|"]
    for own in results["figures"]:
        public = own["public"]
        beside = f"{_shown(own, public['low'])} to {_shown(own, public['high'])}" if public else ""
        lines.append(f"| {own['label']} | {_shown(own, own['value'])} | {beside} | {own['verdict'] or ''} |")
    log = results["log"]
    return (
        "\n".join(lines)
        + f"\n\nWorld {results['world']}, seed {results['seed']}: {log['events']:,} events of {log['days']} days. "
    )


def _is_moved(gap: dict[str, Any]) -> bool:
    low, high = gap["ci95"] or (0.0, 0.0)
    return bool(low > 0 or high < 0)


def _shown(own: dict[str, Any], value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1%}" if own["form"] == "percent" else f"{value:,.2f}"


def _summary(own: dict[str, Any]) -> str:
    interval = own["ci95"]
    tail = f" [{interval[0]:+.4f}, {interval[1]:+.4f}]" if interval else ""
    return f"{own['mean']:+.4f}{tail} (n={own['n']})"


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
