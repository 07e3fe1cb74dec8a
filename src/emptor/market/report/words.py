"""Figures and verdicts as people read them."""

from __future__ import annotations

from emptor.market.report.figures import Form

_MANY = 2.0
"""What is above by more than so many times its range's end is said in times, not in percent."""


def value_text(value: float | None, form: Form) -> str:
    """12.3%, 4.56, 1 min 40 s; an en dash for nothing."""
    if value is None:
        return "–"
    if form == "percent":
        return f"{100 * value:.3g}%" if abs(value) < 0.0995 else f"{value:.0%}" if value == 1 else f"{value:.1%}"
    if form == "seconds":
        minutes, seconds = divmod(round(value), 60)
        return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
    text = f"{value:,.0f}" if abs(value) >= 99.5 else f"{value:.3g}"
    return text.replace("-", "−")


def range_text(low: float | None, high: float | None, form: Form, *, about: bool = False) -> str:
    """1.6–2.7%, or the one figure there is; ~ before what is from memory; an en dash for nothing."""
    if low is None or high is None:
        return "–"
    first, last = value_text(low, form), value_text(high, form)
    lead = "~" if about else ""
    if first == last:
        return lead + first
    if form == "percent":
        first = first.removesuffix("%")
    return f"{lead}{first}–{last}"


def verdict_text(verdict: str | None, off: float | None, *, has_range: bool, has_value: bool) -> str:
    """inside; above by 42%; below by 30%; above 4.1 times; or why nothing is said."""
    if not has_value:
        return "log too short"
    if verdict is None:
        return "not judged" if has_range else "–"
    if off is None:
        return verdict
    if verdict == "above" and off >= _MANY:
        return f"above {off + 1:.1f} times"
    return f"{verdict} by {off:.0%}"
