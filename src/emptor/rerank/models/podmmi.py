"""PODM-MI: a list and who asks for it as Gaussians that are to tell of each other, and a balance that follows them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Unpack

import torch

from emptor.errors import EmptorError
from emptor.learn.registry import one_of
from emptor.rank.models.features import Features
from emptor.rerank.models.gaussians import Gaussian, collapse, kl_divergence, log_overlap, matched
from emptor.rerank.models.inputs import Labels, ListSpec, RerankBatch
from emptor.rerank.models.items import ItemOptions
from emptor.rerank.models.losses import list_softmax_loss
from emptor.rerank.models.mutual import MUTUAL
from emptor.rerank.models.preferences import ItemPreference, Posterior, UserPreference, Widths
from emptor.rerank.models.prm import PRM
from emptor.rerank.models.reranker import Reranker
from emptor.rerank.models.utility import UTILITIES, DualUtility, HyperUtility, expected_overlap, item_utility


@dataclass(frozen=True)
class Read:
    """A batch as the network reads it: relevance [B, N] of the host, h [B, N, H], features of ItemNet, and unless no
    part asks for them users [B, d], z [B, d] of them, items [B, N, d].
    """

    relevance: torch.Tensor
    h: torch.Tensor
    features: Features
    users: Gaussian | None = None
    z: torch.Tensor | None = None
    items: Gaussian | None = None


class PODMMI(Reranker):
    """s_j = U_j1 r_j + U_j2 d_j + gamma a_j, and L = list softmax + mi mutual information + beta KL to a prior.

    r is PRM's relevance, d minus the expected overlap with what stands before, a how far product and user lie over each
    other as Gaussians, U what accuracy and diversity count for this user and product. Users are drawn in training and
    served by their means, so that the same request is always the same page.

    With utility "none", gamma 0 and mi 0 it is PRM, bit for bit; `host` is a PRM, and can be given the weights of one.

    Args:
        spec: see ListSpec. width: H, of the host and all between. latent: d. heads, inner, blocks, dropout, positions:
            of the host, see PRM; the user's encoder shares heads, inner and dropout.
        encoder, queries, user: see UserPreference.
        utility: "dual" as above; "hypernetwork": r_j + <h_j, W(z)>; "items": r + U r, U between products; "none": r.
        gamma: of a. soft_rank: temperature of d, in values of r. sharp: power of the likeness in d.
        mutual: of mutual.MUTUAL; mi: its weight. detach_list: whether it moves the user alone, and not the list.
        beta: weight of KL(user || N(0, 1)). var_floor, var_ceiling: of all variances.
        purchase_gain: see list_softmax_loss. bought_only: whether clicks count nothing in it.
        items: see ItemNet.

    Raises: EmptorError for an unknown choice, weights below 0, and variances that are not above it.

    Source: Wang et al., PODM-MI (SIGIR 2024, arXiv 2405.15521). The abstract and JD's own summaries could be read:
        Gaussians of user and products, mutual information by a variational posterior, a learnable utility matrix, PRM's
        loss beside that of the information. No formula and no number is public: all of these are ours, the posterior
        after ROMA (Wang et al., ICML 2020), of which "kl" is the form that was probably meant. It is not the default,
        since alone it makes all users the same. "ba_marginal" can, too, in few epochs: `collapse` tells; "infonce" does
        not, but makes narrow whom the other makes broad.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> spec, batch, labels = example()
        >>> sorted(PODMMI(spec).loss(batch, labels))
        ['collapse', 'list', 'loss', 'mutual']
    """

    def __init__(
        self,
        spec: ListSpec,
        *,
        width: int = 64,
        latent: int = 16,
        heads: int = 1,
        inner: int = 128,
        blocks: int = 1,
        dropout: float = 0.1,
        positions: bool = True,
        encoder: str = "attention",
        queries: bool = True,
        user: str = "gaussian",
        utility: str = "dual",
        gamma: float = 0.1,
        soft_rank: float = 0.5,
        sharp: int = 3,
        mutual: str = "ba_marginal",
        mi: float = 0.01,
        detach_list: bool = False,
        beta: float = 0.0,
        var_floor: float = 2e-3,
        var_ceiling: float = math.e**3,
        purchase_gain: float = 10.0,
        bought_only: bool = False,
        **items: Unpack[ItemOptions],
    ) -> None:
        super().__init__()
        if min(gamma, mi, beta) < 0:
            raise EmptorError(f"gamma, mi, beta: {gamma}, {mi}, {beta}; expected weights from 0 on")
        if sharp < 1:
            raise EmptorError(f"sharp: {sharp}, expected a whole power from 1")
        if not (soft_rank > 0 and 0 < var_floor < var_ceiling):
            raise EmptorError(
                f"soft_rank, var_floor, var_ceiling: {soft_rank}, {var_floor}, {var_ceiling}; "
                "expected numbers above 0, the floor below the ceiling"
            )
        one_of("mutual", mutual, tuple(MUTUAL))
        self.utility, self.user = one_of("utility", utility, UTILITIES), user
        self.sharp = sharp
        self.gamma, self.soft_rank, self.mi, self.beta, self.floor = gamma, soft_rank, mi, beta, var_floor
        self.mutual, self.detach_list = MUTUAL[mutual], detach_list
        self.purchase_gain, self.bought_only = purchase_gain, bought_only
        # first of all, so that the same seed gives it the weights of a PRM
        self.host = PRM(
            spec,
            width=width,
            heads=heads,
            inner=inner,
            blocks=blocks,
            dropout=dropout,
            positions=positions,
            **items,
        )
        # parts that no score and no loss asks for are not made: they would never learn
        widths = Widths(width, latent, var_floor, var_ceiling, heads, inner, dropout)
        embedding = self.host.items.ranked.embedding
        self.of_user = self.of_items = self.posterior = None
        self.weigh: DualUtility | HyperUtility | None = None
        if utility != "none" or gamma or mi or beta:
            self.of_user = UserPreference(spec, embedding, widths, encoder=encoder, queries=queries, user=user)
        if utility in ("dual", "items") or gamma or mi:
            self.of_items = ItemPreference(widths)
        if mi:
            self.posterior = Posterior(embedding.word_width, widths)
        if utility == "dual":
            self.weigh = DualUtility(latent, width)
        elif utility == "hypernetwork":
            self.weigh = HyperUtility(latent, width)

    def forward(self, batch: RerankBatch) -> torch.Tensor:
        return self._value(batch, self.read(batch))

    def loss(self, batch: RerankBatch, labels: Labels) -> dict[str, torch.Tensor]:
        read = self.read(batch)
        wanted = replace(labels, click=labels.purchase) if self.bought_only else labels
        loss = list_softmax_loss(self._value(batch, read), wanted, purchase_gain=self.purchase_gain)
        told = {"list": loss}
        if read.users is not None:
            if self.mi:
                told["mutual"] = self._mutual(batch, read)
                loss = loss + self.mi * told["mutual"]
            if self.beta:
                zeros = torch.zeros_like(read.users.mean)
                told["prior"] = kl_divergence(read.users, Gaussian(zeros, zeros)).mean()
                loss = loss + self.beta * told["prior"]
            told["collapse"] = collapse(read.users.apart())
        return {"loss": loss, **told}

    def spread(self, batch: RerankBatch) -> torch.Tensor:
        """[B]: how broad each user's wish is, the mean logarithm of its variances.

        Raises: EmptorError for a network without Gaussians of users.
        """
        users = self.read(batch).users
        if users is None:
            raise EmptorError("spread: this network reads no user; expected a utility, or gamma, mi or beta above 0")
        return users.log_var.mean(-1)

    def utilities(self, batch: RerankBatch) -> torch.Tensor:
        """[B, N, 2]: what accuracy and diversity count for each product; rubbish where nothing is there.

        Raises: EmptorError for a utility that does not part the two.
        """
        read = self.read(batch)
        if self.utility == "none":
            return torch.stack([torch.ones_like(read.relevance), torch.zeros_like(read.relevance)], -1)
        if not isinstance(self.weigh, DualUtility):
            raise EmptorError(
                f'utilities: "{self.utility}" does not part accuracy and diversity; expected utility "dual"'
            )
        return self._dual(read)

    def read(self, batch: RerankBatch) -> Read:
        """The batch as relevance, and as Gaussians of its users and products; drawn in training, else their means."""
        host = self.host
        h, features = host.encoded(batch)
        read = Read(host.head(h).squeeze(-1), h, features)
        if self.of_user is None:
            return read
        query = host.items.ranked.embedding.query
        earlier = query(batch.earlier.flatten(0, 1)).unflatten(0, batch.earlier.shape[:2])
        users = self.of_user(features, batch, earlier)
        z = users.drawn() if self.training and self.user == "gaussian" else users.mean
        items = None if self.of_items is None else self.of_items(h)
        return replace(read, users=users, z=z, items=items)

    def _value(self, batch: RerankBatch, read: Read) -> torch.Tensor:
        value, users, items = read.relevance, read.users, read.items
        if users is None:
            return value
        if self.utility == "dual":
            apart = expected_overlap(value, batch.alike, batch.mask, temperature=self.soft_rank, sharp=self.sharp)
            weights = self._dual(read)
            value = weights[..., 0] * value + weights[..., 1] * apart
        elif self.utility == "hypernetwork":
            assert self.weigh is not None
            value = value + self.weigh(read.z, read.h)
        elif self.utility == "items":
            assert items is not None
            lifts = item_utility(users, items, batch.mask)
            value = value + (lifts @ value.unsqueeze(-1)).squeeze(-1)
        return value + self.gamma * self._overlap(read) if self.gamma else value

    def _dual(self, read: Read) -> torch.Tensor:
        assert self.weigh is not None
        weights: torch.Tensor = self.weigh(read.users, read.z, read.items, self._overlap(read))
        return weights

    def _overlap(self, read: Read) -> torch.Tensor:
        """a [B, N]."""
        users, items = read.users, read.items
        assert users is not None and items is not None
        return log_overlap(Gaussian(users.mean.unsqueeze(1), users.log_var.unsqueeze(1)), items)

    def _mutual(self, batch: RerankBatch, read: Read) -> torch.Tensor:
        users, items, z = read.users, read.items, read.z
        assert users is not None and items is not None and z is not None and self.posterior is not None
        of_list = matched(items, batch.mask, floor=self.floor)
        drawn = of_list.drawn() if self.training else of_list.mean
        if self.detach_list:
            of_list, drawn = of_list.apart(), drawn.detach()
        return self.mutual(z, users, self.posterior(drawn, of_list, read.features.query))
