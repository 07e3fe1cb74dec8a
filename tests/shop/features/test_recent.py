"""The end of the log in histories: what the whole log would tell, as soon as it is acknowledged, less what is gone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.shop import schema
from emptor.shop.ageing import DAY_US, ShopDays
from emptor.shop.events import EventLog, Selection
from emptor.shop.events.following import Follower
from emptor.shop.features import actions, recent
from emptor.shop.features.heard import Heard, Told, hearing
from emptor.shop.features.past import Past, Seen
from emptor.shop.features.queries import QueryTexts
from emptor.shop.features.recent import Recent

FAR = 3_900_000_000_000_000  # 2093
START = 1_772_323_200_000_000  # 2026-03-01, UTC microseconds
PRODUCTS = {f"p{at}": at for at in range(6)}
ROWS = pl.DataFrame({"product_id": list(PRODUCTS), "row": list(PRODUCTS.values())})
USERS = ["u0", "u1", "nobody", None]
MOST = 3

event = st.tuples(
    st.sampled_from(["u0", "u1", None]),
    st.integers(0, 6),  # p6 is no product of the shop
    st.sampled_from(["impression", "click", "add_to_cart", "purchase"]),
    st.integers(0, 5 * 24 * 4).map(lambda quarter: START + quarter * 15 * 60_000_000),
)
Event = tuple[str | None, int, str, int]
how = st.sampled_from(["one by one", "in bulk", "in bulk and unnamed", "rolled up"])


def typed(product: int, action: str) -> str | None:
    """What was typed before an action: the same on both ways that tests tell of it."""
    return None if product % 3 == 0 else f"{action} of p{product}"


def table(events: Sequence[Event], number: int) -> pa.Table:
    rows = [
        {
            "event_id": f"{number}-{at}",
            "user_id": user,
            "session_id": "s",
            "product_id": f"p{product}",
            "action": action,
            "query": typed(product, action),
            "time": datetime.fromtimestamp(time / 1e6, UTC),
        }
        for at, (user, product, action, time) in enumerate(events)
    ]
    return pa.Table.from_pylist(rows, schema=schema.EVENT)


def put(log: EventLog, events: Sequence[Event], way: str, number: int) -> None:
    if way.startswith("in bulk"):
        log.append_bulk(table(events, number))
        return
    if events:
        log.append_columns(table(events, number))
    if way == "rolled up":
        log.rollup(step_rows=2)


def unname(folder: Path) -> None:
    """The files of the log as bulk leaves them when it is killed between its commit and the last step."""
    for file in folder.glob("logs/date=*/events-*.parquet"):
        file.rename(file.with_name(f".{file.name}.tmp"))


def rows_of(ids: Sequence[str]) -> list[int]:
    return [PRODUCTS.get(own, -1) for own in ids]


class Shop:
    """A log, what was known of it at some moment, and what has come since."""

    def __init__(self, log: EventLog, *, most: int = MOST) -> None:
        known, self.log, self.most = log.read(), log, most
        days = ShopDays.of(known)
        self.past = Past.of(known, ROWS, days, queries=QUERIES)
        self.recent = Recent(log, log.last_seq(), rows_of=rows_of, days=days, most=most, queries=QUERIES)

    def seen(self, now: np.ndarray, users: Sequence[str | None] = USERS) -> Seen:
        return self.recent.after(self.past.before(users, now, most=self.most), users, now, known=None)

    def of(self, user: str) -> list[int]:
        """The products of a user's history now."""
        seen = self.seen(np.array([FAR]), [user])
        return seen.row[0][seen.action[0] > 0].tolist()


def same(mine: Seen, its: Seen) -> None:
    for name in vars(mine):
        assert np.array_equal(getattr(mine, name), getattr(its, name)), name


QUERIES = QueryTexts()
"""One for all histories that are compared."""


