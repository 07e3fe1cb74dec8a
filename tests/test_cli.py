"""The command line: every command helps, works on the golden shop, and tells bad input in one sentence."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import polars as pl
import pytest
from typer.testing import CliRunner

from emptor.cli import app
from emptor.cli.serving import _say_open, _say_warming_up
from emptor.errors import EmptorError
from emptor.shop.checking import check
from emptor.shop.events import importing
from emptor.shop.shop import Shop
from tests.golden import write_catalogue

RUN = CliRunner()
COMMANDS = [command.name or command.callback.__name__ for command in app.registered_commands]


def run(*words: object) -> str:
    result = RUN.invoke(app, [str(word) for word in words], env={"COLUMNS": "200", "NO_COLOR": "1"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in (0, 1), result.output
    return result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps(command: str) -> None:
    output = run(command, "--help")
    assert "Usage" in output
    assert len(output.split()) > 20


def test_from_a_file_to_an_exported_shop(tmp_path: Path) -> None:
    catalogue, images = write_catalogue(tmp_path / "source")
    shop = tmp_path / "shop"
    output = run("import", shop, "--catalogue", catalogue, "--images", images)
    assert "60 products in generation 1" in output
    assert "36 pictures" in output
    told = run("search", shop, "red striped mug", "--explain", "--filter", "category:Home", "--follow", "P00")
    assert "P34" in told and "hybrid" in told and "the filter category:Home excludes it" in told
    assert "P34" in run("search", shop, "red striped mug", "--user", "somebody")
    assert "The shop is sound" in run("check", shop)
    assert "1 update written" in run("update", shop, "--product", "P34", "--price", 2.5)
    assert "60 products in generation 2" in run("publish", shop)
    assert "60 products in generation 3" in run("publish", shop)
    assert "Removed generations 1" in run("gc", shop)
    events = tmp_path / "events.jsonl"
    events.write_bytes(
        orjson.dumps({"action": "click", "user_id": "u", "product_id": "P34", "time": "2026-01-01T00:00:00Z"})
    )
    assert "1 event stored" in run("import", shop, "--events", events)
    assert "0 events stored, 1 known already" in run("import", shop, "--events", events)
    assert "1 event moved" in run("rollup", shop)
    output = run("export", shop, "--catalogue", tmp_path / "all.parquet", "--events", tmp_path / "all.ubi.jsonl")
    assert "60 products written" in output
    assert "1 event written" in output
    again = tmp_path / "again"
    run("import", again, "--catalogue", tmp_path / "all.parquet")
    with Shop.open(again) as copy, Shop.open(shop) as original:
        a, b = copy.view(), original.view()
        left_out = ("image_file",)
        for row in range(b.rows):
            mine = {k: v for k, v in a.product(row).items() if k not in left_out}
            assert mine == {k: v for k, v in b.product(row).items() if k not in left_out}


def test_evaluate_prints_and_writes(golden_path: Path, tmp_path: Path) -> None:
    judged = tmp_path / "judged.csv"
    judged.write_text("search_term,sku,rating\nred striped mug,P34,3\nblue lamp,P41,2\n")
    words = ["evaluate", golden_path, "--judgements", judged, "--map", "product_id=sku", "--json", tmp_path / "r.json"]
    output = run(*words, "--metrics", "ndcg@10,recall@100", "--map", "query=search_term", "--map", "grade=rating")
    assert "ndcg@10" in output
    report = orjson.loads((tmp_path / "r.json").read_bytes())
    assert report["metrics"][0]["random"] < report["metrics"][0]["mean"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["search", "nowhere", "mug"], "there is no shop at nowhere"),
        (["import", "new"], "nothing to import"),
        (["import", "new", "--catalogue", "none.csv"], "none.csv"),
        (["import", "new", "--catalogue", "none.csv", "--map", "titel=name"], "title"),
        (["export", "GOLDEN"], "nothing to export"),
        (["export", "GOLDEN", "--catalogue", "x.docx"], "docx"),
        (["update", "GOLDEN"], "nothing to update"),
        (["update", "GOLDEN", "--product", "nobody", "--price", "3"], "no such product"),
        (["search", "GOLDEN", "mug", "--filter", "colour:red"], "unknown field"),
        (["search", "GOLDEN", "mug", "--sort", "best"], "unknown sort"),
        (["search", "GOLDEN", "mug", "--cascade", "b"], "unknown cascade"),
        (["evaluate", "GOLDEN", "--judgements", "none.csv"], "none.csv"),
        (["evaluate", "GOLDEN", "--judgements", "none.csv", "--map", "x"], "expected FIELD=COLUMN"),
        (["serve", "nowhere"], "there is no shop"),
        (["demo", "--folder", "FULL", "--no-serve"], "is no demo shop"),
        (["demo", "--folder", "GOLDEN", "--no-serve"], "is no demo shop"),
    ],
)
def test_bad_input_is_one_sentence(golden_path: Path, tmp_path: Path, words: list[str], sentence: str) -> None:
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL" / "letter.txt").write_text("dear")
    words = [str(golden_path) if word == "GOLDEN" else word for word in words]
    old = Path.cwd()
    os.chdir(tmp_path)
    try:
        with pytest.raises(EmptorError) as told:
            run(*words)
    finally:
        os.chdir(old)
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)


def command(*words: object) -> list[str]:
    return [sys.executable, "-c", "from emptor.cli import main; main()", *map(str, words)]


def test_an_error_ends_with_status_2_and_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(command("check", tmp_path / "nowhere"), capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is no shop")
    assert "Traceback" not in done.stderr


def test_a_failed_first_import_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(EmptorError):
        run("import", tmp_path / "new", "--catalogue", tmp_path / "a.csv")
    assert not (tmp_path / "new").exists()
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    for words in (["--events", "a.csv"], ["--catalogue", "a.csv", "--events", "a.csv"], ["--events", "nothing.csv"]):
        with pytest.raises(EmptorError):
            run("import", tmp_path / "new", *(tmp_path / own if own.endswith(".csv") else own for own in words))
        assert not (tmp_path / "new").exists()


def test_a_failed_first_import_keeps_the_events_that_it_stored(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("session_id,product_id,action,time\n1,p,click,2024-01-01\n")
    with pytest.raises(EmptorError):
        run(
            "import",
            tmp_path / "new",
            "--events",
            tmp_path / "a.csv",
            "--catalogue",
            tmp_path / "a.csv",
            "--map",
            "x=y",
        )
    assert not (tmp_path / "new").exists(), "told before anything was read"
    (tmp_path / "b.csv").write_text("")
    with pytest.raises(EmptorError):
        run("import", tmp_path / "new", "--events", tmp_path / "a.csv", "--catalogue", tmp_path / "b.csv")
    with Shop.open(tmp_path / "new") as shop:
        assert shop.events.count() == 1


def test_ctrl_c_stops_an_import_and_leaves_the_shop_as_it_was(shop_path: Path, tmp_path: Path) -> None:
    file = tmp_path / "big.csv"
    with file.open("w") as out:
        out.write("product_id,title\n")
        out.writelines(f"b{i},big thing number {i}\n" for i in range(150_000))
    child = subprocess.Popen(command("import", shop_path, "--catalogue", file), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not (shop_path / "staging").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "stopped" in told
    assert "Traceback" not in told
    with Shop.open(shop_path) as shop:
        assert shop.view().count == 60
        with shop.writing():
            assert not (shop_path / "staging").exists()


def test_check_names_a_cascade_that_cannot_run(shop_path: Path) -> None:
    with (shop_path / "shop.toml").open("a") as file:
        file.write('[cascade.wrong]\nstages = [{ stage = "retrive", method = "hybrid" }]\n')
    result = CliRunner().invoke(app, ["check", str(shop_path)])
    assert result.exit_code == 1 and "retrive" in result.output and "sound" not in result.output


def test_a_second_import_says_what_it_took_from_the_first_and_what_changed(tmp_path: Path) -> None:
    shop, file = tmp_path / "shop", tmp_path / "a.csv"
    file.write_text("product_id,words,cost\nP1,Red mug,1\nP2,Blue mug,2\n")
    told = run("import", shop, "--catalogue", file, "--map", "title=words", "--ignore", "cost")
    assert "2 new, 0 changed, 0 unchanged" in told and "last import" not in told
    file.write_text("product_id,words,cost\nP1,Red mug,1\nP2,Teal mug,2\nP3,Cup,3\n")
    told = run("import", shop, "--catalogue", file)
    assert "1 new, 1 changed, 1 unchanged, 0 retired" in told
    assert "from words  as in the last import; --map title=COLUMN to change" in told
    assert "left out, as in the last import: cost" in told
    run("update", shop, "--product", "P1", "--price", 4)
    file.write_text("product_id,price\nP1,3\n")
    told = run("import", shop, "--catalogue", file)
    assert "title came from words before, which this file lacks: --map title=COLUMN" in told
    assert "1 product updated or deleted since the last import stands as in the file now" in told


def test_a_log_of_another_system_is_imported_from_a_folder(shop_path: Path, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("a", "b"):
        (logs / f"{name}.csv").write_text(f"visit,q,sku,hit\n1,{name} mug,P30,True\n1,{name} mug,nobody,False\n")
    words = ["import", shop_path, "--events", logs, "--time", "2024-01-01T00:00:00Z", "--map", "session_id=visit"]
    words += ["--map", "query=q", "--map", "product_id=sku", "--map", "event.action=hit"]
    told = run(*words, "--action", "True=click", "--action", "False=impression")
    assert "a.csv: 2 events stored, 0 known already" in told and "b.csv: 2 events stored" in told
    assert "2 of 4 events name a product that the catalogue does not have (nobody)" in told
    words = ["import", shop_path, "--events", logs / "a.csv", "--time", "2024-01-01"]
    told = run(*words, "--action", "true=click", "--action", "false=impression")
    assert "session_id       from visit  as in the last import" in told and "2 known already" in told
    told = run("check", shop_path)
    assert "1 product was clicked or bought, but generation 1 was built before that was known" in told


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("1,P30,True,2024-01-01,\n1,P31,False,2024-01-01,\n1,P31,click,soon,", "2 of 3 have True, False as action"),
        ("1,P30,True,2024-01-01,", "say what each value means, such as --action True=click"),
        ("1,P30,,2024-01-01,", "say --action click where all are of one kind"),
        ("1,P30,click,soon,", "say --map time=COLUMN, or --time"),
        (",P30,click,2024-01-01,", "say --map session_id=COLUMN or --map user_id=COLUMN"),
        ("1,P30,click,2024-01-01,first", "say --map position=COLUMN where it is in another column"),
    ],
)
def test_a_log_of_which_nothing_was_taken_is_a_failure(
    shop_path: Path, tmp_path: Path, rows: str, sentence: str
) -> None:
    (tmp_path / "a.csv").write_text(f"session_id,product_id,action,time,position\n{rows}\n")
    result = CliRunner().invoke(app, ["import", str(shop_path), "--events", str(tmp_path / "a.csv")])
    told = " ".join(result.output.split())
    assert result.exit_code == 1 and "No event was taken" in told and sentence in told
    assert not (shop_path / "mapping.json").exists()


def test_what_the_actions_of_a_log_mean_is_remembered(shop_path: Path, tmp_path: Path) -> None:
    log = tmp_path / "a.csv"
    log.write_text("session_id,product_id,action,time\n1,P30,True,2024-01-01\n1,P31,F,2024-01-01\n")
    run("import", shop_path, "--events", log, "--action", "True=click", "--action", "F=impression")
    log.write_text("session_id,product_id,action,time\n2,P30,TRUE,2024-01-02\n")
    told = run("import", shop_path, "--events", log)
    assert "1 event stored" in told and "from the action true" in told and "--action true=NAME to change" in told
    assert "from the action f" not in told
    log.write_text("session_id,product_id,action,time\n2,P30,true,2024-01-03\n")
    assert "from the action" not in run("import", shop_path, "--events", log, "--action", "true=cart")
    events = pl.read_parquet(exported(shop_path, tmp_path))
    assert sorted(events["action"]) == ["cart", "click", "click", "impression"]


def test_sessions_that_several_files_count_anew(shop_path: Path, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("a", "b.x", "c"):
        rows = "".join(f"{visit},P30,click\n" for visit in (1, 2, name))
        (logs / f"{name}.csv").write_text(f"visit,product_id,action\n{rows}")
    with gzip.open(logs / "d.CSV.gz", "wt") as file:
        file.write("visit,product_id,action\nd,P31,view\n")
    words = ["import", shop_path, "--events", logs, "--time", "2024-01-01", "--map", "session_id=visit"]
    told = run(*words)
    assert "2 of 6 session ids are in several files, and each counts as one session" in told
    assert "b.x.csv: 1 event stored, 2 known already" in told, "the same rows"
    assert "10 events known" not in told and "Run emptor publish" in told
    run("forget", shop_path, "--to", "2025-01-01")
    told = run(*words, "--session-per-file")
    assert "several files" not in told and "b.x.csv: 3 events stored, 0 known already" in told
    told = run(*words)
    assert "begins with the name of its file  as in the last import; --no-session-per-file to change" in told
    assert told.count("as in the last import") == 1 and "known already" in told
    assert "0 events stored, 3 known already" in told and "Run emptor publish" not in told
    sessions = pl.read_parquet(exported(shop_path, tmp_path))["session_id"]
    assert sorted(sessions) == ["a:1", "a:2", "a:a", "b.x:1", "b.x:2", "b.x:b.x", "c:1", "c:2", "c:c", "d:d"]
    told = run(*words, "--no-session-per-file")
    assert "session ids are in several files" in told and "6 events" not in told
    assert "begins with" not in run(*words), "what was said last is remembered"
    (logs / "e.csv").write_text(f"visit,product_id,action\n{'x' * 255},P30,click\n")
    told = run(*words, "--session-per-file")
    assert "1 event left out" in told
    with pytest.raises(EmptorError, match="--session-per-file says how to read events"):
        run("import", shop_path, "--catalogue", logs / "a.csv", "--session-per-file")


def test_what_holds_for_all_files_is_told_once(shop_path: Path, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("a", "b", "c"):
        (logs / f"{name}.csv").write_text(f"visit,sku,hit,time\n{name},P30,T,2024-01-01\n")
    words = ["import", shop_path, "--events", logs]
    told = run(
        *words, "--map", "session_id=visit", "--map", "product_id=sku", "--map", "action=hit", "--action", "T=click"
    )
    assert "last import" not in told
    told = run(*words)
    assert told.count("session_id       from visit  as in the last import") == 1
    assert told.count("from the action t  as in the last import") == 1 and told.count("as in the last import") == 4
    assert "session ids are" not in told


def test_a_roll_up_says_what_had_been_moved_before(
    shop_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROLL_UP_ROWS", 3)
    log = tmp_path / "a.csv"
    log.write_text("session_id,action,time\n" + "".join(f"{at},click,2024-01-01\n" for at in range(8)))
    with Shop.open(shop_path) as shop:
        importing.import_events(shop.events, log, quarantine=pytest.fail, batch_rows=3)  # type: ignore[arg-type]
    assert "2 events moved to " in (told := run("rollup", shop_path)) and "; 6 others had been moved before" in told
    assert "0 events moved" in run("rollup", shop_path)


def test_a_log_that_is_imported_twice_counts_once(shop_path: Path, tmp_path: Path) -> None:
    """What docs/shop.md says of it."""
    log, other = tmp_path / "a.csv", tmp_path / "b.jsonl"
    log.write_text("session_id,product_id,action\n1,P30,click\n1,P30,click\n")
    other.write_text('{"session_id": "1", "product_id": "P30", "action": "click"}\n' * 2)
    assert "2 events stored" in run("import", shop_path, "--events", log, "--time", "2024-01-01"), "two of a kind"
    run("rollup", shop_path)
    assert "2 known already" in run("import", shop_path, "--events", other, "--time", "2024-01-01")
    assert "2 events stored" in run("import", shop_path, "--events", log, "--time", "2024-01-02"), "another content"
    run("rollup", shop_path)
    with Shop.open(shop_path) as shop:
        assert shop.events.forget_ids(time.time_ns() // 1000 + 29 * 86_400_000_000) == 0
        assert shop.events.forget_ids(time.time_ns() // 1000 + 31 * 86_400_000_000) == 4
    assert "2 events stored" in run("import", shop_path, "--events", log, "--time", "2024-01-01")


def test_events_are_forgotten_and_can_be_imported_again(shop_path: Path, tmp_path: Path) -> None:
    assert "The shop has no events" in run("forget", shop_path, "--user", "u")
    assert not (shop_path / "events.sqlite").exists()
    log = tmp_path / "a.csv"
    lines = [
        f"{user},P30,{action},2011-09-{day:02d}" for user in "ab" for action in ("click", "view") for day in (1, 2)
    ]
    log.write_text("\n".join(["user_id,product_id,action,time", *lines, "a,P31,click,2026-01-01"]) + "\n")
    run("import", shop_path, "--events", log)
    run("publish", shop_path)
    told = run("forget", shop_path, "--to", "2011-10-01", "--dry-run")
    assert "8 events match on 2 days from 2011-09-01 to 2011-09-02: 4 click, 4 view." in told
    assert "2011-09-02  2 click, 2 view" in told and "Nothing was changed" in told and "forgotten" not in told
    assert "9" in dict(check(Shop.open(shop_path)).facts)["events"]
    told = run("forget", shop_path, "--user", "a", "--from", "2011-09-02", "--to", "2011-09-03")
    assert "2 events match on 2011-09-02: 1 click, 1 view." in told and "2 events forgotten" in told
    assert "follows with the next emptor publish" in told
    assert dict(check(Shop.open(shop_path)).facts)["events"] == "7"
    assert "2 events stored, 7 known already" in run("import", shop_path, "--events", log)
    assert dict(check(Shop.open(shop_path)).facts)["events"] == "9, 2 of them since generation 2"
    told = run("forget", shop_path, "--from", "2030-01-01")
    assert "No event matches" in told and "0 events forgotten" in told and "publish" not in told
    assert "9 events forgotten" in run("forget", shop_path, "--from", "1999-01-01")
    run("publish", shop_path)
    with Shop.open(shop_path) as shop:
        assert shop.events.count() == 0 and not shop.view().popularity.any()


def test_forgetting_refuses_what_it_could_not_mean(shop_path: Path) -> None:
    for words, sentence in [
        ([], "nothing to forget: give --user ID, --from TIME, --to TIME"),
        (["--from", "soon"], "--from: found 'soon', expected a time"),
        (["--from", "2024-01-02", "--to", "2024-01-01"], "--from is not before --to"),
    ]:
        with pytest.raises(EmptorError, match=sentence):
            run("forget", shop_path, *words)
    with Shop.open(shop_path) as shop, shop.writing(), pytest.raises(EmptorError, match="is busy"):
        run("forget", shop_path, "--user", "u")


def exported(shop: Path, folder: Path) -> Path:
    run("export", shop, "--events", folder / "events.parquet")
    return folder / "events.parquet"


def test_a_catalogue_and_its_log_are_mapped_in_one_command(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("code,name\nP1,Red mug\n")
    (tmp_path / "log.csv").write_text("who,sku\nu,P1\n")
    maps = ["product_id=code", "event.product_id=sku", "user_id=who"]
    told = run(
        "import", tmp_path / "shop", "--catalogue", tmp_path / "a.csv", "--events", tmp_path / "log.csv",
        "--action", "click", "--time", "2024-01-01", *(word for own in maps for word in ("--map", own)),
    )  # fmt: skip
    assert "1 event stored" in told and "1 product in generation 1" in told and "does not have" not in told
    with pytest.raises(EmptorError, match="is about events: give --events FILE too"):
        run("import", tmp_path / "shop", "--catalogue", tmp_path / "a.csv", "--map", "event.user_id=who")
    with pytest.raises(EmptorError, match="--action and --time say how to read events"):
        run("import", tmp_path / "shop", "--catalogue", tmp_path / "a.csv", "--action", "click")


def test_updates_of_a_file_that_were_left_out_are_told(shop_path: Path, tmp_path: Path) -> None:
    (tmp_path / "u.jsonl").write_text('{"product_id": "P00", "price": 1}\n{"product_id": "nobody", "price": 1}\n')
    told = run("update", shop_path, "--file", tmp_path / "u.jsonl")
    assert "1 update written." in told
    assert "1 update left out, for products that the shop does not have: nobody in line 2" in told


def test_a_filter_that_finds_nothing_hints_at_the_nearest(golden_path: Path) -> None:
    told = run("search", golden_path, "mug", "--filter", "brand:Kilnhouse")
    assert "No product passes brand:Kilnhouse; did you mean --filter brand:Kilnhaus?" in told
    assert "No product passes" not in run("search", golden_path, "mug", "--filter", "brand:Aurelle")


def test_evaluate_takes_the_judgements_of_the_shop(shop_path: Path) -> None:
    with pytest.raises(EmptorError, match=r"judgements\.csv is not there; give --judgements FILE"):
        run("evaluate", shop_path)
    (shop_path / "judgements.csv").write_text("query,product_id,grade\nred striped mug,P34,3\n")
    told = run("evaluate", shop_path, "--metrics", "ndcg@10")
    assert f"Judged by {shop_path / 'judgements.csv'}" in told.replace("\n", "") and "ndcg@10" in told


def test_each_address_ends_its_line(capsys: pytest.CaptureFixture[str], shop_path: Path) -> None:
    _say_warming_up(shop_path)
    _say_warming_up(shop_path / "nowhere")
    _say_open("http://127.0.0.1:8000", True)
    lines = capsys.readouterr().out.replace("\n/", "/").splitlines()
    assert lines[0].startswith("Opening ") and any("warming up" in line for line in lines)
    assert "The shop is open at http://127.0.0.1:8000" in lines and "Its lab is at http://127.0.0.1:8000/lab" in lines
