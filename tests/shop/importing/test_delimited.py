"""CSV and TSV: what is tolerated, what costs one record, and what never costs more."""

import gzip
import random
import time
import tracemalloc

import pytest

from emptor.errors import EmptorError
from tests.shop.importing.whole import read_all


def test_reads_csv_with_byte_order_mark_crlf_and_quotes(read):
    reading = read('\ufeffsku,name\r\n1,"a ""b"", c"\r\n2,"two\r\nlines"\r\n')
    assert [(p["product_id"], p["title"]) for p in reading.products] == [
        ("1", 'a "b", c'),
        ("2", "two lines"),
    ]
    assert reading.lines == [2, 3] and not reading.faults


@pytest.mark.parametrize("name", ["shop.tsv", "shop.csv"])
def test_tabs_separate_in_tsv_and_where_a_csv_has_nothing_else(read, name):
    assert read("id\ttitle\n1\tsofa, red\n", name).only["title"] == "sofa, red"


def test_semicolons_separate_where_the_header_has_no_comma(read):
    assert read("id;price\n1;12,50\n").only["price"] == 12.5


def test_old_mac_line_ends(read):
    assert read("id,title\r1,a\r2,b\r").ids == ["1", "2"]


def test_blank_lines_count_as_lines_but_not_as_records(read):
    reading = read("\n\nid,title\n\n1,a\n   \n2,b\n")
    assert (reading.ids, reading.lines, reading.faults) == (["1", "2"], [5, 7], [])


def test_wrong_number_of_columns_costs_that_row(read):
    reading = read("id,title,brand\n1,a,b\n2,a\n3,a,b,c\n4,a,b\n")
    assert reading.ids == ["1", "4"]
    assert [(f.line, f.field, f.found[:10]) for f in reading.faults] == [
        (3, "row", "'2 columns"),
        (4, "row", "'4 columns"),
    ]
    assert "3 columns" in reading.faults[0].expected


def test_invalid_utf8_and_nul_cost_their_rows(read):
    reading = read(b"id,title\n1,ok\n2,caf\xe9\n3,a\0b\n4,\xc3\xa9t\xc3\xa9\n")
    assert [(p["product_id"], p["title"]) for p in reading.products] == [("1", "ok"), ("4", "été")]
    assert [(f.line, f.field) for f in reading.faults] == [(3, "title"), (4, "title")]
    assert "UTF-8" in reading.faults[0].expected and "\\udce9" in reading.faults[0].found
    assert "NUL" in reading.faults[1].expected


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ('7" screen', '7" screen'),
        ('"abc"d', "abcd"),
        ('the "big" one', 'the "big" one'),
        ('"7"" screen"', '7" screen'),
    ],
)
def test_stray_quotes_are_text(read, cell, title):
    reading = read(f"id,title,brand\n0,x,y\n1,{cell},z\n2,x,y\n")
    assert reading.ids == ["0", "1", "2"]
    assert reading.products[1]["title"] == title


def test_quote_open_to_the_end_costs_one_line(read):
    rows = "".join(f"{i},t{i},b\n" for i in range(3000))
    reading = read("id,title,brand\na,x,y\nbad," + '"never closed,y\n' + rows)
    assert reading.ids == ["a"] + [str(i) for i in range(3000)]
    assert [(f.line, f.field) for f in reading.faults] == [(3, "row")]
    assert reading.lines[1] == 4 and reading.lines[-1] == 3003


def test_quote_closed_by_a_later_quote_costs_one_line(read):
    reading = read('id,title\n1,a\n2,"open\n3,c\n4,"d"\n5,e\n')
    assert (reading.ids, [f.line for f in reading.faults]) == (["1", "3", "4", "5"], [3])


def test_quote_closed_late_into_the_wrong_width_costs_one_line(read):
    reading = read('id,title\n1,a\n2,"open\n3,c\n4,d",x,y\n5,e\n')
    assert (reading.ids, [f.line for f in reading.faults]) == (["1", "3", "5"], [3, 5])


