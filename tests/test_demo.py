"""The demo: its shop has what is trained later, trains itself beside the server, and decides by what was measured."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import orjson
import pytest
from rich.console import Console

from emptor.demo import training as demo_training
from emptor.demo.background import Background
from emptor.demo.making import make_demo
from emptor.demo.stages import PRERANK, RANK, RANKER, RERANK, RETRIEVE, STAGES
from emptor.demo.training import train_demo
from emptor.engine import Engine
from emptor.errors import ShopBusy
from emptor.market.store import folder_of
from emptor.shop.config import read_options
from emptor.shop.manifest import read_manifest
from emptor.shop.training import NAME, Training, being_the_one, is_running, read_training, write_training
from tests.serve.test_process import served
from tests.serve.test_publish import until

ANY = '[gate]\nfloors = { "ndcg@10" = 0.0 }\n'
QUIET = Console(quiet=True)


@pytest.fixture(scope="session")
def demo_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest demo with something to learn; do not write to it."""
    shop = tmp_path_factory.mktemp("demo") / "shop"
    make_demo(shop, products=500, days=2, console=QUIET)
    return shop


@pytest.fixture
def demo_path(demo_shop: Path, tmp_path: Path) -> Path:
    shop = tmp_path / "shop"
    shutil.copytree(folder_of(demo_shop), folder_of(shop))
    return Path(shutil.copytree(demo_shop, shop))


def with_gate(shop: Path, gate: str) -> None:
    file = shop / "shop.toml"
    file.write_text(file.read_text().partition("[gate]")[0] + gate)


def test_the_shop_has_a_gate_and_keeps_what_its_owner_wrote(demo_path: Path) -> None:
    with Engine.open(demo_path) as engine:
        assert not engine.off and engine.search("mug").total >= 0
    file = demo_path / "shop.toml"
    assert read_options(file).gate.floors
    file.write_text(file.read_text().replace('"ndcg@10" = 0.3', '"ndcg@10" = 0.9'))
    make_demo(demo_path, products=500, days=2, console=QUIET)
    assert read_options(file).gate.floors == {"ndcg@10": 0.9}


def test_each_stage_is_proposed_beside_those_that_were_promoted_before(demo_path: Path) -> None:
    file = demo_path / "shop.toml"
    default = read_options(file).cascade["default"]
    for stage in STAGES:
        file.write_text(file.read_text() + stage.table(default))
        default = read_options(file).cascade[stage.cascade]
    retrieve, prerank, rank, rerank = default.stages
    assert list(retrieve.options["channels"]) == ["lexical", "personal", RETRIEVE.model] and retrieve.depth == 1_000
    assert (prerank.method, prerank.depth, prerank.fallback) == (PRERANK.model, 200, "cut")
    assert (rank.method, rank.depth, rank.options) == (RANKER, 200, {"best": 20})
    assert (rerank.stage, rerank.method, rerank.depth, rerank.options) == ("rerank", "armmt", 200, RERANK.of_stage)
    assert default.deadline_ms == 200 and default.explore.share == 0.1


