"""ARMMT: text and picture of a product and of a user's past, fused by context, and a task of their own."""

from __future__ import annotations

from typing import NamedTuple, Unpack

import torch
from torch import nn

from emptor.errors import EmptorError
from emptor.learn.registry import one_of
from emptor.rank.models.features import Features
from emptor.rank.models.layers import spread
from emptor.rerank.models.auxiliary import KINDS, TARGETS, auxiliary_loss
from emptor.rerank.models.blocks import ListBlock, Positions, mlp
from emptor.rerank.models.fusion import WeightedFusion
from emptor.rerank.models.fusions import FusionOptions, build_fusion, modalities_of
from emptor.rerank.models.inputs import Labels, ListSpec, RerankBatch
from emptor.rerank.models.items import ItemNet
from emptor.rerank.models.losses import list_softmax_loss, response_loss, worth
from emptor.rerank.models.modalities import Modalities, ModalityNet, PersonalAttention
from emptor.rerank.models.perspectives import ContextNet, PerspectiveNet, among
from emptor.rerank.models.reranker import Reranker

OBJECTIVES = ("response", "listwise")


class Branch(NamedTuple):
    """The multimodal branch: modalities of the products, context [B, N, C], and per level 1 representation, the item's
    and then the personalised, its vectors [B, N, d] and whether there is any [B, N].
    """

    shown: Modalities
    context: torch.Tensor
    vectors: tuple[torch.Tensor, ...]
    has: tuple[torch.Tensor, ...]


