"""Which format a file has, and refusals before anything is read."""

import os

import pytest

from emptor.errors import EmptorError
from emptor.shop.importing import read_products


@pytest.mark.parametrize("name", ["shop.CSV", "my.shop.csv.gz", "shop.tab", "shop.csv.GZ"])
def test_format_by_name(read, name):
    separator = "\t" if ".tab" in name else ","
    assert read(f"id{separator}title\n1{separator}a\n", name if ".GZ" not in name else "x.csv").only["title"] == "a"


def test_format_by_option(read):
    assert read("id\ttitle\n1\ta, b\n", "dump.txt", format="tsv").only["title"] == "a, b"


def test_gzip_is_known_by_its_content(read, tmp_path):
    import gzip

    assert read(gzip.compress(b"id,title\n1,a\n"), "shop.csv").only["title"] == "a"


def test_unknown_name_lists_what_is_known(read):
    with pytest.raises(EmptorError, match=r"\.csv, \.tsv, \.jsonl or \.parquet"):
        read("id\n1\n", "shop.xls")


def test_unknown_format(read):
    with pytest.raises(EmptorError, match="unknown format 'xml'"):
        read("id\n1\n", "shop.csv", format="xml")


def test_missing_file_folder_and_pipe(tmp_path):
    with pytest.raises(EmptorError, match="there is no file"):
        read_products(tmp_path / "none.csv")
    with pytest.raises(EmptorError, match="is not a file"):
        read_products(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(EmptorError, match="is not a file"):
        read_products(tmp_path / "pipe.csv")


def test_text_named_parquet(read):
    with pytest.raises(EmptorError, match="PAR1"):
        read("id,title\n", "shop.parquet")


@pytest.mark.parametrize("separator", ["", "\\"])
def test_category_separator_must_be_one(read, separator):
    with pytest.raises(EmptorError, match="separator"):
        read("id\n1\n", category_separator=separator)
