"""The log against a dictionary: whatever is done in whatever order, it holds each event exactly once."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from emptor.shop.events import EventLog
from emptor.shop.events.forgetting import KEEP_US

_ids = st.integers(0, 12).map("e{}".format)


class LogMachine(RuleBasedStateMachine):
    """Appends with repeats, roll-ups in small steps, reopening and forgetting ids, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.log = EventLog(self.folder)
        self.events: list[tuple[str, int]] = []  # what must come back, in order of arrival
        self.known: set[str] = set()
        self.rolled: set[str] = set()

    def teardown(self) -> None:
        self.log.close()
        shutil.rmtree(self.folder)

    @rule(batch=st.lists(st.tuples(_ids, st.integers(-1, 5)), max_size=5))
    def append(self, batch: list[tuple[str, int]]) -> None:
        raw: list[dict[str, Any]] = [
            {"event_id": event_id, "action": "click", "user_id": "u", "position": position}
            for event_id, position in batch
        ]
        expected = []
        for event_id, position in batch:
            if position < 0:
                expected.append("rejected")
            elif event_id in self.known:
                expected.append("duplicate")
            else:
                expected.append("stored")
                self.known.add(event_id)
                self.events.append((event_id, position))
        assert [ack.status for ack in self.log.append(raw)] == expected

    @rule(step=st.integers(1, 4))
    def roll_up(self, step: int) -> None:
        pending = self.log.pending()
        assert self.log.rollup(step_rows=step) == pending
        self.rolled = set(self.known)

    @rule()
    def nothing_is_old_enough_to_roll_up(self) -> None:
        assert self.log.rollup(keep_seconds=3_600) == 0

    @rule()
    def reopen(self) -> None:
        self.log.close()
        self.log = EventLog(self.folder)

    @precondition(lambda self: self.rolled)
    @rule()
    def forget(self) -> None:
        assert self.log.forget_ids() == 0
        assert self.log.forget_ids(time.time_ns() // 1_000 + KEEP_US + 1_000_000) == len(self.rolled)
        self.known -= self.rolled
        self.rolled = set()

    @invariant()
    def holds_each_event_once_in_order(self) -> None:
        frame = self.log.read().sort("seq").collect()
        assert list(frame.select("event_id", "position").iter_rows()) == self.events
        assert frame["seq"].to_list() == list(range(1, len(self.events) + 1))
        assert self.log.count() == len(self.events)
        assert [seq for table in self.log.batches() for seq in table["seq"].to_pylist()] == frame["seq"].to_list()


TestLog = LogMachine.TestCase
TestLog.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
