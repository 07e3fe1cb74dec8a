"""`synonyms.txt` in the shop's folder: words that shoppers use for what sellers call otherwise.

# a line of equals, or left side => what else it may match
tv, television
sneaker => trainer, running shoe
"""

from __future__ import annotations

from pathlib import Path

from emptor.errors import EmptorError
from emptor.shop.text import Analyser

MAX_LINES = 100_000

Phrase = tuple[str, ...]


class Synonyms:
    """Phrases of index terms -> phrases that may stand for them. Applied to queries, so edits need no new index."""

    def __init__(self, table: dict[Phrase, list[Phrase]]) -> None:
        self._table = table
        self.longest = max((len(phrase) for phrase in table), default=0)

    def of(self, phrase: Phrase) -> list[Phrase]:
        return self._table.get(phrase, [])

    @classmethod
    def read(cls, path: Path, analyser: Analyser) -> Synonyms:
        """Read the file; a missing one is empty. EmptorError names the line that cannot be read."""
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return cls({})
        except (OSError, UnicodeDecodeError) as error:
            raise EmptorError(f"{path} cannot be read as UTF-8 text: {error}") from None
        if len(lines) > MAX_LINES:
            raise EmptorError(f"{path} has {len(lines)} lines, expected at most {MAX_LINES}")
        table: dict[Phrase, list[Phrase]] = {}
        for number, line in enumerate(lines, start=1):
            text = line.split("#", 1)[0].strip()
            if not text:
                continue
            left, arrow, right = text.partition("=>")
            sources = _phrases(left, analyser)
            targets = _phrases(right, analyser) if arrow else sources
            if not sources or not targets or (not arrow and len(sources) < 2):
                raise EmptorError(
                    f"{path}, line {number}: found {line[:80]!r}, expected `word, other word` or `word => other word`"
                )
            for source in sources:
                known = table.setdefault(source, [])
                known += [target for target in targets if target != source and target not in known]
        return cls(table)


def _phrases(text: str, analyser: Analyser) -> list[Phrase]:
    phrases = [tuple(word.terms[0][0] for word in analyser.query_words(part)) for part in text.split(",")]
    return [phrase for phrase in phrases if phrase]