class ARMMT(Reranker):
    """Item and personalised representation of text and picture, attention among a product's perspectives, two logits.

    Level 1: `fusion` of the product's modalities, and of what the user's past says of each. Level 2: self-attention
    over the perspectives of one product, which are these two, its ids, the query, the user and the context. An MLP over
    them and all that ItemNet knows, the score before among it, gives click and purchase; lists are ordered by what both
    are worth. A head that sees the modalities and the query alone learns the same label; serving does without it.

    Args:
        spec: see ListSpec. width: d. context_width: C. hidden: widths of the MLP.
        fusion: of fusions.FUSIONS. personal: whether the past's modalities are used. personal_unit: see
            PersonalAttention. past_of: "category" lets only behaviours in a product's category count for it.
        perspectives: False leaves level 2 out: the fused vectors join ItemNet's as they are. heads, inner: of level 2.
        list_context: whether products look at each other, one ListBlock before the logits; the published one does not.
        dropout: of modalities and blocks.
        aux: weight of the head's loss; 0 leaves it out. aux_kind, aux_target: see auxiliary_loss. aux_detach_query:
            whether the head leaves the query's words alone, too.
        objective: "response", product by product, or "listwise", see losses. purchase_weight, purchase_gain: of these.
        purchase: clicks that a purchase is worth in the order, see losses.worth.
        debias: whether the place adds to the logits in training, and nothing in serving.
        history, crosses: see ItemNet. fusing: squeeze, gate, context of "cafu", see ContextFusion.

    Raises: EmptorError for an unknown choice, a weight below 0, and where there is nothing to fuse.

    Source: Xu et al., ARMMT (CIKM 2024, arXiv 2408.05751). Abstract and summaries could be read: CAFU, see
        ContextFusion, an item and a personalised representation, multi-perspective self-attention after it, an
        auxiliary task aligned with the ranking. No formula and no number is public: all of these are ours, and that a
        perspective is a group of features of one product. Place: JD's earlier DMT (CIKM 2020); off, since what is known
        is where the stage before put a product, and not where it was seen.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> spec, batch, labels = example()
        >>> sorted(ARMMT(spec).loss(batch, labels))
        ['auxiliary', 'loss', 'response']
    """

    def __init__(
        self,
        spec: ListSpec,
        *,
        width: int = 64,
        context_width: int = 32,
        hidden: tuple[int, ...] = (256, 128, 64),
        fusion: str = "cafu",
        personal: bool = True,
        personal_unit: str = "dot",
        past_of: str = "all",
        perspectives: bool = True,
        heads: int = 2,
        inner: int = 128,
        list_context: bool = False,
        dropout: float = 0.1,
        aux: float = 0.2,
        aux_kind: str = "response",
        aux_target: str = "purchase",
        aux_detach_query: bool = False,
        objective: str = "response",
        purchase_weight: float = 3.0,
        purchase_gain: float = 10.0,
        purchase: float = 10.0,
        debias: bool = False,
        history: str = "mean",
        crosses: bool = True,
        **fusing: Unpack[FusionOptions],
    ) -> None:
        super().__init__()
        self.apart = not (list_context or debias or (aux and aux_kind == "distil"))
        if aux < 0:
            raise EmptorError(f"aux: {aux}, expected a weight from 0 on")
        self.aux, self.aux_kind = aux, one_of("aux_kind", aux_kind, KINDS)
        self.aux_target, self.aux_detach_query = one_of("aux_target", aux_target, TARGETS), aux_detach_query
        self.objective = one_of("objective", objective, OBJECTIVES)
        self.purchase_weight, self.purchase_gain, self.purchase = purchase_weight, purchase_gain, purchase
        self.items = ItemNet(spec, sides="none", history=history, crosses=crosses)
        embedding = self.items.ranked.embedding
        self.modalities = ModalityNet(spec, modalities_of(fusion), width=width, dropout=dropout)
        many = len(self.modalities.names)
        needs_context = fusion == "cafu" and fusing.get("context", "all") == "all"
        self.context = ContextNet(spec, embedding, context_width) if needs_context else None
        self.fuse = build_fusion(fusion, many, width, context_width, fusing)
        self.attend = self.fuse_past = None
        if personal:
            self.past_of = among(spec, past_of)
            self.attend = PersonalAttention(many, width, unit=personal_unit)
            self.fuse_past = build_fusion(fusion, many, width, context_width, fusing)
        fused = 2 if personal else 1
        self.perspectives = None
        if perspectives:
            self.perspectives = PerspectiveNet(
                spec, embedding, fused, width=width, heads=heads, inner=inner, dropout=dropout
            )
            fused = self.perspectives.count
        self.deep = nn.Sequential(mlp(self.items.size + fused * width, *hidden), nn.ReLU())
        self.block = ListBlock(hidden[-1], heads=heads, inner=inner, dropout=dropout) if list_context else None
        self.out = nn.Linear(hidden[-1], 2)
        self.head = self.of_query = None
        if aux:
            self.of_query = nn.Linear(embedding.word_width, width, bias=False)
            tasks = 1 if aux_target == "purchase" else 2
            # pairs take no notice of what is added to all
            self.head = mlp((3 if personal else 2) * width, 64, 32, tasks, bias=aux_kind != "pairwise")
        self.place = Positions(spec.places, 2) if debias else None
        _begin_rare(self.out)
        if self.head is not None:
            _begin_rare(self.head[-1])

    def forward(self, batch: RerankBatch) -> torch.Tensor:
        return self.value(self._read(batch)[0])

    def value(self, logits: torch.Tensor) -> torch.Tensor:
        """[B, N, 2] -> [B, N]: what lists are ordered by."""
        return worth(logits, purchase=self.purchase)

    def logits(self, batch: RerankBatch) -> torch.Tensor:
        """[B, N, 2], of click and purchase."""
        return self._read(batch)[0]

    def weights(self, batch: RerankBatch) -> torch.Tensor:
        """[B, N, M]: what each of `modalities.names` counts for each product.

        Raises: EmptorError for a fusion that does not weigh.
        """
        if not isinstance(self.fuse, WeightedFusion):
            raise EmptorError("weights: this fusion has none, expected cafu, attention or sum")
        _, features, _ = self._read(batch)
        branch = self._branch(batch, features)
        return self.fuse.weights(*branch.shown, branch.context)

    def loss(self, batch: RerankBatch, labels: Labels) -> dict[str, torch.Tensor]:
        logits, features, branch = self._read(batch)
        placed = logits if self.place is None else logits + self.place(batch.place)
        if self.objective == "listwise":
            loss = list_softmax_loss(self.value(placed), labels, purchase_gain=self.purchase_gain)
        else:
            loss = response_loss(placed, labels, purchase_weight=self.purchase_weight)
        told = {self.objective: loss}
        if self.head is not None:
            own = self._own(branch, features)
            told["auxiliary"] = auxiliary_loss(
                own, logits, labels, mask=batch.mask, kind=self.aux_kind, target=self.aux_target
            )
            loss = loss + self.aux * told["auxiliary"]
        return {"loss": loss, **told}

    def _read(self, batch: RerankBatch) -> tuple[torch.Tensor, Features, Branch]:
        vectors, features = self.items(batch)
        branch = self._branch(batch, features)
        rows = batch.mask
        if self.perspectives is None:
            fused = torch.cat([own[rows] for own in branch.vectors], -1)
        else:
            fused = self.perspectives(batch, features, branch.vectors, branch.has)
        deep = self.deep(torch.cat([fused, vectors[rows]], -1))
        if self.block is not None:
            deep = self.block(spread(deep, rows), rows)[rows]
        return spread(self.out(deep), rows), features, branch

    def _branch(self, batch: RerankBatch, features: Features) -> Branch:
        """What is made of texts and pictures. No gradient leaves it: neither ids nor statistics learn by its loss."""
        if self.context is None:
            context = batch.score.new_zeros(*batch.mask.shape, 0)
        else:
            context = self.context(batch, features)
        if self.attend is None or self.fuse_past is None:
            (shown,) = self.modalities((batch.sides, batch.mask))
            return Branch(shown, context, (self.fuse(*shown, context),), (shown.has.any(-1),))
        shown, past = self.modalities((batch.sides, batch.mask), (batch.past, batch.asked.there))
        taste = self.attend(shown, past, self.past_of(batch))
        vectors = (self.fuse(*shown, context), self.fuse_past(*taste, context))
        return Branch(shown, context, vectors, (shown.has.any(-1), taste.has.any(-1)))

    def _own(self, branch: Branch, features: Features) -> torch.Tensor:
        """[B, N, A]: what the multimodal branch says by itself."""
        assert self.of_query is not None and self.head is not None
        query = features.query.detach() if self.aux_detach_query else features.query
        asked = branch.vectors[0] * self.of_query(query).unsqueeze(1)
        own: torch.Tensor = self.head(torch.cat([*branch.vectors, asked], -1))
        return own


def _begin_rare(last: nn.Module) -> None:
    """Clicks are rare, purchases more so: logits begin there. last: with two outputs, or that of purchases alone."""
    assert isinstance(last, nn.Linear)
    if last.bias is None:
        return
    with torch.no_grad():
        last.bias.copy_(torch.tensor([-3.0, -6.0])[-last.out_features :])
