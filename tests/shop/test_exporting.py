"""An export read again gives the products that were exported, whatever they hold."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emptor.errors import EmptorError
from emptor.shop.exporting import write_products
from emptor.shop.importing import read_products
from emptor.shop.importing.text import NULLS, clean_line, clean_text
from emptor.shop.schema import PRODUCT
from tests.shop.importing.whole import read_all

SUFFIXES = [".parquet", ".jsonl", ".jsonl.gz", ".csv", ".csv.gz"]

RAW = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from([*'<>&;/|\\",#\n\t ', "&lt;", "&amp;amp;", "<b>", "nan", "12", "é", "商", "👩‍🚀"]),
        max_size=8,
    ).map("".join),
)
LINE = RAW.map(clean_line)
VALUE = LINE.filter(lambda text: text not in NULLS)
NAME = RAW.map(lambda text: clean_line(text, decode=False)).filter(bool)
IDENTIFIER = RAW.map(lambda text: re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", "", text).strip()).filter(
    lambda text: text not in NULLS
)
PRODUCTS = st.fixed_dictionaries(
    {
        "product_id": IDENTIFIER,
        "title": st.none() | LINE.filter(bool),
        "description": st.none() | RAW.map(clean_text).filter(lambda text: text not in NULLS),
        "category": st.none() | st.lists(VALUE, min_size=1, max_size=10),
        "brand": st.none() | VALUE,
        "attributes": st.none()
        | st.dictionaries(NAME, st.lists(VALUE, min_size=1, max_size=3), min_size=1, max_size=4),
        "price": st.none() | st.floats(0, 1e12).map(abs),
        "currency": st.none() | st.sampled_from(["USD", "EUR"]),
        "image": st.none() | IDENTIFIER,
        "image_file": st.none() | st.just("0" * 40 + ".jpg"),
        "seller_id": st.none() | IDENTIFIER,
        "listed_at": st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
        "in_stock": st.booleans(),
    }
)


def batch(products: list[dict]) -> pa.RecordBatch:
    rows = [
        product | {"attributes": product["attributes"] and list(product["attributes"].items())} for product in products
    ]
    return pa.RecordBatch.from_pylist(rows, PRODUCT)


def product(**fields) -> dict:
    return dict.fromkeys(PRODUCT.names) | {"product_id": "1", "in_stock": True} | fields


TRAPS = [
    product(
        title="&lt;b&gt;",
        description="&amp;lt; a < b",
        category=["a/b", "c > d", "e|f", "g\\", "\\/"],
        brand="R&B",
    ),
    product(title="nan", category=["\\"], attributes={"a\\b": ["&copy", "x"], "none": ["0"]}, price=1e-300),
    product(title='7" screen', description='a\n\n"b"\n,c', product_id='"x", y', image="a&copy=1", price=1e12),
    product(description="&\n" * 900 + "&amp;lt;\n" * 900 + "end", seller_id="=cmd()"),
]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_reading_an_export_gives_the_products(suffix, tmp_path):
    path = tmp_path / f"out{suffix}"

    @settings(max_examples=60, deadline=None)
    @given(st.lists(PRODUCTS, max_size=4))
    @example(TRAPS)
    def check(products):
        assert write_products([batch(products[:2]), batch(products[2:])], path) == len(products)
        if not products and ".jsonl" in suffix:
            assert list(read_products(path)) == []
            return
        reading = read_all(path)
        assert reading.faults == []
        assert reading.products == [product | {"image_file": None} for product in products]
        assert reading.file.mapping.attributes == {}

    check()


def test_an_export_of_what_was_read_stays_the_same_file(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("id,title,category,price\n1,Tom &amp; Jerry,A > B,$5\n2,x,,\n")
    files = [tmp_path / f"{i}.jsonl" for i in range(2)]
    for start, end in zip([source, *files], files, strict=False):
        write_products((found.products for found in read_products(start)), end)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert b"Tom & Jerry" in files[0].read_bytes()


def test_the_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("before")

    def broken():
        yield batch([product()])
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_products(broken(), path)
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


def test_it_is_flushed_before_it_is_named(tmp_path, monkeypatch):
    events: list[str] = []
    monkeypatch.setattr("emptor.shop.exporting.fsync_file", lambda path: events.append("file"))
    monkeypatch.setattr("emptor.shop.exporting.fsync_folder", lambda path: events.append("folder"))
    rename = Path.replace
    monkeypatch.setattr(Path, "replace", lambda a, b: (events.append("rename"), rename(a, b))[1])
    write_products([batch([product()])], tmp_path / "out.csv")
    assert events == ["file", "rename", "folder"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("out.xls", r"expected \.parquet"),
        ("out", "expected"),
        ("no/where.csv", "cannot write"),
        ("", "expected"),
    ],
)
def test_where_nothing_can_be_written(tmp_path, name, says):
    with pytest.raises(EmptorError, match=says):
        write_products([batch([product()])], tmp_path / name)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_a_product_too_long_for_a_line_is_sent_to_parquet(tmp_path, suffix):
    long = product(attributes={"a": ["x" * 2000] * 500}, description="商" * 100_000)
    with pytest.raises(EmptorError, match=r"\.parquet"):
        write_products([batch([long])], tmp_path / f"out{suffix}")
    write_products([batch([long])], tmp_path / "out.parquet")
    assert read_all(tmp_path / "out.parquet").only == long


def test_texts_are_in_the_form_that_reading_leaves():
    for trap in TRAPS:
        for text in (trap["title"], trap["description"]):
            assert text is None or unicodedata.is_normalized("NFC", text)
