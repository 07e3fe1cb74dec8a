"""The gate: a challenger passes all floors or stays out, and the command line says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from emptor.cli import app
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate import evaluate_shop
from emptor.evaluate.gate import challenge
from emptor.shop.shop import Shop

CASCADES = """
[cascade.popular]
stages = [{ stage = "retrieve", method = "popular", depth = 60 }]
[cascade.same]
stages = [{ stage = "retrieve", method = "hybrid", depth = 50 }]
"""


@pytest.fixture
def judged(shop_path: Path) -> Path:
    """The golden shop with challengers, and judgements that its default cascade meets."""
    with Engine.open(shop_path) as engine:
        rows = [
            f"{query},{hit.product['product_id']},{3 - hit.position // 2}"
            for query in ("mug", "desk lamp", "sneakers")
            for hit in engine.search(query, k=6).results
        ]
    (shop_path / "judged.csv").write_text("\n".join(["query,product_id,grade", *rows]))
    with (shop_path / "shop.toml").open("a") as file:
        file.write(CASCADES)
    return shop_path


def floors(shop: Path, text: str) -> None:
    with (shop / "shop.toml").open("a") as file:
        file.write(f'\n[gate]\njudgements = "judged.csv"\n{text}\n')


def test_a_challenger_passes_or_fails_by_its_figures(judged: Path) -> None:
    floors(judged, 'floors = { "ndcg@10" = 0.9 }\nmax_loss = { "NDCG@10" = 0.0, "recall@10" = 0.5 }')
    with Engine.open(judged) as engine:
        same, popular = challenge(engine, "same"), challenge(engine, "popular")
    assert same.passed and [check.metric for check in same.checks] == ["ndcg@10", "recall@10"]
    assert same.checks[0].value == same.checks[0].champion == same.checks[0].least == pytest.approx(1.0)
    assert same.checks[1].least == pytest.approx(0.5)
    assert not popular.passed and popular.figures["ndcg@10"][0] < 0.5
    assert same.notes == (
        "same and the default returned the same lists for all queries: nothing was compared",
        "3 judged queries are few for a gate, whose figures then move by chance: at least 50 are better",
    )
    assert popular.notes[0].startswith("products of the challenger's pages are not graded: judged@10 is 0.")
    assert "the default's 0.67" in popular.notes[0] and "same lists" not in " ".join(popular.notes)
    with Engine.open(judged) as engine:
        report = evaluate_shop(engine, judged / "judged.csv", metrics=["ndcg@10"], cascade="same", against="default")
        other = evaluate_shop(engine, judged / "judged.csv", metrics=["ndcg@10"], cascade="popular", against="default")
    assert "same and default returned the same lists for all queries: nothing was compared" in report.notes
    assert not other.same_lists


def test_what_is_missing_is_told(judged: Path) -> None:
    with Engine.open(judged) as engine, pytest.raises(EmptorError, match=r"no floors.*\[gate\]"):
        challenge(engine, "same")
    with (judged / "shop.toml").open("a") as file:
        file.write('\n[gate]\nfloors = { "ndcg@10" = 0.9 }\n')
    with Engine.open(judged) as engine:
        with pytest.raises(EmptorError, match=r"judgements\.csv is not there; give --judgements FILE.*/lab/judge"):
            challenge(engine, "same")
        (judged / "judgements.csv").write_bytes((judged / "judged.csv").read_bytes())
        assert challenge(engine, "same").passed, "the shop's own, where nobody names another"
        with pytest.raises(EmptorError, match="unknown cascade 'none'"):
            challenge(engine, "none", judgements=judged / "judged.csv")
        with pytest.raises(EmptorError, match=r"default cascade of .* already"):
            challenge(engine, "default", judgements=judged / "judged.csv")


def test_the_command_promotes_refuses_and_rolls_back(judged: Path) -> None:
    floors(judged, 'floors = { "ndcg@10" = 0.9 }')
    run = CliRunner().invoke
    refused = run(app, ["promote", str(judged), "--cascade", "popular"])
    told = " ".join(refused.output.split())
    assert "! products of the challenger's pages are not graded: judged@10 is" in told
    assert refused.exit_code == 1 and "fails" in refused.output and "does not become the default" in refused.output
    promoted = run(app, ["promote", str(judged), "--cascade", "same", "--author", "Ann"])
    assert promoted.exit_code == 0 and "same is the default cascade now" in promoted.output
    with Shop.open(judged) as shop:
        manifest = shop.manifest()
        assert manifest is not None and manifest.cascade == "same"
        assert manifest.promotions[0].author == "Ann" and manifest.promotions[0].figures["ndcg@10"][0] > 0.9
    with Engine.open(judged) as engine, pytest.raises(EmptorError, match="brought back by"):
        challenge(engine, "default")
    back = run(app, ["rollback", str(judged)])
    assert back.exit_code == 0 and "default is the default cascade again" in back.output
