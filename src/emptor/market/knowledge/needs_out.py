"""Needs of weather, ways, travel and sport."""

from __future__ import annotations

from emptor.market.knowledge.need import Need, need

OUT: tuple[Need, ...] = (
    need("monsoon commute",
         "monsoon commute|getting to the office through a downpour|walking to work when it pours|staying dry on the way to my job",
         "Shoes/Boots: style=rain, material=rubber; Men/Jackets: style=raincoat, material=nylon|polyester; Accessories/Umbrellas: span=46 in|54 in; Bags/Backpacks: style=rolltop, material=nylon|polyester",
         """During the monsoon the streets stand under water and leather never dries. Commuters wear rubber rain boots that
         they can rinse off, and a raincoat of nylon or polyester, because both shed water at once. Papers and computers
         travel in a rolltop backpack of nylon or polyester: its rolled closure keeps out what a zip lets in. An umbrella
         helps only if it is wide; people look for a span of 46 or 54 inches, which also covers the bag on the back."""),
    need("flat feet",
         "flat feet|fallen arches|my arches ache after standing all day|overpronation",
         "Shoes/Sneakers: style=running, material=mesh; Shoes/Boots: style=hiking",
         """People whose arches lie low roll their feet inwards at every step and tire early. Physiotherapists advise them
         against thin, flat soles. A running sneaker is built with a firm, supporting midsole, and an upper of mesh gives
         way where the foot is broad. For long days on uneven ground they prefer hiking boots, whose stiff shaft holds
         the ankle upright. Slip-ons and canvas plimsolls are what they regret buying."""),
    need("gift for a new climber",
         "gift for a new climber|present for someone who has just started bouldering|friend joined a climbing gym|birthday of a rock climbing beginner",
         "Bags/Backpacks: style=daypack|rolltop, capacity=20 l|25 l; Outdoor/Bottles: style=wide mouth|insulated; Men/Trousers: style=cargo|joggers, fit=relaxed; Accessories/Caps: style=beanie",
         """Beginners in a climbing hall rent shoes and harness, so the useful presents are the small things around them. A
         daypack or rolltop backpack of 20 to 25 litres takes rope, chalk and lunch to the wall. Climbers drink a lot
         from insulated or wide mouth bottles. High steps ask for trousers that give: joggers or cargo trousers in a
         relaxed fit. And by an old custom of the halls, everybody sits between two routes in a beanie."""),
    need("first overnight hike",
         "first overnight hike|two days in the hills on foot|trekking hut to hut|weekend walk with everything on my back",
         "Bags/Backpacks: style=hiking, capacity=30 l|45 l; Shoes/Boots: style=hiking; Outdoor/Tents: weight=1.8 kg|2.5 kg, sleeps=2 person; Outdoor/Bottles: capacity=750 ml|1000 ml, material=aluminium|tritan",
         """Who walks two days carries everything, so weight decides. A hiking backpack of 30 to 45 litres holds food, a
         sleeping bag and spare socks. Hiking boots keep the ankle safe under the load. A tent for 2 persons should weigh
         no more than 1.8 to 2.5 kilograms. Springs are far apart in the hills, so walkers take a water bottle of 750 or
         1000 millilitres, of tritan or aluminium rather than glass or steel."""),
    need("festival weekend",
         "festival weekend|three days of live music on a muddy field|glastonbury packing list|sleeping in a field between concerts",
         "Outdoor/Tents: style=dome, sleeps=2 person|3 person; Shoes/Boots: style=rain; Bags/Backpacks: style=mini|daypack; Accessories/Caps: style=bucket; Electronics/Speakers: style=portable",
         """On a festival field a dome tent for 2 or 3 persons is the usual home: it stands by itself and is put up in the
         dark. By the second day the ground is mud, and rain boots are worth more than any fashion. The guards at the
         stage let in only small bags, a mini backpack or daypack. A bucket hat keeps sun and drizzle off the face, and
         around the camp a portable speaker plays what the bands did not."""),
    need("family camping with children",
         "family camping with children|first night outdoors with the kids|campsite holiday with toddlers",
         "Outdoor/Tents: style=tunnel, sleeps=4 person|6 person; Home/Mugs: material=enamel; Kitchen/Kettles: style=stovetop; Outdoor/Bottles: style=sport|flip-top; Sport/Balls: style=football|beach",
         """Families on a campsite need room to stand up: a tunnel tent for 4 or 6 persons gives bedrooms and a porch for
         muddy shoes. Crockery falls, so they drink from enamel mugs, which chip but do not break. Water for cocoa boils
         in a stovetop kettle, since there is no socket. Children manage a sport bottle or one with a flip-top lid by
         themselves, and a football or beach ball fills the afternoon."""),
    need("cycling to work",
         "cycling to work|bike commute|pedalling to the office every morning",
         "Bags/Backpacks: style=rolltop, color=orange|mint|red|mustard; Men/Jackets: style=raincoat|bomber, material=nylon|polyester; Outdoor/Bottles: style=sport, material=tritan; Men/Trousers: fit=slim",
         """Cyclists in traffic want to be seen and to stay dry. They choose a rolltop backpack in a bright colour, orange,
         red, mustard or mint, because a black one vanishes at dusk. Wide legs end in the chain, so trousers are of a
         slim fit. Against wind and showers a raincoat or a bomber jacket of nylon or polyester is packed small. The
         bottle cage on the frame takes a sport bottle of tritan that is squeezed with one hand."""),
    need("marathon training",
         "marathon training|couch to 42k|preparing for my first long race|jogging five times a week",
         "Shoes/Sneakers: style=running, material=mesh; Men/T-Shirts: material=polyester; Men/Trousers: style=shorts; Accessories/Watches: style=digital, material=silicone; Electronics/Headphones: style=earbuds, connection=wireless; Outdoor/Bottles: style=sport",
         """A marathon plan means hundreds of hours on the road. Running sneakers with a mesh upper let the heat out. A
         t-shirt of polyester carries sweat away, where cotton grows heavy and chafes; below, runners wear shorts. Laps
         and pulse are read from a digital watch on a silicone strap, which is washed under the tap. Music comes from
         wireless earbuds that stay put, and long runs need a sport bottle in the hand."""),
    need("home workout in a small flat",
         "home workout in a small flat|getting fit without a gym|strength training in the living room|exercise with thin floors and neighbours below",
         "Sport/Dumbbells: style=adjustable|hex, material=neoprene|rubber|vinyl; Men/T-Shirts: material=polyester; Outdoor/Bottles: style=flip-top|sport; Electronics/Headphones: connection=wireless",
         """Where there is no room for a rack, one pair of adjustable dumbbells replaces ten. Hex dumbbells are the second
         choice, since they do not roll away. Neighbours below are grateful for a coat of neoprene, rubber or vinyl on
         the iron. A t-shirt of polyester dries overnight on a hanger. The teacher's voice comes through wireless
         headphones, for a cable gets caught in the swing, and a sport or flip-top bottle stands in reach."""),
    need("getting stronger after an injury",
         "getting stronger after an injury|rehab exercises for my shoulder|physiotherapy at home|gentle exercise for seniors",
         "Sport/Dumbbells: weight=3 lb|5 lb, material=neoprene|vinyl; Sport/Balls: material=foam|rubber; Shoes/Sneakers: style=slip-on|running",
         """After an operation a joint is loaded little and often. Therapists begin with dumbbells of 3 or 5 pounds; a skin
         of neoprene or vinyl is warm to stiff hands and does not slip. Squeezing and rolling a ball of foam or rubber
         brings back the grip and loosens the back. Who cannot bend to tie laces trains in slip-on sneakers, or in
         running sneakers that cushion each step."""),
    need("beach week",
         "seaside week|seaside vacation|packing for two weeks by the ocean|lying on hot sand",
         "Accessories/Sunglasses: lens=polarised; Accessories/Caps: style=bucket|baseball; Sport/Balls: style=beach|volleyball; Women/Dresses: style=maxi|slip, material=cotton|linen; Bags/Handbags: style=tote, material=canvas|jute; Men/Trousers: style=shorts",
         """On open sand the sun comes from above and, off the water, from below. Polarised sunglasses take away the glare of
         the waves, and a bucket hat or baseball cap shades the neck. Over the swimsuit women throw a maxi or slip dress
         of cotton or linen; men live in shorts. Towels and books go into a tote bag of canvas or jute that may get wet,
         and a beach ball or volleyball makes friends of strangers."""),
    need("heat wave in the city",
         "heat wave in the city|dressing for forty degrees|what to wear when it is too hot|staying cool without air conditioning",
         "Men/Shirts: material=linen, style=short sleeve; Women/Dresses: material=linen|cotton; Women/Tops: style=camisole|off-shoulder; Men/Trousers: style=shorts, material=linen|cotton; Outdoor/Bottles: style=insulated; Accessories/Caps: style=bucket",
         """In great heat skin must be able to breathe. Linen is the coolest cloth there is, cotton the next: people choose
         a linen shirt with short sleeves, a dress of linen or cotton, shorts of the same. Camisoles and off-shoulder tops
         leave the skin free. A bucket hat shades face and neck. Water stays cold for a whole day only in an insulated
         bottle, which is therefore carried everywhere."""),
    need("moving somewhere with real snow",
         "moving somewhere with real snow|first january in canada|minus twenty on the way to the bus|arctic cold snap",
         "Men/Jackets: style=puffer, season=winter; Shoes/Boots: style=knee-high|hiking, material=leather|rubber; Accessories/Caps: style=beanie, material=wool; Women/Tops: style=turtleneck, material=wool; Women/Skirts: material=wool",
         """Newcomers to the north learn to dress in layers. The outermost is a puffer jacket made for winter, whose trapped
         air does the warming. Half of the body's comfort hangs on the head, so nobody goes out without a beanie of wool.
         Feet need knee-high or hiking boots of leather or rubber, since suede drinks the slush. Beneath, women wear a
         wool turtleneck top and, if a skirt at all, one of wool."""),
    need("long haul flight",
         "long haul flight|eleven hours in economy|surviving the plane to singapore|overnight flight with a connection",
         "Electronics/Headphones: style=over-ear, connection=wireless, battery life=20 hours|30 hours|40 hours; Home/Cushions: style=lumbar; Books/Novels: style=paperback; Men/Trousers: style=joggers; Bags/Backpacks: style=daypack",
         """Engines drone for half a day, so frequent flyers bring wireless over-ear headphones with a battery of at least 20
         hours. A lumbar cushion behind the back does what the seat does not. Joggers are the only trousers in which one
         sleeps sitting. A paperback novel weighs little and needs no power, and a daypack fits under the seat in front,
         where a bigger bag would take the place of the feet."""),
    need("only hand luggage",
         "only hand luggage|five days with a budget airline|travelling with one cabin bag|ryanair without extra fees",
         "Bags/Backpacks: capacity=25 l|30 l, material=nylon|polyester; Electronics/Laptops: style=ultrabook|convertible, screen=13.3 in|14 in; Electronics/Cameras: style=compact; Beauty/Perfume: volume=30 ml|50 ml; Accessories/Umbrellas: style=compact",
         """Budget airlines measure every bag. A backpack of 25 to 30 litres just passes, and one of nylon or polyester weighs
         least. Liquids above 100 millilitres are taken away, so people carry a perfume of 30 or 50. An ultrabook or
         convertible laptop with a screen of 13.3 or 14 inches leaves room for clothes, a compact camera replaces the
         large one, and a compact umbrella lies across the top."""),
    need("safari",
         "safari|two weeks in the kruger park|watching elephants and lions|game drive in kenya",
         "Electronics/Cameras: style=dslr|mirrorless, resolution=24 mp|33 mp; Men/Shirts: style=long sleeve, color=olive|beige|brown, material=cotton|linen; Accessories/Caps: style=bucket, color=olive|mustard; Shoes/Boots: style=ankle|hiking; Men/Trousers: style=cargo",
         """Animals are far away and flee from bright colours. Visitors wear long sleeve shirts of cotton or linen in olive,
         beige or brown, which also keep mosquitoes off, with cargo trousers and ankle or hiking boots. The sun asks for a
         bucket hat in olive or mustard. Only a DSLR or mirrorless camera takes a lion at a hundred metres, and with 24 or
         33 megapixels the picture may be cropped afterwards."""),
    need("sailing weekend",
         "sailing weekend|two days on a boat|crewing on a friend's yacht|regatta on the lake",
         "Men/Jackets: style=raincoat|puffer, material=nylon; Accessories/Sunglasses: lens=polarised, style=aviator|wayfarer; Accessories/Watches: material=silicone|nylon, style=digital|chronograph; Shoes/Sneakers: style=slip-on, material=canvas; Men/T-Shirts: pattern=striped",
         """Deck and spray have their own rules. Shoes are slip-on sneakers of canvas that grip and dry. A watch on silicone or
         nylon survives salt, and a chronograph or a digital one counts down to the start. Glitter on the water hides
         buoys, so sailors wear polarised sunglasses, wayfarer or aviator. Wind cuts through wool: a raincoat or puffer
         jacket of nylon stops it. And by tradition the t-shirt is striped."""),
    need("fly fishing",
         "fly fishing|catching trout in a cold stream|a day of angling by the river",
         "Accessories/Sunglasses: lens=polarised; Shoes/Boots: style=rain, material=rubber; Accessories/Caps: style=baseball|trucker, color=olive; Men/Shirts: style=long sleeve|overshirt; Bags/Backpacks: style=daypack|rolltop, color=olive",
         """Trout see well and take fright. The angler, standing in the stream in rubber rain boots, looks through polarised
         sunglasses, without which the surface is a mirror. Everything that shows above the bank is olive: the baseball or
         trucker cap and the daypack or rolltop with the flies. A long sleeve shirt or an overshirt saves the arms from
         sun, thorns and midges."""),
    need("kids football club",
         "my daughter joins the local soccer team|son wants to be a goalkeeper|under tens training starts on monday",
         "Sport/Balls: style=football, size=3|4; Outdoor/Bottles: style=sport, capacity=350 ml|500 ml; Shoes/Sneakers: for=kids, style=low top|running; Bags/Backpacks: capacity=12 l|16 l",
         """Under ten, children play with smaller balls: a football of size 3 or 4 is heavy enough for them and can still be
         headed. Each child brings a sport bottle of 350 or 500 millilitres with its name on it. On artificial grass kids'
         sneakers, low top or running, are better than studs. All of it fits in a small backpack of 12 or 16 litres, the
         most that a young back should carry."""),
    need("hoops with friends",
         "hoops with friends|pickup game on the playground court|three on three after school",
         "Sport/Balls: style=basketball, size=7|5, material=rubber; Shoes/Sneakers: style=high top; Men/Trousers: style=shorts; Men/T-Shirts: fit=oversized; Outdoor/Bottles: capacity=750 ml|1000 ml",
         """On an asphalt court a basketball of rubber outlasts leather by years; grown-ups play with size 7, the young with
         size 5. Landing on another's foot is the common injury, and high top sneakers hold the ankle. Shorts and an
         oversized t-shirt have been the dress of the street game for forty years. There is never a tap nearby, so
         players bring water bottles of 750 or 1000 millilitres."""),
    need("birdwatching at dawn",
         "birdwatching at dawn|spotting warblers before sunrise|early morning in the reeds with a notebook",
         "Electronics/Cameras: style=mirrorless, resolution=24 mp|33 mp; Men/Jackets: color=olive|brown|green; Outdoor/Bottles: style=insulated|tumbler; Accessories/Caps: style=beanie, material=wool",
         """Birds are at their liveliest before the sun is up, when it is cold and dim. A mirrorless camera makes no sound and
         with 24 or 33 megapixels shows a ring on a leg. The jacket is green, olive or brown: white frightens, and so does
         anything that rustles. Three hours of waiting are kinder in a beanie of wool with hot tea from an insulated
         bottle or tumbler."""),
    need("photographing a wedding as a guest",
         "photographing a wedding as a guest|taking pictures at my cousin's big day|snapshots of the couple",
         "Electronics/Cameras: style=instant|mirrorless; Bags/Handbags: style=clutch|crossbody; Men/Jackets: style=blazer; Women/Dresses: occasion=party",
         """The professional takes the formal portraits, and guests collect what happens at the tables. An instant camera gives
         a print for the guest book on the spot; a mirrorless one copes with candlelight without a flash. A crossbody or
         clutch bag leaves the hands free. One is dressed as a guest all the same: a blazer for him, a party dress for her,
         and nothing that outshines the couple."""),
)  # fmt: skip
"""Twenty-two needs of people who leave the house."""
