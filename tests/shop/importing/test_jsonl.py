"""JSON lines: keys that come and go, nesting, and lines that are no records."""

import json

import pytest

from emptor.errors import EmptorError


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_fields_attributes_and_paths(read):
    product = read(
        lines(
            {
                "product_id": 17,
                "title": "Sofa",
                "category": ["Home", "Living > Room"],
                "price": 12.5,
                "in_stock": False,
                "attributes": {
                    "color": ["red", "blue"],
                    "seats": 3,
                    "washable": True,
                    "depth": None,
                    "w": 1.5,
                },
                "listed_at": "2024-05-31",
            }
        ),
        "shop.jsonl",
    ).only
    assert product["product_id"] == "17"
    assert product["category"] == ["Home", "Living > Room"]
    assert product["attributes"] == {
        "color": ["red", "blue"],
        "seats": ["3"],
        "washable": ["true"],
        "w": ["1.5"],
    }
    assert (product["in_stock"], product["listed_at"].isoformat()) == (False, "2024-05-31T00:00:00+00:00")


def test_nested_objects_become_columns_one_level_deep(read):
    reading = read(lines({"id": "1", "product": {"title": "T", "specs": {"w": 1}}, "tags": ["a", "b"]}), "s.ndjson")
    assert reading.only["title"] == "T"
    assert reading.only["attributes"] == {"product.specs": ['{"w": 1}'], "tags": ["a", "b"]}


def test_an_attributes_object_by_another_name(read):
    reading = read(lines({"id": "1", "specs": {"w": 1}}), "s.jsonl", maps={"attributes": ["specs"]})
    assert reading.only["attributes"] == {"w": ["1"]}


def test_late_keys_are_taken_up(read):
    records = [{"id": "1"}, {"id": "2", "title": "late"}, {"id": "3", "name": "other", "Color": "red"}]
    reading = read(lines(*records), "s.jsonl", batch_rows=1)
    assert [p["title"] for p in reading.products] == [None, "late", None]
    assert reading.products[2]["attributes"] == {"name": ["other"], "color": ["red"]}


def test_late_id_key(read):
    assert read("[]\n" + lines({"sku": "1"}), "s.jsonl", batch_rows=1).ids == ["1"]


def test_what_is_no_object_costs_its_line(read):
    content = (
        lines({"id": "1"})
        + '[1]\n"x"\n{"id": \n\n'
        + lines({"id": "2"})
        + '{"id": "\xe9"}'.encode("latin-1").decode("utf-8", "surrogateescape")
    )
    reading = read(content.encode("utf-8", "surrogateescape"), "s.jsonl")
    assert (reading.ids, reading.lines) == (["1", "2"], [1, 6])
    assert [f.line for f in reading.faults] == [2, 3, 4, 7]
    assert "UTF-8" in reading.faults[-1].expected


def test_what_python_writes_is_read(read):
    content = '{"id": 123456789012345678901234567890, "price": NaN, "title": "a\\ud800b"}\n'
    product = read(content, "s.jsonl").only
    assert (product["product_id"], product["price"], product["title"]) == (
        "1" * 0 + "123456789012345678901234567890",
        None,
        "a b",
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"id": ' + "[" * 100_000,
        '{"id": "1", "x": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"id": ' + "9" * 10_000 + "}",
    ],
)
def test_deep_and_long_values_are_faults(read, line):
    reading = read(line + "\n" + lines({"id": "2"}), "s.jsonl")
    assert reading.ids == ["2"] and reading.faults[0].line == 1


def test_a_line_above_the_bound(read):
    reading = read(lines({"id": "1", "title": "x" * 2_000_000}, {"id": "2"}), "s.jsonl.gz")
    assert (reading.ids, reading.lines) == (["2"], [2])
    assert [(f.line, f.expected) for f in reading.faults] == [(1, "a line of at most 1 MiB")]


def test_very_many_keys_do_not_grow_the_mapping(read):
    records = [{"id": str(i), **{f"k{i}_{j}": "v" for j in range(50)}} for i in range(400)]
    reading = read(lines(*records), "s.jsonl", batch_rows=100)
    assert len(reading.products) == 400
    assert reading.products[-1]["attributes"]["k399_49"] == ["v"]
    assert len(reading.file.mapping.attributes) < 10_000


def test_unknown_mapped_key(read):
    with pytest.raises(EmptorError, match="no column 'nmae'"):
        read(lines({"id": "1"}), "s.jsonl", maps={"title": ["nmae"]})


def test_empty_file_is_no_products(read):
    reading = read("", "s.jsonl")
    assert (reading.products, reading.faults, reading.file.columns) == ([], [], [])


def test_cut_off_gzip(tmp_path):
    import gzip

    from tests.shop.importing.whole import read_all

    path = tmp_path / "s.jsonl.gz"
    data = gzip.compress(b"".join(b'{"id": "%d", "title": "t%d"}\n' % (i, i * i) for i in range(5000)))
    path.write_bytes(data[:-2000])
    reading = read_all(path)
    assert reading.ids == [str(i) for i in range(len(reading.ids))] and len(reading.ids) > 100
    assert [f.line for f in reading.faults] == [len(reading.ids) + 1]