def test_a_record_of_many_lines_is_whole(read):
    text = "\n".join(f"line {i}" for i in range(900))
    reading = read(f'id,description\n1,"{text}"\n2,x\n')
    assert reading.products[0]["description"] == text
    assert reading.lines == [2, 902]


def test_a_record_of_too_many_lines_is_not(read):
    text = "\n".join("x" for _ in range(1500))
    reading = read(f'id,description\n1,"{text}"\n2,x\n')
    assert reading.ids == ["2"]
    assert len(reading.faults) == 1500


def test_many_open_quotes_do_not_take_quadratic_time(read):
    lines = 30_000
    start = time.perf_counter()
    reading = read("id,title,brand\n" + '7" x,"abc\n' * lines)
    assert time.perf_counter() - start < 10
    assert len(reading.faults) == lines and not reading.products


def test_a_line_above_the_bound_costs_itself(read):
    reading = read("id,title\n1,a\n2," + "x" * 3_000_000 + "\n3,c\n")
    assert (reading.ids, reading.lines) == (["1", "3"], [2, 4])
    assert [(f.line, f.expected) for f in reading.faults] == [(3, "a line of at most 1 MiB")]
    assert len(reading.faults[0].found) <= 200


def test_a_huge_line_is_never_held(tmp_path):
    path = tmp_path / "shop.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"id,title\n1,")
        for _ in range(200):
            file.write(b"x" * (1 << 20))
        file.write(b"\r\n2,b\n")
    tracemalloc.start()
    reading = read_all(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (reading.ids, reading.lines, [f.line for f in reading.faults]) == (["2"], [3], [2])
    assert peak < 16 << 20


def test_cut_off_gzip_keeps_what_was_there(tmp_path):
    path = tmp_path / "shop.csv.gz"
    random.seed(7)
    rows = "".join(f"{i},title {random.random()}\n" for i in range(5000))
    path.write_bytes(gzip.compress(f"id,title\n{rows}".encode())[:-4000])
    reading = read_all(path)
    assert 1000 < len(reading.ids) < 5000
    assert reading.ids == [str(i) for i in range(len(reading.ids))]
    assert [(f.line, f.found) for f in reading.faults] == [
        (len(reading.ids) + 2, "'file ends inside the compressed stream'")
    ]


def test_batches_and_progress(read):
    rows = "".join(f"{i},t\n" for i in range(2500))
    reading = read("id,title\n" + rows, batch_rows=1000)
    assert len(reading.bytes_read) == 3
    assert reading.bytes_read == sorted(reading.bytes_read)
    assert reading.bytes_read[-1] == reading.file.size_bytes
    assert reading.ids == [str(i) for i in range(2500)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("id,,title\n1,2,3\n", "column 2 of 3 without a name"),
        ("id,title,title\n1,2,3\n", "repeats the name 'title'"),
        (b"id,t\xe9\n1,2\n", "UTF-8"),
        ("colour,size\n1,2\n", "--map product_id=COLUMN"),
        ("id,title\n1,2\n".encode("utf-16"), "UTF-16"),
        ("id,title\n1,2\n".encode("utf-16-le"), "UTF-16"),
        (b"PAR1" + b"\0" * 100, "is Parquet"),
        (b"PK\x03\x04" + b"\0" * 100, "spreadsheet"),
        (bytes(range(256)) + b"\0" * 100, "binary"),
        ("x" * 3_000_000, "header"),
        (",".join(f"c{i}" for i in range(5000)), "5,000 columns"),
    ],
)
def test_what_is_no_catalogue_is_told_in_one_sentence(read, content, says):
    with pytest.raises(EmptorError, match=says) as error:
        read(content)
    assert "\n" not in str(error.value)


def test_a_header_without_rows_is_no_products(read):
    reading = read("id,title\n")
    assert (reading.products, reading.faults) == ([], [])
