"""Reading judgements: formats, faults and what a user is told."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emptor.errors import EmptorError
from emptor.evaluate import Judgements, read_judgements

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real data sets are not here (../shared/data)")


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows(judgements):
    return judgements.frame.select("query", "product_id", "grade").rows()


EXPECTED = [("red shoe", "1", 3.0), ("red shoe", "2", 0.0), ("hat", "3", 1.0)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "query,product_id,grade\nred shoe,1,3\nred shoe,2,0\nhat,3,1\n"),
        ("a.csv", "\ufeffsearch_term,asin,esci_label\r\nred shoe,1,E\r\nred shoe,2,I\r\nhat,3,c\r\n"),
        ("a.csv", 'relevance;x;"product_uid";query_text\n3;;1;red shoe\n0;;2;red shoe\n1;;3;hat\n'),
        ("a.csv", "query\tdoc_id\trating\nred shoe\t1\t3\nred shoe\t2\t0\n\nhat\t3\t1.0"),
        ("a.jsonl", '{"query":"red shoe","item_id":1,"label":3}\n{"query":"red shoe","item_id":2,"label":0}\n'
                    '{"query":"hat","item_id":"3","label":"Complement"}\n'),
    ],
)  # fmt: skip
def test_formats_are_told_from_the_content(tmp_path, name, text):
    assert rows(read_judgements(write(tmp_path, name, text))) == EXPECTED
    assert rows(read_judgements(write(tmp_path, name + ".gz", gzip.compress(text.encode())))) == EXPECTED


def test_trec_qrels_with_and_without_texts(tmp_path):
    path = write(tmp_path, "qrels.txt", "q1 0 1 3\nq1 0 2 -1\nq2\t0\t3\t1\nq2 0 3\nq9 0 4 1\n")
    plain = read_judgements(path)
    assert rows(plain) == [("q1", "1", 3.0), ("q1", "2", -1.0), ("q2", "3", 1.0), ("q9", "4", 1.0)]
    assert [(fault.line, fault.field) for fault in plain.faults] == [(4, "row")]
    queries = write(tmp_path, "queries.tsv", "q1\tred shoe\nq2\that\n")
    named = read_judgements(path, queries=queries)
    assert named.queries.rows() == [("q1", "red shoe", None), ("q2", "hat", None)]
    assert [(fault.line, fault.field) for fault in named.faults] == [(4, "row"), (5, "query")]


def test_ids_kinds_and_column_maps(tmp_path):
    text = "qid,words,what,gain,query_class\n7,a,x,1,head\n7,a,y,0,head\n8,a,x,1,tail\n8,OTHER,z,1,tail\n"
    found = read_judgements(write(tmp_path, "a.csv", text), maps={"query": "Words", "product_id": "what"})
    assert found.queries.rows() == [("7", "a", "head"), ("8", "a", "tail")]
    assert [(fault.line, fault.field, fault.found) for fault in found.faults] == [(5, "query", "OTHER")]


def test_label_sets(tmp_path):
    wands = write(tmp_path, "a.csv", "query,product_id,label\na,1,Exact\na,2,Partial\na,3,Irrelevant\n")
    assert [grade for *_, grade in rows(read_judgements(wands))] == [2.0, 1.0, 0.0]
    own = write(tmp_path, "b.csv", "query,product_id,label\na,1,good\na,2,100\na,3,meh\n")
    found = read_judgements(own, grades={"Good": 2, "100": 5})
    assert [grade for *_, grade in rows(found)] == [2.0, 5.0]
    assert found.faults[0].expected == "one of Good, 100"


def test_bad_rows_are_described_and_left_out(tmp_path):
    text = (
        b"query,product_id,grade\n"
        b"a,1,3\n"
        b",2,1\n"
        b"a,,1\n"
        b"a,3,excellent\n"
        b"a,4,nan\n"
        b"a,5\n"
        b"a,6,1,7\n"
        b"a," + b"x" * 300 + b",1\n"
        b"\xff\xfe,7,1\n"
        b"a,8,99999\n"
        b'a,"9,1\n'
        b"a,10,1\n"
    )
    found = read_judgements(write(tmp_path, "a.csv", text))
    assert rows(found) == [("a", "1", 3.0)]
    assert [(fault.line, fault.field) for fault in found.faults] == [
        (3, "query"),
        (4, "product_id"),
        (5, "grade"),
        (6, "grade"),
        (7, "row"),
        (8, "row"),
        (9, "product_id"),
        (10, "query"),
        (11, "grade"),
        (12, "row"),
    ]
    assert found.faults[2].found == "excellent"
    assert found.fault_count == 10


def test_a_quote_that_is_never_closed_swallows_no_rows_silently(tmp_path):
    """Read leniently, line 3 would be a good row whose kind holds the rest of the file."""
    text = 'query,product_id,grade,kind\na,1,3,head\na,2,1,"head\na,3,1,head\n'
    found = read_judgements(write(tmp_path, "a.csv", text))
    assert rows(found) == [("a", "1", 3.0)]
    assert [(fault.line, fault.field) for fault in found.faults] == [(3, "row")]
    assert "quotes closed" in found.faults[0].expected


def test_the_last_of_repeated_pairs_wins(tmp_path):
    text = "query,product_id,grade\na,1,3\na,2,1\na,1,0\na,2,1\n"
    found = read_judgements(write(tmp_path, "a.csv", text))
    assert sorted(rows(found)) == [("a", "1", 0.0), ("a", "2", 1.0)]
    assert (found.repeated, found.conflicting) == (2, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"title,product_id,grade\na,1,1\n", "--map query=COLUMN"),
        (b"query,product_id,stars\na,1,1\n", "its columns are query, product_id, stars"),
        (b"query,product_id,grade\n", "no usable judgement"),
        (b"query,product_id,grade\na,1,x\n", "line 2, grade: found x"),
        (b"query,product_id,grade\na,1,0\n", "no grade is above 0"),
        (b"PAR1\0\0\0", "is not text"),
        (b"\x1f\x8b\x08\x00broken", "broken gzip"),
        (b"query,product_id,grade\na,1," + b"9" * (1 << 20), "line 2"),
        (b'{"product_id": 3, "grade": 1}\n', "no column for query"),
    ],
)
def test_unusable_files_are_refused_in_one_sentence(tmp_path, text, says):
    with pytest.raises(EmptorError) as error:
        read_judgements(write(tmp_path, "a.csv", text))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_wrong_options_are_refused(tmp_path):
    path = write(tmp_path, "a.csv", "query,product_id,grade\na,1,1\n")
    with pytest.raises(EmptorError, match="no field 'brand'"):
        read_judgements(path, maps={"brand": "x"})
    with pytest.raises(EmptorError, match="no column 'stars'"):
        read_judgements(path, maps={"grade": "stars"})
    with pytest.raises(EmptorError, match="expected a number"):
        read_judgements(path, grades={"a": float("nan")})
    with pytest.raises(EmptorError, match="there is no file"):
        read_judgements(tmp_path / "none.csv")
    with pytest.raises(EmptorError, match="cannot be read"):
        read_judgements(tmp_path)
    with pytest.raises(EmptorError, match="holds no query"):
        read_judgements(path, queries=write(tmp_path, "q.tsv", "no tab here\n"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)), st.booleans())
def test_any_bytes_are_read_or_refused_clearly(tmp_path, content, header):
    path = write(tmp_path, "a", (b"query,product_id,grade\n" if header else b"") + content)
    try:
        found = read_judgements(path)
    except EmptorError as error:
        assert "\n" not in str(error).replace(str(path), "")
    else:
        assert found.frame.height > 0
        assert found.frame.null_count().select("query", "product_id", "grade").row(0) == (0, 0, 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20),
            st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20),
            st.integers(0, 4),
        ),
        min_size=1,
        unique_by=lambda row: row[:2],
    ).filter(lambda found: any(grade for *_, grade in found))
)
def test_what_polars_and_json_write_is_read_back(tmp_path, pairs):
    frame = pl.DataFrame(pairs, schema=["query", "product_id", "grade"], orient="row")
    wanted = [] if any("\ufffd" in cell for row in pairs for cell in row[:2]) else pairs
    if not wanted:
        return
    for separator in ",\t":
        frame.write_csv(tmp_path / "a.csv", separator=separator)
        assert rows(read_judgements(tmp_path / "a.csv")) == wanted
    lines = (json.dumps(dict(zip(frame.columns, row, strict=True))) for row in pairs)
    assert rows(read_judgements(write(tmp_path, "a.jsonl", "\n".join(lines)))) == wanted


@pytest.mark.parametrize(
    ("grades", "threshold", "factor"),
    [
        ([0, 1], 1, 1),
        ([1], 1, 1),
        ([0, 1, 2, 3], 2, 1),
        ([0, 1, 2, 3, 4], 2, 1),
        ([-2, 0, 1], 1, 1),
        ([1, 1.33, 1.67, 2, 2.33, 2.67, 3], 2, 100),
        ([1, 1 + 1 / 3, 3], 3, 10_000),
        ([0.5, 900], 900, 10),
        ([0.125, 900], 900, 100),
    ],
)
def test_threshold_and_gains_follow_the_scale(grades, threshold, factor):
    frame = pl.DataFrame(
        {"query": "a", "product_id": [str(at) for at in range(len(grades))], "grade": grades}, strict=False
    )
    judgements = Judgements.of(frame)
    assert judgements.default_threshold == pytest.approx(threshold)
    assert judgements.gain_factor == factor


def test_frames_are_checked():
    good = pl.DataFrame({"query": ["a", "a"], "product_id": ["1", "2"], "grade": [1.0, 0.0]})
    with pytest.raises(EmptorError, match="lack grade"):
        Judgements.of(good.drop("grade"))
    with pytest.raises(EmptorError, match="the first in row 1"):
        Judgements.of(good.with_columns(grade=pl.Series([1.0, float("nan")])))
    with pytest.raises(EmptorError, match="there is no judgement"):
        Judgements.of(good.clear())


def test_judgements_within_a_catalogue():
    frame = pl.DataFrame({"query": ["a", "a", "b"], "product_id": ["1", "2", "3"], "grade": [0, 1, 3]})
    judgements = Judgements.of(frame).within({"1", "2", "9"})
    assert rows(judgements) == [("a", "1", 0.0), ("a", "2", 1.0)]
    assert judgements.absent == 1
    assert judgements.default_threshold == 3  # of the whole scale, not of what is left
    with pytest.raises(EmptorError, match="none of the 2 judged products"):
        judgements.within(["9"])


@needs_data
def test_real_files():
    esci = read_judgements(DATA / "esci_samples" / "judgments_us150_no_text.csv")
    assert (esci.frame.height, esci.queries.height, esci.fault_count) == (6_678, 150, 0)
    assert dict(esci.frame["grade"].value_counts().iter_rows()) == {
        3.0: 3_389,
        2.0: 1_898,
        1.0: 305,
        0.0: 1_086,
    }
    depot = read_judgements(DATA / "homedepot_relevance" / "pairs.csv.gz")
    assert (depot.frame.height, depot.queries.height, depot.fault_count) == (58_488, 9_359, 0)
    assert (depot.gain_factor, depot.default_threshold) == (100, 2.0)