def whole(log: EventLog, now: np.ndarray, *, most: int = MOST) -> Seen:
    events = log.read()
    return Past.of(events, ROWS, ShopDays.of(events), queries=QUERIES).before(USERS, now, most=most)


def click(log: EventLog, user: str, product: int) -> None:
    (ack,) = log.append([{"action": "click", "user_id": user, "product_id": f"p{product}"}])
    assert ack.status == "stored"


@settings(max_examples=40, deadline=None)
@given(
    early=st.lists(event, max_size=8),
    later=st.lists(st.tuples(how, st.lists(event, max_size=8)), max_size=4),
    asked=st.lists(st.integers(0, 6 * 24 * 60), min_size=4, max_size=4),
)
def test_histories_are_those_of_the_whole_log(
    tmp_path_factory: pytest.TempPathFactory,
    early: list[Event],
    later: list[tuple[str, list[Event]]],
    asked: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("log")
    now = START + np.array(asked) * 60_000_000
    with EventLog(folder) as log, EventLog(folder) as other:  # as another process would write
        put(log, early, "one by one", 0)
        shop = Shop(log)
        same(shop.seen(now), whole(log, now))
        for number, (way, events) in enumerate(later, 1):
            put(other, events, way, number)
            want = whole(log, now)
            if way == "in bulk and unnamed":
                unname(folder)
            same(shop.seen(now), want)
            log.rollup()  # gives them their names again
        same(shop.seen(now), whole(log, now))
        same(Shop(log).seen(now), whole(log, now))


def test_what_is_acknowledged_is_known_and_nothing_is_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    real = Follower._read

    def counted(self: Follower, connection: Any) -> Any:
        news = real(self, connection)
        read.append(len(news.seq))
        return news

    def never(*args: object) -> None:
        raise AssertionError("files are read for what is known")

    monkeypatch.setattr(Follower, "_read", counted)
    with EventLog(tmp_path) as log:
        click(log, "u0", 0)
        shop = Shop(log)
        for product in (1, 2, 3):
            click(log, "u0", product)
            for _ in range(3):
                assert shop.of("u0") == list(range(product, -1, -1))[:MOST]
        assert read == [0, 1, 1, 1]
        monkeypatch.setattr(Follower, "_rolled_up", never)
        log.rollup()
        assert shop.of("u0") == [3, 2, 1]
        click(log, "u1", 5)
        monkeypatch.undo()
        assert shop.of("u1") == [5] and shop.seen(np.array([FAR]), ["u0"]).count.tolist() == [4]


def test_a_click_of_the_very_moment_is_not_before_it(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        shop = Shop(log)
        put(log, [("u0", 1, "click", START + 5), ("u0", 2, "click", START + 6)], "one by one", 0)
        for moment, rows in ((5, []), (6, [1]), (7, [2, 1])):
            seen = shop.seen(np.array([START + moment]), ["u0"])
            assert seen.row[0][: len(rows)].tolist() == rows and seen.count[0] == len(rows)


@pytest.mark.parametrize("rolled_up", [False, True])
def test_who_is_erased_is_in_no_later_history(tmp_path: Path, rolled_up: bool) -> None:
    """Also where nothing came after, so that the log's end has not moved, and another process did it."""
    with EventLog(tmp_path) as log, EventLog(tmp_path) as other:
        click(log, "u1", 0)
        shop = Shop(log)
        for user, product in (("u0", 1), ("u1", 2), ("u0", 3), ("u1", 4)):
            click(log, user, product)
        assert shop.of("u0") == [3, 1] and shop.of("u1") == [4, 2, 0]
        if rolled_up:
            log.rollup()
            assert shop.of("u0") == [3, 1]
        last = log.last_seq()
        erased = other.erase(Selection(user_id="u0"))
        assert erased.events == 2 and erased.scrubbed and log.last_seq() == last  # who follows hinders nobody
        assert shop.of("u0") == [] and shop.of("u1") == [4, 2, 0]
        assert "u0" not in shop.recent._logged.actions._of
        click(log, "u0", 5)
        assert shop.of("u0") == [5] and shop.of("u1") == [4, 2, 0]


def test_only_the_last_actions_are_kept_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MANY", 40)
    draw = np.random.default_rng(0)
    with EventLog(tmp_path) as log:
        shop = Shop(log)
        now = np.full(4, START + 20 * DAY_US)
        for number in range(12):
            events: list[Event] = [
                (f"u{draw.integers(2)}", int(draw.integers(7)), "click", START + int(at))
                for at in draw.integers(9, size=25)
            ]
            put(log, events, "in bulk" if number % 2 else "one by one", number)
            same(shop.seen(now), whole(log, now))
            assert len(shop.recent._logged.actions) <= 65
    assert shop.seen(now).count[:2].sum() > 200


def test_a_log_that_cannot_be_read_leaves_what_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recent, "_AGAIN_S", 0.0)
    with EventLog(tmp_path) as log:
        shop = Shop(log)
        click(log, "u0", 1)
        assert shop.of("u0") == [1]
        log.append_bulk(table([("u0", 2, "click", START)], 0))
        (file,) = [own for own in tmp_path.glob("logs/date=*/*.parquet") if "2026-03-01" in str(own)]
        whole_file = file.read_bytes()
        file.write_bytes(whole_file[:50])
        assert shop.of("u0") == [1] and "histories go without what came last" in caplog.text
        file.write_bytes(whole_file)
        assert shop.of("u0") == [1, 2]  # the other is of today


def test_threads_that_write_and_ask(tmp_path: Path) -> None:
    wrong: list[str] = []
    with EventLog(tmp_path) as log:
        shop = Shop(log, most=30)

        def visit(user: str) -> None:
            for count in range(1, 25):
                click(log, user, count % 6)
                if shop.of(user) != [own % 6 for own in range(count, 0, -1)]:
                    wrong.append(f"{user} after {count}")

        threads = [threading.Thread(target=visit, args=(f"user{at}",)) for at in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def told(events: Sequence[Event]) -> Told:
    user, product, action, time = zip(*events, strict=True)
    days = np.unique(np.array(time) // DAY_US)
    texts = [typed(*own) for own in zip(product, action, strict=True)]
    return Told([str(own) for own in user], [f"p{own}" for own in product], action, time, texts, days)


@settings(max_examples=25, deadline=None)
@given(
    early=st.lists(event, max_size=6),
    parts=st.lists(
        st.lists(event.filter(lambda own: own[0] is not None and own[2] != "impression"), min_size=1, max_size=6),
        max_size=4,
    ),
    asked=st.lists(st.integers(0, 6 * 24 * 60), min_size=4, max_size=4),
)
def test_what_was_heard_counts_as_if_it_were_in_the_log(
    tmp_path_factory: pytest.TempPathFactory, early: list[Event], parts: list[list[Event]], asked: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    now = START + np.array(asked) * 60_000_000
    heard, others = Heard(), Heard()
    with EventLog(folder) as log:
        put(log, early, "one by one", 0)
        shop = Shop(log)
        before = whole(log, now)
        others.tell(told([("u0", 1, "click", START)]))
        for part in parts:
            heard.tell(told(part))
            with hearing(heard):
                mine = shop.seen(now)
        with hearing(others):
            assert shop.seen(now).count[0] == before.count[0] + (now[0] > START)
        same(shop.seen(now), before)  # outside, nobody knows of it
        for number, part in enumerate(parts, 1):
            put(log, part, "in bulk", number)
        if parts:
            same(mine, whole(log, now))
        same(shop.seen(now), whole(log, now))  # and once it is in the log, it counts once


def test_what_nobody_hears_any_more_is_let_go(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        shop, heard = Shop(log), Heard()
        heard.tell(told([("u0", 1, "click", START)]))
        with hearing(heard):
            assert shop.of("u0") == [1]
        del heard
        assert len(shop.recent._heard) == 0 and shop.of("u0") == []
