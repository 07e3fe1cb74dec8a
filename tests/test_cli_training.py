"""`emptor train`: an option that nobody takes is told with those that there are, before anything is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emptor.cli import training
from emptor.cli.training import train
from emptor.errors import EmptorError
from emptor.shop.config import read_options
from emptor.shop.promotion import promote
from emptor.shop.shop import Shop

PAGE = """
[cascade.page]
explore = { share = 0.2 }
stages = [
  { stage = "retrieve", method = "lexical", depth = 300 },
  { stage = "rerank", method = "mmr", depth = 300, options = { best = 20, balance = 0.9 } },
]
"""


@pytest.mark.parametrize(
    ("stage", "model", "setting", "told"),
    [
        ("rank", None, "hiden=8", "--set hiden: unknown; the training takes epochs, .*; awmoe takes experts, hidden"),
        ("prerank", None, "x=1", "--set x: unknown; the training takes .*epochs.*; hccp takes "),
        ("rerank", "mi", "x=1", "--model mi: unknown; --stage rerank trains armmt, podmmi"),
        ("rerank", "mmr", "x=1", "--model mmr: a rule, for which nothing is trained; .*method = .mmr"),
        ("rank", "podmmi", "x=1", "--model podmmi: of another stage, add --stage rerank"),
        ("rerank", "podmmi", "balance=1", "--set balance: unknown; the training takes epochs.*; podmmi takes width"),
        ("retrieve", "smar", "x=1", "--set x: unknown; the training takes preset, .*; smar takes .*fusion"),
        ("rank", None, "lr", "--set lr: give key=value"),
        ("rank", None, "lr=-1", "--set lr: Input should be greater than 0"),
    ],
)
def test_an_option_that_nobody_takes_is_told_with_those_that_there_are(
    stage: str, model: str | None, setting: str, told: str
) -> None:
    with pytest.raises(EmptorError) as error:
        train(Path("nowhere"), stage=stage, model=model, settings=[setting])  # type: ignore[arg-type]
    assert re.search(told, str(error.value)), str(error.value)


def told(shop_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """(the table, the commands) that training prints for a re-ranker."""
    printed: list[str] = []
    monkeypatch.setattr(training.out, "print", lambda text, **_: printed.append(text))
    with Shop.open(shop_path) as shop:
        training._print_next(shop, "rerank", "prm", "1", name="page", see=training._search)
    table, commands = printed[0][printed[0].index("[cascade") :].split("\n\n", 1)
    return table, commands


def test_what_is_proposed_is_the_promoted_cascade_with_the_model_under_a_name_of_its_own(
    shop_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Printed over the cascade that is live, it would change what visitors see before anybody judged it."""
    file = shop_path / "shop.toml"
    assert told(shop_path, monkeypatch)[0].startswith("[cascade.page]\n"), "the name is free"
    file.write_text(file.read_text() + PAGE)
    with Shop.open(shop_path) as shop:
        promote(shop, "page")
    table, commands = told(shop_path, monkeypatch)
    file.write_text(f"{file.read_text()}\n{table}\n")
    found = read_options(file).cascade
    first, last = found["page_2"].stages
    assert found["page"].stages[-1].method == "mmr", "what is live stays"
    assert (first.method, last.method, last.depth) == ("lexical", "prm", 300)
    assert found["page_2"].explore == found["page"].explore and found["page_2"].explore.share == 0.2
    assert f"emptor search {shop_path} " in commands and commands.count("page_2") == 3
    assert commands.endswith(f"emptor promote {shop_path} --cascade page_2")


def test_where_the_promoted_cascade_is_gone_the_one_of_shop_toml_is_proposed(
    shop_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a shop cannot be served, and may need this very model."""
    file = shop_path / "shop.toml"
    before = file.read_text()
    file.write_text(before + PAGE)
    with Shop.open(shop_path) as shop:
        promote(shop, "page")
    file.write_text(before)
    table, _ = told(shop_path, monkeypatch)
    assert table.startswith("[cascade.page]\n") and 'method = "prm"' in table
