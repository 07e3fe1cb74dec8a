"""The quarantine file."""

import json

import pytest

from emptor.errors import EmptorError
from emptor.shop.importing import Fault, Quarantine, fault


def test_no_file_without_faults(tmp_path):
    with Quarantine(tmp_path / "q" / "bad.jsonl") as quarantine:
        pass
    assert quarantine.count == 0 and not (tmp_path / "q").exists()


def test_faults_are_appended_as_json(tmp_path):
    path = tmp_path / "q" / "bad.jsonl"
    for line in (1, 2):
        with Quarantine(path) as quarantine:
            quarantine.add(Fault(line, "é\n", "price", "'x'", "a number"))
        assert quarantine.count == 1
    written = [json.loads(line) for line in path.read_text().splitlines()]
    assert written[1] == {
        "line": 2,
        "product_id": "é\n",
        "field": "price",
        "found": "'x'",
        "expected": "a number",
    }


def test_lone_surrogates_can_be_written(tmp_path):
    with Quarantine(tmp_path / "bad.jsonl") as quarantine:
        quarantine.add(Fault(1, "\ud800", "row", "x", "y"))
    assert "ud800" in (tmp_path / "bad.jsonl").read_text()


def test_where_it_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(EmptorError, match="quarantine"),
        Quarantine(tmp_path / "file" / "bad.jsonl") as quarantine,
    ):
        quarantine.add(Fault(1, None, "row", "x", "y"))


@pytest.mark.parametrize(
    "found", [None, "x" * 10_000, b"\0" * 10_000, {"a": ["b" * 999] * 999}, "\ud800\x1b", 10**4000]
)
def test_what_was_found_is_short_and_printable(found):
    made = fault(1, "i\x1bd" * 1000, "f\nield", found, "text")
    for text in (made.found, made.field, made.product_id):
        assert text.isprintable()
    assert len(made.found) <= 200
