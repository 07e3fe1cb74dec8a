"""Which column of a file becomes which field of a product: what the user says, else what its name says."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping

from emptor.errors import EmptorError
from emptor.shop.importing.quarantine import printable
from emptor.shop.importing.text import clean_line
from emptor.shop.schema import MAX_ID, PRODUCT

FIELDS = tuple(name for name in PRODUCT.names if name != "image_file")
ATTRIBUTE = "attr."

JOINED = frozenset({"title", "description", "category"})
"""Fields that several columns can make together; attributes can, too."""

_SYNONYMS = {
    "product_id": "product_id product_uid sku asin upc ean gtin item_id article_id product_code uid id",
    "title": "title product_title name product_name product_display_name item_name display_name headline",
    "description": "description product_description short_description long_description full_description desc"
    " product_bullet_point product_bullet_points product_bullets bullet_point bullet_points bullets",
    "category": "category categories category_path product_category product_categories category_name"
    " google_product_category product_type category_hierarchy breadcrumbs",
    "brand": "brand manufacturer product_brand vendor brand_name maker",
    "attributes": "attributes",
    "price": "price sale_price current_price product_price price_amount price_value regular_price list_price",
    "currency": "currency price_currency currency_code",
    "image": "image image_url image_link picture image_path image_file_name img img_url image_src picture_url"
    " photo photo_url main_image thumbnail thumbnail_url",
    "seller_id": "seller_id seller merchant_id shop_id store_id vendor_id",
    "listed_at": "listed_at created_at date_added date_listed listing_date",
    "in_stock": "in_stock availability stock stock_quantity inventory_quantity is_in_stock",
}
SYNONYMS: dict[str, list[str]] = {field: names.split() for field, names in _SYNONYMS.items()}
"""Column names taken for a field, best first; case, blanks, dots, hyphens and underscores do not count."""

PASSED_OVER = frozenset({"image_file"})
"""Columns of an export that mean something only inside the shop they come from."""


def parse_maps(maps: Iterable[str]) -> dict[str, list[str]]:
    r"""Read "field=column" and "field=column+column" texts, as given to --map; `\+` is a plus in a name.

    Returns field (or "attr.NAME") -> columns. Raises EmptorError for anything else.
    """
    parsed: dict[str, list[str]] = {}
    for text in maps:
        field, equals, columns_text = text.partition("=")
        field = field.strip()
        columns = [part.replace(r"\+", "+").strip() for part in re.split(r"(?<!\\)\+", columns_text)]
        if not equals or not field or "" in columns:
            raise EmptorError(f"cannot read --map {text!r}: expected field=column or field=column+column")
        if field in parsed:
            raise EmptorError(f"--map names {field} twice: name it once, joining columns with +")
        parsed[field] = columns
    _check_fields(parsed)
    return parsed


def _check_fields(maps: Mapping[str, Collection[str]]) -> None:
    for field, columns in maps.items():
        if field.startswith(ATTRIBUTE):
            name = field.removeprefix(ATTRIBUTE).strip()
            if not name or len(name) > MAX_ID or clean_line(name, decode=False) != name:
                raise EmptorError(f"--map {printable(field)[:60]!r} names no attribute: expected attr.NAME=column")
            continue
        if field not in FIELDS:
            close = difflib.get_close_matches(field, FIELDS, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise EmptorError(
                f"--map names an unknown field {field!r}: expected attr.NAME or {', '.join(FIELDS)}{hint}"
            )
        if len(columns) > 1 and field not in JOINED:
            raise EmptorError(f"--map gives {len(columns)} columns for {field}, which takes one")


class ColumnMapping:
    """What becomes of each column: a part of a field, an attribute, or nothing. Made by `of`.

    `fields`: field -> its columns; `attributes`: attribute name -> its columns. `explicit`: what was said or
    remembered, by field or attr.NAME; `reused`: the remembered part of it; `not_found`: remembered from columns that
    are not there; `dropped`: remembered and said otherwise; `ignored`, `reused_ignore`: columns left out.
    """

    reused: Mapping[str, list[str]] = {}
    not_found: Mapping[str, list[str]] = {}
    dropped: Collection[str] = ()
    reused_ignore: Collection[str] = ()

    def __init__(self, *, maps: Mapping[str, list[str]], ignored: Collection[str]) -> None:
        self.explicit, self.ignored = maps, ignored
        self.fields = {field: list(columns) for field, columns in maps.items() if not field.startswith(ATTRIBUTE)}
        self.attributes = {
            field.removeprefix(ATTRIBUTE).strip(): list(columns)
            for field, columns in maps.items()
            if field.startswith(ATTRIBUTE)
        }
        self._explicit = frozenset(self.fields)
        used = [column for columns in maps.values() for column in columns]
        self._settled = {*ignored, *used}
        self._attribute_of = {column: name for name, columns in self.attributes.items() for column in columns}

    @classmethod
    def of(
        cls,
        columns: list[str],
        *,
        maps: Mapping[str, list[str]] | None = None,
        ignore: Collection[str] = (),
        remembered: Mapping[str, list[str]] | None = None,
        remembered_ignore: Collection[str] = (),
        where: str = "the file",
    ) -> ColumnMapping:
        """Map the columns of a file: as `maps` says, else as an earlier file was mapped, else by their names.

        Raises EmptorError when `maps` or `ignore` name a column that is not there or a field that does not
        exist, or when no column gives the product_id.
        """
        _check_fields(maps or {})
        exact = {field: [_column(name, columns, where) for name in names] for field, names in (maps or {}).items()}
        ignored = {_column(name, columns, where) for name in ignore}
        _check_fields(remembered or {})
        others = {field: names for field, names in (remembered or {}).items() if field not in exact}
        present = {field: names for field, names in others.items() if set(names) <= set(columns)}
        # a column that is now said to be another attribute is not the old one as well
        elsewhere = {name for field, names in exact.items() if field.startswith(ATTRIBUTE) for name in names}
        dropped = [
            field
            for field, names in present.items()
            if ignored & set(names) or (field.startswith(ATTRIBUTE) and elsewhere & set(names))
        ]
        reused = {field: names for field, names in present.items() if field not in dropped}
        used = {name for names in [*exact.values(), *reused.values()] for name in names}
        reused_ignore = [name for name in remembered_ignore if name in columns and name not in used | ignored]
        mapping = cls(maps={**exact, **reused}, ignored=[*ignored, *reused_ignore])
        mapping.reused, mapping.dropped, mapping.reused_ignore = reused, dropped, reused_ignore
        mapping.not_found = {field: names for field, names in others.items() if field not in present}
        mapping.learn(columns)
        if columns and "product_id" not in mapping.fields:
            raise EmptorError(
                f"no column of {where} is known to hold the product's id: found {_listed(columns)}; "
                "say which it is with --map product_id=COLUMN"
            )
        return mapping

    @property
    def field_columns(self) -> set[str]:
        """Every column that is a field or a part of one."""
        return {column for columns in self.fields.values() for column in columns}

    def attribute_of(self, column: str) -> str | None:
        """The attribute that a column's values belong to, if they do."""
        return self._attribute_of.get(column) if column in self._settled else attribute_name(column)

    def learn(self, columns: Iterable[str]) -> None:
        """Settle what becomes of columns that turned up; what was settled before stays."""
        new = [column for column in columns if column not in self._settled]
        self._settled.update(new)
        by_name: dict[str, list[str]] = {}
        for column in new:
            by_name.setdefault(_plain(column), []).append(column)
        taken: set[str] = set()
        for field, synonyms in SYNONYMS.items():
            candidates = [column for name in synonyms for column in by_name.get(_plain(name), [])]
            if field in self._explicit:
                continue
            if field != "description":
                candidates = [] if field in self.fields else candidates[:1]
            if candidates:
                self.fields.setdefault(field, []).extend(candidates)
                taken.update(candidates)
        for column in new:
            if column not in taken and column not in PASSED_OVER:
                name = attribute_name(column)
                self._attribute_of[column] = name
                self.attributes.setdefault(name, []).append(column)

    def describe(self) -> list[tuple[str, str]]:
        """Pairs of (field, its columns joined with " + ") to print: fields first, then attributes."""
        pairs = [(field, " + ".join(self.fields[field])) for field in FIELDS if field in self.fields]
        return pairs + [(ATTRIBUTE + name, " + ".join(columns)) for name, columns in self.attributes.items()]


def attribute_name(column: str) -> str:
    """The attribute named after a column, in snake case: baseColour and "Base Colour" become base_colour."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column)
    snake = re.sub(r"[\s_-]+", "_", words).strip("_").lower() or column
    return clean_line(snake, decode=False)


def _column(name: str, columns: list[str], where: str) -> str:
    """The column that the user calls `name`, exactly or but for case and word breaks."""
    if name in columns:
        return name
    alike = [column for column in columns if _plain(column) == _plain(name)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise EmptorError(f"{name!r} may be any of {_listed(alike)} in {where}: write it as the file does")
    raise EmptorError(f"{where} has no column {name!r}: its columns are {_listed(columns)}")


def _plain(name: str) -> str:
    return re.sub(r"[\s_.\-]+", "", name).casefold()


def _listed(columns: list[str]) -> str:
    shown = ", ".join(column[:60] for column in columns[:40])
    return shown + (f" and {len(columns) - 40} more" if len(columns) > 40 else "") or "none"
