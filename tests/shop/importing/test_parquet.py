"""Parquet: types of every kind, pictures inside, and files that are damaged."""

import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emptor.errors import EmptorError
from tests.shop.importing.whole import Reading, read_all

JPEG = b"\xff\xd8\xff\xe0 not quite"


@pytest.fixture
def read_table(tmp_path: Path):
    def write_and_read(table: pa.Table | dict, **options) -> Reading:
        path = tmp_path / "shop.parquet"
        pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), path)
        return read_all(path, **options)

    return write_and_read


def test_columns_of_many_types(read_table):
    day = datetime.datetime(2024, 5, 31, tzinfo=datetime.UTC)
    product = read_table(
        {
            "product_id": pa.array([123.0]),
            "title": pa.array([b"bytes as text"], pa.binary()),
            "category": pa.array([["A", "B/C"]]),
            "listed_at": pa.array([day], pa.timestamp("ns", "UTC")),
            "price": pa.array([12], pa.decimal128(10, 2)),
            "in_stock": pa.array([0], pa.int8()),
            "specs": pa.array([{"weight": 2.0, "made": datetime.date(2020, 1, 1)}]),
            "tags": pa.array(["a"]).dictionary_encode(),
        }
    ).only
    assert (product["product_id"], product["title"], product["category"]) == (
        "123",
        "bytes as text",
        ["A", "B/C"],
    )
    assert (product["listed_at"], product["price"], product["in_stock"]) == (day, 12.0, False)
    assert product["attributes"] == {"specs.weight": ["2"], "specs.made": ["2020-01-01"], "tags": ["a"]}


def test_attribute_maps(read_table):
    kind = pa.map_(pa.string(), pa.list_(pa.string()))
    table = {
        "id": ["1", "2"],
        "attributes": pa.array([[("color", ["red", "blue"]), ("empty", [])], None], kind),
    }
    assert [p["attributes"] for p in read_table(table).products] == [{"color": ["red", "blue"]}, None]


def test_pictures(read_table):
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    reading = read_table({"id": ["1", "2"], "image": pa.array([{"bytes": JPEG, "path": "a.jpg"}, None], kind)})
    assert reading.pictures == [JPEG, None]
    assert [p["image"] for p in reading.products] == ["a.jpg", None]
    reading = read_table({"id": ["1", "2", "3"], "picture": pa.array([JPEG, b"http://x/a.jpg", b"\x00\x01"])})
    assert reading.pictures == [JPEG, None, b"\x00\x01"]
    assert [p["image"] for p in reading.products] == [None, "http://x/a.jpg", None]


def test_heavy_rows_come_in_small_batches(tmp_path):
    path = tmp_path / "shop.parquet"
    pictures = [JPEG + bytes([i % 256]) * 3_000_000 for i in range(20)]
    pq.write_table(pa.table({"id": [str(i) for i in range(20)], "image": pictures}), path, compression="none")
    reading = read_all(path)
    assert reading.pictures == pictures and len(reading.bytes_read) >= 4


def test_values_that_python_cannot_hold_cost_their_rows(read_table):
    table = pa.table(
        {
            "id": ["1", "2", "3"],
            "listed_at": pa.array([0, 2**60, 5], pa.timestamp("us")),
            "title": pa.Array.from_buffers(
                pa.string(),
                3,
                [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"ab\xff")],
            ),
        }
    )
    reading = read_table(table)
    assert reading.ids == ["1"]
    assert [(f.line, f.field) for f in reading.faults] == [(2, "listed_at"), (3, "title")]


@pytest.mark.parametrize("cut", [5, 100, -30])
def test_damaged_files_are_refused(tmp_path, cut):
    path = tmp_path / "shop.parquet"
    pq.write_table(pa.table({"id": ["1"]}), path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(EmptorError, match="Parquet"):
        read_all(path)


def test_damage_in_the_middle_keeps_what_was_read(tmp_path):
    path = tmp_path / "shop.parquet"
    ids = [str(i) for i in range(4000)]
    pq.write_table(pa.table({"id": ids}), path, row_group_size=1000, use_dictionary=False, compression="zstd")
    start = pq.ParquetFile(path).metadata.row_group(2).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[start + 5 : start + 400] = b"\xff" * 395
    path.write_bytes(content)
    reading = read_all(path, batch_rows=500)
    assert reading.ids == ids[: len(reading.ids)] and len(reading.ids) <= 2000
    assert [(f.line, f.field) for f in reading.faults] == [(len(reading.ids) + 1, "row")]


def test_repeated_column_names_are_refused(read_table):
    with pytest.raises(EmptorError, match="repeats the name 'id'"):
        read_table(pa.table([pa.array(["1"]), pa.array(["2"])], names=["id", "id"]))


def test_no_rows(read_table):
    reading = read_table({"id": pa.array([], pa.string())})
    assert (reading.products, reading.faults) == ([], [])
