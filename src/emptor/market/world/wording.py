"""How sellers put what they claim: the words for each attribute, and each seller's own ways."""

from __future__ import annotations

from dataclasses import dataclass

from emptor.market.knowledge import CATEGORIES, Category
from emptor.market.knowledge.language import extra_words, number_of, pattern_words, slip, spellings, thing
from emptor.market.knowledge.palette import ABBREVIATIONS, OTHER_NAMES
from emptor.market.world.products import COLOR, EXTRA, MATERIAL, MEASURE, PATTERN, STYLE, slots_of

ORDERS = 9
"""House styles of titles."""
_PLAIN = ("solid", "plain")
_WHOSE = {"Women": "women's", "Men": "men's"}


@dataclass(frozen=True, slots=True)
class House:
    """A seller's ways.

    order: of a title's parts. cased: 0 as a sentence, 1 every word capitalised. shouts: brand in capitals. own_words:
    uses the second word for things and colours. short: abbreviates. stuffs: adds what people search for. careless:
    slips on the keyboard more often. whose: says whom clothes are for. way: to spell measures. prose: of descriptions.
    """

    order: int
    cased: int
    shouts: bool
    own_words: bool
    short: bool
    stuffs: bool
    careless: bool
    whose: bool
    way: int
    prose: int

    @classmethod
    def of(cls, bits: int) -> House:
        """The ways that 64 random bits stand for."""
        parts = [(bits >> 6 * at) & 63 for at in range(10)]
        return cls(
            order=parts[0] % ORDERS,
            cased=int(parts[1] < 26),
            shouts=parts[2] < 9,
            own_words=parts[3] < 16,
            short=parts[4] < 8,
            stuffs=parts[5] < 4,
            careless=parts[6] < 8,
            whose=parts[7] < 32,
            way=parts[8] % 3 if parts[8] < 48 else 3,
            prose=parts[9] % 4,
        )


class Words:
    """What is said of one category, ready to be put together.

    Args:
        category: the category whose words these are.
    """

    def __init__(self, category: Category) -> None:
        self.category = category
        self.noun = category.noun
        self.nouns = category.synonyms or (category.noun,)
        self.path = list(category.path)
        self.book = category.department == "Books"
        self.kitchen = category.name == "Cookbooks"
        self.model = category.department == "Electronics"
        self.whose = _WHOSE.get(category.department, "")
        slots = slots_of(category)
        self.fields = [name for name, _ in slots]
        self.values = [values for _, values in slots]
        self.things = [thing(category, style) for style in category.styles]
        self.colors = [(color, *OTHER_NAMES.get(color, ())) for color in self.values[COLOR]]
        self.short = [ABBREVIATIONS.get(color, color) for color in self.values[COLOR]]
        self.patterns = [_PLAIN if pattern == "plain" else pattern_words(pattern) for pattern in self.values[PATTERN]]
        self.extras = [[extra_words(name, value) for value in values] for name, values in slots[EXTRA:MEASURE]]
        measure = category.measure
        self.sizes = [spellings(measure, number_of(size)) for size in measure.values()] if measure else []
        # a feature must not name a value, or a description would claim what the title does not
        choices = (*category.colors, *category.materials, *category.patterns, *category.styles)
        own = {word for value in choices for word in value.split()} - {"light"}
        clean = [text for text in category.features if not own & set(text.lower().replace("-", " ").split())]
        self.features = tuple(clean) if len(clean) > 1 else (*clean, "careful packing", "a spare part or two")[:2]


WORDS = tuple(Words(category) for category in CATEGORIES)


@dataclass(slots=True)
class Parts:
    """What one title is put together from, empty where nothing is claimed."""

    color: str
    pattern: str
    material: str
    before: str
    name: str
    after: str
    size: str

    @property
    def described(self) -> str:
        """Colour, pattern and material as one says them."""
        return f"{self.seen} {self.material}".strip()

    @property
    def seen(self) -> str:
        """Colour and pattern: `red striped`, `solid red`."""
        if self.pattern in _PLAIN:
            return f"{self.pattern} {self.color}".strip()
        return f"{self.color} {self.pattern}".strip()


def parts_of(words: Words, claim: list[int], house: House, bits: int) -> Parts:
    """The words for a claim.

    Args:
        claim: values in the slots of the category, -1 not claimed. bits: 64 random ones.
    """
    color = pattern = material = size = ""
    at = claim[COLOR]
    if at >= 0:
        ways = words.colors[at]
        luck = bits & 63
        if luck < (24 if house.own_words else 4):
            color = ways[(bits >> 6) % len(ways)]
        elif house.short and luck < 44:
            color = words.short[at]
        else:
            color = ways[0]
    at = claim[PATTERN]
    if at >= 0:
        ways = words.patterns[at]
        luck = (bits >> 12) & 63
        if len(words.category.patterns) < 2:
            pattern = ""
        elif ways is not _PLAIN:
            pattern = ways[(bits >> 18) % len(ways)] if luck < 18 else ways[0]
        elif luck < 16:
            pattern = ways[(bits >> 18) % len(ways)]
    at = claim[STYLE]
    name = words.things[at] if at >= 0 else words.noun
    if (bits >> 24) & 63 < (44 if house.own_words else 5) and f" {name}".endswith(f" {words.noun}") and not words.book:
        name = name[: -len(words.noun)] + words.nouns[(bits >> 30) % len(words.nouns)]
    if house.whose and words.whose and words.whose[:-2] not in name and "ladies" not in name:
        name = f"{words.whose} {name}"
    at = claim[MATERIAL]
    if at >= 0 and len(words.category.materials) > 1 and words.values[MATERIAL][at] not in name:
        material = words.values[MATERIAL][at]
    before, after = "", ""
    for place, extra in enumerate(words.extras):
        at = claim[EXTRA + place]
        if at >= 0:
            said = extra[at]
            front, back = said[(bits >> 36 + place) % len(said) if house.order & 1 else 0]
            if front and front.split(" ")[0] in name:
                front, back = said[-1]
            before = f"{front} {before}" if front and before else front or before
            after = f"{after}, {back}" if back and after else back or after
    at = claim[MEASURE]
    if at >= 0:
        ways = words.sizes[at]
        way = house.way if house.way < 3 else bits >> 42
        size = ways[way % len(ways)]
    if (bits >> 48) & 255 < (51 if house.careless else 8):
        which = (bits >> 56) & 3
        if which == 0:
            color = slip(color, bits >> 16)
        elif which == 1 or words.book:
            material = slip(material, bits >> 16)
        else:
            name = slip(name, bits >> 16)
    return Parts(color, pattern, material, before, name, after, size)
