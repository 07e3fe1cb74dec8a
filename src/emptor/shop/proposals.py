"""A cascade that is proposed: another one with a single stage changed, as a table of shop.toml."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from emptor.shop.config import CascadeOptions

FOUND, KEPT = 1_000, 200
"""Candidates before pre-ranking, and behind it."""

Stages = list[dict[str, Any]]


def proposed(
    base: CascadeOptions,
    stage: str,
    model: str,
    *,
    version: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Stages:
    """The stages of a cascade, with one that a trained model takes.

    A retriever stands beside the channels that there are. A pre-ranker stands behind retrieval, which finds FOUND then,
    and keeps KEPT. A ranker takes the place of the one there is, or stands behind what finds its candidates.

    Args:
        version: of the model, where it is not the live one. options: of the stage, over those that there are.
    """
    stages = [own.model_dump(exclude_defaults=True) for own in base.stages]
    own: dict[str, Any]
    if stage == "retrieve":
        found = next((known for known in stages if known["stage"] == "retrieve"), None)
        if found is None:
            found = {"stage": "retrieve", "method": "hybrid"}
            stages.insert(0, found)
        known = dict(found.get("options", {}))
        found["options"] = {**known, "channels": {"lexical": 1.0, **known.get("channels", {}), model: 1.0}}
        own = found
    else:
        stages = [known for known in stages if known["stage"] != stage]
        place = max((at + 1 for at, known in enumerate(stages) if known["stage"] in _BEFORE[stage]), default=0)
        before = stages[:place]
        kept = min([known.get("depth", 1_000) for known in before] + ([KEPT] if stage == "prerank" else []), default=0)
        own = {"stage": stage, "method": model, **_RUN[stage]}
        if kept:
            own["depth"] = kept
        if stage == "prerank" and before:
            before[-1]["depth"] = max(before[-1].get("depth", 1_000), FOUND)
        for known in stages[place:]:
            known["depth"] = min(known.get("depth", 1_000), kept or 1_000)
        stages.insert(place, own)
    if options:
        own["options"] = {**own.get("options", {}), **options}
    if version is not None:
        own["model"] = version
    return stages


_BEFORE = {"prerank": ("retrieve",), "rank": ("retrieve", "prerank")}
_RUN: dict[str, dict[str, Any]] = {
    "prerank": {"budget_ms": 20, "fallback": "cut"},
    "rank": {"budget_ms": 50, "fallback": "affinity"},
}


def as_table(name: str, stages: Stages, *, note: str = "", base: CascadeOptions | None = None) -> str:
    """A cascade as a table of shop.toml. note: behind its name. base: whose deadline and exploration it has, if any."""
    lines = [f"[cascade.{name}]" + (f"  # {note}" if note else "")]
    if base is not None:
        rest = base.model_dump(exclude_defaults=True, exclude={"stages"})
        lines += [f"{key} = {as_toml(value)}" for key, value in rest.items()]
    return "\n".join([*lines, "stages = [", *(f"  {as_toml(own)}," for own in stages), "]"])


def as_toml(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {as_toml(own)}" for key, own in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
