"""Letting go of event ids: they make repeats harmless for a month, then they only take space."""

from __future__ import annotations

import sqlite3

from emptor.shop.events.writer import Writer

KEEP_US = 30 * 86_400_000_000
"""How long an id stays after its event was rolled up."""
STEP_IDS = 20_000
"""Ids looked at in one transaction, so that appends hardly wait."""


def forget_ids(writer: Writer, now_us: int) -> int:
    """Delete the ids of events whose roll-up is more than KEEP_US before `now_us`; returns how many."""

    def boundary(connection: sqlite3.Connection) -> int:
        query = "SELECT coalesce(max(last_seq), 0) FROM rollups WHERE rolled_at < ?"
        return int(connection.execute(query, (now_us - KEEP_US,)).fetchone()[0])

    last_seq = writer.change(boundary)
    if not last_seq:
        return 0
    forgotten, after = 0, ""

    def step(connection: sqlite3.Connection) -> tuple[str | None, int]:
        some = "SELECT event_id FROM ids WHERE event_id > ? ORDER BY event_id LIMIT ?"
        last = connection.execute(f"SELECT max(event_id) FROM ({some})", (after, STEP_IDS)).fetchone()[0]
        if last is None:
            return None, 0
        query = "DELETE FROM ids WHERE event_id > ? AND event_id <= ? AND seq <= ?"
        return last, connection.execute(query, (after, last, last_seq)).rowcount

    while True:
        end, deleted = writer.change(step)
        if end is None:
            return forgotten
        after = end
        forgotten += deleted
