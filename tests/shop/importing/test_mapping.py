"""Columns to fields: what the user says, what names say, and what is left."""

import pytest

from emptor.errors import EmptorError
from emptor.shop.importing import ColumnMapping, parse_maps
from emptor.shop.importing.mapping import attribute_name


def test_parse_maps():
    assert parse_maps(["title=name", "description = short + long", "attr.color=baseColour", r"brand=a\+b"]) == {
        "title": ["name"],
        "description": ["short", "long"],
        "attr.color": ["baseColour"],
        "brand": ["a+b"],
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title", "expected field=column"),
        ("=name", "expected field=column"),
        ("title=", "expected field=column"),
        ("title=a+", "expected field=column"),
        ("titel=name", "did you mean title?"),
        ("image_file=x", "unknown field"),
        ("attr.=x", "attr.NAME=column"),
        ("attr.a\nb=x", "attr.NAME=column"),
        ("price=a+b", "takes one"),
    ],
)
def test_nonsense_maps_are_refused(text, says):
    with pytest.raises(EmptorError) as error:
        ColumnMapping.of(["a", "b", "x", "name", "id"], maps=parse_maps([text]))
    assert says in str(error.value)


def test_a_field_mapped_twice_is_refused():
    with pytest.raises(EmptorError, match="twice"):
        parse_maps(["title=a", "title=b"])


def test_synonyms_by_priority_whatever_case_and_word_breaks():
    mapping = ColumnMapping.of(["ID", "Product UID", "productDisplayName", "name", "LongDescription", "description"])
    assert mapping.fields == {
        "product_id": ["Product UID"],
        "title": ["name"],
        "description": ["description", "LongDescription"],
    }
    assert mapping.attributes == {"id": ["ID"], "product_display_name": ["productDisplayName"]}


def test_esci_columns():
    text = ["product_title", "product_description", "product_bullet_point", "product_brand"]
    mapping = ColumnMapping.of(["product_id", *text, "product_color", "product_locale"])
    assert mapping.describe() == [
        ("product_id", "product_id"),
        ("title", "product_title"),
        ("description", "product_description + product_bullet_point"),
        ("brand", "product_brand"),
        ("attr.product_color", "product_color"),
        ("attr.product_locale", "product_locale"),
    ]


def test_explicit_maps_win_and_ignored_columns_vanish():
    columns = ["id", "product_uid", "name", "title", "colour", "junk"]
    maps = {"product_id": ["product_uid"], "title": ["Name"], "attr.color": ["colour"]}
    mapping = ColumnMapping.of(columns, maps=maps, ignore=["id", "JUNK"])
    assert mapping.fields == {"product_id": ["product_uid"], "title": ["name"]}
    assert mapping.attributes == {"color": ["colour"], "title": ["title"]}


@pytest.mark.parametrize("options", [{"maps": {"title": ["nmae"]}}, {"ignore": ["nmae"]}])
def test_unknown_columns_are_refused_with_those_there_are(options):
    with pytest.raises(EmptorError, match="no column 'nmae': its columns are id, name"):
        ColumnMapping.of(["id", "name"], **options)


def test_a_name_that_fits_two_columns_is_refused():
    with pytest.raises(EmptorError, match="write it as the file does"):
        ColumnMapping.of(["id", "base colour", "base_colour"], maps={"attr.c": ["baseColour"]})


def test_no_id_column():
    with pytest.raises(EmptorError, match="found title, price; say which it is with --map product_id=COLUMN"):
        ColumnMapping.of(["title", "price"])


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("baseColour", "base_colour"),
        ("Base Colour", "base_colour"),
        ("screen-size", "screen_size"),
        ("specs.Weight", "specs.weight"),
        ("URL", "url"),
        ("颜色", "颜色"),
        ("_", "_"),
    ],
)
def test_attribute_names(column, name):
    assert attribute_name(column) == name
