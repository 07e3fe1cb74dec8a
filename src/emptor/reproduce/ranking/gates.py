"""What AW-MoE's gate makes of users: how much each expert counts, by segment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import torch
import vl_convert

from emptor.rank.models.awmoe import AWMoE
from emptor.rank.scale import Scale
from emptor.reproduce.ranking.data import RankingData
from emptor.shop.files import write_durably

_SURE = 0.6
"""Share of a segment from which on a user is counted as one of it."""
_PAGES = 20_000


@torch.no_grad()
def gates(net: AWMoE, data: RankingData, *, seed: int) -> dict[str, Any]:
    """Means of the gate over tested pages of users with 5 behaviours and more, who are mostly of one segment.

    Returns: "segments": [S, K] means; "spread": [K] standard deviation over all those pages; "between": [K] that of the
    segments' means, weighed by pages; "chance": [K] the same with segments drawn anew; "pages": [S].
    """
    asked, segment = data.tested.asked, data.columns["segment"]
    wanted = ((asked.action > 0).sum(1) >= 5) & (data.columns["surest segment"] >= _SURE) & asked.mask.any(1)
    places = np.random.default_rng(seed).permutation(np.flatnonzero(wanted))[:_PAGES]
    scale: Scale = data.learnt.scale(seed=seed)
    net.eval()
    parts = []
    for sample in data.tested.take(places).batches(scale, size=8_192, seed=0, epoch=0, shuffle=False):
        found = net.gate(net.features(sample.batch)).numpy()
        there = sample.batch.mask.numpy()[..., None]
        parts.append((found * there).sum(1) / there.sum(1))
    own, of = np.concatenate(parts), segment[places]
    drawn = np.random.default_rng(seed).permutation(of)
    return {
        "segments": _means(own, of).round(4).tolist(),
        "spread": own.std(0).round(4).tolist(),
        "between": _between(own, of).round(4).tolist(),
        "chance": _between(own, drawn).round(4).tolist(),
        "pages": np.bincount(of).tolist(),
    }


def write_gates(folder: Path, found: dict[str, Any]) -> None:
    """gates.json and its picture, gates.svg."""
    write_durably(folder / "gates.json", json.dumps(found, indent=1).encode() + b"\n")
    write_durably(folder / "gates.svg", chart(found).encode())


def chart(found: dict[str, Any]) -> str:
    """A square for each segment and expert: how far the gate is from its mean, in standard deviations over users."""
    means, spread, pages = (np.array(found[name], float) for name in ("segments", "spread", "pages"))
    middle = (means * pages[:, None]).sum(0) / pages.sum()
    apart = (means - middle) / np.where(spread > 0, spread, 1)
    rows = [
        {"segment": f"segment {at + 1}", "expert": f"expert {expert + 1}", "apart": value, "told": _told(value)}
        for at, own in enumerate(apart.tolist())
        for expert, value in enumerate(own)
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("expert:N", title=None, axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False)),
        y=alt.Y("segment:N", title=None, axis=alt.Axis(ticks=False, domain=False)),
    )
    most = max(float(np.abs(apart).max(initial=0)), 0.5)
    colour = alt.Color(
        "apart:Q", legend=None, scale=alt.Scale(domain=[-most, 0, most], range=["#b4553b", "#f6f6f2", "#1f5f4a"])
    )
    white = f"abs(datum.apart) > {0.6 * most}"
    text = base.mark_text(fontSize=12).encode(
        text="told:N", color=alt.condition(white, alt.value("#ffffff"), alt.value("#17211d"))
    )
    picture = (base.mark_rect(stroke="white", strokeWidth=3).encode(color=colour) + text).properties(
        width=84 * means.shape[1], height=34 * len(means)
    )
    picture = picture.configure(background="white").configure_view(stroke=None).configure_axis(labelFontSize=12)
    return str(vl_convert.vegalite_to_svg(picture.to_dict(), allowed_base_urls=[]))


def _told(value: float) -> str:
    return f"{value:+.2f}" if abs(value) >= 0.005 else "0"


def _means(own: np.ndarray, of: np.ndarray) -> np.ndarray:
    many = np.maximum(np.bincount(of), 1)[:, None]
    return np.stack([np.bincount(of, own[:, at]) for at in range(own.shape[1])], axis=1) / many


def _between(own: np.ndarray, of: np.ndarray) -> np.ndarray:
    means, many = _means(own, of), np.bincount(of)
    middle = own.mean(0)
    between: np.ndarray = np.sqrt((many[:, None] * (means - middle) ** 2).sum(0) / many.sum())
    return between
