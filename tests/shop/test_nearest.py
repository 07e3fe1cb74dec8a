"""A filter that finds nothing: the nearest one that finds something."""

from __future__ import annotations

import pytest

from emptor.engine import Engine
from emptor.shop.filters import parse_filters
from emptor.shop.nearest import nearest_filters


@pytest.mark.parametrize(
    ("filter", "nearest"),
    [
        ("brand:Kilnhouse", "brand:Kilnhaus"),
        ("brand:A\\|B\\:C", "brand:A\\|B\\:C\\\\D"),
        ("category:Hom", "category:Home"),
        ("category:mugs", "category:Home/Mugs"),
        ("category:Hom/Lampss", "category:Home/Lamps"),
        ("attr.colour:red", "attr.color:red"),
        ("attr.color:gren", "attr.color:green"),
        ("brand:qqqqqq", None),
        ("attr.wxyz:wxyz", None),
    ],
)
def test_the_nearest_filter_finds_something(golden: Engine, filter: str, nearest: str | None) -> None:
    filters = parse_filters([filter])
    assert nearest_filters(golden.view, filters) == [(filter, nearest)]
    if nearest is not None:
        assert golden.view.mask(parse_filters([nearest])).any()


def test_filters_that_find_something_each_need_no_other(golden: Engine) -> None:
    assert (
        nearest_filters(
            golden.view, parse_filters(["brand:Aurelle", "category:Home", "price:9999..", "attr.color:red"])
        )
        == []
    )
