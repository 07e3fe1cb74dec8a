"""Needs of the house: rooms, meals, work, children."""

from __future__ import annotations

from emptor.market.knowledge.need import Need, need

HOME: tuple[Need, ...] = (
    need("first apartment kitchen",
         "first apartment kitchen|just moved out of my parents' house and own nothing|cooking basics for a student|setting up to cook in my own place",
         "Kitchen/Pans: style=frying pan|saucepan, diameter=24 cm|28 cm; Kitchen/Kettles: style=electric; Home/Mugs: style=classic, material=ceramic|stoneware; Books/Cookbooks: cuisine=vegetarian|Italian",
         """With two pieces one cooks nearly everything: a frying pan and a saucepan of 24 to 28 centimetres, big enough for
         two and small enough for the one shelf. An electric kettle boils water for pasta and tea faster than the old
         stove. Classic mugs of ceramic or stoneware go into the dishwasher and the microwave. Cheap and quick dishes are
         Italian or vegetarian, so a cookbook of either is the usual present for the new home."""),
    need("serious steak night",
         "serious steak night|perfect sear like in a restaurant|ribeye at home without smoke alarm",
         "Kitchen/Pans: style=grill pan|frying pan, material=cast iron; Books/Cookbooks: cuisine=French|Mexican",
         """Meat browns well only where the metal stays hot after the cold piece has landed on it. Cast iron holds heat like
         nothing else: cooks use a frying pan of it for an even crust, and a grill pan for the stripes. Non-stick aluminium
         cools at once and stews the meat in its juice. Sauces come from the French cookbook, marinades from the Mexican
         one."""),
    need("stir fry on a weeknight",
         "stir fry on a weeknight|pad see ew at home|quick noodles for two|cooking like a bangkok street stall",
         "Kitchen/Pans: style=wok, material=steel|cast iron; Books/Cookbooks: cuisine=Thai",
         """The food of the street stalls is cut small and tossed for three minutes over a fierce flame. It needs a wok, whose
         round walls let the cook push aside what is done. Steel is the classic material and cast iron the patient one;
         a coating would burn. Pastes, herbs and the order in which things go in are explained in any Thai cookbook."""),
    need("sunday stew",
         "sunday stew|something that simmers for four hours|slow braise for the whole family|coq au vin for eight",
         "Kitchen/Pans: style=casserole, material=cast iron|ceramic, diameter=28 cm|30 cm; Books/Cookbooks: cuisine=French",
         """Tough cuts turn tender when they lie in little liquid under a heavy lid for an afternoon. That is the work of a
         casserole, of cast iron or thick ceramic, which goes from the hob into the oven and to the table. For a family
         it should measure 28 or 30 centimetres. The great recipes of this kind, with wine and bay leaf, stand in French
         cookbooks."""),
    need("third wave coffee at home",
         "third wave coffee at home|pour over ritual|barista hobby|filter brewing with a scale",
         "Kitchen/Kettles: style=gooseneck; Home/Mugs: material=porcelain|stoneware, capacity=8 oz|11 oz",
         """Hand filtering lives from a thin, steady stream, and only the long spout of a gooseneck kettle gives it. Water is
         poured in circles, a little at a time. Drinkers of light roasts want to see and smell what they drink: they take
         mugs of porcelain or stoneware holding 8 or 11 ounces, about one filter's worth. Larger ones let it go cold
         before the bottom is reached."""),
    need("italian morning",
         "ristretto after lunch|one tiny cup the roman way|short strong shots at home",
         "Home/Mugs: style=espresso, capacity=3 oz, material=porcelain|ceramic; Kitchen/Kettles: style=stovetop, material=steel; Books/Cookbooks: cuisine=Italian",
         """A short coffee is drunk in three sips, so it is served in an espresso mug of 3 ounces. Thick porcelain or ceramic,
         warmed beforehand, keeps the foam alive. Those without a machine heat water in a stovetop kettle of steel. The
         biscuits and cakes that belong to the hour, dry and not too sweet, fill whole chapters of Italian cookbooks."""),
    need("afternoon tea for guests",
         "afternoon tea for guests|scones and cucumber sandwiches|inviting the grandmothers on saturday",
         "Kitchen/Kettles: style=teapot, material=ceramic|glass; Home/Mugs: material=porcelain, pattern=floral|dotted; Home/Vases: pattern=floral; Books/Cookbooks: cuisine=baking; Women/Dresses: pattern=floral",
         """The English ceremony begins with a teapot of ceramic or glass, since metal spoils the taste. One pours into thin
         porcelain mugs, dotted or with flowers, and a vase with a floral pattern stands on the cloth. Scones and sponge
         are found in every cookbook about baking. Hostess and guests dress for it, by a good old habit, in flowered
         dresses."""),
    need("working from home with a bad back",
         "working from home with a bad back|eight hours of video calls at the dining table|sciatica and remote work|ergonomics for my spine",
         "Home/Chairs: style=office, room=office; Home/Cushions: style=lumbar; Home/Lamps: style=desk, room=office; Electronics/Headphones: style=over-ear|on-ear",
         """Kitchen furniture was made for half an hour, not for eight. A back that hurts needs an office chair, which can be
         set to the length of the legs; until it comes, a lumbar cushion fills the hollow above the belt. The head sinks
         forward where the page is dark, so a desk lamp made for an office belongs beside the screen. Over-ear or on-ear
         headphones free the shoulder that held the telephone."""),
    need("reading in bed while my partner sleeps",
         "reading in bed while my partner sleeps|one more chapter after midnight|bookworm who goes to sleep late",
         "Home/Lamps: style=table, room=bedroom, height=12 in|16 in; Home/Cushions: style=square|lumbar, material=velvet|cotton; Books/Novels: style=paperback",
         """Two habits share one room when the beam is small and low. A table lamp for the bedroom, no taller than 12 or 16
         inches, lights the page and not the other pillow. Sitting up takes a square or lumbar cushion behind the back,
         in cotton or velvet that is kind to bare shoulders. A paperback novel is held with one hand, and does not wake
         anybody when it falls."""),
    need("cosy corner for a rainy sunday",
         "cosy corner for a rainy sunday|hygge at home|making the sofa area warm and soft|autumn nest",
         "Home/Chairs: style=armchair|rocking, room=living room; Home/Cushions: material=velvet|wool; Home/Lamps: style=floor, room=living room; Home/Mugs: style=tall|stoneware",
         """The Danes, who have long winters, have made comfort a craft. An armchair or a rocking chair is pulled to the window
         of the living room. Cushions of wool or velvet lie on it by threes. Instead of the bulb on the ceiling a floor
         lamp throws one warm pool. Hands close around a tall or stoneware mug, and nobody has to go anywhere."""),
    need("breakfast bar for a narrow kitchen",
         "breakfast bar for a narrow kitchen|eating at a high counter|no room for a proper table",
         "Home/Chairs: style=stool, seat height=24 in|29 in; Home/Lamps: style=pendant; Home/Mugs: style=classic|tall",
         """A counter stands higher than a table, and what one sits on must follow: stools with a seat at 24 inches for a
         counter, at 29 for a bar. Backs and arms would only block the passage. Pendant lamps hang over the board and
         leave it free. A row of classic or tall mugs on hooks is all the crockery that such a corner needs."""),
    need("dinner party for eight",
         "dinner party for eight|hosting the in-laws on saturday night|long table with candles",
         "Home/Chairs: style=dining, room=dining room; Home/Vases: style=bottle|cylinder, material=glass|porcelain; Kitchen/Pans: style=casserole, diameter=30 cm; Home/Lamps: style=pendant; Shoes/Heels: style=block heel|kitten",
         """Eight people sit well on dining chairs made for the dining room, and badly on anything borrowed. A dish that cooks
         alone, in a casserole of 30 centimetres, leaves the host free. Flowers stand in a slim bottle or cylinder vase of
         glass or porcelain, so that guests see each other, below a pendant lamp hung low. The hostess on her feet all
         evening is wise to wear block heels or kitten heels."""),
    need("bringing the garden indoors",
         "bringing the garden indoors|tulips from the market|home for cut peonies|dried grass decoration",
         "Home/Vases: style=round|amphora, height=25 cm|30 cm|40 cm; Home/Cushions: pattern=floral, material=linen; Home/Mugs: pattern=floral",
         """Heavy heads bend their stems, so peonies and tulips want a wide mouth and a third of their length under water: a
         round or amphora vase between 25 and 40 centimetres high. Dried grasses ask for the same height. The flowers may
         go on in the cloth of the room, with linen cushions in a floral print, and at breakfast on flowered mugs."""),
    need("scandinavian living room",
         "scandinavian living room|nordic minimalism|bright calm interior with pale wood",
         "Home/Lamps: style=floor|pendant, material=oak|brass; Home/Chairs: material=oak|beech, pattern=plain; Home/Cushions: color=grey|cream|beige|white, material=linen|wool; Home/Vases: color=white|grey|cream",
         """Northern rooms make the most of little daylight. Wood is pale: plain chairs of oak or beech. Cloth
         is natural, linen and wool, and quiet in colour, so that cushions are grey, cream, beige or white. Vases keep to
         the same tones. Only the lamps, floor or pendant ones with oak or brass, are allowed to be objects of their
         own."""),
    need("colourful student room",
         "colourful student room|dorm decoration on a budget|cheering up a grey rental",
         "Home/Cushions: color=mustard|coral|teal|pink, pattern=striped|checked|chevron|dotted|stars; Home/Lamps: style=desk; Home/Mugs: pattern=dotted|stars|striped; Electronics/Speakers: style=portable; Home/Chairs: style=stool",
         """Walls of a rented room may not be painted, so colour comes on things that can move out again: cushions in mustard,
         coral, teal or pink with bold stripes, checks, dots or stars, and mugs to match. A desk lamp is the one serious
         purchase. Friends sit on stools that are pushed under the table, and a portable speaker is enough for twelve
         square metres."""),
    need("nursery for a newborn",
         "nursery for a newborn|baby due in march|preparing the little one's room|shower gift for expecting parents",
         "Toys/Plush: style=bunny|bear, color=cream|light blue|white|pink, material=fleece|cotton; Home/Chairs: style=rocking; Home/Lamps: style=table, room=bedroom; Home/Cushions: material=cotton",
         """In the first months there is feeding at every hour, and a rocking chair is where it happens. A table lamp for the
         bedroom, dimmed, shows enough and wakes nobody. Covers are washed daily, so the cushions are of cotton. The first
         companion is a plush bunny or teddy bear of fleece or cotton in cream, white, pink or light blue, with
         embroidered eyes that cannot come off."""),
    need("third birthday",
         "third birthday|present for a three year old boy|nephew turns three and loves vehicles|godchild who shouts at every lorry",
         "Toys/Toy Cars: age=3+|1+, material=wood|plastic|recycled plastic; Toys/Plush: style=elephant|penguin|bear; Sport/Balls: material=foam|rubber",
         """At three, children name everything that drives. A toy car for them carries the age mark 1+ or 3+, which promises
         that no part can be swallowed, and is of wood or plastic, because metal edges are for older hands. Balls should
         be of foam or soft rubber, since they will be thrown indoors. And when the day is over a plush elephant, penguin
         or bear goes to bed with the new owner."""),
    need("child afraid of the dark",
         "child afraid of the dark|monsters under the bed|toddler wakes up crying every night",
         "Toys/Plush: height=16 in|24 in; Home/Lamps: style=table, room=bedroom, height=12 in; Home/Cushions: pattern=stars",
         """Fear of darkness begins at two and passes by itself. What helps is a protector that is nearly as large as the child:
         a plush animal of 16 or 24 inches. A small table lamp in the bedroom, 12 inches high, is left on until sleep has
         come. Many parents turn the night itself into a friend, with stars on the cushion and a story about them."""),
    need("aspiring firefighter",
         "aspiring firefighter|kid obsessed with sirens|five year old hero in training",
         "Toys/Toy Cars: style=fire engine|truck, color=red, age=3+|5+; Bags/Backpacks: style=mini, color=red",
         """Between three and six many children mean to fight fires for a living. Their vehicle is a fire engine, failing that
         a truck, and it has to be red; a blue one is sent back. The mark should be 3+ or 5+. To kindergarten such a child
         carries a mini backpack in the same red, in which hose and helmet have their place."""),
    need("baking with grandchildren",
         "rolling dough with grandchildren|biscuits with little helpers|flour everywhere on a wednesday afternoon",
         "Books/Cookbooks: cuisine=baking, style=hardcover; Home/Mugs: material=enamel, style=enamel; Home/Chairs: style=stool",
         """Small helpers reach the table only from a stool. They measure with what they know, and two enamel mugs, which
         survive any fall, serve for flour and sugar. The cookbook is one about baking, and a hardcover, for it lies open
         between eggs and butter and will one day be handed on, with all of its stains and notes in pencil."""),
    need("giving up meat",
         "giving up meat|plant based january|eating greener for the climate",
         "Books/Cookbooks: cuisine=vegetarian|Indian|Thai; Kitchen/Pans: style=wok|saucepan, material=steel|ceramic",
         """Those who leave out meat for good need new habits far more than they need substitutes. The richest traditions without it are Indian, and
         in part Thai; vegetarian cookbooks gather from both. Vegetables are fried fast in a wok, and beans and lentils
         simmer in a saucepan, without haste. Steel and ceramic are preferred because acid tomatoes and tamarind never attack
         them."""),
    need("curry from scratch",
         "curry from scratch|dal like at my friend's mother's|roasting my own spices",
         "Books/Cookbooks: cuisine=Indian; Kitchen/Pans: style=saucepan|casserole, material=cast iron|steel; Kitchen/Kettles: style=stovetop",
         """Spices are first roasted dry, then ground, and lastly fried in fat. The pot must bear that heat without a coating:
         a saucepan or a casserole, of steel or cast iron. What goes in when, and why onions take half an hour, is set out
         in Indian cookbooks. The tea that ends the meal is boiled with milk and cardamom, in a stovetop kettle."""),
)  # fmt: skip
"""Twenty-two needs of people who stay in."""
