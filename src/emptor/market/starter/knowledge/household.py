"""Home, kitchen, electronics, sport, toys, beauty and books."""

from __future__ import annotations

from emptor.market.starter.knowledge.category import Category, Measure, words

_GLAZE = words(
    "white, navy, teal, mustard, green, coral, grey, black, light blue, cream, pink, red, mint, burgundy"
)
_ROOM = words(
    "grey, navy, mustard, teal, cream, green, burgundy, pink, beige, coral, olive, light blue, white"
)
_TECH = words("black, white, silver, charcoal, navy, rose gold, blue, green, red, lavender, mint")
_GEAR = words("orange, green, blue, red, teal, olive, yellow, grey, navy, purple, black")
_INK = words(
    "navy, red, cream, teal, mustard, black, green, burgundy, light blue, coral, purple, white, orange"
)

HOUSEHOLD: tuple[Category, ...] = (
    Category(
        department="Home", name="Lamps", noun="lamp", drawing="lamp", price=68,
        styles=words("table, floor, desk, pendant"), colors=_ROOM,
        materials=words("brass, oak, steel, walnut, ceramic"),
        patterns=words("plain, striped, floral, chevron, dotted"), synonyms=words("light, lighting"),
        extras=(("room", words("bedroom, living room, office")),),
        measure=Measure("height", (12, 16, 20, 24, 55), "in", ("inch", '"')),
        features=words("a warm glow, a fabric cord, a dimmer, a weighted base"),
    ),
    Category(
        department="Home", name="Mugs", noun="mug", drawing="mug", price=14,
        styles=words("classic, stoneware, tall, enamel, espresso"), colors=_GLAZE,
        materials=words("ceramic, stoneware, enamel, porcelain"),
        patterns=words("plain, striped, dotted, floral, stars, checked, chevron, leopard"),
        synonyms=words("coffee cup, teacup"),
        measure=Measure("capacity", (3, 8, 11, 12, 15, 16), "oz", ("ounce", "fl oz")),
        features=words("a generous handle, a dishwasher-safe glaze, a hand-finished rim, a gift box"),
        share=3,
    ),
    Category(
        department="Home", name="Chairs", noun="chair", drawing="chair", price=145,
        styles=words("dining, armchair, office, stool, rocking"), colors=_ROOM,
        materials=words("oak, walnut, beech, bamboo"),
        patterns=words("plain, striped, checked, floral, leopard"), synonyms=words("seat, seating"),
        extras=(("room", words("dining room, living room, office")),),
        measure=Measure("seat height", (17, 18, 24, 29), "in", ("inch", '"')),
        features=words("a padded seat, solid joints, felt feet, easy assembly"),
    ),
    Category(
        department="Home", name="Cushions", noun="cushion", drawing="cushion", price=26,
        styles=words("square, lumbar, round, tasselled"), colors=_ROOM,
        materials=words("cotton, linen, velvet, wool"),
        patterns=words("plain, striped, floral, checked, chevron, dotted, leopard, stars"),
        synonyms=words("throw pillow, scatter pillow"),
        measure=Measure("width", (16, 18, 20, 24), "in", ("inch", '"')),
        features=words("a removable cover, a hidden zip, a plump filling, piped edges"),
    ),
    Category(
        department="Home", name="Vases", noun="vase", drawing="vase", price=34,
        styles=words("bottle, round, cylinder, amphora"), colors=_GLAZE,
        materials=words("ceramic, glass, stoneware, porcelain"),
        patterns=words("plain, striped, dotted, floral, chevron"), synonyms=words("flower vase, flower pot"),
        measure=Measure("height", (15, 20, 25, 30, 40), "cm", ("centimeter",)),
        features=words("a hand-thrown shape, a matte glaze, a watertight body, a stable foot"), share=1,
    ),
    Category(
        department="Kitchen", name="Pans", noun="pan", drawing="pan", price=48,
        styles=words("frying pan, saucepan, casserole, wok, grill pan"),
        colors=words("black, red, navy, grey, green, cream, teal, silver, orange, burgundy"),
        materials=words("aluminium, cast iron, steel, ceramic"), patterns=("plain", "dotted", "striped"),
        synonyms=words("skillet, cookware"),
        measure=Measure("diameter", (20, 24, 28, 30), "cm", ("centimeter",)),
        features=words("a non-stick coating, a stay-cool handle, an induction base, a pouring lip"),
    ),
    Category(
        department="Kitchen", name="Kettles", noun="kettle", drawing="kettle", price=44,
        styles=words("electric, stovetop, teapot, gooseneck"),
        colors=words("silver, red, black, cream, teal, navy, mint, white, green, mustard"),
        materials=words("steel, enamel, ceramic, glass, bamboo"),
        patterns=("plain", "dotted", "floral", "striped"), synonyms=words("tea pot, water boiler"),
        measure=Measure("capacity", (0.8, 1, 1.5, 1.7), "l", ("liter", "litre")),
        features=words("a drip-free spout, a whistle, a quick boil, a cool-touch grip"),
    ),
    Category(
        department="Electronics", name="Headphones", noun="headphones", drawing="headphones", price=92,
        styles=words("over-ear, earbuds, on-ear, gaming"), colors=_TECH,
        materials=words("plastic, metal, leather"), patterns=("plain", "camo", "floral", "striped"),
        synonyms=words("headset, earphones"),
        extras=(("connection", words("wireless, wired")),),
        measure=Measure("battery life", (8, 20, 30, 40), "hours", ("h", "hrs")),
        features=words("active noise cancelling, a folding frame, soft ear pads, a clear microphone"),
        share=3,
    ),
    Category(
        department="Electronics", name="Phones", noun="phone", drawing="phone", price=420,
        styles=words("smartphone, rugged, foldable"), colors=_TECH, materials=words("metal, glass, plastic"),
        patterns=("plain",), synonyms=words("mobile, cell phone"),
        measure=Measure("storage", (64, 128, 256, 512), "gb", ("gigabyte",)),
        features=words("a bright display, all-day battery, a triple camera, fast charging"),
    ),
    Category(
        department="Electronics", name="Cameras", noun="camera", drawing="camera", price=380,
        styles=words("mirrorless, dslr, instant, compact"),
        colors=words("black, silver, brown, white, mint, pink, navy, red, light blue"),
        materials=words("metal, plastic, leather"), patterns=("plain",),
        synonyms=words("digicam, photo camera"),
        measure=Measure("resolution", (12, 20, 24, 33), "mp", ("megapixel",)),
        features=words("image stabilisation, 4K video, a tilting screen, a bright viewfinder"),
    ),
    Category(
        department="Electronics", name="Laptops", noun="laptop", drawing="laptop", price=760,
        styles=words("ultrabook, gaming, chromebook, convertible"),
        colors=words("silver, charcoal, black, rose gold, white, navy, gold, teal"),
        materials=words("aluminium, plastic, magnesium"), patterns=("plain",),
        synonyms=words("notebook computer, portable computer"),
        extras=(("memory", words("8 gb, 16 gb, 32 gb")),),
        measure=Measure("screen", (13.3, 14, 15.6, 16), "in", ("inch", '"')),
        features=words("a backlit keyboard, a quiet fan, a sharp display, a sturdy hinge"),
    ),
    Category(
        department="Electronics", name="Speakers", noun="speaker", drawing="speaker", price=86,
        styles=words("portable, smart, bookshelf, party"), colors=_TECH,
        materials=words("plastic, walnut, oak, fabric"), patterns=("plain", "camo", "striped"),
        synonyms=words("sound system, boombox"),
        measure=Measure("power", (5, 10, 20, 40, 100), "w", ("watt",)),
        features=words("deep bass, stereo pairing, a splash-proof body, voice control"),
    ),
    Category(
        department="Outdoor", name="Tents", noun="tent", drawing="tent", price=160,
        styles=words("dome, tunnel, ridge, tipi"), colors=_GEAR,
        materials=words("polyester, nylon, canvas, cotton"), patterns=("plain", "camo", "striped", "stars"),
        synonyms=words("camping shelter, canopy"),
        extras=(("sleeps", words("2 person, 3 person, 4 person, 6 person")),),
        measure=Measure("weight", (1.8, 2.5, 4, 8), "kg", ("kilogram",)),
        features=words("taped seams, a bug-proof mesh door, colour-coded poles, a roomy porch"),
    ),
    Category(
        department="Outdoor", name="Bottles", noun="water bottle", drawing="bottle", price=22,
        styles=words("insulated, sport, wide mouth, flip-top, tumbler"),
        colors=words("blue, black, teal, pink, green, red, white, orange, navy, mint, lavender, grey"),
        materials=words("steel, tritan, aluminium, glass"),
        patterns=words("plain, camo, floral, striped, dotted, leopard, chevron, stars"),
        synonyms=words("flask, canteen"),
        measure=Measure("capacity", (350, 500, 600, 750, 1000), "ml", ("milliliter",)),
        features=words("a leak-proof lid, double-wall insulation, a carry loop, a straw"), share=3,
    ),
    Category(
        department="Sport", name="Balls", noun="ball", drawing="ball", price=24,
        styles=words("football, basketball, volleyball, tennis, rugby, beach"),
        colors=words("white, orange, blue, yellow, red, green, black, pink, light blue, purple"),
        materials=words("rubber, leather, foam"), patterns=("plain", "camo", "stars", "striped"),
        synonyms=words("sports ball, game ball"),
        extras=(("size", words("3, 4, 5, 7")),),
        features=words("a grippy surface, steady bounce, machine-stitched panels, an all-weather skin"),
    ),
    Category(
        department="Sport", name="Dumbbells", noun="dumbbell", drawing="dumbbell", price=32,
        styles=words("hex, round, kettlebell, adjustable"),
        colors=words("black, grey, blue, purple, teal, red, green, pink, orange, yellow"),
        materials=words("cast iron, rubber, neoprene, vinyl"), patterns=("plain", "camo", "striped"),
        synonyms=words("free weight, hand weight"),
        measure=Measure("weight", (3, 5, 8, 10, 15, 20, 25), "lb", ("pound", "lbs")),
        features=words("a knurled grip, rounded corners, floor-friendly coating, a balanced feel"), share=1,
    ),
    Category(
        department="Toys", name="Plush", noun="plush toy", drawing="plush", price=21,
        styles=words("bear, bunny, cat, elephant, penguin"),
        colors=words("brown, grey, pink, white, cream, light blue, lavender, beige, navy, mint, coral"),
        materials=words("plush, fleece, cotton"),
        patterns=words("plain, dotted, stars, floral, striped, leopard, checked"),
        synonyms=words("stuffed animal, soft toy, cuddly toy"),
        measure=Measure("height", (8, 10, 12, 16, 24), "in", ("inch", '"')),
        features=words("embroidered eyes, a huggable filling, machine-washable fur, a stitched bow"), share=3,
    ),
    Category(
        department="Toys", name="Toy Cars", noun="toy car", drawing="toy_car", price=17,
        styles=words("racer, beetle, truck, bus, fire engine"),
        colors=words("red, blue, yellow, green, orange, light blue, pink, white, teal, purple, black, mint"),
        materials=words("wood, metal, plastic, recycled plastic"),
        patterns=("plain", "camo", "stars", "striped", "checked"), synonyms=words("model car, toy vehicle"),
        extras=(("age", words("1+, 3+, 5+")),),
        features=words("pull-back action, opening doors, smooth edges, rubber tyres"),
    ),
    Category(
        department="Beauty", name="Perfume", noun="perfume", drawing="perfume", price=64,
        styles=words("square, round, slim, faceted"),
        colors=words("gold, pink, light blue, coral, lavender, green, burgundy, turquoise, purple, orange"),
        materials=words("glass"), patterns=("plain",), synonyms=words("fragrance, eau de parfum, scent"),
        extras=(("scent", words("floral, citrus, woody, fresh, spicy")), ("for", words("women, men"))),
        measure=Measure("volume", (30, 50, 75, 100), "ml", ("milliliter",)),
        features=words("a long-lasting trail, a gift-ready box, natural oils, a fine spray"),
    ),
    Category(
        department="Beauty", name="Lipstick", noun="lipstick", drawing="lipstick", price=16,
        styles=words("matte, glossy, crayon, liquid"),
        colors=words("red, pink, coral, burgundy, brown, purple, orange, beige, rose gold, lavender"),
        materials=words("wax"), patterns=("plain",), synonyms=words("lip colour, lip rouge"),
        extras=(("finish", words("satin, velvet, shine")),),
        features=words("rich pigment, eight-hour wear, vitamin E, a click-shut case"), share=1,
    ),
    Category(
        department="Books", name="Novels", noun="novel", drawing="book", price=13,
        styles=words("paperback, hardcover"), colors=_INK, materials=words("paper"),
        patterns=words("plain, dotted, striped, floral, chevron, stars"),
        synonyms=words("fiction book, story book"),
        extras=(("genre", words("mystery, romance, fantasy, historical, adventure")),
                ("language", words("English, Spanish, French"))),
        features=words("an unforgettable voice, a twist at the end, short chapters, a map inside"),
    ),
    Category(
        department="Books", name="Cookbooks", noun="cookbook", drawing="book", price=27,
        styles=words("hardcover, paperback"), colors=_INK, materials=words("paper"),
        patterns=words("plain, checked, striped, floral, dotted"),
        synonyms=words("recipe book, cookery book"),
        extras=(("cuisine", words("Italian, Mexican, Indian, Thai, French, vegetarian, baking")),),
        features=words("photographs of every dish, weeknight recipes, a lay-flat binding, a big index"),
        share=1,
    ),
)  # fmt: skip
"""Categories of the departments Home, Kitchen, Electronics, Outdoor, Sport, Toys, Beauty and Books."""
