"""Needs of occasions, work, machines, taste and presents."""

from __future__ import annotations

from emptor.market.knowledge.need import Need, need

LIFE: tuple[Need, ...] = (
    need("job interview at a bank",
         "job interview at a bank|first day at a law firm|looking serious for the hiring committee|assessment centre next week",
         "Men/Jackets: style=blazer, color=navy|charcoal|black, pattern=plain; Men/Shirts: style=long sleeve|oxford, color=white|light blue, pattern=plain; Accessories/Watches: style=round dial, material=leather|steel; Bags/Handbags: style=satchel|tote, material=leather; Women/Skirts: style=pencil; Shoes/Heels: heel height=2 in|3 in",
         """Banks still read clothes. He wears a plain blazer in navy, charcoal or black over a plain white or light blue
         shirt, long sleeve or oxford. She wears a pencil skirt and heels of 2 or 3 inches, no more. On the wrist there is
         a watch with a round dial, on leather or steel, never one that beeps. Papers are carried in a leather satchel or
         tote. What is remembered should be the answers."""),
    need("black tie invitation",
         "charity gala in full evening wear|tuxedo on the invitation|opera premiere|evening at the embassy",
         "Women/Dresses: style=maxi|slip, material=silk, occasion=party; Shoes/Heels: style=stiletto|sandal, color=black|gold|silver; Bags/Handbags: style=clutch; Accessories/Watches: style=round dial, material=leather; Beauty/Lipstick: color=red|burgundy; Men/Jackets: style=blazer, color=black",
         """Two words on a card settle everything. For her a long or slip dress of silk made for a party, stilettos or heeled
         sandals in black, gold or silver, and a clutch bag that holds a key and a lipstick, which is red or burgundy.
         For him a black blazer is the least. A gentleman's watch on such an evening has a round dial and a leather strap,
         or stays at home."""),
    need("summer wedding guest",
         "guest at a garden wedding in june|what to wear to a country ceremony|vineyard wedding in the afternoon",
         "Women/Dresses: style=wrap|a-line|maxi, pattern=floral, material=viscose|silk|linen; Shoes/Heels: style=block heel|wedge; Men/Shirts: material=linen; Bags/Handbags: style=clutch|crossbody; Accessories/Sunglasses: style=cat-eye|round",
         """On a lawn thin heels sink, so women come in block heels or wedges. White belongs to the bride: guests wear a floral
         dress, wrap, a-line or maxi, in viscose, silk or linen. A clutch or crossbody bag holds
         handkerchiefs. Men leave the tie at home and wear a linen shirt. During the speeches, which are held in full sun,
         cat-eye or round sunglasses are no discourtesy."""),
    need("funeral",
         "what to wear to a funeral|memorial service on friday|paying last respects",
         "Women/Dresses: color=black|navy, pattern=plain; Men/Jackets: style=blazer, color=black|charcoal; Men/Trousers: color=black|charcoal, style=straight; Accessories/Umbrellas: color=black; Shoes/Heels: color=black, heel height=2 in",
         """Mourning keeps to dark and plain things. A woman wears a plain dress in black or navy and black heels of 2 inches on
         which she can stand at a grave. A man wears a black or charcoal blazer with straight trousers of the same. It
         rains more often than one thinks, and a coloured umbrella among the black ones is remembered for years."""),
    need("first date",
         "first date|drinks with someone from the app|nervous about thursday evening",
         "Beauty/Perfume: scent=woody|floral|spicy; Women/Dresses: style=wrap|slip; Men/Shirts: style=oxford|overshirt, fit=slim; Beauty/Lipstick: style=matte; Shoes/Boots: style=chelsea|ankle",
         """Advice columns agree on a few points. Wear what you have worn before: a wrap or slip dress, an oxford shirt or
         overshirt in a slim fit. Chelsea or ankle boots look cared for and allow a walk afterwards. Scent is noticed at
         arm's length, and warm ones, woody, spicy or floral, are remembered best. A matte lipstick stays where it is
         through a drink, and through what may follow."""),
    need("dancing until four",
         "dancing until four|clubbing with the girls|new year's eve downtown",
         "Women/Dresses: style=slip, occasion=party; Shoes/Heels: style=block heel|sandal, color=gold|silver|red; Beauty/Lipstick: style=liquid|matte; Bags/Handbags: style=crossbody; Women/Tops: style=camisole|off-shoulder",
         """A night on the floor is long and warm. A slip dress for a party, or a camisole or off-shoulder top, leaves room to
         move. Block heels and heeled sandals survive till morning where stilettos do not, and gold, silver or red ones
         catch the lights. A liquid or matte lipstick needs no mirror for hours. A crossbody bag dances along and is not
         left on a chair."""),
    need("returning to the office after maternity leave",
         "back at my desk after maternity leave|smart clothes for a changed body|feeding and meetings on the same day",
         "Women/Dresses: style=wrap|shirt dress, occasion=office; Women/Tops: style=blouse, material=viscose|cotton; Bags/Handbags: style=tote; Women/Skirts: style=midi; Shoes/Sneakers: style=slip-on, material=leather",
         """In the first year the body changes from month to month. A wrap dress or shirt dress for the office can be tied or
         buttoned to any size, and opens for feeding. With a midi skirt goes a blouse of viscose or cotton, which is
         washed every day. A tote bag takes pump and papers alike. Slip-on sneakers of leather pass for shoes and are put
         on without hands."""),
    need("teaching practice",
         "teaching practice|standing in front of a class for the first time|substitute in primary school",
         "Men/Shirts: style=oxford|overshirt; Women/Skirts: style=midi|pleated; Women/Tops: style=turtleneck|blouse; Bags/Backpacks: material=leather|canvas, style=daypack; Home/Mugs: capacity=15 oz|16 oz",
         """A young teacher stands between pupil and headmaster in dress too. Oxford shirts and overshirts are neither suit nor
         sport; midi or pleated skirts with a blouse or turtleneck allow kneeling beside a small table. Exercise books are
         carried in a daypack of leather or canvas. And there is one break in which to drink everything at once, for which
         the staff room mug holds 15 or 16 ounces."""),
    need("noisy open plan office",
         "noisy open plan workplace|colleagues talk all day|cannot concentrate at work|deep focus between phone calls",
         "Electronics/Headphones: style=over-ear, connection=wireless, battery life=30 hours|40 hours; Home/Mugs: capacity=15 oz|16 oz; Home/Lamps: style=desk, room=office",
         """Speech distracts more than any other noise, because the mind follows words. Closed cups around the ears shut them
         out: over-ear headphones, wireless, since one rises often, with a battery that lasts 30 or 40 hours, a whole
         week of work. Fewer walks to the kitchen mean fewer chats, hence mugs of 15 or 16 ounces. An own desk lamp for
         the office marks where the common room ends."""),
    need("computer science freshman",
         "computer science freshman|starting university in october|machine for lectures and assignments|studying engineering away from home",
         "Electronics/Laptops: memory=16 gb|32 gb, style=ultrabook|convertible, screen=13.3 in|14 in; Bags/Backpacks: capacity=20 l|25 l, style=daypack|rolltop; Electronics/Headphones: style=over-ear|earbuds; Home/Lamps: style=desk",
         """Compilers and virtual machines eat memory: a student of computing needs a laptop with at least 16 gigabytes. It is
         carried between halls all day, so an ultrabook or convertible with 13.3 or 14 inches is the sensible shape. It
         travels in a daypack or rolltop backpack of 20 to 25 litres. Libraries demand over-ear headphones or earbuds, and
         a desk lamp waits in the room for the night before the deadline."""),
    need("esports evenings",
         "esports evenings|ranked matches with my squad|streaming on twitch|shooter tournaments online",
         "Electronics/Laptops: style=gaming, memory=16 gb|32 gb, screen=15.6 in|16 in; Electronics/Headphones: style=gaming, connection=wired; Home/Chairs: style=office, room=office; Home/Mugs: capacity=16 oz",
         """In a match a tenth of a second decides. Players use gaming laptops with 16 or 32 gigabytes and a large screen of
         15.6 or 16 inches, and wired gaming headphones, because radio adds delay and batteries die at the worst
         moment. Six hours in one position call for an office chair rather than one from the kitchen, and for a mug of 16
         ounces that is filled once."""),
    need("grandparents who hate technology",
         "grandparents who hate technology|something simple for my mother aged eighty|staying in touch with nan|elderly father lives alone",
         "Electronics/Phones: style=rugged, storage=64 gb; Electronics/Laptops: style=chromebook; Electronics/Speakers: style=smart; Electronics/Cameras: style=instant; Accessories/Watches: case size=42 mm|44 mm",
         """Old hands drop things and old eyes want large ones. A rugged phone survives the stairs, and 64 gigabytes are more
         than they will fill. A chromebook updates by itself and catches no virus. A smart speaker is asked aloud for the
         weather or the daughter. The instant camera they understand at once, since the picture comes out of it. And a
         watch is read without glasses if its case is 42 or 44 millimetres."""),
    need("building site job",
         "building site job|working outdoors with concrete and dust|apprentice roofer|everything i own at work gets broken",
         "Electronics/Phones: style=rugged; Shoes/Boots: style=ankle|hiking, material=leather; Men/Trousers: style=cargo, material=denim|cotton; Accessories/Watches: style=digital; Men/Shirts: material=flannel|denim, style=overshirt|long sleeve",
         """Concrete, dust and falls from scaffolds end the life of ordinary things. Workers carry a rugged phone, wear a
         digital watch that costs little, and boots of leather, ankle high or made for hiking. Cargo trousers of denim or
         strong cotton have a pocket for every tool. Above comes an overshirt or long sleeve shirt of flannel or denim,
         whose sleeves guard the arms from lime and splinters."""),
    need("travel blog",
         "travel blog|filming my year abroad|starting a channel about places|vlogging on the road",
         "Electronics/Cameras: style=mirrorless|compact, resolution=20 mp|24 mp; Electronics/Laptops: style=ultrabook, memory=16 gb|32 gb; Electronics/Phones: storage=256 gb|512 gb; Bags/Backpacks: material=nylon|polyester, capacity=25 l|30 l",
         """Who reports from the road films every day and cuts every night. A mirrorless or compact camera of 20 to 24
         megapixels is light and good in dim alleys. Film fills memory: a phone wants 256 gigabytes or more, and an
         ultrabook laptop 16 or 32 gigabytes of working memory for the cut. All of it goes about in a backpack of nylon or
         polyester with 25 to 30 litres, since leather is heavy and canvas soaks."""),
    need("garden party sound",
         "music for a garden fete|dj for twenty people in the back yard|barbecue with playlists",
         "Electronics/Speakers: style=party|portable, power=40 w|100 w; Home/Cushions: pattern=striped|checked; Sport/Balls: style=volleyball|beach",
         """Outdoors there are no walls to throw sound back, and what fills a room is lost on a lawn. A party speaker, or a
         portable one, needs 40 or 100 watts for twenty people. Guests sit on the grass on striped or checked cushions,
         the pattern of picnics. Before it is dark enough to dance someone will stretch a cord between two trees, and ask
         for a volleyball or beach ball."""),
    need("hi-fi for vinyl lovers",
         "warm sound for vinyl lovers|listening corner for jazz records|audiophile on a budget",
         "Electronics/Speakers: style=bookshelf, material=walnut|oak, power=20 w|40 w; Electronics/Headphones: style=over-ear, connection=wired; Home/Chairs: style=armchair",
         """Friends of the record player trust wood. Their bookshelf speakers have cases of walnut or oak, which ring less than
         plastic, and 20 to 40 watts are plenty at listening distance. At night they change to wired over-ear headphones,
         for no radio link carries all of the music. The listener sits in an armchair, at the point of a triangle with
         the speakers, and does nothing else."""),
    need("capsule wardrobe with an eye on the planet",
         "capsule wardrobe with an eye on the planet|fair fashion basics|buying fewer but better clothes|slow fashion starter",
         "Men/T-Shirts: material=organic cotton|linen, pattern=plain; Bags/Handbags: material=vegan leather|jute|canvas; Accessories/Sunglasses: material=recycled plastic|wood; Women/Tops: material=linen|cotton, pattern=plain; Accessories/Umbrellas: material=recycled plastic",
         """The idea is thirty pieces that all go together and harm little. Plain t-shirts of organic cotton or linen, plain
         tops of linen or cotton: what has no print does not date. Handbags are of jute, canvas or vegan leather. Sunglasses
         come in wood or recycled plastic, and even umbrellas are made of the latter now. Polyester is avoided, because
         each wash sends its fibres to the sea."""),
    need("sensitive skin",
         "my skin itches from everything synthetic|eczema friendly clothes|allergic rash under the collar",
         "Men/T-Shirts: material=organic cotton; Women/Tops: material=silk|cotton; Women/Dresses: material=cotton|silk; Home/Cushions: material=cotton|linen; Toys/Plush: material=cotton",
         """Irritated skin tolerates smooth natural fibres and little else. Dermatologists name silk and cotton: a t-shirt of
         organic cotton, free of residues, a top or dress of cotton or silk. Wool scratches, and polyester keeps the sweat
         where it hurts. At home the cheek lies on cushions of linen or cotton, and an allergic child is given a plush toy
         whose cover and filling are cotton."""),
    need("bookworm's long winter",
         "something to get lost in over christmas|whodunit for a long weekend|page turner for the train",
         "Books/Novels: genre=mystery|adventure, style=paperback; Home/Lamps: style=floor|table, room=living room; Home/Mugs: style=tall",
         """What readers call hard to put down is mostly a mystery novel or an adventure, because both raise a question on the
         first page and answer it on the last. Paperbacks are lent, bent and left on trains without regret. At home one
         reads on under a floor or table lamp in the living room, and the tall mug beside it is refilled at the end of a
         chapter, never within one."""),
    need("learning french for a year abroad",
         "learning the language of moliere for a year abroad|lyon exchange semester|practising what i studied before paris",
         "Books/Novels: language=French, style=paperback; Books/Cookbooks: cuisine=French; Electronics/Headphones: style=earbuds",
         """After the textbook comes reading. Teachers advise a short novel in French, as a paperback into which one may write
         above the line. Recipes are the second step, since their sentences repeat: a French cookbook teaches the
         imperative by dinner. Listening is practised on the way, with earbuds, to the same radio programme every day,
         until one morning the words come apart."""),
    need("mother's day",
         "mother's day|spoiling mum|thank you to the woman who raised me",
         "Beauty/Perfume: for=women, scent=floral|fresh; Home/Vases: material=ceramic|porcelain, pattern=floral|plain; Accessories/Watches: for=women, case size=34 mm|38 mm; Women/Tops: style=blouse, material=silk; Home/Mugs: pattern=floral",
         """Florists know the second Sunday of May as their best. With the bouquet goes a vase of ceramic or porcelain, plain or
         with flowers. A perfume for women in a floral or fresh scent is the classic, a watch for women with a case of 34
         or 38 millimetres the generous present. A silk blouse is for daughters who know the size. The youngest give a
         mug with flowers on it, and it is the one that she keeps."""),
    need("father's day",
         "father's day|dad already has everything|surprise for the old man in june",
         "Accessories/Watches: for=men, style=chronograph|round dial; Beauty/Perfume: for=men, scent=woody|citrus|spicy; Kitchen/Pans: style=grill pan, material=cast iron; Men/Shirts: material=flannel|linen; Home/Mugs: style=enamel, capacity=15 oz|16 oz",
         """Fathers say that they need nothing. They are pleased nevertheless by a watch for men, a chronograph or one with a
         round dial, and by a perfume for men that smells of wood, citrus or spice. He who stands at the barbecue likes a
         grill pan of cast iron for the winter. A shirt of flannel or linen replaces the one with the hole. An enamel mug
         of 15 or 16 ounces goes with him to the shed."""),
    need("valentine's surprise",
         "valentine's surprise|fourteenth of february|romantic gesture for my wife",
         "Beauty/Perfume: for=women, scent=floral|spicy, volume=50 ml|75 ml|100 ml; Beauty/Lipstick: color=red|pink, finish=velvet|satin; Toys/Plush: style=bear, color=pink|white|brown; Home/Vases: color=red|pink|white; Bags/Handbags: color=red|burgundy|pink",
         """The day has its colours, red and pink, and its customs. Roses want a vase in red, pink or white. A perfume for women,
         floral or spicy, is given in a bottle of 50 millilitres or more, since the smallest looks like a sample. A red or
         pink lipstick in velvet or satin is for those who know her. A handbag in red, burgundy or pink costs courage, and
         a teddy bear, brown, white or pink, costs none."""),
    need("fantasy roleplay group",
         "dungeon evenings with my roleplay group|elves dragons and a bag of dice|medieval fair with friends",
         "Books/Novels: genre=fantasy|historical; Home/Mugs: material=stoneware, capacity=15 oz|16 oz; Shoes/Boots: style=knee-high, material=leather|suede; Home/Lamps: material=brass; Bags/Handbags: style=satchel, material=leather|suede",
         """Players come out of books, and fantasy or historical novels are what they lend each other. The table is set for the
         period: heavy stoneware mugs of 15 or 16 ounces for what passes as mead, and a brass lamp in place of torches. For
         fairs they dress, and knee-high boots of leather or suede carry a costume further than any cape. A leather or
         suede satchel holds dice and scrolls."""),
    need("nineties look",
         "dressing like the nineties|grunge revival|seattle 1992|decade theme night with flannel and doc vibes",
         "Men/Shirts: pattern=checked; Men/T-Shirts: style=graphic, fit=oversized; Women/Dresses: style=slip; Men/Jackets: style=bomber|trucker, material=denim|nylon; Accessories/Caps: style=bucket|trucker; Women/Skirts: style=mini, pattern=checked",
         """The fashion of the early nineties wanted to look found. Its uniform was the checked shirt, worn open over an
         oversized graphic t-shirt. Girls wore slip dresses in daytime, and mini skirts in plaid. Jackets were bombers or
         truckers, of nylon or denim. Bucket hats and trucker caps came from the decade's musicians. What is new should at
         least be bought too large."""),
    need("sunday market stroll",
         "strolling over the farmers market|brunch and flea stalls on a spring sunday|picnic in the park with a baguette",
         "Bags/Handbags: style=tote, material=canvas|jute; Accessories/Sunglasses: style=wayfarer|round; Women/Skirts: style=midi|maxi, material=cotton|linen; Shoes/Sneakers: material=canvas, style=low top; Men/Shirts: style=short sleeve",
         """Leeks and old plates are carried home in a tote bag of canvas or jute, which is wide, open and easily shaken out.
         One walks slowly for hours: low top sneakers of canvas are light enough. Women like midi or maxi skirts of cotton
         or linen for sitting on the grass, men short sleeve shirts. Wayfarer or round sunglasses hide the shortness of
         the night before."""),
)  # fmt: skip
"""Needs of occasions."""
