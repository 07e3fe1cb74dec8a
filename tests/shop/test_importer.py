"""Imports: upsert and sync, repeats, pictures, and that a stopped import changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emptor.errors import EmptorError, ShopBusy
from emptor.shop.catalogue import products_of
from emptor.shop.importer import import_catalogue, republish
from emptor.shop.manifest import PREVIOUS, read_manifest
from emptor.shop.shop import Shop
from tests.golden import picture, products


def write(path: Path, rows: list[dict]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def ids(shop: Shop) -> list[str]:
    return [row for batch in products_of(shop.view()) for row in batch.column("product_id").to_pylist()]


def test_the_golden_shop_holds_what_the_file_held(shop: Shop) -> None:
    view = shop.view()
    assert view.count == len(products())
    assert ids(shop) == sorted(row["product_id"] for row in products())
    product = view.product(view.row("P00"))
    assert product["title"] == "Aurelle Red plain dress"
    assert product["category"] == ["Women", "Dresses"]
    assert product["attributes"] == {"color": ["red"], "pattern": ["plain"], "size": ["S", "M"]}
    assert view.product(view.row("odd-9"))["category"] == ["Home", "Lamps/Lights"]
    assert product["image_file"] is not None
    assert view.product(view.row("P07"))["image_file"] is None


def test_upsert_replaces_by_id_and_keeps_the_rest(shop: Shop, tmp_path: Path) -> None:
    file = write(
        tmp_path / "new.jsonl",
        [{"product_id": "P00", "title": "changed"}, {"product_id": "Z", "title": "new"}],
    )
    result = import_catalogue(shop, file)
    assert (result.added, result.replaced, result.retired) == (1, 1, 0)
    view = shop.view()
    assert view.count == len(products()) + 1
    assert view.product(view.row("P00"))["title"] == "changed"
    assert view.product(view.row("P00"))["price"] is None


def test_an_import_without_pictures_keeps_the_old_ones(shop: Shop, tmp_path: Path) -> None:
    before = shop.view().product(shop.view().row("P00"))
    import_catalogue(shop, write(tmp_path / "a.jsonl", [{**products()[0], "title": "changed"}]))
    assert shop.view().product(shop.view().row("P00"))["image_file"] == before["image_file"]
    import_catalogue(shop, write(tmp_path / "b.jsonl", [{**products()[0], "image": "another.png"}]))
    assert shop.view().product(shop.view().row("P00"))["image_file"] is None


def test_an_updated_product_keeps_its_picture_too(shop: Shop, tmp_path: Path) -> None:
    shop.update([{"product_id": "P00", "price": 3.0}])
    before = shop.view().product(shop.view().row("P00"))
    result = import_catalogue(shop, write(tmp_path / "a.jsonl", [{**products()[0], "title": "changed"}]))
    after = shop.view().product(shop.view().row("P00"))
    assert (result.added, result.replaced, result.products) == (0, 1, len(products()))
    assert after["image_file"] == before["image_file"] is not None
    assert after["price"] == 40.0


def test_a_deleted_product_comes_back_with_an_import(shop: Shop, tmp_path: Path) -> None:
    shop.update([{"product_id": "P00", "delete": True}])
    result = import_catalogue(shop, write(tmp_path / "a.jsonl", [products()[0]]))
    assert (result.added, result.replaced, result.products) == (1, 0, len(products()))
    shop.update([{"product_id": "P00", "delete": True}])
    republish(shop)
    assert shop.view().row("P00") is None


def test_sync_retires_what_the_file_lacks(shop: Shop, tmp_path: Path) -> None:
    file = write(tmp_path / "new.jsonl", [{"product_id": "P00", "title": "left"}, {"product_id": "Z", "title": "new"}])
    result = import_catalogue(shop, file, mode="sync")
    assert result.retired == len(products()) - 1
    assert ids(shop) == ["P00", "Z"]


def test_sync_keeps_what_the_file_names_in_a_row_that_cannot_be_read(shop: Shop, tmp_path: Path) -> None:
    rows = [{"product_id": "P00", "title": "left"}, {"product_id": "P01", "title": "x", "price": "a lot"}]
    result = import_catalogue(shop, write(tmp_path / "a.jsonl", rows), mode="sync")
    assert ids(shop) == ["P00", "P01"]
    assert result.retired == len(products()) - 2
    assert shop.view().product(shop.view().row("P01"))["title"] == "Aurelle Blue plain dress"
    with pytest.raises(EmptorError, match="would empty the shop"):
        import_catalogue(shop, write(tmp_path / "b.jsonl", rows[1:]), mode="sync")
    assert ids(shop) == ["P00", "P01"]


def test_a_lost_index_is_built_again(shop_path: Path) -> None:
    import shutil

    with Shop.open(shop_path) as shop:
        shop.update([{"product_id": "P00", "price": 3.0}])
        shutil.rmtree(shop_path / "generations" / "1" / "index")
        (shop_path / "generations" / "1.bak").mkdir()  # somebody's own copy is none of our business
    with Shop.open(shop_path) as shop:
        with pytest.raises(EmptorError, match="emptor publish"):
            shop.view().searcher  # noqa: B018
        republish(shop)
        view = shop.view()
        assert view.searcher.num_docs == view.count == len(products())
        assert view.product(view.row("P00"))["price"] == 3.0


def test_the_last_of_repeated_ids_wins_and_the_earlier_are_told(tmp_path: Path) -> None:
    rows = [
        {"product_id": "a", "title": "one"},
        {"product_id": "b", "title": "x"},
        {"product_id": "a", "title": "two"},
    ]
    with Shop.create(tmp_path / "shop") as shop:
        result = import_catalogue(shop, write(tmp_path / "f.jsonl", rows))
        view = shop.view()
        assert view.product(view.row("a"))["title"] == "two"
    assert (result.products, result.repeated, result.quarantined) == (2, 1, 1)
    [entry] = [orjson.loads(line) for line in result.quarantine.read_bytes().splitlines()]
    assert (entry["line"], entry["product_id"], entry["field"]) == (1, "a", "product_id")
    assert "line 3" in entry["expected"]


def test_a_bad_row_is_told_and_the_import_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text("product_id,title,price\n1,good,5\n2,bad,a lot\n3,good,6\n")
    with Shop.create(tmp_path / "shop") as shop:
        result = import_catalogue(shop, file)
        assert ids(shop) == ["1", "3"]
    [entry] = [orjson.loads(line) for line in result.quarantine.read_bytes().splitlines()]
    assert (entry["line"], entry["field"]) == (3, "price")
    assert "a lot" in entry["found"]
    assert entry["expected"]


def test_a_bad_picture_is_told_and_its_product_stays(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    (images / "good.jpg").write_bytes(picture((1, 2, 3), kind="JPEG"))
    (images / "cut.jpg").write_bytes(picture((1, 2, 3), kind="JPEG")[:-200])
    (images / "no.jpg").write_bytes(b"not a picture")
    rows = [{"product_id": name, "title": name, "image": f"{name}.jpg"} for name in ("good", "cut", "no", "missing")]
    with Shop.create(tmp_path / "shop") as shop:
        result = import_catalogue(shop, write(tmp_path / "f.jsonl", rows), images=images)
        view = shop.view()
        has = {
            name: view.product(view.row(name))["image_file"] is not None for name in ("good", "cut", "no", "missing")
        }
    assert has == {"good": True, "cut": False, "no": False, "missing": False}
    assert (result.pictures, result.bad_pictures, result.products) == (1, 2, 4)


def test_a_file_without_any_product_leaves_no_generation(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text("product_id,title\n")
    with Shop.create(tmp_path / "shop") as shop, pytest.raises(EmptorError, match="no product"):
        import_catalogue(shop, file)
    assert read_manifest(tmp_path / "shop") is None


def test_one_writer_at_a_time_and_its_process_is_named(shop: Shop) -> None:
    code = f"""
