"""Every random draw of a training run comes from one seed, by name, and leaves the process as it was.

with seeded(seed, "weights"):
    net = Net()
order = numpy_rng(seed, "epoch", epoch).permutation(n)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import numpy as np
import torch


def derive(seed: int, *names: int | str) -> int:
    """A seed in [0, 2^63) for what is named below `seed`: other names, unrelated seeds."""
    digest = blake2b("\x1f".join(map(str, (seed, *names))).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def numpy_rng(seed: int, *names: int | str) -> np.random.Generator:
    """A NumPy generator for what is named: shuffles, negative samples."""
    return np.random.default_rng(derive(seed, *names))


def torch_rng(seed: int, *names: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator on `device`, for the calls that take one."""
    return torch.Generator(device=device).manual_seed(derive(seed, *names))


@contextmanager
def seeded(seed: int, *names: int | str) -> Iterator[None]:
    """Seed torch for the calls that take no generator (initialisation, dropout); its state is put back after.

    The state is the process's: do not draw from torch in another thread meanwhile.
    """
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(derive(seed, *names))
        yield
