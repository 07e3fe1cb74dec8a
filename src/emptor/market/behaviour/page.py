"""Reading a page from the top: what is looked at, what is clicked, where the user leaves.

What was already seen decides: alike products bore who browses, a product that stands out is seen and liked, attractive
ones keep a user reading. So examination is no product of position and relevance.

Form one goes position by position. Form two goes row by row of four: a row is read whole or not at all, and what bores
is the number of products of the same design or kind and colour among those seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emptor.market.behaviour.asked import Asked
from emptor.market.behaviour.attraction import Drawn, link
from emptor.market.config import WorldConfig
from emptor.market.streams import Draws, paired
from emptor.market.world.products import COLOR, Products
from emptor.market.world.users import Users

_FADE = 0.93
_EVEN = 0.3
"""The appetite at which alike neighbours neither bore nor help: below it, users compare."""
_ROW = 4


@dataclass(frozen=True)
class Read:
    """looked, clicked [B, N] bool; chance [B, N] float32: of a click on what is looked at, in its context."""

    looked: np.ndarray
    clicked: np.ndarray
    chance: np.ndarray


class Reading:
    """How users of a world read pages.

    Args:
        level: of the link; see `attraction.link`. luck: other numbers are other draws of the same behaviour.
    """

    def __init__(self, config: WorldConfig, products: Products, users: Users, *, level: float, luck: int = 0) -> None:
        self._config, self._products, self._users, self.level = config, products, users, level
        self._look, self._click, self._leave = (
            Draws(config.seed, f"{kind} {luck}") for kind in ("looks at", "clicks on", "leaves at")
        )

    def __call__(self, asked: Asked, rows: np.ndarray, shown: np.ndarray, drawn: Drawn) -> Read:
        """rows [B, N]: the products in order; shown [B, N] bool: False where the page has ended."""
        options, (size, width) = self._config.page, rows.shape
        position = np.arange(width)
        look = self._look.uniform(paired(asked.key[:, None], position[None])).astype(np.float32)
        # keyed by the product: the same user likes the same thing, wherever another ranking puts it
        click = self._click.uniform(paired(asked.key[:, None], rows)).astype(np.float32)
        leave = self._leave.uniform(paired(asked.key[:, None], position[None])).astype(np.float32)
        appetite = asked.appetite.astype(np.float32)
        patience = options.leave * self._users.patience[asked.user]
        alike, apart = self._alike(rows, shown)
        tag = self._products.tag[rows]
        looked, clicked = np.zeros((size, width), bool), np.zeros((size, width), bool)
        chance = np.zeros((size, width), np.float32)
        here = np.ones(size, bool)
        recent = np.zeros(size, np.float32)
        price = np.zeros(size, np.float32)
        seen_any = np.zeros(size, bool)
        out = options.contrast * appetite[:, None] * 2 * (apart - 0.6)
        bored = np.float32(1.6 * options.redundancy) * (appetite - np.float32(_EVEN))
        for at in range(width):
            here &= shown[:, at]
            if not here.any():
                break
            context = out[:, at] + options.contrast * np.where(seen_any, np.clip(price - tag[:, at], -1.5, 1.5), 0)
            if at:
                load = np.einsum("bi,bi->b", alike[:, at, :at], looked[:, :at].astype(np.float32))
                context -= bored * np.log1p(load)
            own = link(self._config, self.level, drawn.attraction[:, at] + context)
            looks = here & (look[:, at] < 0.72 + 0.25 * apart[:, at])
            clicks = looks & (click[:, at] < own)
            looked[:, at], clicked[:, at], chance[:, at] = looks, clicks, own
            recent = np.where(looks, 0.7 * recent + 0.3 * np.tanh(drawn.attraction[:, at] / 3), recent)
            price = np.where(looks, np.where(seen_any, 0.6 * price + 0.4 * tag[:, at], tag[:, at]), price)
            seen_any |= looks
            hazard = patience * np.exp(-options.mood * recent)
            hazard = np.where(clicks, hazard * np.where(appetite > 0.5, 0.5, 1 + 4 * (1 - appetite)), hazard)
            if self._config.form == "two":
                # a row is read to its end; then the whole of it decides
                hazard = np.where((at + 1) % _ROW == 0, hazard * _ROW * 1.15 ** (at // _ROW), 0)
            here &= leave[:, at] > -np.expm1(-hazard)
        return Read(looked, clicked, chance)

    def _alike(self, rows: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How alike each product is to each earlier one, fading [B, N, N], and how it stands out from its neighbours
        [B, N] in 0..1.
        """
        products, width = self._products, rows.shape[1]
        at = np.arange(width)
        if self._config.form == "two":
            kind = products.category[rows].astype(np.int32) * 64 + products.values[rows, COLOR]
            design = products.design[rows]
            same = (design[:, :, None] == design[:, None]) | (kind[:, :, None] == kind[:, None])
            alike = same.astype(np.float32)
        else:
            sight = products.sight[rows]
            near = np.maximum(sight @ sight.transpose(0, 2, 1), 0)
            alike = near * near * near
        alike *= shown[:, None, :]
        lag = at[:, None] - at[None]
        beside = ((np.abs(lag) <= 2) & (lag != 0)).astype(np.float32)
        count = np.maximum((beside[None] * shown[:, None, :]).sum(2), 1)
        apart = 1 - (alike * beside).sum(2) / count
        return alike * np.where(lag > 0, np.float32(_FADE) ** lag, 0).astype(np.float32), apart.astype(np.float32)
