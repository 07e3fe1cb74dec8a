"""A cascade that is proposed: another one with a single stage changed, as a table of shop.toml."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from emptor.shop.config import CascadeOptions, StageOptions

FOUND, KEPT = 1_000, 200
"""Candidates before pre-ranking, and behind it."""

Stages = list[dict[str, Any]]


def base_of(cascades: Mapping[str, CascadeOptions], promoted: str | None) -> CascadeOptions:
    """What a proposal changes: the promoted cascade; where there is none, or it cannot be used any more, what shop.toml
    calls "default": a shop like that may need this very model.
    """
    return cascades.get(promoted or "default", cascades["default"])


def proposed(
    base: CascadeOptions,
    stage: str,
    model: str,
    *,
    version: str | None = None,
    options: Mapping[str, Any] | None = None,
    kin: Collection[str] = (),
) -> Stages:
    """The stages of a cascade, with one that a trained model takes.

    A retriever stands beside the channels that there are. A pre-ranker, ranker or re-ranker takes the place of the one
    there is, and keeps as many; where there is none, a pre-ranker stands behind retrieval, which finds FOUND then, and
    keeps KEPT, a ranker behind the stages that find and cut, a re-ranker behind all of them.

    Args:
        version: of the model, where it is not the live one. options: of the stage, over those that there are of a
            retriever's channels. kin: methods with the same options as the model: in the place of one of them it has
            its options, budget and fallback, so that nothing but the model changes.
    """
    stages = [_dumped(own) for own in base.stages]
    at = next((at for at, known in enumerate(stages) if known["stage"] == stage), None)
    if stage == "retrieve":
        if at is None:
            at = 0
            stages.insert(at, {"stage": "retrieve", "method": "hybrid"})
        known = dict(stages[at].get("options", {}))
        channels = {"lexical": 1.0, **known.get("channels", {}), model: 1.0}
        stages[at] = {**stages[at], "options": {**known, "channels": channels}}
    else:
        if at is None:
            at = max((place + 1 for place, known in enumerate(stages) if known["stage"] in _BEFORE[stage]), default=0)
            depth = min((known.get("depth", _DEPTH) for known in stages[:at]), default=_DEPTH)
            stages.insert(at, {"stage": stage, "depth": min(depth, KEPT) if stage == "prerank" else depth})
            if stage == "prerank" and at:
                stages[at - 1]["depth"] = max(stages[at - 1].get("depth", _DEPTH), FOUND)
        depth = stages[at].get("depth", _DEPTH)
        before = stages[at] if stages[at].get("method") in kin else {}
        stays = {name: own for name, own in before.items() if name in ("options", "budget_ms", "fallback")}
        stages[at] = {"stage": stage, "method": model, **_RUN[stage], "depth": depth, **stays}
        for known in stages[at + 1 :]:
            known["depth"] = min(known.get("depth", _DEPTH), depth)
    if options:
        stages[at]["options"] = {**stages[at].get("options", {}), **options}
    if version is not None:
        stages[at]["model"] = version
    return stages


def _dumped(stage: StageOptions) -> dict[str, Any]:
    """What of a stage is not as it is anyhow; a pre-ranking stage says its depth, whatever it is."""
    own = stage.model_dump(exclude_defaults=True)
    return {**own, "depth": stage.depth} if stage.stage == "prerank" else own


_DEPTH = int(StageOptions.model_fields["depth"].default)
_BEFORE = {
    "prerank": ("retrieve",),
    "rank": ("retrieve", "prerank", "relevance"),
    "rerank": ("retrieve", "prerank", "relevance", "rank"),
}
_RUN: dict[str, dict[str, Any]] = {
    "prerank": {"budget_ms": 20, "fallback": "cut"},
    "rank": {"budget_ms": 50, "fallback": "affinity"},
    "rerank": {"budget_ms": 30},
}


def as_table(name: str, stages: Stages, *, note: str = "", base: CascadeOptions | None = None) -> str:
    """A cascade as a table of shop.toml. note: behind its name. base: whose deadline and exploration it has, if any."""
    lines = [f"[cascade.{_key(name)}]" + (f"  # {note}" if note else "")]
    if base is not None:
        rest = base.model_dump(exclude_defaults=True, exclude={"stages"})
        lines += [f"{key} = {as_toml(value)}" for key, value in rest.items()]
    return "\n".join([*lines, "stages = [", *(f"  {as_toml(own)}," for own in stages), "]"])


def as_toml(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {as_toml(own)}" for key, own in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    """A key, in quotes where it needs them."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
