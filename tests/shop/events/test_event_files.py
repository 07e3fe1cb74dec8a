"""Importing and exporting files: every format, bad rows, stopped and repeated imports."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emptor.errors import EmptorError
from emptor.shop import schema
from emptor.shop.events import EventLog, ImportCounts, export_events, import_events, importing
from emptor.shop.events.sources import MAX_LINE

Lines = Callable[[str, Any], Path]
TIME = "2025-02-03T04:05:06.789Z"


class Quarantine(list[tuple[int, str, str, str]]):
    def __call__(self, line: int, field: str, found: str, expected: str) -> None:
        self.append((line, field, found, expected))


def event(number: int, **fields: Any) -> dict[str, Any]:
    return {"action": "click", "user_id": f"u{number}", "time": TIME, "position": number, **fields}


def load(log: EventLog, path: Path, **options: Any) -> tuple[ImportCounts, Quarantine]:
    quarantine = Quarantine()
    return import_events(log, path, quarantine=quarantine, **options), quarantine


def test_bad_lines_go_to_quarantine_and_the_rest_goes_on(log: EventLog, write_lines: Lines) -> None:
    lines = [
        "\ufeff" + json.dumps(event(1)),
        "",
        "{not json}",
        "[1, 2]",
        json.dumps(event(2, action="CLICK")),
        json.dumps(event(3)) + " " * (2 * MAX_LINE + 17),
        '{"action": "click", "user_id": "u", "time": "2025-01-01", "price": NaN}',
        "[" * 100_000,
        '{"position": 1' + "0" * 5_000 + "}",
        json.dumps(event(4)),
        json.dumps({"action": "click", "user_id": "u"}),
        json.dumps(event(5, user_id="\ud83d")),
        '{"cut": ',
    ]
    path = write_lines("events.jsonl", lines)
    with path.open("ab") as file:
        file.write(b'{"action": "\xff"}\n' + json.dumps(event(6)).encode())  # no newline at the end
    counts, quarantine = load(log, path)
    assert (counts.stored, counts.quarantined) == (3, len(quarantine))
    assert [(line, field) for line, field, _, _ in quarantine] == [
        (3, "line"), (4, "line"), (5, "action"), (6, "line"), (7, "line"), (8, "line"), (9, "line"), (11,
        "time"), (12, "user_id"), (13, "line"), (14, "line"),
    ]  # fmt: skip
    assert all(len(found) <= 80 and expected for _, _, found, expected in quarantine)
    assert sorted(log.read().collect()["position"].to_list()) == [1, 4, 6]


def test_repeating_a_file_stores_nothing_and_identical_events_in_it_all_stay(log: EventLog, write_lines: Lines) -> None:
    events = [event(1), event(2), event(1), event(1)]
    path = write_lines("a.jsonl", events)
    assert load(log, path)[0] == ImportCounts(4, 0, 0)
    assert load(log, path)[0] == ImportCounts(0, 4, 0)
    grown = write_lines("b.jsonl", [*events, event(1), event(3)])
    assert load(log, grown, batch_rows=2)[0] == ImportCounts(2, 4, 0)


def test_one_event_has_one_identity_in_every_format(log: EventLog, write_lines: Lines, tmp_path: Path) -> None:
    with_id = [event(i, event_id=f"e{i}", price=1.5, explored=True, note="é") for i in range(20)]
    jsonl = write_lines("a.jsonl", with_id)
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(jsonl.read_bytes()))
    for name, delimiter in (("a.csv", ","), ("a.tsv", "\t")):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(with_id[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows({**row, "explored": "true"} for row in with_id)
    pq.write_table(pa.Table.from_pylist(with_id), tmp_path / "a.parquet")
    rows = []
    for number, name in enumerate(["a.jsonl", "a.jsonl.gz", "a.csv", "a.tsv", "a.parquet"]):
        counts, quarantine = load(log, tmp_path / name)
        assert (counts.stored, counts.duplicate) == ((20, 0) if number == 0 else (0, 20)), quarantine
        with EventLog(_folder(tmp_path / f"shop{number}")) as other:
            load(other, tmp_path / name)
            rows.append(other.read().collect())
    assert all(frame.equals(rows[0]) for frame in rows)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl", "out.ubi.jsonl"])
def test_what_is_exported_imports_as_the_same_events(tmp_path: Path, name: str, write_lines: Lines) -> None:
    documents = [
        event(1, colour="red", big=10**25),
        {"action_name": "Add To Cart", "timestamp": "2025-01-01", "client_id": "c", "message": None},
        {"user_query": "socks", "query_id": "q"},
        event(2, event_id="own", client_time=TIME, price=0.1, extra={"a": {"b": [1, 1.0, True]}}),
    ]
    with EventLog(_folder(tmp_path / "one")) as one, EventLog(_folder(tmp_path / "two")) as two:
        load(one, write_lines("in.jsonl", documents))
        one.append([{"action": "purchase", "session_id": "s", "quantity": 2, "propensity": 0.5, "explored": True}])
        one.rollup()
        one.append([{"action": "query", "session_id": "s", "query": "now", "scenario": "search", "price": 1}])
        assert export_events(one, tmp_path / name) == 6
        counts, quarantine = load(two, tmp_path / name)
        assert counts == ImportCounts(6, 0, 0), quarantine
        assert export_events(two, tmp_path / f"again-{name}") == 6
        before, after = (log.read().sort("seq").collect() for log in (one, two))
        if name == "out.ubi.jsonl":  # documents that came without an id or a time go without
            assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()
        else:
            assert before.equals(after)
    assert not list(tmp_path.glob(".*.tmp"))


def test_an_export_writes_exactly_the_schema(log: EventLog, tmp_path: Path) -> None:
    assert export_events(log, tmp_path / "empty.parquet") == 0
    assert pq.read_schema(tmp_path / "empty.parquet") == schema.EVENT


def test_a_failed_export_leaves_the_old_file(log: EventLog, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("old")
    log.append([{"action": "click", "user_id": "u"}])
    log.rollup()
    next((tmp_path / "logs").glob("*/*.parquet")).write_bytes(b"PAR1 broken")
    with pytest.raises(EmptorError, match="cannot be read"):
        export_events(log, target)
    assert target.read_text() == "old"
    assert not list(tmp_path.glob(".*.tmp"))
    with pytest.raises(EmptorError, match="cannot be written"):
        export_events(log, tmp_path / "none" / "out.jsonl")
    with pytest.raises(EmptorError, match="suffix"):
        export_events(log, tmp_path / "out.xml")


def test_columns_may_have_other_names(log: EventLog, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("visitor,what,when,sku,user_id\nv1,click,1735689600,p1,x\n")
    with pytest.raises(EmptorError, match=r"found the columns visitor, what, when, sku.*expected one named action"):
        load(log, path)
    names = {"session_id": "visitor", "action": "what", "time": "when", "product_id": "sku"}
    assert load(log, path, columns=names)[0].stored == 1
    row = log.read().collect().row(0, named=True)
    assert (row["session_id"], row["product_id"], row["user_id"]) == ("v1", "p1", "x")


def test_odd_csv(log: EventLog, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    good = b"click,u,2025-01-01,3\n"
    path.write_bytes(
        b"\xef\xbb\xbfaction,user_id,time,position\n" + good
        + b"click,u\n" + b"click,\xff,2025-01-01,1\n" + b'click,"a\nb",2025-01-01,1\n'
        + b"click," + b"x" * 200_000 + b",2025-01-01,1\n"
        + b"click," + b"y" * (2 * MAX_LINE) + b",2025-01-01,1\n"
        + b"click,u,2025-01-01,nan\n" + b"click,u,2025-01-01,1e400\n" + b"click,u,2025-01-01,2.5\n\n"
        + good + b'"click,u,2025-01-01,3\n'
    )  # fmt: skip
    counts, quarantine = load(log, path)
    assert counts.stored == 2
    assert [field for _, field, _, _ in quarantine] == [
        "line", "user_id", "user_id", "line", "line", "position", "position", "position", "line",
    ]  # fmt: skip
    for text, message in (("", "empty"), ("action,action,user_id,time\n", "twice")):
        path.write_text(text)
        with pytest.raises(EmptorError, match=message):
            load(log, path)


def test_a_cut_gzip_stores_what_it_holds_and_says_so(log: EventLog, tmp_path: Path) -> None:
    rng = random.Random(1)
    lines = [json.dumps(event(i, note=f"{rng.random()}")) + "\n" for i in range(3_000)]
    path = tmp_path / "a.jsonl.gz"
    whole = gzip.compress("".join(lines).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EmptorError, match=r"a\.jsonl\.gz: is damaged or cut short after line"):
        load(log, path)
    held = log.count()
    assert 1_000 < held < 2_000
    path.write_bytes(whole)
    assert load(log, path)[0] == ImportCounts(3_000 - held, held, 0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", b"PAR1 this is no parquet PAR1"),
        ("a.jsonl.gz", b"no gzip"),
        ("a.csv", b"\x00\x01\x02"),
        ("a.xml", b"<a/>"),
        ("a", b"x"),
    ],
)
def test_files_that_are_not_what_they_say(log: EventLog, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EmptorError, match=name):
        load(log, tmp_path / name)
    with pytest.raises(EmptorError, match="format"):
        load(log, tmp_path / name, format="xml")
    with pytest.raises(EmptorError, match="cannot be opened"):
        load(log, tmp_path / "missing.jsonl")


def test_parquet_of_other_types(log: EventLog, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table(
        {
            "action": pa.array(["click", "click"]).dictionary_encode(),
            "user_id": pa.array([1, 2], pa.int64()),
            "time": pa.array([1_735_689_600_123_456_789] * 2, pa.timestamp("ns")),
            "position": pa.array([0.0, None]),
            "seen": pa.array([None, 1_735_689_600_000], pa.timestamp("ms")),
            "tags": [["a"], []],
        }
    )
    pq.write_table(table, path)
    counts, quarantine = load(log, path)
    assert counts == ImportCounts(2, 0, 0), quarantine
    rows = log.read().collect().to_dicts()
    assert [row["user_id"] for row in rows] == ["1", "2"]
    assert rows[0]["time"].microsecond == 123_456
    assert json.loads(rows[1]["extra"]) == {"seen": "2025-01-01T00:00:00", "tags": []}


def test_ubi_only_refuses_other_documents(log: EventLog, write_lines: Lines) -> None:
    path = write_lines("a.jsonl", [event(1), {"user_query": "q"}])
    counts, quarantine = load(log, path, format="ubi")
    assert counts == ImportCounts(1, 0, 1)
    assert quarantine[0][:2] == (1, "action_name")


def test_a_long_import_rolls_up_and_tells_its_progress(
    log: EventLog, write_lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROLL_UP_ROWS", 40)
    path = write_lines("a.jsonl", [event(i) for i in range(100)])
    told: list[int] = []
    assert load(log, path, batch_rows=10, progress=told.append)[0].stored == 100
    assert told == sorted(told)
    assert told[-1] == path.stat().st_size
    assert log.pending() == 20
    assert log.count() == 100
    assert load(log, path)[0].duplicate == 100


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.binary(max_size=60)
        | st.builds(lambda n: json.dumps(event(n)).encode(), st.integers(0, 3))
        | st.just(b'{"user_query":"q"}'),
        max_size=8,
    ),
    st.sampled_from(["a.jsonl", "a.csv", "a.tsv", "a.jsonl.gz", "a.parquet"]),
)
def test_any_bytes_are_imported_quarantined_or_told(tmp_path: Path, lines: list[bytes], name: str) -> None:
    path = tmp_path / name
    head = b"action,user_id,time\n" if name == "a.csv" else b""
    path.write_bytes(head + b"\n".join(lines))
    with EventLog(tmp_path) as log:
        try:
            counts, quarantine = load(log, path)
        except EmptorError as error:
            assert name in str(error)
            return
        assert counts.quarantined == len(quarantine)
        again, _ = load(log, path)
        assert (again.stored, again.duplicate) == (0, counts.stored + counts.duplicate)
