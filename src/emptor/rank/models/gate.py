"""How a history decides which experts count: a gate unit and an activation unit for every behaviour."""

from __future__ import annotations

import torch
from torch import nn

from emptor.learn.registry import one_of
from emptor.rank.models.attention import ActivationUnit
from emptor.rank.models.layers import masked_mean

NORMS = ("none", "softmax", "sigmoid")
POOLINGS = ("sqrt", "sum", "mean", "softmax")


class SequenceGate(nn.Module):
    """What each of K experts counts, by a history and its context: g = g_0 + sum over behaviours of a_j G_j.

    The gate unit G says which experts a behaviour speaks for, the activation unit a how much it matters in the context.
    An empty history gives g_0, so that even then the experts, and with them the candidates, differ.

    Args:
        width: D, of behaviours and context. experts: K. hidden: H, of both units.
        norm: of the whole gate: "none" keeps an activation of any size and sign, "softmax" weighs, "sigmoid" switches.
        unit_context: whether the gate unit, too, sees the context.
        start_context: whether g_0 depends on the context; a learnt vector, first 1/K, else.
        pooling: "sqrt", "sum" and "mean" take a sigmoid of the activation and divide the sum by the root of the
            history's length, 1, or the length; "softmax" normalises the activations over the history.
        attention: False is one gate unit over the mean of the behaviours instead.

    Shapes: context [B, M, D], behaviours [B, T, D], there [B, T] bool -> [B, M, K].
    Raises: EmptorError for an unknown norm or pooling.

    Source: see AWMoE.

    Example:
        >>> gate = SequenceGate(4, experts=2)
        >>> gate(torch.randn(1, 1, 4), torch.randn(1, 3, 4), torch.zeros(1, 3, dtype=torch.bool)).tolist()
        [[[0.5, 0.5]]]
    """

    def __init__(
        self,
        width: int,
        *,
        experts: int,
        hidden: int = 32,
        norm: str = "none",
        unit_context: bool = True,
        start_context: bool = False,
        pooling: str = "sqrt",
        attention: bool = True,
    ) -> None:
        super().__init__()
        self.norm, self.pooling = one_of("gate_norm", norm, NORMS), one_of("pooling", pooling, POOLINGS)
        # two maps that are added: the same as one map of behaviour and context side by side, without making the pairs
        self.of_behaviour = nn.Linear(width, hidden)
        self.of_context = nn.Linear(width, hidden, bias=False) if unit_context else None
        self.out = nn.Linear(hidden, experts)
        self.activation = ActivationUnit(width, hidden=hidden) if attention else None
        self.start = nn.Parameter(torch.full((experts,), 1 / experts))
        self.of_start = nn.Linear(width, experts) if start_context else None
        if self.of_start is not None:
            nn.init.zeros_(self.of_start.weight)
            nn.init.zeros_(self.of_start.bias)

    def forward(self, context: torch.Tensor, behaviours: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        gate = self.start if self.of_start is None else self.start + self.of_start(context)
        if self.activation is None:
            votes = self._votes(context, masked_mean(behaviours, there).unsqueeze(1)).squeeze(2)
            gate = gate + votes * there.any(1)[:, None, None]
        else:
            weight = self._weight(self.activation(context, behaviours), there.unsqueeze(1))
            gate = gate + (weight.unsqueeze(-1) * self._votes(context, behaviours)).sum(2)
        gate = gate.expand(*context.shape[:2], -1)
        if self.norm == "none":
            return gate
        return gate.softmax(-1) if self.norm == "softmax" else gate.sigmoid()

    def _votes(self, context: torch.Tensor, behaviours: torch.Tensor) -> torch.Tensor:
        """The gate unit: [B, M, T, K], or [B, 1, T, K] where it does not see the context."""
        units = self.of_behaviour(behaviours).unsqueeze(1)
        if self.of_context is not None:
            units = units + self.of_context(context).unsqueeze(2)
        return self.out(units.relu())

    def _weight(self, scores: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """What each behaviour weighs: [B, M, T], 0 where there is none."""
        if self.pooling == "softmax":
            # finite, for the gradient of an empty history
            return scores.masked_fill(~there, -1e9).softmax(-1) * there
        length = there.sum(-1, keepdim=True).clamp(min=1)
        divisor = {"sqrt": length.sqrt(), "sum": torch.ones_like(length), "mean": length}[self.pooling]
        return scores.sigmoid() * there / divisor
