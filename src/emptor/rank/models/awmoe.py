"""A mixture of experts whose gate reads the user's history: how features work together differs from user to user."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.rank.models.attention import in_parts
from emptor.rank.models.features import FeatureOptions, Features
from emptor.rank.models.gate import SequenceGate
from emptor.rank.models.inputs import InputSpec
from emptor.rank.models.moe import MixtureOfExperts


class AWMoE(MixtureOfExperts):
    """Scores click and purchase for ranking; the history weighs the experts, in the context of what is asked.

    In search the gate's context is the query: one gate per request, the same for all its candidates. In recommendation
    it is the candidate. A batch may hold both. With one expert and a gate of 1 it is DIN.

    Args:
        spec: see InputSpec. experts: K. hidden: widths of each expert. features: see FeatureNet.
        gate_width: hidden width of the gate's units.
        gate_norm, gate_unit_context, start_context, pooling, attention_gate: norm, unit_context, start_context, pooling
            and attention of SequenceGate.
        contrast_weight: what the loss of contrast.py counts in training, where it helps gates of short histories; 0 is
            without. Only kept here: the trainer adds the losses. Small, as K numbers cannot hold users apart: at the
            usual 0.1, gates serve the contrast and no longer the clicks.

    Shapes: RankBatch -> logits [B, N, 2].
    Raises: EmptorError for an unknown gate_norm or pooling.

    Source: Gong et al., Attention Weighted Mixture of Experts with Contrastive Learning for Personalized Ranking in
        E-commerce (ICDE 2023, arXiv 2306.05011). Its abstract gives the history as input of experts and gate, a gate
        unit and an activation unit per behaviour, and the masked contrast; these are our readings of the rest:
        the gate is not normalised, and g_0 is added, without which an empty history would order nothing;
        activations are sigmoids over the root of the history's length, so that length alone makes no large scores;
        the activation unit sees behaviour, context and their product, since a first layer finds the difference itself;
        both kinds of request share the units and have a map of the context each; both tasks share the gate.

    Example:
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> AWMoE(spec, experts=4)(batch).shape
        torch.Size([2, 3, 2])
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        experts: int = 4,
        hidden: tuple[int, ...] = (128, 64),
        gate_width: int = 32,
        gate_norm: str = "none",
        gate_unit_context: bool = True,
        start_context: bool = False,
        pooling: str = "sqrt",
        attention_gate: bool = True,
        contrast_weight: float = 1e-3,
        **features: Unpack[FeatureOptions],
    ) -> None:
        super().__init__(spec, experts=experts, hidden=hidden, **features)
        width = self.features.embedding.width
        self.of_query = nn.Linear(self.features.embedding.word_width, width)
        self.of_target = nn.Linear(width, width)
        self.sequence_gate = SequenceGate(
            width,
            experts=experts,
            hidden=gate_width,
            norm=gate_norm,
            unit_context=gate_unit_context,
            start_context=start_context,
            pooling=pooling,
            attention=attention_gate,
        )
        self.contrast_weight = contrast_weight

    def gate(self, features: Features) -> torch.Tensor:
        """What each expert counts: [B, N, K]; in search computed once and the same for all candidates."""
        gates = features.candidates.new_zeros(*features.candidates.shape[:2], self.experts.count)
        for kind in (True, False):
            chosen = features.searching == kind
            if chosen.any():
                own = features.rows(chosen)
                if kind:
                    gate = self.sequence_gate(self.of_query(own.query).unsqueeze(1), own.behaviours, own.there)
                else:
                    context = self.of_target(own.candidates)
                    gate = in_parts(self.sequence_gate, context, own.behaviours, own.there, own.mask)
                gates[chosen] = gate
        return gates

    def weights(self, features: Features) -> torch.Tensor:
        return self.gate(features)[features.mask].unsqueeze(-1)
