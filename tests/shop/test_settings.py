"""shop.toml: a key that is not known is told with its table, what may stand there and what was probably meant; in a
cascade that is not the default, it turns off that cascade alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emptor.errors import EmptorError
from emptor.shop.config import read_options

STAGE = 'stages = [{ stage = "retrieve", method = "hybrid", %s }]'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nmae = 'x'", "the top of the file: unknown key 'nmae'; did you mean name? (known here: format, name,"),
        ("[serch]\ntypos = true", "the top of the file: unknown table 'serch'; did you mean search?"),
        ("[search]\ntypo = true", "[search]: unknown key 'typo'; did you mean typos? (known here: analyser, weights,"),
        ("[search.weights]\nzzz = 1", "[search.weights]: unknown key 'zzz' (known here: title, brand, category,"),
        ("[search.analyser]\nlang = 'x'", "[search.analyser]: unknown key 'lang'; did you mean language?"),
        ("[serve]\nthreads = 0", "[serve], threads: Input should be greater than or equal to 1 (found 0)"),
        ("[serve\n", "cannot be read as TOML"),
    ],
)
def test_a_fault_is_one_sentence_of_ours(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(text + "\n")
    with pytest.raises(EmptorError) as told:
        read_options(file)
    assert sentence in str(told.value) and str(file) in str(told.value)
    assert "\n" not in str(told.value) and "Extra inputs" not in str(told.value)


LATE = "[cascade.b]\nstages = [{ stage = 'rank', method = 'x' }, { stage = 'prerank', method = 'cut', depth = 200 }]"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[cascade.b]\n" + STAGE % "dept = 3",
            "[cascade.b], entry 1 of stages: unknown key 'dept'; did you mean depth?",
        ),
        (
            "[cascade.b]\n" + STAGE % "depth = 3" + "\nexplore = { sahre = 1 }",
            "[cascade.b.explore]: unknown key 'sahre'",
        ),
        ("[cascade.b]\nstages = [{ stage = 'x' }]", "[cascade.b], entry 1 of stages: the key 'method' is missing"),
        ("[cascade.b]\ndeadline_ms = 1", "[cascade.b]: the key 'stages' is missing (known here: stages, deadline_ms,"),
        (
            "[cascade.b]\nstages = [{ stage='a', method='b', depth=1 }, { stage='c', method='d', depth=2 }]",
            "[cascade.b]: depth must not grow from stage to stage, found [1, 2]",
        ),
        (
            LATE,
            "[cascade.b]: stage prerank stands behind rank; the order is retrieve, prerank, rank, rerank, merchandise",
        ),
        (
            "[cascade.b]\nstages = [{ stage = 'retrieve', method = 'hybrid' }, { stage = 'prerank', method = 'cut' }]",
            "[cascade.b]: stage prerank has no depth; say how many candidates it keeps, such as depth = 200",
        ),
    ],
)
def test_a_fault_in_a_cascade_is_one_sentence_and_that_cascade_s_alone(
    tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "shop.toml"
    good = "[cascade.good]\nstages = [{ stage = 'retrieve', method = 'hybrid' }]\n"
    file.write_text(f"{good}{text}\n")
    options = read_options(file)
    assert list(options.cascade) == ["default", "good"]
    (told,) = options.off.values()
    assert told.startswith(f"shop.toml, {sentence}") and "\n" not in told
    file.write_text(f"{good}{text}\n".replace("cascade.b", "cascade.default"))
    with pytest.raises(EmptorError, match=re.escape(sentence.replace("cascade.b", "cascade.default"))):
        read_options(file)
    file.write_text(f"{text}\n[serch]\n")  # what is wrong with all of the shop is told first
    with pytest.raises(EmptorError, match="unknown table 'serch'"):
        read_options(file)