def test_a_stage_is_trained_compared_and_promoted_and_the_server_takes_it_up(demo_path: Path) -> None:
    """Beside a server that is never started again, and by a process of its own that ends when it is done. The other
    stages were decided earlier.
    """
    with_gate(demo_path, ANY)
    decided = [
        demo_training._waiting(own).model_copy(update={"outcome": "kept", "why": "It loses."})
        for own in (RETRIEVE, PRERANK, RERANK)
    ]
    (demo_path / NAME).mkdir()
    write_training(demo_path, Training(started_at="2026-01-01T00:00:00+00:00", stages=tuple(decided)))
    with served(demo_path) as (url, _), httpx.Client(base_url=url, timeout=30) as client:
        refused = client.get("/v1/search?q=mug&cascade=trained")
        assert refused.status_code == 400 and "'trained'" in refused.json()["error"]
        training = Background(demo_path)
        training.start()
        process = training._process
        assert process is not None
        try:
            assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19 and os.getpgid(process.pid) == process.pid
            assert os.getsid(process.pid) == os.getsid(0), "a session of its own would not be nice to the server's"
            until(lambda: "Running" in client.get("/lab/experiments").text, seconds=30)
            process.wait(300)
        finally:
            training.stop()
        told = read_training(demo_path)
        assert told is not None and told.ended_at is not None and not is_running(demo_path)
        *earlier, stage, last = told.stages
        assert [own.model_dump() for own in (*earlier, last)] == [own.model_dump() for own in decided]
        assert [own.name for own in stage.steps] == ["train", "compare", "promote"]
        assert all(own.state == "done" and own.seconds for own in stage.steps[:2]), stage
        (file,) = (demo_path / "experiments").iterdir()
        found = orjson.loads(file.read_bytes())
        rows = {own["measure"]: own["difference"] for own in found["rows"]}
        loses = (rows["orders"] or rows["clicks"]) < 0
        assert found["held_out"] and found["days"] == demo_training.DAYS and stage.experiment == file.name
        assert stage.outcome == ("kept" if loses else "promoted"), stage
        until(lambda: client.get("/v1/search?q=mug&cascade=trained").status_code == 200, seconds=30)
        page = client.get("/lab/experiments").text
        assert ("Promoted" if stage.outcome == "promoted" else "Not promoted") in page and file.name in page
    manifest = read_manifest(demo_path)
    assert manifest is not None and f"rank/{RANKER}" in manifest.models
    assert manifest.cascade == ("trained" if stage.outcome == "promoted" else "default")


class Commands:
    """Stands in for the commands: says how each ended, and leaves what it would have left."""

    def __init__(
        self, shop: Path, *, change: float = 0.01, clicks: float = 0.1, value: float = 0.5, failing: str = ""
    ) -> None:
        self.shop, self.change, self.clicks, self.value, self.failing = shop, change, clicks, value, failing
        self.asked: list[str] = []

    def __call__(self, run: object, command: list[str], output: Path | None) -> int:
        words = command[3:]
        self.asked.append(words[0])
        if words[0] == self.failing:
            assert output is not None
            output.write_text("some words\nerror: the log has 3 clicks\n")
            return 2
        if words[0] == "train":
            folder = self.shop / "models" / "rank" / RANKER / "1"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "metrics.json").write_text('{"click AUC": 0.61}')
        elif words[0] == "market":
            rows = [
                {"measure": name, "a": a, "b": a + by, "difference": by, "low": by - 0.05, "high": by + 0.05}
                for name, a, by in (("orders", 0.1, self.change), ("clicks", 1.0, self.clicks))
            ]
            (self.shop / "experiments").mkdir(exist_ok=True)
            content = orjson.dumps({"rows": rows, "users": 50, "days": 28})
            (self.shop / "experiments" / f"{len(self.asked)}.json").write_bytes(content)
        else:
            check = {"metric": "ndcg@10", "value": self.value, "least": 0.4, "passed": self.value >= 0.4}
            (self.shop / NAME / "gate.json").write_bytes(orjson.dumps({"checks": [check]}))
            return 0 if check["passed"] else 1
        return 0


def trained(
    shop: Path, monkeypatch: pytest.MonkeyPatch, **options: float | str
) -> tuple[Commands, demo_training.StageTraining]:
    commands = Commands(shop, **options)  # type: ignore[arg-type]
    monkeypatch.setattr(demo_training._Run, "_wait", lambda run, *given: commands(run, *given))
    (stage,) = train_demo(shop, stages=(RANK,), in_background=True).stages
    return commands, stage