import sys, time
from emptor.shop.shop import Shop
with Shop.open({str(shop.path)!r}).writing(doing="importing big.csv"):
    print("held", flush=True)
    time.sleep(30)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(ShopBusy, match=f"process {holder.pid} is importing big.csv"), shop.writing():
            pass
        holder.kill()
    with shop.writing():
        pass  # the system freed the lock with the process


def test_updates_acknowledged_during_an_import_survive_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from emptor.shop import importer

    real = importer.popularity

    def late(own: Shop) -> dict[str, float]:
        with Shop.open(shop.path) as other:
            other.update([{"product_id": "P00", "price": 123.0}])
        return real(own)

    monkeypatch.setattr(importer, "popularity", late)
    republish(shop)
    view = shop.view()
    assert view.product(view.row("P00"))["price"] == 123.0


def test_an_update_of_a_product_that_a_sync_retires_does_not_bring_it_back(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emptor.shop import importer

    real = importer.popularity

    def late(own: Shop) -> dict[str, float]:
        with Shop.open(shop.path) as other:
            other.update([{"product_id": "P00", "price": 123.0}])
        return real(own)

    monkeypatch.setattr(importer, "popularity", late)
    import_catalogue(shop, write(tmp_path / "a.jsonl", [{"product_id": "left", "title": "left"}]), mode="sync")
    assert ids(shop) == ["left"]
    assert shop.view().row("P00") is None


def test_publish_folds_updates_in(shop: Shop) -> None:
    shop.update([{"product_id": "P00", "price": 1.5}, {"product_id": "P01", "delete": True}])
    shop.update([{"product_id": "N1", "title": "brand new kettle", "brand": "Novel"}])
    before = ids(shop)
    republish(shop)
    view = shop.view()
    assert view.id.endswith(".0")
    assert ids(shop) == sorted(before)
    assert view.product(view.row("P00"))["price"] == 1.5
    assert view.row("P01") is None
    assert view.brands[view.brand[view.row("N1")]] == "Novel"


def test_the_previous_manifest_is_kept(shop: Shop) -> None:
    republish(shop)
    assert read_manifest(shop.path).generation == 2
    assert read_manifest(shop.path, name=PREVIOUS).generation == 1


CHILD = """
import sys
from pathlib import Path
from emptor.shop.shop import Shop
from emptor.shop.importer import import_catalogue
shop = Shop.open(sys.argv[1])
for number in range(1000):
    result = import_catalogue(shop, Path(sys.argv[2]) / f"{number % 2}.jsonl", mode="sync", wait_s=5)
    print(result.generation, number % 2, flush=True)
    shop.update([{"product_id": "P00", "price": float(result.generation)}])
    print("updated", result.generation, flush=True)
"""


@pytest.mark.slow
def test_kill_at_any_moment_loses_nothing_acknowledged(shop_path: Path, tmp_path: Path) -> None:
    """An import loop is killed 25 times at random moments; each time the shop opens at the last published state."""
    import random

    rows = products()
    files = tmp_path / "files"
    files.mkdir()
    for number in (0, 1):
        write(
            files / f"{number}.jsonl",
            [*rows, *({"product_id": f"f{number}-{i}", "title": "f"} for i in range(40))],
        )
    draw = random.Random(7)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    acknowledged_any = 0
    for _ in range(25):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(shop_path), str(files)], stdout=subprocess.PIPE, env=environment
        )
        # by lines, not by the clock: on a busy machine too, some are killed after more than one import
        first = b"".join(child.stdout.readline() for _ in range(1 + draw.randrange(3)))
        time.sleep(draw.uniform(0, 0.25))
        child.send_signal(signal.SIGKILL)
        lines = (first + child.stdout.read()).decode().splitlines()
        child.wait()
        published = [
            line.split() for line in lines if line and not line.startswith("updated") and len(line.split()) == 2
        ]
        updated = [int(line.split()[1]) for line in lines if line.startswith("updated") and len(line.split()) == 2]
        acknowledged_any += len(published)
        with Shop.open(shop_path) as shop:
            view = shop.view()
            generation, kind = int(published[-1][0]), int(published[-1][1])
            assert view.generation.number >= generation
            if view.generation.number > generation:  # published, killed before it could say so
                kind = 1 - kind
            assert view.row(f"f{kind}-0") is not None
            assert view.row(f"f{1 - kind}-0") is None
            assert view.count == len(rows) + 40
            assert view.searcher.num_docs == view.count
            if updated and updated[-1] == view.generation.number:
                assert view.product(view.row("P00"))["price"] == float(updated[-1])
    assert acknowledged_any > 25


