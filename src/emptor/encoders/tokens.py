"""Sub-words learnt from a shop's own texts: no word is unknown, and rare ones share what their parts mean."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain, islice

import numpy as np
import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from emptor.encoders.folding import SPACE, clipped, folded
from emptor.errors import EmptorError

PAD, CLS, UNK, SEP = 0, 1, 2, 3
"""Padding; the start of every text; a character that was never seen; between two fields."""
_SPECIAL = ("[PAD]", "[CLS]", "[UNK]", "[SEP]")
_KIND, _VERSION = "emptor-tokenizer", 1
_SMALLEST = 32
_LONGEST_PIECE = 16
_CHARACTERS = 8
"""Characters of a text that are read for each piece that is asked for; English has six to a word and its gap."""
_LEARNT_FROM = 2_000
"""Characters of a text that are learnt from."""
_AT_ONCE = 4_096


class Tokenizer:
    """Byte-pair encoding over folded texts (lower case, no accents). Make one by `train` or `read`.

    Words are cut at spaces, punctuation and between letters and digits (`12oz` is `12 oz`), then into pieces. A text
    can never make one of the first four ids, whatever it says. Safe to share between threads.

    Source: Sennrich et al. (ACL 2016). It is BPE over characters and not WordPiece because the trainer of the latter
    gives other ids at every run.

    Example:
        >>> tokenizer = Tokenizer.train(["red mug", "blue mug 12oz"] * 9)
        >>> tokenizer.encode(["Mug, 12 oz", ""], 8)[:, 0]
        array([1, 1])
    """

    def __init__(self, alphabet: str, merges: Sequence[tuple[str, str]]) -> None:
        """For `train` and `read`: distinct characters, and pairs of pieces in the order in which they are joined."""
        self._alphabet, self._merges = alphabet, tuple(merges)
        ids = {piece: at for at, piece in enumerate((*_SPECIAL, *alphabet))}
        for left, right in self._merges:
            ids.setdefault(left + right, len(ids))
        self.size = len(ids)
        """Ids lie below this: the height of an embedding table."""
        self._model = tokenizers.Tokenizer(
            models.BPE(vocab=ids, merges=list(self._merges), unk_token=_SPECIAL[UNK], fuse_unk=True)
        )
        self._model.pre_tokenizer = _words()

    @classmethod
    def train(cls, texts: Iterable[str], *, size: int = 8_000) -> Tokenizer:
        """Learn from texts; the same texts give the same tokenizer, in any order.

        Args:
            texts: titles, categories, queries ...; of each, the first 2,000 characters are read.
            size: ids at most, the four special ones among them; fewer where the texts have no more to tell apart.
        Raises: EmptorError for no text, and for a size below 32.
        """
        if size < _SMALLEST:
            raise EmptorError(f"tokenizer: size {size}, expected at least {_SMALLEST}")
        read = [folded(clipped(text, _LEARNT_FROM)) for text in texts]
        counts: Counter[str] = Counter()
        for text in read:
            counts.update(text)
        found = [character for character in counts if not character.isspace()]
        if not found:
            raise EmptorError("tokenizer: no text to learn sub-words from; expected titles or queries with words")
        # what is left of the size is for joined pieces; of characters, the commonest count
        found.sort(key=lambda character: (-counts[character], character))
        alphabet = "".join(sorted({SPACE, *found[: size // 2 - len(_SPECIAL) - 1]}))
        known = set(alphabet)
        rare = {ord(character): " " for character in found if character not in known}
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            min_frequency=2,
            max_token_length=_LONGEST_PIECE,
            special_tokens=list(_SPECIAL),
            initial_alphabet=list(alphabet),
            limit_alphabet=len(alphabet),
            show_progress=False,
        )
        learning = tokenizers.Tokenizer(models.BPE(unk_token=_SPECIAL[UNK]))
        learning.pre_tokenizer = _words()
        learning.train_from_iterator((text.translate(rare) for text in read), trainer=trainer)
        merges = json.loads(learning.to_str())["model"]["merges"]
        # made anew: in the one that learnt, the special tokens could be written in a text
        return cls(alphabet, [(left, right) for left, right in merges])

    def encode(self, texts: Sequence[str], length: int) -> np.ndarray:
        """Texts -> ids [B, L] int64: [CLS], the text's pieces, 0 behind them.

        L is the longest there is, at most `length`; an empty text is [CLS] alone. Only the first 8 characters for each
        of `length` are read: a long text costs no more than a short one.
        """
        if length < 1:
            raise EmptorError(f"tokenizer: length {length}, expected at least 1")
        lines = ([CLS, *pieces[: length - 1]] for pieces in self._pieces(texts, length))
        return _padded(list(lines))

    def encode_fields(self, columns: Sequence[Sequence[str]], length: int) -> tuple[np.ndarray, np.ndarray]:
        """Fields of products, such as title, category, brand -> ids [B, L] and segments [B, L], int64.

        A line is [CLS], the first field, [SEP], the next ...; an empty field leaves no [SEP]. Segments say which field
        a piece is of, counted from 0; [SEP] is of the field before it, [CLS] and padding are 0. Where a product is
        longer than `length`, its longest field gives way until it is no longer than the next, then both: no field is
        lost whole.

        Args:
            columns: one sequence of B texts a field.
            length: of a line at most; at least two for each field.
        Raises: EmptorError for columns of unlike lengths, none at all, or too small a length.
        """
        counts = {len(column) for column in columns}
        if len(counts) != 1:
            raise EmptorError(f"tokenizer: fields of {sorted(counts)} texts, expected one text a product in each field")
        if length < 2 * len(columns):
            raise EmptorError(
                f"tokenizer: length {length} for {len(columns)} fields, expected at least {2 * len(columns)}"
            )
        lines: list[list[int]] = []
        fields: list[list[int]] = []
        for pieces in zip(*(self._pieces(column, length) for column in columns), strict=True):
            line, field = _joined(pieces, length)
            lines.append(line)
            fields.append(field)
        return _padded(lines), _padded(fields)

    def to_json(self) -> str:
        """All that `read` needs to make the same tokenizer."""
        merges = [list(pair) for pair in self._merges]
        content = {"kind": _KIND, "version": _VERSION, "alphabet": self._alphabet, "merges": merges}
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Tokenizer:
        """The tokenizer of `to_json`. Raises EmptorError for anything else; runs no code."""
        try:
            content = json.loads(text)
            if (content["kind"], content["version"]) != (_KIND, _VERSION):
                raise ValueError(f"kind {content['kind']!r}, version {content['version']!r}")
            return cls(_alphabet(content["alphabet"]), _merges(content["alphabet"], content["merges"]))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            told = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise EmptorError(
                f"tokenizer: found {told}; expected JSON that Tokenizer.to_json wrote, version {_VERSION}; train "
                "it again"
            ) from None

    @cached_property
    def hash(self) -> str:
        """32 hex digits; other ones where the same text would get other ids."""
        return hashlib.blake2b(self.to_json().encode(), digest_size=16).hexdigest()

    def _pieces(self, texts: Sequence[str], length: int) -> Iterable[list[int]]:
        """Ids of each text, without the special ones, possibly more than `length`."""
        limit = _CHARACTERS * length
        read = (clipped(folded(clipped(text, limit)), limit) for text in texts)  # folding can make a text longer
        while part := list(islice(read, _AT_ONCE)):
            yield from (found.ids for found in self._model.encode_batch_fast(part, add_special_tokens=False))


def _words() -> pre_tokenizers.PreTokenizer:
    """Cuts at spaces, punctuation, and between letters and digits; marks where words start."""
    parts = [
        pre_tokenizers.BertPreTokenizer(),
        pre_tokenizers.Digits(individual_digits=False),
        pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always", split=False),
    ]
    return pre_tokenizers.Sequence(parts)


def _alphabet(found: object) -> str:
    if not isinstance(found, str) or SPACE not in found or len(set(found)) != len(found):
        raise ValueError("an alphabet that is not one text of distinct characters")
    found.encode()  # halves of characters raise a ValueError
    return found


def _merges(alphabet: str, found: object) -> list[tuple[str, str]]:
    """Pairs whose parts are known before them, none twice."""
    if not isinstance(found, list):
        raise ValueError("merges that are not a list")
    known, seen = set(alphabet), set()
    pairs: list[tuple[str, str]] = []
    for at, pair in enumerate(found):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise ValueError(f"merge {at} that is not a pair of texts")
        left, right = pair
        if left not in known or right not in known or (left, right) in seen:
            raise ValueError(f"merge {at} of {left!r} and {right!r}, which are unknown there or joined before")
        known.add(left + right)
        seen.add((left, right))
        pairs.append((left, right))
    return pairs


def _joined(fields: Sequence[list[int]], length: int) -> tuple[list[int], list[int]]:
    """The pieces of one product's fields -> its line and its segments."""
    counts = [len(pieces) for pieces in fields]
    filled = sum(count > 0 for count in counts)
    kept = _shares(counts, length - max(filled, 1))
    line, segments = [CLS], [0]
    before = -1
    for at, (pieces, count) in enumerate(zip(fields, kept, strict=True)):
        if not count:
            continue
        if before >= 0:
            line.append(SEP)
            segments.append(before)
        line += pieces[:count]
        segments += [at] * count
        before = at
    return line, segments


def _shares(counts: list[int], room: int) -> list[int]:
    """How much of each is kept so that all fit: what the shorter ones leave is the longer ones'."""
    kept = list(counts)
    if sum(counts) <= room:
        return kept
    filled = sorted((at for at, count in enumerate(counts) if count), key=lambda at: counts[at])
    for done, at in enumerate(filled):
        kept[at] = min(counts[at], room // (len(filled) - done))
        room -= kept[at]
    return kept


def _padded(lines: list[list[int]]) -> np.ndarray:
    """[B, L] int64, 0 behind each line."""
    sizes = np.fromiter(map(len, lines), np.int64, len(lines))
    out = np.zeros((len(lines), int(sizes.max(initial=1))), np.int64)
    out[np.arange(out.shape[1]) < sizes[:, None]] = np.fromiter(chain.from_iterable(lines), np.int64, int(sizes.sum()))
    return out
