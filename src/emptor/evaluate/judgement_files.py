"""Read judgements from CSV, TSV, JSONL and TREC qrels, plain or gzipped.

The format is told from the content, since a `.csv` is often tab-separated and a qrels file has any name.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

import orjson
import polars as pl

from emptor.errors import EmptorError
from emptor.evaluate.grades import read_grades
from emptor.evaluate.judgements import Fault, Judgements
from emptor.evaluate.lines import shorten, text_lines
from emptor.shop.schema import MAX_ID

SYNONYMS = {
    "query": ("query", "search_term", "query_text", "q"),
    "product_id": ("product_id", "asin", "product_uid", "doc_id", "docid", "item_id"),
    "grade": ("grade", "relevance", "esci_label", "label", "rating", "gain", "judgement", "judgment"),
    "query_id": ("query_id", "qid"),
    "kind": ("kind", "query_class"),
}
"""Column names that are understood without `--map`, the best first; case does not matter."""

REQUIRED = ("query", "product_id", "grade")
MAX_ROWS = 20_000_000
MAX_QUERY = 10_000
"""Characters of a query's text; what is longer is left out as a fault."""
MAX_FAULTS_KEPT = 1_000

_QREL = re.compile(r"\S+\s+\S+\s+\S+\s+[-+]?\d+(\.\d+)?\s*")
_Row = tuple[int, Mapping[str, str | None]]
_Rows = Iterator[_Row | Fault]


def read_judgements(
    path: str | Path,
    *,
    maps: Mapping[str, str] | None = None,
    grades: Mapping[str, int | float] | None = None,
    queries: str | Path | None = None,
) -> Judgements:
    """Read a file of judgements.

    Args:
        path: CSV, TSV or JSONL with query, product_id and grade (or a synonym, see SYNONYMS), perhaps
            query_id and kind; or TREC qrels (`qid 0 docid grade`). Gzip is recognised.
        maps: field -> column, for columns of other names.
        grades: label -> grade; without it numbers are taken as they are, Exact/Substitute/Complement/
            Irrelevant (or E/S/C/I) become 3/2/1/0 and Exact/Partial/Irrelevant 2/1/0.
        queries: a file of `qid<TAB>text` for qrels; without it the qid is the text that is searched for.

    Returns: Judgements; rows that could not be used are counted and described in its `faults`.
    Raises: EmptorError when the file cannot be read, lacks a column or has no usable row.
    """
    path = Path(path)
    maps = dict(maps or {})
    unknown = sorted(set(maps) - set(SYNONYMS))
    if unknown:
        raise EmptorError(f"judgements have no field {unknown[0]!r} to map: expected one of {', '.join(SYNONYMS)}")
    texts, faults = _read_texts(Path(queries)) if queries is not None else (None, [])
    columns: dict[str, list[str | None]] = {name: [] for name in SYNONYMS}
    lines: list[int] = []
    for row in _rows(path, maps, texts is not None):
        if isinstance(row, Fault):
            faults.append(row)
            continue
        if len(lines) == MAX_ROWS:
            raise EmptorError(f"{path} has more than {MAX_ROWS:,} judgements: split the file")
        lines.append(row[0])
        for name, values in columns.items():
            value = row[1].get(name)
            values.append(value.strip() if value is not None else None)
    frame = pl.DataFrame({"line": lines, **columns}, schema={"line": pl.UInt32} | dict.fromkeys(SYNONYMS, pl.String))
    frame = _name_queries(frame, texts)
    frame, found = _refuse(frame, grades)
    faults = sorted([*faults, *found], key=lambda fault: fault.line)
    if frame.is_empty():
        why = (
            f"; the first: line {faults[0].line}, {faults[0].field}: found {faults[0].found}, expected "
            if faults
            else ""
        )
        raise EmptorError(
            f"{path} has no usable judgement: {len(faults):,} rows were refused{why}"
            f"{faults[0].expected if faults else 'and none was found'}"
        )
    judgements = Judgements.of(frame.drop("line"), path=str(path))
    return replace(judgements, faults=tuple(faults[:MAX_FAULTS_KEPT]), fault_count=len(faults))


def _rows(path: Path, maps: Mapping[str, str], has_texts: bool) -> _Rows:
    """The rows of a file of any format, field by field, with the line each ends on."""
    numbered = text_lines(path)
    first = next(((number, line) for number, line in numbered if line.strip()), None)
    if first is None:
        raise EmptorError(f"{path} is empty: expected judgements (query, product_id, grade)")
    everything = chain([first], numbered)
    text = first[1]
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if text.lstrip().startswith("{"):
        return _json_rows(path, everything, maps, has_texts)
    if suffixes & {".qrels", ".qrel"} or _QREL.fullmatch(text):
        return _qrels_rows(everything)
    return _table_rows(path, everything, maps, has_texts)


def _table_rows(path: Path, lines: Iterator[tuple[int, str]], maps: Mapping[str, str], has_texts: bool) -> _Rows:
    start, head = next(lines)
    delimiter = max("\t,;|", key=head.count)
    # A tab-separated file has no quoting of its own; a comma-separated one is read strictly, so that a
    # quote that is never closed is told instead of swallowing what follows.
    tabs = delimiter == "\t"
    text = chain([head], (line for _, line in lines))
    reader = csv.reader(
        text, delimiter=delimiter, strict=not tabs, quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL
    )
    offset = start - 1
    columns: dict[str, int] | None = None
    width = 0
    while True:
        begin = offset + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault(line=begin, field="row", found=str(error), expected="a row with its quotes closed")
            continue
        if tabs:
            cells = [_unquote(cell) for cell in cells]
        if columns is None:
            columns = _find_columns(path, cells, maps, has_texts)
            width = len(cells)
        elif len(cells) == width:
            yield offset + reader.line_num, {name: cells[at] for name, at in columns.items()}
        elif any(cells):
            yield Fault(line=begin, field="row", found=f"{len(cells)} columns", expected=f"{width} as in the header")


