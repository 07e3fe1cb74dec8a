"""Amazon Beauty (5-core) as a ranking data set: which item comes next, among others drawn by popularity.

Source: McAuley et al., Image-based Recommendations on Styles and Substitutes (SIGIR 2015); as sequences, with
attributes of the items, as in Zhou et al., S3-Rec (CIKM 2020).

There are no times, only an order within each user. So the split is by place, leave-one-out, as is usual for this set:
a user's last item is tested, the last but one validated, and every earlier one from the second on is learnt. The
history of a place is all that stands before it; the items behind it are no part of it.

- A page is the item that came and 19 that the user never took (in the learnt part: had not taken by then, see
  `public`), drawn from what was taken in the same part of the split: of a test page, from users' last items. Drawn
  from the learnt part, a test could be won by popularity turned round (GAUC 0.61): what comes last is less popular
  there than what came before.
- The only counter of a candidate is how often it was taken in the learnt part. A candidate of a learnt page is there
  for one of those times itself, be it the user's or another's, and that one is taken off: otherwise what came would
  have a count that only its coming gave it. To leave out all that was later, times would be needed.
- What is left without a history: those who have taken much go on with other items than those who have just begun. By
  how many behaviours are known, a network without histories has a GAUC of 0.54 in the test (0.63 where more than 10 are
  known); logistic regression, which cannot combine that with an item, has 0.50.
- No item is taken twice, so that one which is in the history is never what comes; none such is shown.
- Categories and brands come as numbers without names. They are sorted by how many items have them: the first is one of
  seven departments ("category"), the others follow from broad to narrow. In the file's order, three in ten would stand
  in another field than they mostly do, and be learnt apart there; so it is one in ten. An item without a fourth has 0
  there.
- Neither price nor picture is known: the one number of an item is always 0.
- Gaps are places, as there are no times: the newest, then twice as many in each bucket.
- Of every tested user at least four behaviours are known (5-core). The tail here is those with at most five, half of
  all; how models do with less is seen by cutting histories.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import orjson

from emptor.errors import EmptorError
from emptor.learn.seeds import numpy_rng
from emptor.progress import step
from emptor.rank.examples import Examples
from emptor.rank.models import InputSpec
from emptor.reproduce.ranking.data import RankingData, sizes
from emptor.reproduce.ranking.public import (
    EVER,
    HISTORY,
    Taken,
    beside,
    by_known,
    examples_of_pages,
    in_any_order,
    needed,
    newest,
)
from emptor.shop.features import ProductColumns
from emptor.shop.features.hashing import numbers_of

FILES = ("Beauty.txt.gz", "Beauty_item2attributes.json.gz")
FIELDS = ("product", "category", "attribute:2", "attribute:3", "attribute:4")
NUMERIC = ("log count",)
CONTEXT = ("log behaviours before",)
_GAP = 1 + np.log2(1 + np.arange(HISTORY)).astype(np.int64)
"""Buckets of places in the history, from 1."""


def load(folder: Path, *, seed: int) -> RankingData:
    """The data set, see above.

    Args:
        folder: with FILES. seed: of what is drawn beside each item; the split does not depend on it.
    Raises: EmptorError for a file that is missing or cannot be read.
    """
    with step("Reading Beauty", None):
        sequences, attributes = needed(folder, FILES, what="Amazon Beauty as sequences")
        user, number = _sequences(sequences)
        ids, item = np.unique(number, return_inverse=True)
        products, counts = _products(ids, attributes)
    first = np.searchsorted(user, np.arange(user[-1] + 1))
    last = np.append(first[1:], len(user))
    known, from_end = np.arange(len(user)) - first[user], last[user] - np.arange(len(user))
    learnable = from_end > 2
    popularity = np.bincount(item[learnable], minlength=len(ids))
    taken = Taken(user, item, np.arange(len(user)), len(ids))

    def part(name: str, places: np.ndarray) -> Examples:
        rng, who = numpy_rng(seed, "beauty", name), user[places]
        low, high = np.zeros(len(places), np.int64), np.full(len(places), len(places))
        until = np.where(learnable[places], places, EVER)
        others = beside(item[places], low, high, lambda at, shown: ~taken.by(who[at], shown, until[at]), rng=rng)
        items, clicked = in_any_order(item[places], others, rng=rng)
        past, there = newest(first[who], places)
        return examples_of_pages(
            products,
            items,
            clicked,
            np.log1p(popularity[items] - learnable[places, None])[..., None],
            past=item[past],
            action=there,
            gap=np.where(there, _GAP, 0),
            context=np.log1p(known[places])[:, None],
            user=who,
        )

    with step("Making pages", None):
        if not ((known > 0) & learnable).any():
            raise EmptorError(
                f"{sequences} has nobody with four items; expected such, or there is nothing to learn from"
            )
        learnt = part("learnt", np.flatnonzero((known > 0) & learnable))
        validated = part("validated", np.flatnonzero(from_end == 2))
        tested = part("tested", np.flatnonzero(from_end == 1))
    return RankingData(
        inputs=InputSpec(
            fields=dict(zip(FIELDS, counts, strict=True)),
            actions=2,
            gaps=int(_GAP[-1]) + 1,
            own=1,
            numeric=len(NUMERIC),
            context=len(CONTEXT),
            words=1,
        ),
        learnt=learnt,
        validated=validated,
        tested=tested,
        groups=by_known(known[from_end == 1], at_most=(5, 10), more_than=(10,)),
        about=sizes(learnt, validated, tested),
        columns={"user": tested.outcomes.user},
    )


def _sequences(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """(user [E] int64 from 0, rising, as the lines are; item [E] int64 as the file numbers them)."""
    try:
        lines = [line.split() for line in gzip.decompress(file.read_bytes()).splitlines() if line.strip()]
        items = np.array([own for line in lines for own in line[1:]]).astype(np.int64)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise EmptorError(
            f"{file} cannot be read ({error}); expected a line per user: a number, and those of items, in order of time"
        ) from None
    long = np.array([len(line) - 1 for line in lines], np.int64)
    if not len(long) or long.min() < 3:
        raise EmptorError(
            f"{file} has {'a user of fewer than three items' if len(long) else 'no users'}; expected at least "
            "three of each user: one to learn from, one to choose by, one to be judged on"
        )
    return np.repeat(np.arange(len(lines)), long), items


def _products(ids: np.ndarray, file: Path) -> tuple[ProductColumns, list[int]]:
    """(items by their place in ids [P], how many ids each of FIELDS has)."""
    try:
        content = orjson.loads(gzip.decompress(file.read_bytes()))
        listed = [np.array(content.get(str(own), []), np.int64) for own in ids.tolist()]
    except (OSError, EOFError, zlib.error, ValueError, AttributeError, TypeError) as error:
        raise EmptorError(
            f"{file} cannot be read ({error}); expected JSON: item -> numbers of its attributes"
        ) from None
    known, code = np.unique(np.concatenate([np.zeros(0, np.int64), *listed]), return_inverse=True)
    # the most frequent attribute first, a tie by its number
    rank = np.argsort(np.argsort(-np.bincount(code, minlength=len(known)), kind="stable"))
    table = np.zeros((len(ids), len(FIELDS) - 1), np.int64)
    many = np.array([len(own) for own in listed])
    owner = np.repeat(np.arange(len(ids)), many)
    order = np.lexsort((rank[code], owner))
    at = np.arange(len(owner)) - np.repeat(np.cumsum(many) - many, many)
    kept = at < table.shape[1]
    table[owner[kept], at[kept]] = code[order][kept] + 1
    columns, counts = [np.arange(1, len(ids) + 1)], [len(ids) + 1]
    for own in table.T:
        # each field has ids of its own, without gaps
        found, place = np.unique(own, return_inverse=True)
        columns.append(place + (found[0] != 0))
        counts.append(int(columns[-1].max()) + 1)
    fields = np.stack([np.append(own, 0) for own in columns], axis=1)
    number = np.append(numbers_of(str(own) for own in ids.tolist()), 0)
    return ProductColumns(fields, np.zeros((len(fields), 1), np.float32), number), counts
