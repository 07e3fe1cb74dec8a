"""`synonyms.txt` in the shop's folder: words that shoppers use for what sellers call otherwise.

# a line of equals, or left side => what else it may match
tv, television
sneaker => trainer, running shoe
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emptor.errors import EmptorError
from emptor.shop.filters import Filters, is_under
from emptor.shop.memo import Memo
from emptor.shop.text import Analyser

MAX_LINES = 100_000

Phrase = tuple[str, ...]
Table = dict[Phrase, list[Phrase]]


@dataclass(frozen=True)
class Line:
    """One line of synonyms; where: for an error; category: the folded path that it is limited to, None for none."""

    text: str
    where: str
    category: str | None = None


class Synonyms:
    """Phrases of index terms -> phrases that may stand for them. Applied to queries, so edits need no new index.

    Raises: EmptorError naming the line that cannot be read.
    """

    def __init__(self, lines: Iterable[Line], analyser: Analyser) -> None:
        self._tables: dict[str | None, Table] = {None: {}}
        for line in lines:
            _add(self._tables.setdefault(line.category, {}), line, analyser)
        self._merged: Memo[Filters, Table] = Memo(1_000)
        self.longest = max((len(phrase) for table in self._tables.values() for phrase in table), default=0)

    @property
    def by_category(self) -> bool:
        """Whether some of them are limited to a category, so that filters matter."""
        return len(self._tables) > 1

    def of(self, phrase: Phrase, filters: Filters = ()) -> list[Phrase]:
        """What may stand for a phrase in a search under these filters."""
        if not self.by_category:
            return self._tables[None].get(phrase, [])
        return self._merged.get(filters, lambda: self._under(filters)).get(phrase, [])

    def _under(self, filters: Filters) -> Table:
        merged = {phrase: list(others) for phrase, others in self._tables[None].items()}
        for category, table in self._tables.items():
            if category is not None and is_under(filters, category):
                for phrase, others in table.items():
                    known = merged.setdefault(phrase, [])
                    known += [other for other in others if other not in known]
        return merged


def read_lines(path: Path) -> list[Line]:
    """The lines of a synonyms file; none where there is no file. Raises EmptorError where it is no text."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise EmptorError(f"{path} cannot be read as UTF-8 text: {error}") from None
    if len(lines) > MAX_LINES:
        raise EmptorError(f"{path} has {len(lines)} lines, expected at most {MAX_LINES}")
    return [Line(text, f"{path}, line {number}") for number, text in enumerate(lines, start=1)]


def _add(table: Table, line: Line, analyser: Analyser) -> None:
    text = line.text.split("#", 1)[0].strip()
    if not text:
        return
    left, arrow, right = text.partition("=>")
    sources = _phrases(left, analyser)
    targets = _phrases(right, analyser) if arrow else sources
    if not sources or not targets or (not arrow and len(sources) < 2):
        raise EmptorError(
            f"{line.where}: found {line.text[:80]!r}, expected `word, other word` or `word => other word`"
        )
    for source in sources:
        known = table.setdefault(source, [])
        known += [target for target in targets if target != source and target not in known]


def _phrases(text: str, analyser: Analyser) -> list[Phrase]:
    phrases = [tuple(word.terms[0][0] for word in analyser.query_words(part)) for part in text.split(",")]
    return [phrase for phrase in phrases if phrase]
