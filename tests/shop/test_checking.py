"""`emptor check`: its facts are those of the shop as it is now, and its advice helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from emptor.shop.checking import Report, check
from emptor.shop.importer import import_catalogue, republish
from emptor.shop.promotion import promote, rollback
from emptor.shop.shop import Shop


def said(report: Report) -> list[str]:
    return [f"{finding.what} -> {finding.advice}" for finding in report.findings]


def about_clicks(report: Report) -> list[str]:
    return [text for text in said(report) if "clicked" in text]


def test_advice_about_popularity_fits_what_the_log_holds(shop: Shop) -> None:
    (nothing,) = about_clicks(check(shop))
    assert nothing.startswith("no product has been clicked") and "--events FILE" in nothing
    shop.events.append([{"action": "impression", "user_id": "u", "product_id": "P00"}])
    assert about_clicks(check(shop)) == [nothing]
    shop.events.append([{"action": "click", "user_id": "u", "product_id": "P00"}])
    report = check(shop)
    (later,) = about_clicks(report)
    assert later == (
        "1 product was clicked or bought, but generation 1 was built before that was known "
        f"-> emptor publish {shop.path}"
    )
    assert dict(report.facts)["events"] == "2, 2 of them since generation 1"
    republish(shop)
    report = check(shop)
    assert not about_clicks(report) and dict(report.facts)["events"] == "2"


def test_old_generations_are_counted(shop: Shop) -> None:
    for told in ("1 old generation takes", "2 old generations take"):
        while len(shop.numbers()) < 2 + int(told[0]):
            republish(shop)
        assert [text for text in said(check(shop)) if text.startswith(told)]


def test_events_of_unknown_products_are_told(shop: Shop) -> None:
    shop.events.append([{"action": "click", "user_id": "u", "product_id": own} for own in ("P00", "lost", "lost")])
    republish(shop)
    (told,) = [text for text in said(check(shop)) if "does not have" in text]
    assert told.startswith("2 of 3 events name a product that the catalogue does not have (lost)")


def test_the_default_cascade_is_named_after_a_promotion_and_after_a_rollback(shop_path: Path) -> None:
    with (shop_path / "shop.toml").open("a") as file:
        file.write('[cascade.second]\nstages = [{ stage = "retrieve", method = "popular" }]\n')
    with Shop.open(shop_path) as shop:
        assert dict(check(shop).facts)["default cascade"] == "default"
        at = promote(shop, "second", author="Ann").at[:10]
        assert dict(check(shop).facts)["default cascade"] == f"second, promoted {at} by Ann"
        rollback(shop)
        assert dict(check(shop).facts)["default cascade"] == f"default, after second was rolled back {at}"


@pytest.mark.parametrize("lost", ["index", "columns"])
def test_a_damaged_generation_is_told_and_the_log_is_looked_at_all_the_same(shop: Shop, lost: str) -> None:
    import shutil

    shop.events.append([{"action": "click", "user_id": "u", "product_id": "P00"}])
    shutil.rmtree(shop.path / "generations" / "1" / lost)
    report = check(shop)
    assert not report.sound
    assert dict(report.facts)["events"].startswith("1")


def test_fields_are_counted_with_the_updates(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("product_id,title,brand\na,Mug,Acme\nb,Cup,\n")
    with Shop.create(tmp_path / "shop") as shop:
        import_catalogue(shop, file)
        assert "no product has a price" in " ".join(said(check(shop)))
        shop.update(
            [{"product_id": "b", "price": 2.0}, {"product_id": "c", "title": "Bowl", "attributes": {"x": ["y"]}}]
        )
        shop.update([{"product_id": "a", "delete": True}])
        report = check(shop)
        filled = {name: (count, share) for name, count, share in report.filled}
        assert filled["price"] == (1, 0.5) and filled["title"] == (2, 1.0) and filled["attributes"] == (1, 0.5)
        told = " ".join(said(report))
        assert "no product has a price" not in told and "no product has a brand" in told