def test_orders_that_are_lost_keep_the_default_before_the_gate_is_asked(
    demo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the interval holds 0: what looks like a loss has not earned its place."""
    commands, stage = trained(demo_path, monkeypatch, change=-0.01)
    assert commands.asked == ["train", "market"] and stage.outcome == "kept"
    assert "loses orders per user: −10.0% (95% interval −60.0% to +40.0%)" in stage.why and stage.experiment == "2.json"


def test_where_as_many_order_clicks_decide(demo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, stage = trained(demo_path, monkeypatch, change=0.0, clicks=-0.02)
    assert stage.outcome == "kept" and "loses clicks per user: −2.0%" in stage.why


def test_what_passed_the_gate_is_told_with_its_figures(demo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, stage = trained(demo_path, monkeypatch, change=0.0)
    assert stage.outcome == "promoted"
    assert stage.steps[-1].told == "It passed the gate: ndcg@10 is 0.500, and had to be at least 0.400."


def test_a_gate_that_says_no_is_told_with_its_figures(demo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands, stage = trained(demo_path, monkeypatch, value=0.2)
    assert commands.asked == ["train", "market", "promote"] and stage.outcome == "kept"
    assert stage.why == "It does not pass the gate: ndcg@10 is 0.200, and must be at least 0.400."
    again, stage = trained(demo_path, monkeypatch)
    assert not again.asked and stage.outcome == "kept", "what was decided is not asked again"


def test_a_failure_is_told_in_the_sentence_of_the_command_and_tried_again(
    demo_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, stage = trained(demo_path, monkeypatch, failing="train")
    assert (stage.outcome, stage.why) == ("failed", "the log has 3 clicks")
    assert [own.state for own in stage.steps] == ["failed", "waiting", "waiting"]
    commands, stage = trained(demo_path, monkeypatch)
    assert commands.asked == ["train", "market", "promote"] and stage.outcome == "promoted"


def test_a_table_that_names_another_model_is_told(demo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = demo_path / "shop.toml"
    file.write_text(file.read_text() + '\n[cascade.trained]\nstages = [{ stage = "rank", method = "lr" }]\n')
    commands, stage = trained(demo_path, monkeypatch)
    assert commands.asked == ["train"] and stage.outcome == "failed" and f"does not use {RANKER}" in stage.why


def test_one_trains_at_a_time(demo_path: Path) -> None:
    with being_the_one(demo_path), pytest.raises(ShopBusy):
        train_demo(demo_path)


def test_stopping_ends_the_commands_too_and_the_lab_is_told(demo_path: Path) -> None:
    training = Background(demo_path)
    training.start()
    process = training._process
    assert process is not None
    until(lambda: bool(children(process.pid)), seconds=30)
    (command,) = children(process.pid)
    training.stop()
    until(lambda: not alive(command) and not alive(process.pid), seconds=10)
    told = read_training(demo_path)
    assert told is not None and told.ended_at is None and not is_running(demo_path)


def test_it_ends_when_the_server_is_killed(demo_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from emptor.demo.background import Background;"
        "own = Background(Path(sys.argv[1])); own.start(); print(own._process.pid, flush=True); time.sleep(600)"
    )
    server = subprocess.Popen([sys.executable, "-c", code, str(demo_path)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    until(lambda: bool(children(pid)), seconds=30)
    (command,) = children(pid)
    server.send_signal(signal.SIGKILL)
    server.wait()
    server.stdout.close()
    until(lambda: not alive(command) and not alive(pid), seconds=20)


def test_a_training_that_cannot_begin_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    training = Background(tmp_path / "nowhere")
    training.start()
    training.stop()
    assert "could not begin to train" in caplog.text


def test_a_damaged_status_is_written_anew(demo_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (demo_path / NAME).mkdir()
    (demo_path / NAME / "status.json").write_text("{")
    _, stage = trained(demo_path, monkeypatch)
    assert stage.outcome == "promoted"
    told = read_training(demo_path)
    assert told is not None
    write_training(demo_path, told)
    assert read_training(demo_path) == told and told.stages[0].cascade == RANK.cascade


def children(pid: int) -> list[int]:
    try:
        return [int(own) for own in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
