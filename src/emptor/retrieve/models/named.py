"""An encoder over the numbers of a picture: it begins as the words that the picture would be named by."""

from __future__ import annotations

import torch
from torch import nn

from emptor.encoders.naming import Naming
from emptor.encoders.transformer import Block
from emptor.errors import EmptorError


class NamedNet(nn.Module):
    """Numbers of a picture as states: the names of a frozen Naming, each with the embedding that the word has in texts
    and queries, weighed by how likely it is; what the numbers say beside them is learnt, from nothing.

    So a picture of something red is near the query "red" before anything is learnt, as a title with the word is.

    Args:
        values: V of each vector. names: K words of the naming, which is put in place by `naming.load_state_dict`.
        width: d. layers: blocks, quiet at the start. heads: of attention. dropout: of what blocks add.

    Shapes: numbers [P, n, V] of any precision, table [words, d] of the sub-words' embeddings -> states [P, 1 + n, d],
    CLS first, which the mean of the others is added to.

    Raises: EmptorError for numbers of another form.

    Source: ours. SMAR has features of a frozen backbone and a map; this is such a map that need not be learnt first.

    Example:
        >>> NamedNet(12, 5, width=8, layers=1, heads=2)(torch.randn(2, 1, 12), torch.randn(40, 8)).shape
        torch.Size([2, 2, 8])
    """

    def __init__(self, values: int, names: int, *, width: int, layers: int, heads: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.naming = Naming(values, names).requires_grad_(False)
        self.of_values, self.of_names = nn.Linear(values, width), nn.Linear(names, width, bias=False)
        for parameter in (*self.of_values.parameters(), *self.of_names.parameters()):
            nn.init.zeros_(parameter)
        self.cls = nn.Parameter(0.2 * torch.randn(width))
        self.before, self.last = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            Block(width, heads=heads, layers=layers, dropout=dropout, quiet=True) for _ in range(layers)
        )

    def forward(self, numbers: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        values = self.of_values.in_features
        if numbers.dim() != 3 or numbers.shape[2] != values:
            found = " x ".join(map(str, numbers.shape[1:]))
            raise EmptorError(f"pictures: numbers of {found}, expected n x {values}; one vector is 1 x {values}")
        with torch.no_grad():
            likely = self.naming(numbers).sigmoid()
            beside = self.naming.standardised(numbers) * values**-0.5
        tokens = self.before(likely @ table[self.naming.names]) + self.of_names(likely) + self.of_values(beside)
        states = torch.cat([self.cls + tokens.mean(1, keepdim=True), tokens], 1)
        for block in self.blocks:
            states = block(states)
        last: torch.Tensor = self.last(states)
        return last
