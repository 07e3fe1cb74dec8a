"""Clothes, shoes, bags and accessories."""

from __future__ import annotations

from emptor.market.starter.knowledge.category import Category, Measure, words

_CLOTH = words("plain, striped, checked, dotted, floral, stars")
_BOLD = words("plain, striped, floral, leopard, dotted, chevron, checked")
_STREET = words("plain, camo, striped, checked, chevron, stars")
_SOFT = words(
    "navy, black, white, red, green, blue, pink, mustard, burgundy, teal, lavender, cream, coral, light blue, olive"
)
_SOBER = words(
    "navy, black, white, light blue, grey, olive, burgundy, charcoal, green, beige, brown, blue, mustard"
)
_LEATHER = words("black, brown, tan, burgundy, navy, olive, beige, red, white, teal, mustard, pink")
_SEASONS = ("season", words("spring, summer, autumn, winter"))

FASHION: tuple[Category, ...] = (
    Category(
        "Women", "Dresses", "dress", "dress", 58, words("a-line, maxi, wrap, slip, shirt dress"), _SOFT,
        words("cotton, viscose, silk, linen, polyester"), _BOLD, words("gown, frock"),
        (("size", words("XS, S, M, L, XL")), _SEASONS, ("occasion", words("casual, party, office, holiday"))),
        features=words("side pockets, a hidden zip, a soft lining, an adjustable waist"), share=3,
    ),
    Category(
        "Women", "Tops", "top", "top", 32, words("blouse, camisole, off-shoulder, peplum, turtleneck"), _SOFT,
        words("cotton, silk, viscose, linen, wool"), _CLOTH, words("ladies top, tunic"),
        (("size", words("XS, S, M, L, XL")), _SEASONS),
        features=words("a relaxed cut, covered seams, a soft drape, mother-of-pearl details"),
    ),
    Category(
        "Women", "Skirts", "skirt", "skirt", 38, words("pleated, midi, mini, pencil, maxi"), _SOFT,
        words("cotton, wool, denim, viscose, linen"), words("plain, checked, floral, dotted, striped, leopard"),
        words("ladies skirt, womens skirt"), (("size", words("XS, S, M, L, XL")), _SEASONS),
        features=words("an elastic waist, a hidden zip, deep pockets, a light lining"),
    ),
    Category(
        "Men", "Shirts", "shirt", "shirt", 44, words("long sleeve, short sleeve, linen, flannel"), _SOBER,
        words("cotton, linen, flannel, denim"), words("plain, striped, checked, dotted, floral"),
        words("button-down, button up"), (("size", words("S, M, L, XL, XXL")), ("fit", words("slim, regular, relaxed"))),
        features=words("a breast pocket, a soft collar, easy-iron cotton, double-stitched cuffs"), share=3,
    ),
    Category(
        "Men", "T-Shirts", "t-shirt", "t_shirt", 19, words("crew neck, graphic, v-neck, long sleeve, polo"), _SOBER,
        words("cotton, organic cotton, linen, polyester"), words("plain, striped, camo, dotted, chevron"),
        words("tee, tshirt"), (("size", words("S, M, L, XL, XXL")), ("fit", words("slim, regular, oversized"))),
        features=words("a ribbed neckline, a soft washed feel, taped shoulders, quick-dry yarn"),
    ),
    Category(
        "Men", "Jackets", "jacket", "jacket", 98, words("bomber, puffer, raincoat, blazer, denim"), _SOBER,
        words("nylon, wool, denim, cotton, polyester"), words("plain, camo, checked, striped"), words("coat, outerwear"),
        (("size", words("S, M, L, XL, XXL")), _SEASONS),
        features=words("an inside pocket, a two-way zip, a warm lining, a storm flap"),
    ),
    Category(
        "Men", "Trousers", "trousers", "trousers", 52, words("straight, skinny, cargo, joggers, shorts"),
        words("blue, navy, black, beige, olive, grey, charcoal, brown, cream, burgundy"),
        words("denim, cotton, linen, wool"), words("plain, checked, camo, striped"), words("pants, slacks"),
        (("fit", words("slim, regular, relaxed")),), Measure("waist", (28, 30, 32, 34, 36, 38), "in", ("inch", '"')),
        features=words("stretch for comfort, reinforced knees, deep pockets, a clean hem"),
    ),
    Category(
        "Shoes", "Sneakers", "sneakers", "sneaker", 74, words("low top, running, high top, slip-on"),
        words("white, black, navy, red, grey, green, pink, light blue, yellow, mint, orange, purple, beige"),
        words("canvas, leather, mesh, suede"), words("plain, checked, camo, floral, striped, leopard, stars"),
        words("trainers, gym shoes, tennis shoes"), (("shoe size", words("5, 6, 7, 8, 9, 10, 11")), ("for", words("women, men, kids"))),
        features=words("a cushioned footbed, a grippy outsole, breathable lining, a padded collar"), share=3,
    ),
    Category(
        "Shoes", "Boots", "boots", "boot", 118, words("chelsea, hiking, ankle, rain, knee-high"), _LEATHER,
        words("leather, suede, rubber, canvas"), words("plain, leopard, floral, camo, dotted"), words("booties, winter shoes"),
        (("shoe size", words("5, 6, 7, 8, 9, 10, 11")), ("for", words("women, men, kids"))),
        features=words("a warm lining, a waterproof membrane, a stacked heel, a pull tab"),
    ),
    Category(
        "Shoes", "Heels", "heels", "heel", 82, words("stiletto, sandal, block heel, kitten, wedge"),
        words("black, red, pink, beige, navy, gold, silver, burgundy, teal, white, purple, coral"),
        words("leather, suede, satin, velvet"), words("plain, leopard, floral, dotted"), words("pumps, high heels, court shoes"),
        (("shoe size", words("4, 5, 6, 7, 8, 9")),), Measure("heel height", (2, 3, 4, 5), "in", ("inch", '"')),
        features=words("a padded insole, a secure strap, a slim toe, a non-slip sole"),
    ),
    Category(
        "Bags", "Backpacks", "backpack", "backpack", 64, words("daypack, rolltop, hiking, mini"),
        words("navy, black, olive, grey, mustard, red, teal, burgundy, pink, blue, orange, mint"),
        words("canvas, nylon, leather, polyester"), words("plain, camo, floral, checked, striped, stars, chevron"),
        words("rucksack, knapsack"), measure=Measure("capacity", (12, 16, 20, 25, 30, 45), "l", ("liter", "litre")),
        features=words("a padded laptop sleeve, water-repellent fabric, a chest strap, hidden back pocket"), share=3,
    ),
    Category(
        "Bags", "Handbags", "handbag", "handbag", 96, words("tote, satchel, crossbody, bucket, clutch"), _LEATHER,
        words("leather, canvas, suede, jute, vegan leather"), words("plain, leopard, striped, floral, checked"), words("purse, shoulder bag"),
        features=words("an inner zip pocket, a detachable strap, gold-tone hardware, a soft lining"), share=3,
    ),
    Category(
        "Accessories", "Watches", "watch", "watch", 130, words("round dial, chronograph, square dial, digital"),
        words("black, brown, silver, navy, tan, white, gold, green, red, pink, burgundy"),
        words("leather, steel, silicone, nylon"), words("plain, striped, camo, chevron"), words("wristwatch, timepiece"),
        (("for", words("women, men")),), Measure("case size", (34, 38, 40, 42, 44), "mm", ("millimeter",)),
        features=words("a scratch-resistant crystal, 5 ATM water resistance, luminous hands, a date window"),
    ),
    Category(
        "Accessories", "Sunglasses", "sunglasses", "sunglasses", 62, words("wayfarer, aviator, round, cat-eye"),
        words("black, brown, gold, red, white, blue, green, pink, rose gold, silver, purple, tan"),
        words("acetate, metal, recycled plastic, wood"), words("plain, leopard, camo, striped"), words("shades, sunnies"),
        (("lens", words("polarised, gradient, mirrored, classic")), ("for", words("women, men"))),
        features=words("full UV protection, spring hinges, a hard case, light frame"),
    ),
    Category(
        "Accessories", "Caps", "cap", "cap", 24, words("baseball, beanie, bucket, trucker"),
        words("navy, black, red, olive, grey, mustard, white, pink, green, blue, burgundy, teal"),
        words("cotton, wool, denim, polyester"), _STREET, words("hat, headwear"), (_SEASONS, ("for", words("women, men, kids"))),
        features=words("an adjustable strap, a soft sweatband, embroidered eyelets, a curved brim"),
    ),
    Category(
        "Accessories", "Umbrellas", "umbrella", "umbrella", 28, words("classic, compact, dome"),
        words("red, navy, black, yellow, teal, pink, purple, green, light blue, coral, burgundy"),
        words("polyester, pongee, recycled plastic"), words("plain, dotted, striped, floral, checked, stars, leopard"), words("brolly, parasol"),
        measure=Measure("span", (38, 42, 46, 54), "in", ("inch", '"')),
        features=words("a windproof frame, one-hand opening, a matching sleeve, fibreglass ribs"), share=1,
    ),
)  # fmt: skip
"""Categories of the departments Women, Men, Shoes, Bags and Accessories."""
