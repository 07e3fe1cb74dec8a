"""Clothes, shoes, bags and accessories."""

from __future__ import annotations

from emptor.market.knowledge.category import Category, Measure, words

_CLOTH = words("plain, striped, checked, dotted, floral, stars")
_BOLD = words("plain, striped, floral, leopard, dotted, chevron, checked")
_STREET = words("plain, camo, striped, checked, chevron, stars")
_SOFT = words("navy, black, white, red, green, blue, pink, mustard, burgundy, teal, lavender, cream, coral, light blue")
_SOBER = words("navy, black, white, light blue, grey, olive, burgundy, charcoal, green, beige, brown, blue, mustard")
_LEATHER = words("black, brown, tan, burgundy, navy, olive, beige, red, white, teal, mustard, pink")
_SEASONS = ("season", words("spring, summer, autumn, winter"))

FASHION: tuple[Category, ...] = (
    Category(
        department="Women", name="Dresses", noun="dress", drawing="dress", price=58,
        styles=words("a-line, maxi, wrap, slip, shirt dress"), colors=_SOFT,
        materials=words("cotton, viscose, silk, linen, polyester"), patterns=_BOLD,
        synonyms=words("gown, frock"),
        extras=(("size", words("XS, S, M, L, XL")), _SEASONS,
                ("occasion", words("casual, party, office, holiday"))),
        features=words("side pockets, a hidden zip, a soft lining, an adjustable waist"), share=3,
    ),
    Category(
        department="Women", name="Tops", noun="top", drawing="top", price=32,
        styles=words("blouse, camisole, off-shoulder, peplum, turtleneck"), colors=_SOFT,
        materials=words("cotton, silk, viscose, linen, wool"), patterns=_CLOTH,
        synonyms=words("ladies top, tunic"),
        extras=(("size", words("XS, S, M, L, XL")), _SEASONS),
        features=words("a relaxed cut, covered seams, a soft drape, mother-of-pearl details"),
    ),
    Category(
        department="Women", name="Skirts", noun="skirt", drawing="skirt", price=38,
        styles=words("pleated, midi, mini, pencil, maxi"), colors=_SOFT,
        materials=words("cotton, wool, denim, viscose, linen"),
        patterns=words("plain, checked, floral, dotted, striped, leopard"),
        synonyms=words("ladies skirt, womens skirt"),
        extras=(("size", words("XS, S, M, L, XL")), _SEASONS),
        features=words("an elastic waist, a hidden zip, deep pockets, a light lining"),
    ),
    Category(
        department="Men", name="Shirts", noun="shirt", drawing="shirt", price=44,
        styles=words("long sleeve, short sleeve, oxford, overshirt"), colors=_SOBER,
        materials=words("cotton, linen, flannel, denim"),
        patterns=words("plain, striped, checked, dotted, floral"), synonyms=words("button-down, button up"),
        extras=(("size", words("S, M, L, XL, XXL")), ("fit", words("slim, regular, relaxed"))),
        features=words("a breast pocket, a soft collar, easy-iron cotton, double-stitched cuffs"), share=3,
    ),
    Category(
        department="Men", name="T-Shirts", noun="t-shirt", drawing="t_shirt", price=19,
        styles=words("crew neck, graphic, v-neck, long sleeve, polo"), colors=_SOBER,
        materials=words("cotton, organic cotton, linen, polyester"),
        patterns=words("plain, striped, camo, dotted, chevron"), synonyms=words("tee, tshirt"),
        extras=(("size", words("S, M, L, XL, XXL")), ("fit", words("slim, regular, oversized"))),
        features=words("a ribbed neckline, a soft washed feel, taped shoulders, quick-dry yarn"),
    ),
    Category(
        department="Men", name="Jackets", noun="jacket", drawing="jacket", price=98,
        styles=words("bomber, puffer, raincoat, blazer, trucker"), colors=_SOBER,
        materials=words("nylon, wool, denim, cotton, polyester"),
        patterns=words("plain, camo, checked, striped"), synonyms=words("coat, outerwear"),
        extras=(("size", words("S, M, L, XL, XXL")), _SEASONS),
        features=words("an inside pocket, a two-way zip, a warm lining, a storm flap"),
    ),
    Category(
        department="Men", name="Trousers", noun="trousers", drawing="trousers", price=52,
        styles=words("straight, skinny, cargo, joggers, shorts"),
        colors=words("blue, navy, black, beige, olive, grey, charcoal, brown, cream, burgundy"),
        materials=words("denim, cotton, linen, wool"), patterns=words("plain, checked, camo, striped"),
        synonyms=words("pants, slacks"),
        extras=(("fit", words("slim, regular, relaxed")),),
        measure=Measure("waist", (28, 30, 32, 34, 36, 38), "in", ("inch", '"')),
        features=words("stretch for comfort, reinforced knees, deep pockets, a clean hem"),
    ),
    Category(
        department="Shoes", name="Sneakers", noun="sneakers", drawing="sneaker", price=74,
        styles=words("low top, running, high top, slip-on"),
        colors=words("white, black, navy, red, grey, green, pink, light blue, yellow, mint, orange, purple"),
        materials=words("canvas, leather, mesh, suede"),
        patterns=words("plain, checked, camo, floral, striped, leopard, stars"),
        synonyms=words("trainers, gym shoes, tennis shoes"),
        extras=(("shoe size", words("5, 6, 7, 8, 9, 10, 11")), ("for", words("women, men, kids"))),
        features=words("a cushioned footbed, a grippy outsole, breathable lining, a padded collar"), share=3,
    ),
    Category(
        department="Shoes", name="Boots", noun="boots", drawing="boot", price=118,
        styles=words("chelsea, hiking, ankle, rain, knee-high"), colors=_LEATHER,
        materials=words("leather, suede, rubber, canvas"),
        patterns=words("plain, leopard, floral, camo, dotted"), synonyms=words("booties, winter shoes"),
        extras=(("shoe size", words("5, 6, 7, 8, 9, 10, 11")), ("for", words("women, men, kids"))),
        features=words("a warm lining, a waterproof membrane, a stacked heel, a pull tab"),
    ),
    Category(
        department="Shoes", name="Heels", noun="heels", drawing="heel", price=82,
        styles=words("stiletto, sandal, block heel, kitten, wedge"),
        colors=words("black, red, pink, beige, navy, gold, silver, burgundy, teal, white, purple, coral"),
        materials=words("leather, suede, satin, velvet"), patterns=words("plain, leopard, floral, dotted"),
        synonyms=words("pumps, high heels, court shoes"),
        extras=(("shoe size", words("4, 5, 6, 7, 8, 9")),),
        measure=Measure("heel height", (2, 3, 4, 5), "in", ("inch", '"')),
        features=words("a padded insole, a secure strap, a slim toe, a non-slip sole"),
    ),
    Category(
        department="Bags", name="Backpacks", noun="backpack", drawing="backpack", price=64,
        styles=words("daypack, rolltop, hiking, mini"),
        colors=words("navy, black, olive, grey, mustard, red, teal, burgundy, pink, blue, orange, mint"),
        materials=words("canvas, nylon, leather, polyester"),
        patterns=words("plain, camo, floral, checked, striped, stars, chevron"),
        synonyms=words("rucksack, knapsack"),
        measure=Measure("capacity", (12, 16, 20, 25, 30, 45), "l", ("liter", "litre")),
        features=words("a padded laptop sleeve, water-repellent fabric, a chest strap, hidden back pocket"),
        share=3,
    ),
    Category(
        department="Bags", name="Handbags", noun="handbag", drawing="handbag", price=96,
        styles=words("tote, satchel, crossbody, bucket, clutch"), colors=_LEATHER,
        materials=words("leather, canvas, suede, jute, vegan leather"),
        patterns=words("plain, leopard, striped, floral, checked"), synonyms=words("purse, shoulder bag"),
        features=words("an inner zip pocket, a detachable strap, gold-tone hardware, a soft lining"), share=3,
    ),
    Category(
        department="Accessories", name="Watches", noun="watch", drawing="watch", price=130,
        styles=words("round dial, chronograph, square dial, digital"),
        colors=words("black, brown, silver, navy, tan, white, gold, green, red, pink, burgundy"),
        materials=words("leather, steel, silicone, nylon"), patterns=words("plain, striped, camo, chevron"),
        synonyms=words("wristwatch, timepiece"),
        extras=(("for", words("women, men")),),
        measure=Measure("case size", (34, 38, 40, 42, 44), "mm", ("millimeter",)),
        features=words("a scratch-resistant crystal, 5 ATM water resistance, luminous hands, a date window"),
    ),
    Category(
        department="Accessories", name="Sunglasses", noun="sunglasses", drawing="sunglasses", price=62,
        styles=words("wayfarer, aviator, round, cat-eye"),
        colors=words("black, brown, gold, red, white, blue, green, pink, rose gold, silver, purple, tan"),
        materials=words("acetate, metal, recycled plastic, wood"),
        patterns=words("plain, leopard, camo, striped"), synonyms=words("shades, sunnies"),
        extras=(("lens", words("polarised, gradient, mirrored, classic")), ("for", words("women, men"))),
        features=words("full UV protection, spring hinges, a hard case, light frame"),
    ),
    Category(
        department="Accessories", name="Caps", noun="cap", drawing="cap", price=24,
        styles=words("baseball, beanie, bucket, trucker"),
        colors=words("navy, black, red, olive, grey, mustard, white, pink, green, blue, burgundy, teal"),
        materials=words("cotton, wool, denim, polyester"), patterns=_STREET, synonyms=words("hat, headwear"),
        extras=(_SEASONS, ("for", words("women, men, kids"))),
        features=words("an adjustable strap, a soft sweatband, embroidered eyelets, a curved brim"),
    ),
    Category(
        department="Accessories", name="Umbrellas", noun="umbrella", drawing="umbrella", price=28,
        styles=words("classic, compact, dome"),
        colors=words("red, navy, black, yellow, teal, pink, purple, green, light blue, coral, burgundy"),
        materials=words("polyester, pongee, recycled plastic"),
        patterns=words("plain, dotted, striped, floral, checked, stars, leopard"),
        synonyms=words("brolly, parasol"), measure=Measure("span", (38, 42, 46, 54), "in", ("inch", '"')),
        features=words("a windproof frame, one-hand opening, a matching sleeve, fibreglass ribs"), share=1,
    ),
)  # fmt: skip
"""Categories of the departments Women, Men, Shoes, Bags and Accessories."""
