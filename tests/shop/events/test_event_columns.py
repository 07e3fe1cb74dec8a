"""Behaviour logs of other systems: columns of other names, without a time, without actions, of unknown products."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from emptor.errors import EmptorError
from emptor.shop.events import (
    EventLog,
    ImportCounts,
    event_files,
    import_events,
    parse_actions,
    parse_event_maps,
    parse_one_time,
)
from emptor.shop.shop import Shop
from emptor.shop.strangers import strangers_among, strangers_of

SESSIONS = "sess_id,query,rank,clicked_doc_id,clicked\n7,ipad,0.0,P00,False\n7,ipad,1.0,P01,True\n"
MAPS = ["session_id=sess_id", "position=rank", "product_id=clicked_doc_id", "action=clicked"]


def load(log: EventLog, path: Path, **options: Any) -> ImportCounts:
    return import_events(log, path, quarantine=lambda *fault: pytest.fail(str(fault)), **options)


def sessions_options() -> dict[str, Any]:
    _, actions = parse_actions(["True=click", "False=impression"])
    time = parse_one_time("2011-09-01T00:00:00Z")
    return {"columns": parse_event_maps(MAPS), "defaults": {"time": time}, "actions": actions}


def rows(log: EventLog) -> list[dict[str, Any]]:
    return log.read().sort("seq").collect().to_dicts()


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz"])
def test_ranked_lists_with_clicks_become_impressions_and_clicks(log: EventLog, tmp_path: Path, name: str) -> None:
    text = SESSIONS.replace(",", "\t") if name == "a.tsv" else SESSIONS
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    counts = load(log, tmp_path / name, **sessions_options())
    assert counts == ImportCounts(2, 0, 0) and counts.products == {"P00": 1, "P01": 1}
    first, second = rows(log)
    assert (first["action"], first["position"], first["session_id"], first["query"]) == ("impression", 0, "7", "ipad")
    assert (second["action"], second["product_id"], second["time"].year) == ("click", "P01", 2011)
    assert load(log, tmp_path / name, **sessions_options()) == ImportCounts(0, 2, 0)


def test_semicolons_one_action_and_a_time_only_where_none_is_known(log: EventLog, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("visitor;time;sku\nv;2020-01-01;P00\nv;;P01\n")
    columns = parse_event_maps(["user_id=visitor", "product_id=sku"])
    default, _ = parse_actions(["click"])
    load(log, tmp_path / "a.csv", columns=columns, defaults={"action": default, "time": parse_one_time("2021-01-01")})
    assert [(row["action"], row["time"].year) for row in rows(log)] == [("click", 2020), ("click", 2021)]


def test_one_time_holds_for_json_and_ubi_too(log: EventLog, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"what": "View", "user_id": "u"}\n{"action_name": "click", "client_id": "c"}\n'
        '{"what": "view", "user_id": "u", "timestamp": "2020-01-01"}\n'
    )
    time = parse_one_time("2021-01-01")
    _, actions = parse_actions(["view=impression"])
    load(log, tmp_path / "a.jsonl", columns={"action": "what"}, defaults={"time": time}, actions=actions)
    assert [(row["action"], row["time"].year) for row in rows(log)] == [
        ("impression", 2021), ("click", 2021), ("impression", 2020),
    ]  # fmt: skip


def test_what_was_said_before_counts_where_the_file_lacks_the_field(log: EventLog, tmp_path: Path) -> None:
    known = {"session_id": "sess_id", "action": "what", "product_id": "sku"}
    (tmp_path / "a.csv").write_text("sess_id,what,product_id,sku,time\n1,click,P00,other,2020-01-01\n")
    assert load(log, tmp_path / "a.csv", remembered=known).reused == {"session_id": "sess_id", "action": "what"}
    (tmp_path / "b.jsonl").write_text('{"sess_id": "1", "action": "click", "sku": "P01", "time": "2020-01-01"}\n')
    assert load(log, tmp_path / "b.jsonl", remembered=known).reused == {"session_id": "sess_id", "product_id": "sku"}
    assert [row["product_id"] for row in rows(log)] == ["P00", "P01"]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("user_id,time", "expected one named action; say which it is with --map action=COLUMN, or --action click"),
        ("user_id,action", "expected one named time or timestamp; say which it is with --map time=COLUMN, or --time"),
        ("action,time", "expected one named user_id or session_id; say which it is with --map session_id=COLUMN"),
    ],
)
def test_a_log_that_lacks_what_is_needed_is_told_the_way_on(
    log: EventLog, tmp_path: Path, header: str, sentence: str
) -> None:
    (tmp_path / "a.csv").write_text(header + "\nx,y\n")
    with pytest.raises(EmptorError) as told:
        load(log, tmp_path / "a.csv")
    assert sentence in str(told.value)


def test_bad_words_are_told(log: EventLog, tmp_path: Path) -> None:
    for texts, sentence in (
        (["action"], "expected field=column"),
        (["sesion_id=a"], "did you mean session_id?"),
        (["action=a", "action=b"], "twice"),
        (["user_id=a", "session_id=a"], "a column is one field"),
    ):
        with pytest.raises(EmptorError, match=sentence.replace("?", r"\?")):
            parse_event_maps(texts)
    with pytest.raises(EmptorError, match="such as click or True=click"):
        parse_actions(["Add To Cart"])
    with pytest.raises(EmptorError, match="name one"):
        parse_actions(["click", "view"])
    with pytest.raises(EmptorError, match="expected a time as ISO 8601"):
        parse_one_time("yesterday")
    (tmp_path / "a.csv").write_text("action,user_id,time\n")
    with pytest.raises(EmptorError, match="has no column 'sku': its columns are action, user_id, time"):
        load(log, tmp_path / "a.csv", columns={"product_id": "sku"})


def test_a_folder_is_all_its_event_files(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    with pytest.raises(EmptorError, match="holds no file of events"):
        event_files(folder)
    for name in ("b.csv.gz", "a.jsonl", "readme.txt"):
        (folder / name).touch()
    assert [file.name for file in event_files(folder)] == ["a.jsonl", "b.csv.gz"]
    with pytest.raises(EmptorError, match="there is no file"):
        event_files(tmp_path / "none")


def test_events_of_products_that_the_catalogue_lacks_are_counted(shop: Shop) -> None:
    shop.update([{"product_id": "012345678905", "title": "a scale"}])
    view = shop.view()
    assert strangers_among(view, {"P00": 5}) is None
    found = strangers_among(view, {"P00": 5, "nobody": 2, "12345678905": 1})
    assert found is not None and (found.events, found.of, found.products) == (3, 8, 2)
    assert str(found).startswith("3 of 8 events name 2 products that the catalogue does not have")
    assert found.advice == "the catalogue has 012345678905: leading zeros got lost; write ids in both files alike"
    shop.events.append([{"action": "click", "user_id": "u", "product_id": own} for own in ("P00", "nobody", "nobody")])
    of_log = strangers_of(shop, view)
    assert of_log is not None and (of_log.events, of_log.of, of_log.example) == (2, 3, "nobody")


def test_real_sessions_of_a_shop_are_read(log: EventLog, real_data: Path, tmp_path: Path) -> None:
    with gzip.open(real_data / "retrotech_bestbuy" / "sessions" / "ipad.csv.gz", "rt") as file:
        lines = [next(file) for _ in range(2_001)]
    (tmp_path / "ipad.csv").write_text("".join(lines))
    counts = load(log, tmp_path / "ipad.csv", **sessions_options())
    assert counts.stored == 2_000
    clicks = log.read().filter(pl.col("action") == "click").collect().height
    assert 0 < clicks < 1_000
