"""What a cascade would have shown to the requests of a log."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emptor.cascade import Requests
from emptor.chance import uniform
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate.off_policy.logged import Logged, Ranked
from emptor.shop.filters import parse_filters

_AT_ONCE = 1_000


def replayed(engine: Engine, logged: Logged, cascade: str, *, exploring: bool = False, seed: int = 0) -> Ranked:
    """The pages of a cascade for the requests of a log, over the engine's view.

    Args:
        exploring: with the cascade's own exploration, one draw a page. By default it is judged by its own order.
        seed: of that draw. It never is the draw of the log: a target that shuffles as the log did would agree with it
            far more often than chance allows.
    Raises: EmptorError for an unknown cascade.
    """
    if cascade not in engine.cascades:
        raise EmptorError(f"unknown cascade {cascade[:80]!r}; known: {engine.known_cascades}")
    runner, pages, places = engine.cascades[cascade], logged.pages, logged.pages.rows.shape[1]
    rows, mask = np.zeros(pages.rows.shape, np.int64), np.zeros(pages.rows.shape, bool)
    seeds = (uniform(np.arange(len(logged)) + (seed << 32), 1_000_003) * 2**62).astype(np.int64)
    for at in range(0, len(logged), _AT_ONCE):
        part = slice(at, min(at + _AT_ONCE, len(logged)))
        requests = Requests.of(
            pages.query[part].tolist(),
            user_ids=pages.user_id[part].tolist(),
            product_ids=logged.product_id[part].tolist(),
            filters=[parse_filters(own) for own in logged.filters[part].tolist()],
            k=places,
            seeds=seeds[part].tolist(),
            cascade=cascade,
        )
        requests = replace(requests, now=pages.now[part], scenario=logged.scenario[part])
        found = runner.run(requests, exploring=exploring, traced=np.zeros(len(requests), bool)).candidates
        width = min(found.width, places)
        rows[part, :width], mask[part, :width] = found.product[:, :width], found.mask[:, :width]
    return Ranked(np.where(mask, rows, 0), mask)
