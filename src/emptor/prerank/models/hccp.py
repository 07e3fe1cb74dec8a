"""HCCP: pre-ranking that learns from every stage of the stream, by responses, orders and a margin among negatives."""

from __future__ import annotations

from typing import Unpack

import torch

from emptor.errors import EmptorError
from emptor.learn.registry import one_of
from emptor.prerank.models.infonce import worth
from emptor.prerank.models.inputs import Level, PrerankBatch
from emptor.prerank.models.losses import list_mle, margin_infonce, response_loss, teacher_key
from emptor.prerank.models.preranker import TwoTower, above_0, hard
from emptor.prerank.models.towers import TowerOptions
from emptor.rank.models.inputs import InputSpec

SIDES = ("easy", "hard")
_WARM = 0.1
"""Share of the training in which the margin loss comes in: scores are chance before."""


class HCCP(TwoTower):
    """L = response + alpha global + beta local + gamma margin InfoNCE.

    Response: clicks and purchases of what was shown. Global: the ranker's list, re-arranged by feedback, by chunks.
    Local: its head, in full order. Margin InfoNCE: each choice against what was dropped (hard) and against others'
    choices and the catalogue (easy), with a margin on one side, by the towers alone, without their head.

    What was shown and left alone keeps its place in the list and is nobody's negative. What was dropped stands last in
    the global list, all tied: even a bad cut drops what is worse, on the whole, than what it keeps, and the margin loss
    alone does not tell. Without `dropped_last` it is in no list, so that nothing says the cut was right.

    Args:
        spec: see rank.models.InputSpec. alpha, beta, gamma: weights; 0 leaves a part out.
        temperature: of the margin loss. margin: added to negatives of `margin_on`, "easy" or "hard".
        with_dropped, with_easy: whether these are negatives at all. first: length of the local list.
        dropped_last: whether what was dropped stands last in the global list.
        shown_are_hard: whether what was shown and left alone is a hard negative.
        towers: see Towers.

    Shapes: PrerankBatch -> losses; RankBatch -> value [B, N].
    Raises: EmptorError for an unknown side, a weight below 0, and a temperature that is not above it.

    Source: Zhao et al., HCCP (WWW Companion 2025, arXiv 2502.10284). The abstract and summaries could be read: samples
        of all stages, a teacher's order re-arranged by feedback, global and local consistency, a margin InfoNCE. How
        each is made, the margin's side, and all numbers are ours; see the losses.

    Example:
        >>> from emptor.prerank.models.example import example
        >>> spec, batch = example()
        >>> sorted(HCCP(spec).loss(batch, 1.0))
        ['choice', 'global', 'local', 'loss', 'response']
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        alpha: float = 1.0,
        beta: float = 0.1,
        gamma: float = 0.1,
        temperature: float = 0.07,
        margin: float = 0.1,
        margin_on: str = "easy",
        with_dropped: bool = True,
        with_easy: bool = True,
        first: int = 10,
        dropped_last: bool = True,
        shown_are_hard: bool = False,
        **towers: Unpack[TowerOptions],
    ) -> None:
        super().__init__(spec, **towers)
        if min(alpha, beta, gamma) < 0:
            raise EmptorError(f"alpha, beta, gamma: {alpha}, {beta}, {gamma}; expected weights from 0 on")
        self.alpha, self.beta, self.gamma = alpha, beta, gamma
        self.temperature, self.margin = above_0("temperature", temperature), margin
        self.margin_on = one_of("margin_on", margin_on, SIDES)
        self.with_dropped, self.with_easy, self.first = with_dropped, with_easy, first
        self.dropped_last, self.shown_are_hard = dropped_last, shown_are_hard

    def loss(self, batch: PrerankBatch, done: float) -> dict[str, torch.Tensor]:
        output = self.output(batch)
        logits = self.towers.steepened(output.value)
        told = {"response": response_loss(output.scores.logits, batch.level)}
        ranked = batch.ordered | (batch.level == Level.DROPPED) if self.dropped_last else batch.ordered
        told["global"] = list_mle(logits, teacher_key(batch.level, batch.place, local=False), ranked)
        key = teacher_key(batch.level, batch.place, local=True)
        told["local"] = list_mle(logits, key, self._head(key, batch.ordered))
        negative = hard(batch) if self.with_dropped else torch.zeros_like(batch.there)
        if self.shown_are_hard:
            negative = negative | (batch.level == Level.SHOWN)
        told["choice"] = margin_infonce(
            output.alike,
            output.alike,
            output.easy,
            chosen=batch.chosen,
            is_hard=negative,
            is_easy=output.counts if self.with_easy else torch.zeros_like(output.counts),
            temperature=self.temperature,
            hard_margin=self.margin if self.margin_on == "hard" else 0.0,
            easy_margin=self.margin if self.margin_on == "easy" else 0.0,
            weight=worth(batch),
        )
        gamma = self.gamma * min(done / _WARM, 1.0)
        loss = told["response"] + self.alpha * told["global"] + self.beta * told["local"] + gamma * told["choice"]
        return {"loss": loss, **told}

    def _head(self, key: torch.Tensor, ranked: torch.Tensor) -> torch.Tensor:
        """[B, N] bool: the first of a re-arranged list."""
        lowest = torch.iinfo(key.dtype).min
        order = torch.where(ranked, key, lowest).argsort(dim=1, descending=True, stable=True)
        place = torch.empty_like(order).scatter_(
            1, order, torch.arange(order.shape[1], device=order.device).expand_as(order)
        )
        return ranked & (place < self.first)
