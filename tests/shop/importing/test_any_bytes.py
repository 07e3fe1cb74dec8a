"""Whatever bytes a file holds, reading ends in products and faults, or in one sentence."""

import csv
import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.errors import EmptorError
from tests.shop.importing.whole import Reading, read_all

CSV_PIECES = [
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b"a",
    b"1",
    b" ",
    b"\0",
    b"\xff",
    b"\xe4\xbd\xa0",
    b"&lt;",
    b"<b>",
]
CELLS = st.lists(st.sampled_from(CSV_PIECES)).map(b"".join)
JSON_PIECES = [
    b"{", b"}", b"[", b"]", b'"id"', b'"title"', b'"a"', b":", b",", b"1", b"1e999", b"null", b"NaN", b"\n",
    b'"\\ud800"', b'"attributes"', b'{"id": 1}', b'{"id": "x", "price": "y"}\n', b"\xff", b"\0", b" ",
]  # fmt: skip
JSON = st.lists(st.sampled_from(JSON_PIECES)).map(b"".join)


def read_bytes(content: bytes, name: str) -> Reading | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            reading = read_all(path, batch_rows=3)
        except EmptorError as error:
            assert "\n" not in str(error)
            return None
    for fault in reading.faults:
        assert fault.found.isprintable() and len(fault.found) <= 200
        assert fault.line >= 1
    return reading


@pytest.mark.parametrize("name", ["s.csv", "s.tsv", "s.jsonl", "s.parquet", "s.csv.gz"])
def test_any_bytes(name):
    @settings(deadline=None)
    @given(st.binary(max_size=300))
    def check(content):
        read_bytes(content, name)
        read_bytes(gzip.compress(content)[: max(1, len(content))], name)
        read_bytes(b"PAR1" + content + b"PAR1", name)

    check()


@settings(deadline=None)
@given(CELLS)
def test_any_csv_body(cells):
    reading = read_bytes(b"id,title\n" + cells, "s.csv")
    if reading is None:  # taken for a binary file as a whole
        return
    reported = {fault.line for fault in reading.faults}
    assert reported.isdisjoint(reading.lines)
    written = {number for number, line in enumerate(cells.splitlines(), 2) if line.strip(b" ")}
    assert reported | set(reading.lines) <= written
    if b'"' not in cells:
        assert reported | set(reading.lines) == written


TITLES = st.text(alphabet="ab\",;' 你", max_size=6)


@settings(deadline=None)
@given(st.lists(TITLES, max_size=12), st.integers(0, 12))
def test_one_open_quote_costs_one_line(titles, place):
    """Around a quote left open, every row of a file stays the row that it was."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["id", "title"])
    place = min(place, len(titles))
    for number, title in enumerate(titles):
        if number == place:
            out.write('bad,"open\r\n')
        writer.writerow([f"r{number}", title])
    if place == len(titles):
        out.write('bad,"open\r\n')
    reading = read_bytes(out.getvalue().encode(), "s.csv")
    assert reading is not None
    assert [fault.line for fault in reading.faults] == [place + 2]
    assert [(p["product_id"], p["title"] or "") for p in reading.products] == [
        (f"r{number}", title.strip()) for number, title in enumerate(titles)
    ]


@settings(deadline=None)
@given(JSON)
def test_any_jsonl(content):
    reading = read_bytes(content, "s.jsonl")
    if reading is not None:
        reported = {fault.line for fault in reading.faults}
        written = {n for n, line in enumerate(content.split(b"\n"), 1) if line.strip(b" ")}
        assert reported.isdisjoint(reading.lines)
        assert reported | set(reading.lines) == written