def _unquote(cell: str) -> str:
    quoted = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if quoted else cell


def _json_rows(path: Path, lines: Iterator[tuple[int, str]], maps: Mapping[str, str], has_texts: bool) -> _Rows:
    columns: dict[str, str] | None = None
    for number, line in lines:
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            yield Fault(line=number, field="row", found=shorten(line), expected="one JSON object")
            continue
        if columns is None:
            names = list(found)
            columns = {name: names[at] for name, at in _find_columns(path, names, maps, has_texts).items()}
        yield number, {name: _as_text(found.get(column)) for name, column in columns.items()}


def _as_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _qrels_rows(lines: Iterator[tuple[int, str]]) -> _Rows:
    for number, line in lines:
        cells = line.split()
        if len(cells) == 4:
            yield number, {"query_id": cells[0], "product_id": cells[2], "grade": cells[3]}
        elif cells:
            yield Fault(line=number, field="row", found=shorten(line), expected="qid 0 docid grade")


def _find_columns(path: Path, header: list[str], maps: Mapping[str, str], has_texts: bool) -> dict[str, int]:
    """field -> position of its column."""
    names = [name.strip().lower() for name in header]
    listed = shorten(", ".join(header), 300)
    columns = {}
    for name, synonyms in SYNONYMS.items():
        if name in maps and maps[name].strip().lower() not in names:
            raise EmptorError(
                f"{path} has no column {maps[name]!r}, which is mapped to {name}: its columns are {listed}"
            )
        wanted = (maps[name].strip().lower(),) if name in maps else synonyms
        at = next((names.index(synonym) for synonym in wanted if synonym in names), None)
        if at is not None:
            columns[name] = at
    missing = [name for name in REQUIRED if name not in columns]
    if missing == ["query"] and "query_id" in columns and has_texts:
        missing = []  # the texts come from the file of queries
    if missing:
        raise EmptorError(
            f"{path} has no column for {missing[0]} (looked for {', '.join(SYNONYMS[missing[0]])}): "
            f"its columns are {listed}; name the right one with --map {missing[0]}=COLUMN"
        )
    return columns


def _read_texts(path: Path) -> tuple[dict[str, str], list[Fault]]:
    """qid -> text."""
    texts, faults = {}, []
    for number, line in text_lines(path):
        query_id, tab, text = line.strip("\r\n").partition("\t")
        if tab and text.strip():
            texts[query_id.strip()] = text.strip()
        elif line.strip():
            faults.append(Fault(line=number, field="queries", found=shorten(line), expected="qid<TAB>text"))
    if not texts:
        raise EmptorError(f"{path} holds no query: expected lines of qid<TAB>text")
    return texts, faults


def _name_queries(frame: pl.DataFrame, texts: Mapping[str, str] | None) -> pl.DataFrame:
    """Give every row a query_id and a text, each standing in for the other where it is missing."""
    query_id, query = pl.col("query_id"), pl.col("query")
    if texts is not None:
        found = query_id.replace_strict(list(texts), list(texts.values()), default=None, return_dtype=pl.String)
        return frame.with_columns(query=found)
    return frame.with_columns(query_id=pl.coalesce(query_id, query), query=pl.coalesce(query, query_id))


def _refuse(frame: pl.DataFrame, grades: Mapping[str, int | float] | None) -> tuple[pl.DataFrame, list[Fault]]:
    """The usable rows with grades as numbers, and a fault for the first thing wrong with each other row."""
    labels = read_grades(frame["grade"].drop_nulls().unique().to_list(), grades)
    found = pl.col("grade").replace_strict(
        list(labels.numbers), list(labels.numbers.values()), default=None, return_dtype=pl.Float64
    )
    text, product_id = pl.col("query"), pl.col("product_id")
    checks = [
        ("query", text.is_null() | (text == ""), "the text of a query"),
        ("query", text.str.len_chars() > MAX_QUERY, f"at most {MAX_QUERY:,} characters"),
        ("query", text.str.contains("\ufffd", literal=True), "UTF-8 text"),
        ("query", text != text.first().over("query_id"), "the text that this query_id had before"),
        ("product_id", product_id.is_null() | (product_id == ""), "a product_id"),
        ("product_id", product_id.str.len_chars() > MAX_ID, f"at most {MAX_ID} characters"),
        ("product_id", product_id.str.contains("\ufffd", literal=True), "UTF-8 text"),
        ("grade", found.is_null(), labels.expected),
    ]
    reason = pl.coalesce(pl.when(bad).then(pl.lit(at, dtype=pl.Int64)) for at, (_, bad, _) in enumerate(checks))
    frame = frame.with_columns(reason=reason, number=found)
    faults = []
    for row in frame.filter(pl.col("reason").is_not_null()).iter_rows(named=True):
        name, _, expected = checks[row["reason"]]
        value = row[name]
        faults.append(
            Fault(line=row["line"], field=name, found=shorten(value) if value else "nothing", expected=expected)
        )
    kept = frame.filter(pl.col("reason").is_null()).with_columns(grade=pl.col("number"))
    return kept.drop("reason", "number"), faults
