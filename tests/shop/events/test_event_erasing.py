"""Forgotten events are gone, all others stay, and what was forgotten can be imported again."""

from __future__ import annotations

import random
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from fsync import MARK, run_traced
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.errors import EmptorError, ShopBusy
from emptor.shop import schema
from emptor.shop.events import EventLog, Selection, erasing
from emptor.shop.events.rollup import only_one

DAY = 86_400_000_000
START = 1_735_689_600_000_000  # 2025-01-01


def rows(count: int, *, seed: int, prefix: str, days: int = 5) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    return [
        {
            "event_id": f"{prefix}{number}",
            "time": START + draw.randrange(days) * DAY + draw.choice([0, 1, DAY // 2, DAY - 1]),
            "action": draw.choice(["click", "impression"]),
            "user_id": draw.choice(["ann", "bob", None]),
            "session_id": "s",
        }
        for number in range(count)
    ]


def table(given: list[dict[str, Any]]) -> pa.Table:
    return pl.DataFrame(given, schema_overrides={"user_id": pl.String}).to_arrow()


def bulk(given: list[dict[str, Any]]) -> pa.Table:
    columns = pl.DataFrame(given).with_columns(pl.col("time").cast(pl.Datetime("us", "UTC")))
    return pa.Table.from_pylist(columns.to_dicts(), schema=schema.EVENT)


def fill(log: EventLog, seed: int, *, each: int = 12, days: int = 5) -> list[dict[str, Any]]:
    """A log of all kinds: rolled up in small steps, added in bulk, and not rolled up yet; some twice."""
    early, middle, late = (rows(each, seed=seed + at, prefix=name, days=days) for at, name in enumerate("abc"))
    log.append_columns(table(early))
    log.rollup(step_rows=5)
    log.append_bulk(bulk(middle))
    log.append_columns(table(late + early[:3]))
    return early + middle + late


def chosen(event: dict[str, Any], selection: Selection) -> bool:
    return (
        (selection.user_id is None or event["user_id"] == selection.user_id)
        and (selection.since is None or event["time"] >= selection.since)
        and (selection.until is None or event["time"] < selection.until)
    )


def ids(log: EventLog) -> list[str]:
    return log.read().sort("seq").collect()["event_id"].to_list()


MOMENTS = st.one_of(st.none(), st.sampled_from([START + day * DAY + offset for day in range(6) for offset in (0, 1)]))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1_000), user=st.sampled_from([None, "ann", "nobody"]), since=MOMENTS, until=MOMENTS)
def test_what_stays_is_what_does_not_match(
    tmp_path_factory: pytest.TempPathFactory, seed: int, user: str | None, since: int | None, until: int | None
) -> None:
    try:
        selection = Selection(user, since, until)
    except EmptorError:
        assert (user, since, until) == (None, None, None) or (since is not None and until is not None)
        return
    folder = tmp_path_factory.mktemp("log")
    with EventLog(folder) as log:
        every = fill(log, seed)
        gone = [event for event in every if chosen(event, selection)]
        stay = [event["event_id"] for event in every if not chosen(event, selection)]
        told = log.matching(selection)
        assert told["events"].sum() == len(gone) and log.count() == len(every)
        assert {(str(day), action) for day, action, _ in told.rows()} == {
            (f"2025-01-{(event['time'] - START) // DAY + 1:02d}", event["action"]) for event in gone
        }
        last = log.last_seq()
        erased = log.erase(selection)
        assert erased == erasing.Erased(len(gone), True)
        assert ids(log) == stay and log.count() == len(stay) and log.pending() == 0
        assert log.last_seq() == last and log.count_after(0) == len(stay)
        assert not log.matching(selection).height and log.erase(selection).events == 0
    with EventLog(folder) as log:
        # what went can come again and what stayed is known; ids of bulk events never were
        again = [event for event in every if not event["event_id"].startswith("b")]
        assert log.append_columns(table(again)) == sum(chosen(event, selection) for event in again)
        found = log.read().filter(pl.col("seq") > last).collect()["event_id"].to_list()
        assert found == [event["event_id"] for event in again if chosen(event, selection)]
    shutil.rmtree(folder)


