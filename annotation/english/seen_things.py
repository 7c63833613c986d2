"""What can be seen of people, sorted by kind: colours, fabrics, patterns, clothes. Data and pure functions."""

import re

from annotation.english.word_stems import meaning

_COLOURS = """
    red green blue white black yellow orange pink purple brown grey beige tan cream navy turquoise teal maroon
    burgundy violet khaki olive gold golden silver lilac lavender magenta crimson scarlet cyan ivory peach
    mustard charcoal mint indigo fuchsia bronze copper aqua coral plum salmon ginger blond auburn brunette rust
    mauve amber
"""
COLOURS = frozenset(meaning(word) for word in _COLOURS.split())
NEAR_COLOURS = [
    frozenset(meaning(word) for word in group.split())
    for group in (
        "grey silver charcoal",
        "beige tan cream khaki brown ivory mustard",
        "navy blue indigo teal turquoise cyan aqua",
        "teal turquoise green mint olive khaki",
        "purple lilac lavender mauve magenta plum indigo",
        "pink fuchsia magenta coral salmon peach rose",
        "gold golden yellow mustard amber orange blond",
        "red maroon burgundy crimson scarlet ginger rust plum coral",
        "black charcoal navy",
        "white cream ivory",
        "brown brunette auburn bronze copper rust tan",
        "orange ginger copper amber coral peach rust",
    )
]
"""Colours that one person may call so and another otherwise."""

_KINDS = {
    "fabric": "cotton wool woollen woolen silk denim leather linen velvet polyester nylon corduroy lace suede"
    " fleece satin tweed fur canvas rubber plastic wooden wood metal steel glass straw wicker felt flannel"
    " knitted crochet",
    "pattern": "striped stripes checked checkered chequered plaid tartan floral dotted spotted plain camouflage"
    " paisley polka-dotted polka-dot checkerboard gingham herringbone zigzag leopard solid pinstriped"
    " pinstripes",
    "state": "torn worn wet dry dirty clean ripped faded singed burnt muddy stained crumpled brand-new unbuttoned"
    " open rolled patched frayed laced unlaced new",
    "build": "stout slim muscular thin fat slender plump",
    "age": "young old elderly middle-aged teenage teenager adolescent toddler child adult infant baby senior"
    " youthful aged",
    "mood": "smile smiling happy sad angry bored cheerful excited nervous calm surprised scared afraid annoyed"
    " tired sleepy joyful frightened anxious proud relaxed worried gloomy furious curious confused"
    " disappointed serious amused grumpy",
    "hair": "curly straight wavy short long braided bald shaved ponytail braid braids bun plaits pigtails cropped"
    " shoulder-length dreadlocks mohawk bob afro frizzy plaited buzzcut fringe spiky bushy waxed hair"
    " beard moustache mustache",
    "size": "big large small tiny huge tall oversized tight baggy loose cropped",
    "clothes": "veil jacket coat shirt tshirt t-shirt hoodie jumper sweater cardigan blouse dress skirt trousers"
    " jeans shorts suit vest tie scarf hat cap beanie helmet gloves shoes trainers sneakers boots sandals"
    " socks apron glasses sunglasses belt raincoat overalls uniform leggings bandana headband turban robe"
    " gown tracksuit blazer slippers heels watch bracelet necklace earring earrings ring mask goggles"
    " headphones bow-tie poncho cape",
    "weather": "rainy sunny snowy cloudy windy foggy",
    "shape": "round square oval rectangular triangular heart-shaped star-shaped oblong pointed",
    "number": "1 2 3 4 5 6 7 8 9 10 11 12",
}
CLOTHES = frozenset(_KINDS["clothes"].split())
_KIND_OF: dict[str, set[str]] = {}
for _kind, _words in _KINDS.items():
    for _word in _words.split():
        _KIND_OF.setdefault(_word, set()).add(_kind)
for _word in _COLOURS.split():
    _KIND_OF.setdefault(_word, set()).add("colour")
