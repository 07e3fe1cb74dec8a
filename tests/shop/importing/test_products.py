"""Records to products: joining, cleaning, bounds, and faults that say what is wrong."""

import pytest

from emptor.shop.schema import MAX_DESCRIPTION, MAX_ID, MAX_TITLE, MAX_VALUE


def test_several_columns_make_one_field(read):
    product = read(
        "id,name,line,short_description,long_description,l1,l2,l3,c1,c2\n"
        "1,Sofa,Oslo,soft,soft and warm,Home,TV/Video,,red,blue\n",
        maps={"title": ["line", "name"], "category": ["l1", "l2", "l3"], "attr.color": ["c1", "c2"]},
    ).only
    assert product["title"] == "Oslo Sofa"
    assert product["description"] == "soft\nsoft and warm"
    assert product["category"] == ["Home", "TV/Video"]
    assert product["attributes"] == {"color": ["red", "blue"]}


def test_equal_descriptions_are_said_once(read):
    assert read("id,short_description,long_description\n1,same,same\n").only["description"] == "same"


@pytest.mark.parametrize(
    ("text", "separator", "path"),
    [
        ("Home > Kitchen > Pots", None, ["Home", "Kitchen", "Pots"]),
        ("Home &gt; Kitchen &amp; Co", None, ["Home", "Kitchen & Co"]),
        ("TV/Video > LCD|LED", None, ["TV/Video", "LCD|LED"]),
        ("A|B/C", None, ["A", "B/C"]),
        ("A/B//C/", None, ["A", "B", "C"]),
        (r"AC\/DC/Live", None, ["AC/DC", "Live"]),
        (r"AC\/DC", None, ["AC/DC"]),
        (r"a \> b/c", None, ["a > b", "c"]),
        ("A :: B/C > D", "::", ["A", "B/C > D"]),
        (" > ", None, None),
        ("none", None, None),
    ],
)
def test_category_texts(read, text, separator, path):
    assert read(f'id,category\n1,"{text}"\n', category_separator=separator).only["category"] == path


def test_a_list_of_paths_gives_its_first(read):
    assert read('{"id": "1", "categories": [["A", "B"], ["C"]]}\n', "s.jsonl").only["category"] == ["A", "B"]


def test_words_for_nothing_are_null_but_in_titles(read):
    reading = read("id,title,brand,price,color\n1,None,none,NaN,N/A\n")
    product = reading.only
    assert (product["title"], product["brand"], product["price"], product["attributes"]) == (
        "None",
        None,
        None,
        None,
    )


def test_currency_beside_the_price_and_in_its_column(read):
    assert read("id,price\n1,$5\n").only["currency"] == "USD"
    reading = read("id,price,currency\n1,$5,eur\n2,$5,\n")
    assert [p["currency"] for p in reading.products] == ["EUR", "USD"]


def test_every_bad_field_of_a_row_is_told(read):
    reading = read("sku,price,in_stock,listed_at\na,free,maybe,soon\nb,1,yes,2024-01-01\n")
    assert reading.ids == ["b"]
    assert [(f.line, f.product_id, f.field, f.found) for f in reading.faults] == [
        (2, "a", "price", "'free'"),
        (2, "a", "listed_at", "'soon'"),
        (2, "a", "in_stock", "'maybe'"),
    ]


def test_a_row_without_id(read):
    fault = read("sku,title\n,Sofa\n").fault
    assert (fault.line, fault.product_id, fault.field, fault.found) == (2, None, "product_id", "nothing")


@pytest.mark.parametrize(
    ("column", "limit"),
    [
        ("sku", MAX_ID),
        ("title", MAX_TITLE),
        ("description", MAX_DESCRIPTION),
        ("brand", MAX_VALUE),
        ("color", MAX_VALUE),
    ],
)
def test_bounds_are_kept_and_nothing_is_cut(read, column, limit):
    rows = [{"sku": "a"} | {column: "x" * limit}, {"sku": "b"} | {column: "y" * (limit + 1)}]
    import json

    reading = read("".join(json.dumps(row) + "\n" for row in rows), "s.jsonl")
    assert len(reading.products) == 1
    assert [f.line for f in reading.faults] == [2]
    assert f"{limit:,}" in reading.faults[0].expected and len(reading.faults[0].found) <= 200


def test_too_many_levels_and_values(read):
    fault = read("id,category\n1,a>b>c>d>e>f>g>h>i>j>k\n").fault
    assert (fault.field, "10 levels" in fault.expected) == ("category", True)
    import json

    fault = read(json.dumps({"id": "1", "color": ["x"] * 501}), "s.jsonl").fault
    assert (fault.field, "500" in fault.expected) == ("attributes", True)


def test_attributes_as_json_in_a_cell(read):
    product = read('id,attributes\n1,"{""color"": [""red &amp; blue""], ""w"": 2}"\n').only
    assert product["attributes"] == {"color": ["red & blue"], "w": ["2"]}
    assert "JSON object" in read("id,attributes\n1,color: red\n").fault.expected


def test_faults_are_printable(read):
    fault = read(b"id,price\n1,\x1b[31m\xe2\x80\xa8red\n").fault
    assert fault.found.isprintable() and "\\x1b" in fault.found


def test_emoji_and_cjk_stay(read):
    assert read("id,title\n商品1,👩‍🚀 宇宙\n").only["title"] == "👩‍🚀 宇宙"


def test_rows_stay_with_their_values_when_others_are_refused(read):
    rows = "".join(f"{i},t{i},{'bad' if i % 3 == 0 else i},c{i}\n" for i in range(200))
    reading = read("id,title,price,color\n" + rows, batch_rows=50)
    kept = [i for i in range(200) if i % 3]
    assert reading.lines == [i + 2 for i in kept]
    assert [(p["product_id"], p["title"], p["price"], p["attributes"]["color"]) for p in reading.products] == [
        (str(i), f"t{i}", float(i), [f"c{i}"]) for i in kept
    ]