def test_nothing_of_it_is_left_on_the_disk(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.append([{"action": "click", "user_id": "secret-user", "product_id": f"p{at}"} for at in range(50)])
        log.append([{"action": "click", "user_id": "other", "product_id": "p"}])
        log.rollup(step_rows=20)
        log.append([{"action": "click", "user_id": "secret-user", "product_id": "later"}])
        assert log.erase(Selection("secret-user")) == erasing.Erased(51, True)
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"secret-user" in path.read_bytes()]
        assert log.count() == 1


def test_a_reader_in_the_way_is_told_and_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "_PATIENCE_S", 0.05)
    with EventLog(tmp_path) as log:
        log.append([{"action": "click", "user_id": "u"}])
        with only_one(tmp_path), pytest.raises(ShopBusy):
            log.erase(Selection("u"))
        assert log.count() == 1
        from emptor.shop.events import database

        with database.snapshot(log._path, busy_seconds=1) as reader:
            reader.execute("SELECT count(*) FROM events").fetchone()
            assert log.erase(Selection("u")) == erasing.Erased(1, False)
        assert log.count() == 0 and log.erase(Selection("u")) == erasing.Erased(0, True)


def test_a_damaged_file_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.append_columns(table([{"event_id": f"e{at}", "time": START + at * DAY, "action": "click", "user_id": "u"}
                                  for at in range(3)]))  # fmt: skip
        log.rollup()
        (file,) = (tmp_path / "logs" / "date=2025-01-02").glob("*.parquet")
        whole = file.read_bytes()
        file.write_bytes(b"rubbish")
        with pytest.raises(EmptorError, match=r"date=2025-01-02.*cannot be read"):
            log.erase(Selection("u"))
        file.write_bytes(whole)
        assert log.erase(Selection("u")).events == 2 and log.count() == 0
        assert not list((tmp_path / "logs").glob("date=*")), "days without events are no folders"


def test_a_selection_selects_something() -> None:
    with pytest.raises(EmptorError, match="which events"):
        Selection()
    with pytest.raises(EmptorError, match="--from is not before --to"):
        Selection(since=5, until=5)


ERASE = (
    MARK
    + """
import sys
from pathlib import Path
from emptor.shop.events import EventLog, Selection
log = EventLog(Path(sys.argv[1]))
mark("open")
log.erase(Selection("ann"))
mark("erased")
"""
)


def test_killed_at_every_call_and_run_again(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    with EventLog(whole) as log:
        every = fill(log, 7, each=4, days=1)
    before = [event["event_id"] for event in every]
    stay = [event["event_id"] for event in every if event["user_id"] != "ann"]

    def one_moment(at: int) -> bool:
        """Killed at one call; returns whether it came to its end before."""
        shop = Path(shutil.copytree(whole, tmp_path / f"shop{at}"))
        calls = run_traced([sys.executable, "-c", ERASE, str(shop)], kill_at=at)
        with EventLog(shop) as log:
            left = ids(log)
            assert [own for own in left if own in stay] == stay and set(left) <= set(before)
            log.erase(Selection("ann"))
            assert ids(log) == stay and log.count() == len(stay)
            assert log.append_columns(table([own for own in every if own["event_id"][0] != "b"])) == sum(
                own["event_id"][0] != "b" and own["user_id"] == "ann" for own in every
            ), "no id outlives its event"
        assert not list((shop / "logs").glob("*/.*"))
        return ("mark", "erased") in calls

    with ThreadPoolExecutor(2) as pool:
        done, at = False, 1
        while not done:
            done = any(pool.map(one_moment, range(at, at + 8)))
            at += 8
    assert at > 20


def test_a_file_is_whole_on_the_disk_before_it_takes_the_old_ones_place(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        fill(log, 7)
    calls = run_traced([sys.executable, "-c", ERASE, str(tmp_path)])
    rewritten = {path.replace("/.rewritten-events-", "/events-").removesuffix(".tmp"): at
                 for at, (name, path) in enumerate(calls) if name == "fsync" and "/.rewritten-" in path}  # fmt: skip
    assert len(rewritten) >= 5
    between: list[str] = []
    for path, flushed in rewritten.items():
        renamed = calls.index(("rename", path), flushed)
        between += [path for _, path in calls[flushed + 1 : renamed]]
        assert calls[renamed + 1] == ("fsync", str(Path(path).parent))
    assert len(between) >= 3 and {Path(path).name for path in between} == {"events.sqlite-wal"}, "the ids go first"
