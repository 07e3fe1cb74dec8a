"""Judgement by hand: grades go to a file of the shop that `emptor evaluate` and the gate read."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

from emptor.errors import EmptorError
from emptor.shop.files import append_durably
from emptor.shop.lock import locked

NAME = "judgements.csv"
GRADES = ((0, "Wrong"), (1, "Related"), (2, "Good"), (3, "Exact"))
_HEADER = ["query", "product_id", "grade", "author", "at"]


def grade(shop: Path, *, query: str, product_id: str, grade: int, author: str) -> None:
    """Write one grade; on the disk when this returns. The last grade of a product for a query counts.

    Raises: EmptorError for a blank query or a grade that is none of GRADES.
    """
    if not query.strip():
        raise EmptorError("a judgement needs a query")
    if grade not in dict(GRADES):
        raise EmptorError(f"grade {grade}: expected 0 to {GRADES[-1][0]}")
    path = shop / NAME
    # a query is one line, so that a line is a whole judgement
    row = [" ".join(query.split()), product_id, str(grade), author, datetime.now(UTC).isoformat(timespec="seconds")]
    with locked(shop / "judgements.lock", wait_s=10.0, doing="writing a judgement"):
        is_new = _mend(path)
        append_durably(path, "".join(map(_line, [_HEADER, row] if is_new else [row])).encode())


def _mend(path: Path) -> bool:
    """Cut off a line that a crash left unfinished. Returns whether the file is yet to be begun."""
    if not path.exists():
        return True
    with path.open("r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
    if whole and content.partition(b"\n")[0].strip() != _line(_HEADER).strip().encode():
        raise EmptorError(f"{path} has other columns than {', '.join(_HEADER)}; rename it to grade into a new file")
    return whole == 0


def grades_of(shop: Path, query: str) -> dict[str, int]:
    """product_id -> grade of one query, the last of each. A damaged line is left out, as evaluation does."""
    wanted, found = " ".join(query.split()), {}
    try:
        text = (shop / NAME).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    for row in csv.reader(io.StringIO(text)):
        if len(row) >= 3 and row[0] == wanted and row[2].isdecimal():
            found[row[1]] = int(row[2])
    return found


def counts(shop: Path) -> tuple[int, int]:
    """(queries, pairs) that are judged by hand."""
    try:
        text = (shop / NAME).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return 0, 0
    pairs = {(row[0], row[1]) for row in list(csv.reader(io.StringIO(text)))[1:] if len(row) >= 3}
    return len({query for query, _ in pairs}), len(pairs)


def so_far(shop: Path) -> str:
    """How much is judged by hand, such as `3 products of 1 query`."""
    queries, pairs = counts(shop)
    return f"{pairs:,} product{'' if pairs == 1 else 's'} of {queries:,} {'query' if queries == 1 else 'queries'}"


def _line(row: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(row)
    return out.getvalue()
