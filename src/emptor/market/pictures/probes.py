"""What a small network can read off the pictures: category, colour, pattern, and the hidden look.

The pictures are of use only if learners can see in them what the market's users see. Needs torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from emptor.market.knowledge import CATEGORIES
from emptor.market.knowledge.palette import COLORS, companions
from emptor.market.pictures.draw import Sitter, draw
from emptor.market.pictures.hidden_style import DIMENSIONS
from emptor.market.pictures.textures import PATTERNS
from emptor.market.streams import stream

_COLORS = tuple(COLORS)
_HEADS = [len(CATEGORIES), len(_COLORS), len(PATTERNS), DIMENSIONS]
_LOOK_WEIGHT = 5.0
_NAME_WEIGHTS = (1.0, 1.0, 3.0)
"""Of category, colour and pattern in what is learnt: patterns are the hardest, and drown in the others otherwise."""


@dataclass(frozen=True)
class ProbeFigures:
    """How much of the truth was read off pictures that were not learnt from.

    Shares of right names, each beside that of the commonest name; `look` is R squared (1 - SSE / SST) per number.
    """

    learnt_from: int
    asked: int
    category: float
    color: float
    pattern: float
    chance_category: float
    chance_color: float
    chance_pattern: float
    look: tuple[float, ...]

    @property
    def look_mean(self) -> float:
        """R squared of the hidden look, mean over its numbers."""
        return float(np.mean(self.look))

    def to_dict(self) -> dict[str, object]:
        """The figures as plain values."""
        return {**asdict(self), "look": list(self.look), "look_mean": self.look_mean}


@dataclass(frozen=True)
class Example:
    """A product as a photographer sees it, and its category's place in CATEGORIES."""

    sitter: Sitter
    category: int


def any_example(seed: int, number: int) -> Example:
    """Some product: category, attributes and look at random; four in ten of those that may have a pattern are plain."""
    rng = stream(seed, "probe", number)
    place = int(rng.integers(len(CATEGORIES)))
    category = CATEGORIES[place]
    color = str(rng.choice(category.colors))
    sitter = Sitter(
        drawing=category.drawing,
        style=str(rng.choice(category.styles)),
        color=color,
        second=str(rng.choice(companions(color))),
        pattern="plain" if rng.random() < 0.25 else str(rng.choice(category.patterns)),
        material=str(rng.choice(category.materials)),
        caption=f"{category.noun.title()} of the Day\nAda Lark",
        look=tuple(rng.standard_normal(DIMENSIONS).tolist()),
    )
    return Example(sitter, place)


def pixels(seed: int, numbers: Sequence[int], *, size: int = 64) -> NDArray[np.uint8]:
    """The pictures of the numbered examples, uint8 [N, 3, size, size]."""
    pictures = [draw(any_example(seed, i).sitter, size=size, chance=stream(seed, "probe picture", i)) for i in numbers]
    return np.stack([np.asarray(picture) for picture in pictures]).transpose(0, 3, 1, 2)


def truths(seed: int, numbers: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Of the numbered examples: places of category, colour and pattern [N, 3], and the look [N, 6]."""
    examples = [any_example(seed, i) for i in numbers]
    names = [(one.category, _COLORS.index(one.sitter.color), PATTERNS.index(one.sitter.pattern)) for one in examples]
    return np.array(names), np.array([one.sitter.look for one in examples], dtype=np.float32)


def probe(
    pictures: NDArray[np.uint8],
    names: NDArray[np.int64],
    looks: NDArray[np.float32],
    *,
    held_out: int,
    epochs: int,
    seed: int = 0,
) -> ProbeFigures:
    """Train a small convolutional network on all but the last `held_out` pictures, and ask it about those."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(seed)
    with_names, with_looks = torch.from_numpy(names), torch.from_numpy(looks)
    shown = torch.from_numpy(pictures).contiguous(memory_format=torch.channels_last)  # convolves faster so

    def block(below: int, above: int, stride: int = 1, *, reach: int = 3) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(below, above, reach, stride, reach // 2, bias=False),
            nn.BatchNorm2d(above),
            nn.ReLU(inplace=True),
        )

    class Reader(nn.Module):
        """Seven layers of three by three; names and looks are told from where things are and from what is anywhere.

        Patterns and finish may be anywhere: means and maxima over places. Proportions and the fall of light are
        somewhere: the coarsest layer is read place by place.
        """

        def __init__(self) -> None:
            super().__init__()
            self.fine = nn.Sequential(nn.PixelUnshuffle(2), block(12, 24))
            self.middle = block(24, 48, 2)
            self.more = nn.ModuleList([block(48, 48), block(48, 48)])
            self.surface = block(48, 96, reach=1)
            self.coarse = block(48, 96, 2)
            self.still_more = block(96, 96)
            self.coarsest = block(96, 128, 2)
            sums = 2 * 24 + 2 * 96 + 2 * 96
            self.mind = nn.Sequential(nn.Linear(16 * 128 + sums, 256), nn.BatchNorm1d(256), nn.ReLU(inplace=True))
            self.mouth = nn.Linear(256, sum(_HEADS))

        def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
            fine = self.fine(batch)
            middle = self.middle(fine)
            for layer in self.more:
                middle = middle + layer(middle)
            surface = self.surface(middle)
            coarse = self.coarse(middle)
            coarse = coarse + self.still_more(coarse)
            parts = [
                functional.adaptive_avg_pool2d(self.coarsest(coarse), 4).flatten(1),
                fine.mean((2, 3)),
                fine.std((2, 3)),
                *(stage.mean((2, 3)) for stage in (surface, coarse)),
                *(stage.amax((2, 3)) for stage in (surface, coarse)),
            ]
            said: torch.Tensor = self.mouth(self.mind(torch.cat(parts, dim=1)))
            return torch.split(said, _HEADS, dim=1)

    reader = Reader()
    reader.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    learn = len(shown) - held_out
    batch = 32
    steps = epochs * (learn // batch)
    decays = [weights for weights in reader.parameters() if weights.ndim > 1]
    others = [weights for weights in reader.parameters() if weights.ndim == 1]
    optimiser = torch.optim.AdamW([{"params": decays, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=2.5e-3, total_steps=steps, pct_start=0.15)
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for at in torch.randperm(learn, generator=order)[: learn // batch * batch].split(batch):
            *choices, look = reader(shown[at].float() / 128 - 1.4)
            loss = _LOOK_WEIGHT * functional.mse_loss(look, with_looks[at])
            for head, (said, weight) in enumerate(zip(choices, _NAME_WEIGHTS, strict=True)):
                loss = loss + weight * functional.cross_entropy(said, with_names[at, head])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    reader.eval()
    with torch.no_grad():
        answers = [reader(part.float() / 128 - 1.4) for part in shown[learn:].split(256)]
    *choices, look = (torch.cat(parts) for parts in zip(*answers, strict=True))
    asked, true = with_names[learn:], with_looks[learn:]
    right = [float((said.argmax(1) == asked[:, head]).float().mean()) for head, said in enumerate(choices)]
    common = [float((asked[:, head] == asked[:, head].mode().values).float().mean()) for head in range(3)]
    unexplained = ((true - look) ** 2).sum(0) / ((true - true.mean(0)) ** 2).sum(0)
    return ProbeFigures(
        learnt_from=learn,
        asked=held_out,
        category=right[0],
        color=right[1],
        pattern=right[2],
        chance_category=common[0],
        chance_color=common[1],
        chance_pattern=common[2],
        look=tuple((1 - unexplained).tolist()),
    )
