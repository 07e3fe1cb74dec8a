"""Catalogues as they are found in the world."""

from emptor.shop.images import ImageFault, ImageSource, ImageStore
from tests.shop.importing.whole import read_all


def test_home_depot(real_data):
    reading = read_all(
        real_data / "homedepot_relevance" / "pairs.csv.gz",
        maps={"product_id": ["product_uid"]},
        ignore=["id", "search_term", "relevance"],
    )
    assert (len(reading.ids), len(set(reading.ids)), reading.faults) == (58_488, 45_305, [])
    assert all(product["title"] and product["attributes"] is None for product in reading.products)


def test_best_buy(real_data):
    reading = read_all(real_data / "retrotech_bestbuy" / "products.csv.gz")
    assert (len(reading.ids), len(set(reading.ids)), reading.faults) == (48_194, 46_156, [])
    text = "\n".join(f"{product['title']} {product['description']}" for product in reading.products)
    assert "&#x" not in text and "®" in text


def test_fashion_with_pictures(real_data, tmp_path):
    folder = real_data / "fashion_products"
    maps = {"category": ["masterCategory", "subCategory", "articleType"]}
    reading = read_all(folder / "products.csv.gz", maps=maps)
    assert (len(reading.ids), reading.faults) == (9_583, [])
    assert reading.products[0]["category"] == ["Apparel", "Topwear", "Shirts"]
    assert reading.products[0]["attributes"]["base_colour"] == ["Navy Blue"]
    store = ImageStore(tmp_path / "images")
    with ImageSource.open(folder / "images96x128.zip") as source:
        found = [source.find(product["image"], product["product_id"]) for product in reading.products]
    assert not [picture for picture in found if picture is None or isinstance(picture, ImageFault)]
    for picture in found[:20]:
        assert store.sized(store.put(picture), 64).exists()


def test_esci_with_text_inside(real_data):
    reading = read_all(real_data / "esci_samples" / "list16_with_text_vespa.jsonl")
    assert (len(reading.ids), reading.faults) == (16, [])
    assert all(product["title"] and "<br>" not in (product["description"] or "") for product in reading.products)


def test_taxonomy_values(real_data):
    reading = read_all(real_data / "product_taxonomy" / "shopify_values.jsonl")
    assert len(reading.ids) == len(set(reading.ids)) > 20_000 and not reading.faults
