"""Home, kitchen, electronics, sport, toys, beauty and books."""

from __future__ import annotations

from emptor.market.starter.knowledge.category import Category, Measure, words

_GLAZE = words(
    "white, navy, teal, mustard, green, coral, grey, black, light blue, cream, pink, red, mint, burgundy"
)
_ROOM = words(
    "grey, navy, mustard, teal, cream, green, burgundy, pink, beige, coral, olive, light blue, white, charcoal"
)
_TECH = words("black, white, silver, charcoal, navy, rose gold, blue, green, red, lavender, mint")
_GEAR = words("orange, green, blue, red, teal, olive, yellow, grey, navy, purple, black")
_INK = words(
    "navy, red, cream, teal, mustard, black, green, burgundy, light blue, coral, purple, white, orange"
)

HOUSEHOLD: tuple[Category, ...] = (
    Category(
        "Home", "Lamps", "lamp", "lamp", 68, words("table, floor, desk, pendant"), _ROOM, words("brass, oak, steel, walnut, ceramic"),
        words("plain, striped, floral, chevron, dotted"), words("light, lighting"), (("room", words("bedroom, living room, office")),),
        Measure("height", (12, 16, 20, 24, 55), "in", ("inch", '"')), words("a warm glow, a fabric cord, a dimmer, a weighted base"),
    ),
    Category(
        "Home", "Mugs", "mug", "mug", 14, words("classic, stoneware, tall, enamel, espresso"), _GLAZE, words("ceramic, stoneware, enamel, porcelain"),
        words("plain, striped, dotted, floral, stars, checked, chevron, leopard"), words("coffee cup, teacup"),
        measure=Measure("capacity", (3, 8, 11, 12, 15, 16), "oz", ("ounce", "fl oz")),
        features=words("a generous handle, a dishwasher-safe glaze, a hand-finished rim, a gift box"), share=3,
    ),
    Category(
        "Home", "Chairs", "chair", "chair", 145, words("dining, armchair, office, stool, rocking"), _ROOM, words("oak, walnut, beech, bamboo"),
        words("plain, striped, checked, floral, leopard"), words("seat, seating"), (("room", words("dining room, living room, office")),),
        Measure("seat height", (17, 18, 24, 29), "in", ("inch", '"')), words("a padded seat, solid joints, felt feet, easy assembly"),
    ),
    Category(
        "Home", "Cushions", "cushion", "cushion", 26, words("square, lumbar, round, tasselled"), _ROOM, words("cotton, linen, velvet, wool"),
        words("plain, striped, floral, checked, chevron, dotted, leopard, stars"), words("throw pillow, scatter pillow"),
        measure=Measure("width", (16, 18, 20, 24), "in", ("inch", '"')),
        features=words("a removable cover, a hidden zip, a plump filling, piped edges"),
    ),
    Category(
        "Home", "Vases", "vase", "vase", 34, words("bottle, round, cylinder, amphora"), _GLAZE, words("ceramic, glass, stoneware, porcelain"),
        words("plain, striped, dotted, floral, chevron"), words("flower vase, flower pot"),
        measure=Measure("height", (15, 20, 25, 30, 40), "cm", ("centimeter",)),
        features=words("a hand-thrown shape, a matte glaze, a watertight body, a stable foot"), share=1,
    ),
    Category(
        "Kitchen", "Pans", "pan", "pan", 48, words("frying pan, saucepan, casserole, wok, grill pan"),
        words("black, red, navy, grey, green, cream, teal, silver, orange, burgundy"), words("aluminium, cast iron, steel, ceramic"),
        ("plain", "dotted", "striped"), words("skillet, cookware"), measure=Measure("diameter", (20, 24, 28, 30), "cm", ("centimeter",)),
        features=words("a non-stick coating, a stay-cool handle, an induction base, a pouring lip"),
    ),
    Category(
        "Kitchen", "Kettles", "kettle", "kettle", 44, words("electric, stovetop, teapot, gooseneck"),
        words("silver, red, black, cream, teal, navy, mint, white, green, mustard"), words("steel, enamel, ceramic, glass, bamboo"),
        ("plain", "dotted", "floral", "striped"), words("tea pot, water boiler"), measure=Measure("capacity", (0.8, 1, 1.5, 1.7), "l", ("liter", "litre")),
        features=words("a drip-free spout, a whistle, a quick boil, a cool-touch grip"),
    ),
    Category(
        "Electronics", "Headphones", "headphones", "headphones", 92, words("over-ear, earbuds, on-ear, gaming"), _TECH,
        words("plastic, metal, leather"), ("plain", "camo", "floral", "striped"), words("headset, earphones"),
        (("connection", words("wireless, wired")),), Measure("battery life", (8, 20, 30, 40), "hours", ("h", "hrs")),
        words("active noise cancelling, a folding frame, soft ear pads, a clear microphone"), share=3,
    ),
    Category(
        "Electronics", "Phones", "phone", "phone", 420, words("smartphone, rugged, foldable"), _TECH, words("metal, glass, plastic"), ("plain",),
        words("mobile, cell phone"), measure=Measure("storage", (64, 128, 256, 512), "gb", ("gigabyte",)),
        features=words("a bright display, all-day battery, a triple camera, fast charging"),
    ),
    Category(
        "Electronics", "Cameras", "camera", "camera", 380, words("mirrorless, dslr, instant, compact"),
        words("black, silver, brown, white, mint, pink, navy, red, light blue"), words("metal, plastic, leather"), ("plain",),
        words("digicam, photo camera"), measure=Measure("resolution", (12, 20, 24, 33), "mp", ("megapixel",)),
        features=words("image stabilisation, 4K video, a tilting screen, a bright viewfinder"),
    ),
    Category(
        "Electronics", "Laptops", "laptop", "laptop", 760, words("ultrabook, gaming, chromebook, convertible"),
        words("silver, charcoal, black, rose gold, white, navy, gold, teal"), words("aluminium, plastic, magnesium"), ("plain",),
        words("notebook computer, portable computer"), (("memory", words("8 gb, 16 gb, 32 gb")),),
        Measure("screen", (13.3, 14, 15.6, 16), "in", ("inch", '"')), words("a backlit keyboard, a quiet fan, a sharp display, a sturdy hinge"),
    ),
    Category(
        "Electronics", "Speakers", "speaker", "speaker", 86, words("portable, smart, bookshelf, party"), _TECH, words("plastic, walnut, oak, fabric"),
        ("plain", "camo", "striped"), words("sound system, boombox"), measure=Measure("power", (5, 10, 20, 40, 100), "w", ("watt",)),
        features=words("deep bass, stereo pairing, a splash-proof body, voice control"),
    ),
    Category(
        "Outdoor", "Tents", "tent", "tent", 160, words("dome, tunnel, ridge, tipi"), _GEAR, words("polyester, nylon, canvas, cotton"),
        ("plain", "camo", "striped", "stars"), words("camping shelter, canopy"), (("sleeps", words("2 person, 3 person, 4 person, 6 person")),),
        Measure("weight", (1.8, 2.5, 4, 8), "kg", ("kilogram",)), words("taped seams, a bug-proof mesh door, colour-coded poles, a roomy porch"),
    ),
    Category(
        "Outdoor", "Bottles", "water bottle", "bottle", 22, words("insulated, sport, wide mouth, flip-top, tumbler"),
        words("blue, black, teal, pink, green, red, white, orange, navy, mint, lavender, yellow, grey"), words("steel, tritan, aluminium, glass"),
        words("plain, camo, floral, striped, dotted, leopard, chevron, stars"), words("flask, canteen"),
        measure=Measure("capacity", (350, 500, 600, 750, 1000), "ml", ("milliliter",)),
        features=words("a leak-proof lid, double-wall insulation, a carry loop, a straw"), share=3,
    ),
    Category(
        "Sport", "Balls", "ball", "ball", 24, words("football, basketball, volleyball, tennis, rugby, beach"),
        words("white, orange, blue, yellow, red, green, black, pink, light blue, purple"), words("rubber, leather, foam"),
        ("plain", "camo", "stars", "striped"), words("sports ball, game ball"), (("size", words("3, 4, 5, 7")),),
        features=words("a grippy surface, steady bounce, machine-stitched panels, an all-weather skin"),
    ),
    Category(
        "Sport", "Dumbbells", "dumbbell", "dumbbell", 32, words("hex, round, kettlebell, adjustable"),
        words("black, grey, blue, purple, teal, red, green, pink, orange, yellow"), words("cast iron, rubber, neoprene, vinyl"),
        ("plain", "camo", "striped"), words("free weight, hand weight"), measure=Measure("weight", (3, 5, 8, 10, 15, 20, 25), "lb", ("pound", "lbs")),
        features=words("a knurled grip, rounded corners, floor-friendly coating, a balanced feel"), share=1,
    ),
    Category(
        "Toys", "Plush", "plush toy", "plush", 21, words("bear, bunny, cat, elephant, penguin"),
        words("brown, grey, pink, white, cream, light blue, lavender, beige, navy, mint, yellow, black, coral"), words("plush, fleece, cotton"),
        words("plain, dotted, stars, floral, striped, leopard, checked"), words("stuffed animal, soft toy, cuddly toy"),
        measure=Measure("height", (8, 10, 12, 16, 24), "in", ("inch", '"')),
        features=words("embroidered eyes, a huggable filling, machine-washable fur, a stitched bow"), share=3,
    ),
    Category(
        "Toys", "Toy Cars", "toy car", "toy_car", 17, words("racer, beetle, truck, bus, fire engine"),
        words("red, blue, yellow, green, orange, light blue, pink, white, teal, purple, black, mint"), words("wood, metal, plastic, recycled plastic"),
        ("plain", "camo", "stars", "striped", "checked"), words("model car, toy vehicle"), (("age", words("1+, 3+, 5+")),),
        features=words("pull-back action, opening doors, smooth edges, rubber tyres"),
    ),
    Category(
        "Beauty", "Perfume", "perfume", "perfume", 64, words("square, round, slim, faceted"),
        words("gold, pink, light blue, coral, lavender, green, burgundy, yellow, turquoise, purple, orange"), words("glass", ), ("plain",),
        words("fragrance, eau de parfum, scent"), (("scent", words("floral, citrus, woody, fresh, spicy")), ("for", words("women, men"))),
        Measure("volume", (30, 50, 75, 100), "ml", ("milliliter",)), words("a long-lasting trail, a gift-ready box, natural oils, a fine spray"),
    ),
    Category(
        "Beauty", "Lipstick", "lipstick", "lipstick", 16, words("matte, glossy, crayon, liquid"),
        words("red, pink, coral, burgundy, brown, purple, orange, beige, rose gold, lavender"), words("wax", ), ("plain",),
        words("lip colour, lip rouge"), (("finish", words("satin, velvet, shine")),),
        features=words("rich pigment, eight-hour wear, vitamin E, a click-shut case"), share=1,
    ),
    Category(
        "Books", "Novels", "novel", "book", 13, words("paperback, hardcover"), _INK, words("paper", ), words("plain, dotted, striped, floral, chevron, stars"),
        words("fiction book, story book"), (("genre", words("mystery, romance, fantasy, historical, adventure")), ("language", words("English, Spanish, French"))),
        features=words("an unforgettable voice, a twist at the end, short chapters, a map inside"),
    ),
    Category(
        "Books", "Cookbooks", "cookbook", "book", 27, words("hardcover, paperback"), _INK, words("paper", ), words("plain, checked, striped, floral, dotted"),
        words("recipe book, cookery book"), (("cuisine", words("Italian, Mexican, Indian, Thai, French, vegetarian, baking")),),
        features=words("photographs of every dish, weeknight recipes, a lay-flat binding, an index by ingredient"), share=1,
    ),
)  # fmt: skip
"""Categories of the departments Home, Kitchen, Electronics, Outdoor, Sport, Toys, Beauty and Books."""