for _word in ("grey", "gray", "blonde", "blond"):
    _KIND_OF.setdefault(_word, set()).add("colour")
for _word, _more in (
    ("gold", "fabric"),
    ("golden", "fabric"),
    ("silver", "fabric"),
    ("bronze", "fabric"),
    ("copper", "fabric"),
    ("ivory", "fabric"),
    ("long", "size"),
    ("short", "size"),
    ("leopard", "colour"),
    ("camouflage", "colour"),
    ("plain", "colour"),
    ("tall", "build"),
    ("thin", "hair"),
    ("thin", "size"),
    ("loose", "hair"),
    ("new", "age"),
    ("clean", "hair"),
    ("worn", "age"),
    ("faded", "colour"),
    ("worn", "fabric"),
    ("plain", "hair"),
    ("teenager", "person"),
    ("tie", "pattern"),
    ("denim", "colour"),
    ("wooden", "colour"),
    ("mint", "taste"),
    ("khaki", "fabric"),
    ("rose", "colour"),
    ("serious", "look"),
    ("straight", "shape"),
    ("bob", "hair"),
    ("calm", "weather"),
):
    _KIND_OF.setdefault(_word, set()).add(_more)


def kinds_of(word: str) -> frozenset[str]:
    """What a value may be of: "red" is a colour, "gold" a colour and a material. Empty for an unknown word."""
    for form in (word, re.sub(r"s$", "", word)):
        if form in _KIND_OF:
            return frozenset(_KIND_OF[form])
    return frozenset()


_MEMBERS = {
    "shoe": "trainers boots sandals heels slippers footwear clogs loafers cleats pumps skates flip-flops feet barefoot",
    "headgear": "hat cap beanie helmet bonnet fedora beret sombrero hood turban scarf headscarf bandana crown veil wig",
    "headwear": "hat cap beanie helmet bonnet fedora beret sombrero hood turban scarf headscarf bandana crown veil",
    "footwear": "shoe boots sandals trainers heels slippers clogs socks",
    "slippers": "sandals shoe",
    "helmet": "hat headgear",
    "garment": "coat jacket dress shirt jumper trousers skirt suit top cardigan hoodie",
    "hat": "cap beanie helmet bonnet headwear fedora beret sombrero hood turban",
    "cap": "hat beanie",
    "trousers": "jeans shorts leggings joggers bottoms chinos dungarees overalls tracksuit suit",
    "top": "shirt tshirt blouse jumper hoodie jacket vest cardigan tank jersey dress sweatshirt polo",
    "shirt": "tshirt blouse top polo jersey",
    "tshirt": "shirt top jersey",
    "jumper": "sweatshirt cardigan hoodie top",
    "coat": "jacket raincoat parka anorak overcoat",
    "jacket": "coat blazer hoodie anorak suit windbreaker",
    "glasses": "sunglasses goggles spectacles",
    "hair": "bald ponytail braid bun curly blond brunette plaits pigtails haired shaved dreadlocks fringe",
    "bag": "backpack handbag suitcase satchel purse tote",
    "beard": "bearded stubble goatee",
    "moustache": "mustache",
    "dress": "gown skirt",
    "scarf": "shawl bandana",
    "glove": "mitten mitt",
    "jewellery": "necklace bracelet earring ring watch",
}
_MEMBERS_OF = {meaning(one): frozenset(meaning(word) for word in more.split()) for one, more in _MEMBERS.items()}


_WORN = frozenset(meaning(word) for word in CLOTHES | {"hair", "beard", "moustache", "mustache"})


def may_mean(word: str) -> frozenset[str]:
    """The meanings by which a text may speak of a thing: of shoes it speaks where it says "trainers" as well."""
    more = _MEMBERS_OF.get(word, frozenset())
    wider = {one for one, members in _MEMBERS_OF.items() if word in members}
    return frozenset({word}) | more | wider


def is_worn(word: str) -> bool:
    """Whether the meaning is one of clothes, hair or what is worn with them."""
    return word in _WORN or word in _MEMBERS_OF
