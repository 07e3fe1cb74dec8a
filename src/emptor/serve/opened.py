"""Clicks of visitors without scripts: a product page that was opened from a list tells of the click itself."""

from __future__ import annotations

from contextlib import suppress

from emptor.serve.errors import Unavailable
from emptor.serve.events import store
from emptor.serve.found import Found
from emptor.serve.service import Service
from emptor.serve.visit import Visit


async def note_click(service: Service, visit: Visit, product_id: str, found: Found) -> None:
    """Store one click for a place of a list, however often the page is loaded again."""
    event = {
        "event_id": f"{found.request_id}-click-{found.position}",
        "action": "click",
        "session_id": visit.session,
        "user_id": visit.shopper,
        "product_id": product_id,
        "request_id": found.request_id,
        "position": found.position,
    }
    with suppress(Unavailable):  # the page itself has been answered; a click less harms nobody
        await service.appends.run(lambda: store(service, [event]))
