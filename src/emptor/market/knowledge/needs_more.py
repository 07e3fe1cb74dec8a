"""Needs of wheels, floors, games and journeys."""

from __future__ import annotations

from emptor.market.knowledge.need import Need, need

MORE: tuple[Need, ...] = (
    need("riding to school alone",
         "riding to school alone|nine year old pedals to class now|third grader braving the traffic",
         "Sport/Bicycles: style=kids, wheel size=16 in|20 in, color=red|yellow|orange|mint; Sport/Helmets: style=cycling, for=kids; Bags/Backpacks: style=daypack|mini, capacity=12 l|16 l",
         """A child that rides by itself must fit its bicycle, not grow into it: kids' models have wheels of 16 or 20 inches, on
         which both feet reach the ground. Drivers see red, yellow, orange or mint before anything else. A cycling helmet
         in a kids' size is the law in many countries and sense in all. Books hang on the back, never on the handlebar: a
         mini backpack or daypack of 12 or 16 litres is enough."""),
    need("forest trails at the weekend",
         "forest trails at the weekend|singletrack with roots and mud|downhill with my brother",
         "Sport/Bicycles: style=mountain, wheel size=29 in|26 in, gears=21 speed; Sport/Helmets: style=cycling, material=polycarbonate|fibreglass; Bags/Backpacks: style=hiking|rolltop; Outdoor/Bottles: style=sport",
         """Roots and stones want large wheels: a mountain bicycle rolls on 29 inches, on older trails 26, and climbs on 21
         speeds. The cycling helmet is of polycarbonate or fibreglass with wide vents, and is thrown away after one hard
         fall. A hiking or rolltop backpack lies close to the spine and keeps tube and tools dry. One drinks on the move,
         from a sport bottle."""),
    need("errands without a car",
         "errands without a car|selling the family automobile|groceries and kindergarten in a flat town",
         "Sport/Bicycles: style=city, gears=7 speed|1 speed, wheel size=28 in; Accessories/Umbrellas: style=compact; Bags/Handbags: style=tote|crossbody, material=canvas; Sport/Helmets: style=cycling",
         """In flat towns a city bicycle replaces the second car. It has upright handlebars, wheels of 28 inches, and one speed or
         seven, since every further gear is something that breaks in the rain. Shopping rides in a tote or crossbody bag of
         canvas. A cycling helmet is worn over any hairstyle, and those who must finish on foot keep a compact umbrella
         in the basket."""),
    need("a week in the alps",
         "a week in the alps|black slopes in february|chalet with friends in the tyrol|apres on the glacier",
         "Sport/Helmets: style=ski; Men/Jackets: style=puffer, season=winter; Accessories/Scarves: style=loop, material=wool|cashmere, season=winter; Accessories/Sunglasses: lens=mirrored|polarised; Women/Tops: style=turtleneck, material=wool",
         """On hard pistes a ski helmet is no longer a matter of taste. Under the puffer jacket, one made for winter, lies a
         turtleneck of wool, and the gap at the throat is closed by a loop scarf of wool or cashmere, whose ends cannot be
         caught in a lift. Snow throws back nearly all of the sun: on the terrace eyes need mirrored or polarised
         sunglasses."""),
    need("half pipe afternoons",
         "half pipe afternoons|learning to ollie|my teenager lives at the ramp",
         "Sport/Helmets: style=skate; Shoes/Sneakers: style=low top|slip-on, material=suede|canvas; Men/T-Shirts: style=graphic, fit=oversized; Accessories/Caps: style=beanie|trucker; Men/Trousers: fit=relaxed",
         """The park has a dress code that nobody wrote. A skate helmet covers the back of the head, where boarders land, and is
         demanded at every ramp. Flat low top or slip-on sneakers of suede or canvas feel the board; running soles do not.
         T-shirts are graphic and oversized, trousers relaxed. Off the board the helmet makes way for a beanie or a
         trucker cap."""),
    need("indoor bouldering for kids",
         "harness evening for my eight year old|via ferrata with teenagers|rope course with the scouts",
         "Sport/Helmets: style=climbing; Bags/Backpacks: style=daypack; Outdoor/Bottles: material=aluminium|tritan; Accessories/Scarves: style=bandana, material=cotton",
         """Where others move above, stones and carabiners fall. A climbing helmet, light and round, guards against them, and
         groups of young people are not let in without. Long hair is kept out of the ropes with a bandana of cotton, the
         scarf that scouts wear anyway. A daypack carries lunch, and a bottle of aluminium or tritan survives being
         dropped down the wall."""),
    need("couch gaming with nostalgia",
         "pixel nostalgia on the couch|mario evening like in 1991|beating my brother at old platformers",
         "Electronics/Game Controllers: style=retro|arcade; Home/Cushions: style=square|round; Electronics/Speakers: style=bookshelf|smart; Men/T-Shirts: style=graphic",
         """Old titles were made for few buttons. Modern pads have too many, so friends of the era play with retro game
         controllers, and fighting games with an arcade one, whose stick clicks. Two sit on the floor on round or square
         cushions, as in childhood. The simple melodies gain from a bookshelf or smart speaker. A graphic t-shirt of the
         hero is not required, but common."""),
    need("racing simulator at home",
         "racing simulator at home|lap times on the virtual nurburgring|formula one from my living room",
         "Electronics/Game Controllers: style=wheel, connection=wired; Home/Chairs: style=office; Electronics/Headphones: style=gaming|over-ear, connection=wired; Electronics/Laptops: style=gaming, memory=32 gb",
         """A virtual car is felt through the hands alone. That needs a game controller in the form of a wheel, wired, since the
         force feedback draws more current than a battery has. An office chair with locked castors serves as the seat.
         Tyres squeal before they slip, and drivers hear it in time on wired gaming or over-ear headphones. Smooth pictures
         ask for a gaming laptop with 32 gigabytes."""),
    need("two nights for work in another city",
         "two nights for work in another city|conference in berlin|consultant who flies every monday",
         "Bags/Suitcases: style=cabin, volume=32 l|38 l, wheels=4 wheels; Electronics/Laptops: style=ultrabook|convertible; Men/Shirts: style=oxford|long sleeve, pattern=plain|striped; Beauty/Perfume: volume=30 ml|50 ml; Accessories/Belts: style=classic, material=leather",
         """Those who fly weekly never wait at the carousel. A cabin suitcase of 32 or 38 litres stays with them, and on 4 wheels
         it glides beside its owner through the gangway. Inside lie an ultrabook or convertible laptop, two plain or striped
         shirts, oxford or long sleeve, and a perfume of no more than 50 millilitres. One classic belt of leather goes with
         all of it, and off at security."""),
    need("emigrating with everything",
         "emigrating with everything|a year in melbourne|relocating overseas with two bags allowed",
         "Bags/Suitcases: style=hardshell, volume=74 l|98 l, material=polycarbonate|aluminium; Bags/Backpacks: capacity=45 l|30 l; Electronics/Laptops: style=convertible|ultrabook; Men/Jackets: style=puffer",
         """What flies in the hold is thrown. Emigrants trust a hardshell suitcase of 74 or 98 litres, of polycarbonate, which
         gives and springs back, or of aluminium, which dents and holds. What must not be lost is carried on the body: a
         backpack of 30 or 45 litres with papers and an ultrabook or convertible laptop. The puffer jacket is worn on the
         plane, for it is too thick to pack."""),
    need("holiday with a toddler who wants to carry everything",
         "flying with a toddler who wants to pull everything herself|airport games for a four year old|small passenger first time on a plane",
         "Bags/Suitcases: style=kids; Toys/Plush: height=8 in|10 in; Electronics/Headphones: style=on-ear; Toys/Toy Cars: material=wood|plastic",
         """Queues are shorter for whoever has a task. A kids' suitcase can be pulled, packed, unpacked and sat upon at the gate.
         Into it go a plush animal of 8 or 10 inches, small enough for the lap, and a toy car of wood or plastic that rolls on
         the folding table. Earbuds fall out of small ears; on-ear headphones stay, and keep the volume down when the
         engines do not."""),
    need("cold bare floors",
         "cold bare floors|echo in an empty living space|toes freeze on old tiles in the morning",
         "Home/Rugs: style=shaggy|area, material=wool, room=bedroom|living room, length=170 cm|230 cm|300 cm; Home/Cushions: material=wool|velvet; Home/Chairs: style=armchair",
         """Stone and boards lead warmth away and throw sound back. One large rug cures both: a shaggy or area rug of wool, at
         least 170 centimetres long, in the bedroom where bare feet land or in the living room where voices ring. Jute and
         cotton are too thin for it. Cushions of wool or velvet and one upholstered armchair swallow the rest of the
         echo."""),
    need("muddy entrance",
         "muddy entrance|dog paws and wet boots by the front door|keeping dirt out of a narrow passage",
         "Home/Rugs: style=runner, material=polypropylene|jute, room=hallway, color=grey|navy|olive|burgundy; Home/Lamps: style=pendant; Home/Vases: height=40 cm",
         """Dirt comes in on the first three metres. There lies a runner, the long narrow rug made for a hallway, of polypropylene
         that may be hosed down or of jute that hides sand. Pale ones are a mistake: grey, navy, olive or burgundy forgive.
         A pendant lamp lights the passage without standing in it. Wet umbrellas are put into a tall vase of 40
         centimetres."""),
    need("always oversleeping",
         "always oversleeping|snoozing through lectures|night owl with an early shift",
         "Home/Clocks: style=alarm, room=bedroom; Home/Lamps: style=table, room=bedroom; Kitchen/Kettles: style=electric; Home/Mugs: style=espresso|tall",
         """A telephone beside the bed wakes its owner and then keeps him there. Doctors of sleep advise an alarm clock for the
         bedroom, placed where one must stand up to reach it. A table lamp in the bedroom that comes on beforehand tells the
         body that it is day. The water for coffee boils by itself in an electric kettle, and waiting beside it is a mug, tall
         for some and espresso for others."""),
    need("inherited farmhouse parlour",
         "inherited farmhouse parlour|grandfather's parlour feeling|old country house interior",
         "Home/Clocks: style=mantel|pendulum, material=walnut|oak; Home/Chairs: style=rocking|armchair, material=oak|walnut; Home/Rugs: style=area, material=wool, pattern=floral|checked; Home/Vases: style=amphora; Home/Lamps: material=brass",
         """The parlour was the room for Sundays. Time was told by a clock with a pendulum or one on the mantel, cased in walnut
         or oak, and the chairs, rocking or armchair, were of the same woods. An area rug of wool, floral or checked, lay
         under the table and was beaten in spring. Brass lamps and an amphora vase came as wedding presents, and stayed
         for three generations."""),
    need("line dance club",
         "line dance club|country music night|nashville themed bachelorette",
         "Accessories/Belts: style=western|wide, material=leather; Men/Shirts: material=denim|flannel, pattern=checked|plain; Shoes/Boots: style=ankle|knee-high, material=leather|suede; Women/Skirts: material=denim; Accessories/Scarves: style=bandana",
         """The eye of the outfit is the buckle. It sits on a western or wide belt of leather over denim: a denim skirt for her, a
         denim or flannel shirt, checked or plain, for him. The heel taps the beat, so boots are ankle or knee-high, in
         leather or suede. A bandana, the smallest of scarves, is tied at the neck with the knot aside. Sneakers are
         smiled at and asked to sit down."""),
    need("windy walk on the coast",
         "windy walk on the coast|north sea in november|gale warning and a dog to walk",
         "Accessories/Scarves: material=wool|cashmere, style=loop|fringed, length=180 cm|200 cm; Men/Jackets: style=raincoat|puffer, material=nylon; Accessories/Caps: style=beanie; Shoes/Boots: material=rubber|leather, style=rain|hiking",
         """By the sea it is the wind that chills. It enters at the neck, which is why islanders wear a scarf, loop or fringed, of
         wool or cashmere, 180 or 200 centimetres long and wound twice. A raincoat or puffer jacket of nylon stops the
         gusts. Umbrellas last a minute. Brims fly away too, and only a beanie stays on. Wet sand asks for rain boots of
         rubber or hiking boots of leather."""),
    need("plain outfit that lacks something",
         "my outfit lacks something|finishing touch for a boring suit|jazzing up a little black number",
         "Accessories/Belts: style=braided|wide, pattern=leopard|chevron|striped; Accessories/Scarves: material=silk, pattern=floral|leopard|dotted; Bags/Handbags: pattern=leopard|striped|checked; Accessories/Watches: color=gold|red|green",
         """Stylists change the edges and leave the middle alone. A silk scarf, floral, dotted or leopard, brings colour to the
         face. A wide or braided belt with a print, leopard, chevron or striped, gives a straight cut a waist. The handbag
         may be loud, striped, checked or leopard, if the rest is quiet. Last comes a watch in gold, red or green: one
         accent too many, and just right."""),
)  # fmt: skip
"""Needs of wheels, floors, games and journeys."""