PRODUCTS = st.dictionaries(
    st.text("abcde/ é", min_size=1, max_size=3).filter(lambda text: text == text.strip() and text),
    st.fixed_dictionaries(
        {"title": st.text("abc xyz", min_size=1, max_size=8).filter(str.strip)},
        optional={
            "price": st.floats(0, 1000),
            "brand": st.sampled_from(["A", "B"]),
            "in_stock": st.booleans(),
        },
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PRODUCTS, st.sampled_from(["upsert", "sync"])), min_size=1, max_size=3))
def test_any_sequence_of_imports_ends_where_a_dictionary_would(
    tmp_path_factory: pytest.TempPathFactory, imports: list[tuple[dict, str]]
) -> None:
    folder = tmp_path_factory.mktemp("imports")
    model: dict[str, dict] = {}
    with Shop.create(folder / "shop") as shop:
        for number, (catalogue, mode) in enumerate(imports):
            rows = [{"product_id": product_id, **fields} for product_id, fields in catalogue.items()]
            import_catalogue(shop, write(folder / f"{number}.jsonl", rows), mode=mode)
            model = {**({} if mode == "sync" else model), **catalogue}
        view = shop.view()
        assert sorted(ids(shop)) == sorted(model)
        for product_id, fields in model.items():
            found = view.product(view.row(product_id))
            assert found["title"] == fields["title"].strip()
            assert found["price"] == fields.get("price")
            assert found["in_stock"] == fields.get("in_stock", True)
