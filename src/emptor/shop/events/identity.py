"""Ids for events of a file that has none: the same file read again gives the same ids."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from hashlib import blake2b

from emptor.shop.events.validate import Row


class Identities:
    """Derives an id from an event's content and from how often this content came before in the file.

    Reading the file again, from the start, gives the same ids, so its events are recognised as repeats. Two
    identical impressions in one file are the first and the second of their kind and both stay. The counts
    live in a temporary SQLite database that spills to the disk, so memory stays bounded however long the file
    is.
    """

    def __init__(self) -> None:
        self._counts = sqlite3.connect("", isolation_level=None)  # "": private, on disk, gone when closed
        self._counts.execute("PRAGMA journal_mode=OFF")
        self._counts.execute("PRAGMA synchronous=OFF")
        self._counts.execute("CREATE TABLE seen (content INTEGER PRIMARY KEY, times INTEGER NOT NULL)")

    def derive(self, rows: Sequence[Row]) -> list[str]:
        """An id of 32 hexadecimal digits for each of the next events of the file.

        What counts is the stored form, so one event has one id in whatever format and order it comes.
        """
        digests = [blake2b(repr(tuple(row.values())).encode(), digest_size=16) for row in rows]
        keys = [int.from_bytes(digest.digest()[:8], "big", signed=True) for digest in digests]
        query = "SELECT content, times FROM seen WHERE content IN (SELECT value FROM json_each(?))"
        times: dict[int, int] = dict(self._counts.execute(query, (json.dumps(keys),)).fetchall())
        ids = []
        for key, digest in zip(keys, digests, strict=True):
            times[key] = count = times.get(key, 0) + 1
            digest.update(b"\0%d" % count)
            ids.append(digest.hexdigest())
        self._counts.execute("BEGIN")
        self._counts.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", times.items())
        self._counts.execute("COMMIT")
        return ids

    def close(self) -> None:
        self._counts.close()
