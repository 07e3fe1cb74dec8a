"""The docs: tables say what their result files say, links lead somewhere, examples do what is said of them."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emptor.engine import Engine
from emptor.evaluate import read_judgements
from emptor.merchandise import read_rules
from emptor.shop.delta import read_update

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_tables_are_those_of_the_result_files() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "tables.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "-->\n<!-- end -->" not in "".join(page.read_text() for page in PAGES), "a table without its result file"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


def test_the_example_of_rules_json_is_read_as_it_stands(tmp_path: Path) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "lab.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "rules.json").write_text(example, encoding="utf-8")
    rules = read_rules(tmp_path)
    assert [str(rule) for rule in rules.moving] == ["pin A12 at 1 for “mug”"]
    assert [rule.active for rule in rules.every] == [True, False, True]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_leading_zeros_are_taken_from_files_and_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8"), re.DOTALL
    )
    pack = gzip.compress if suffix.endswith(".gz") else bytes
    (tmp_path / "sessions").mkdir()
    (tmp_path / f"products{suffix}").write_bytes(pack(b"upc,name\n0012,mug\n"))
    for name in ("a", "b"):
        (tmp_path / "sessions" / f"{name}{suffix}").write_bytes(pack(b"sess_id,clicked_doc_id\n1,012\n"))
    monkeypatch.chdir(tmp_path)
    recipe = next(block for block in blocks if "bare-" in block)
    exec(recipe.replace("products.csv.gz", f"products{suffix}"), {})
    assert (tmp_path / "bare-products.csv").read_text() == "upc,name\n12,mug\n"
    for name in ("a", "b"):
        assert (tmp_path / "bare-sessions" / f"{name}.csv").read_text() == "sess_id,clicked_doc_id\n1,12\n"


def test_the_example_challenger_gives_other_lists_than_the_default(shop_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "lab.md").read_text(encoding="utf-8"), re.DOTALL)
    with (shop_path / "shop.toml").open("a", encoding="utf-8") as file:
        file.write(example)
    with Engine.open(shop_path) as engine:
        default, challenger = (engine.ranking(["mug"], cascade=name) for name in ("default", "challenger"))
    assert [list(own) for own in default] != [list(own) for own in challenger]


def test_the_example_of_updates_is_read_as_it_stands() -> None:
    blocks = re.findall(r"```\n(\{.*?)```", (ROOT / "docs" / "shop.md").read_text(encoding="utf-8"), re.DOTALL)
    changes = [read_update(json.loads(line)) for line in blocks[0].splitlines()]
    assert [change.op for change in changes] == ["set", "set", "delete", "set"]
    assert changes[1].fields["image"] is None


@pytest.mark.parametrize(
    ("file", "about"),
    [("ranking.md", "emptor.rerank"), ("evaluation.md", "emptor.evaluate.diversity"), ("methods/awmoe.md", "AWMoE")],
)
def test_examples_that_need_no_shop_run_as_they_stand(file: str, about: str) -> None:
    text = (ROOT / "docs" / file).read_text(encoding="utf-8")
    blocks = [own for own in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if about in own]
    assert blocks
    for block in blocks:
        exec(block, {})


def test_judgements_from_clicks_are_split_by_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    rows = [f"mug,P{at % 2},s{at},2026-03-{20 + at % 4}T10:00:00,{at % 3 // 2}" for at in range(24)]
    (tmp_path / "clicks.csv").write_text("\n".join(["query,product_id,session_id,time,clicked", *rows]))
    monkeypatch.chdir(tmp_path)
    exec(next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "earlier" in block), {})
    assert len((tmp_path / "earlier.csv").read_text().splitlines()) == 13
    assert read_judgements(tmp_path / "judged.csv").frame.height == 2
