"""Words by what they mean rather than how they are written: stems, and words that say the same. Pure functions.

A stem is no word, only what the forms of one word share: "claps", "clapping" and "clapped" all give "clap". Words that
say the same in descriptions of what can be seen ("throws", "tosses") give one meaning.
"""

import re
from functools import lru_cache

from annotation.english.number_words import with_digits
from annotation.english.plain_text import plain

# The first of each is the stem.
_IRREGULAR_FORMS = """
    sit sat; stand stood; run ran; hold held; throw threw thrown; catch caught; take took taken; give gave
    given; lie lay lying lain; fall fell fallen; rise rose risen; swing swung; spin spun; bend bent; kneel
    knelt; stick stuck; swim swam swum; drink drank drunk; eat ate eaten; wear wore worn; shake shook shaken;
    strike struck stricken; cling clung; fling flung; hang hung; lead led; make made; write wrote written; draw
    drew drawn; drive drove driven; ride rode ridden; break broke broken; speak spoke spoken; sing sang sung;
    build built; feed fed; fly flew flown; dig dug; blow blew blown; tear tore torn; wind wound; sweep swept;
    slide slid; leap leapt; creep crept; lean leant; bring brought; carry; tie tying; die dying; see saw seen;
    look; go went gone goes; do did done does; have has had having; be is are was were been being am; man men;
    woman women; child children; foot feet; person people persons; knife knives; scarf scarves; shelf shelves;
    leaf leaves; tooth teeth; goose geese; mouse mice; half halves; wolf wolves; loaf loaves; wife wives; dice;
    glass glasses; trousers; jeans; dress dresses; begin began begun; bite bit bitten; choose chose chosen
"""
_STEM_OF = {form: forms.split()[0] for forms in _IRREGULAR_FORMS.split(";") if forms.strip() for form in forms.split()}
_WHOLE = frozenset(
    (
        *("during", "evening", "morning", "ceiling", "clothing", "something", "nothing", "anything", "everything"),
        *("building", "earring", "string", "king", "ring", "wing", "thing", "spring", "railing", "stocking", "legging"),
        *("red", "bed", "shed", "sled", "need", "hundred", "naked", "bus", "gas", "yes", "his", "this", "its", "is"),
        *("always", "across", "tennis", "canvas", "lens", "pants", "shorts", "series", "wedding", "pudding", "darling"),
    )
)
_VOWEL = re.compile(r"[aeiouy]")
_DOUBLE = re.compile(r"([bdgmnprt])\1$")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Of one word in small letters."""
    word = word.removesuffix("'s").removesuffix("'")
    if word in _STEM_OF:
        return _bare(_STEM_OF[word])
    if word in _WHOLE or len(word) < 4:
        return _bare(word)
    if word.endswith(("ies", "ied")) and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
        return _bare(word[:-2])
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) > 1 and _VOWEL.search(base) and not word.endswith("eed"):
            return _bare(_DOUBLE.sub(r"\1", base))
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _bare(word)


def _bare(word: str) -> str:
    """ "mak" for "make" as for "making"."""
    return word.removesuffix("e") if len(word) > 3 else word


# Words that one person may say where another says the next: the checks take them for the same.
_ALIKE = """
    lift raise hoist; throw toss hurl fling lob chuck; twirl whirl spin pirouette rotate; grab grasp seize
    snatch clutch grip; jump leap hop; run sprint dash jog; walk stroll stride; put place set lay; hit strike
    punch; look gaze glance stare peer watch; push shove; pull tug drag yank; hug embrace; smile grin; cry weep;
    clap applaud; bow bend stoop; knock rap; hammer pound; chop slice cut; dribble bounce; airplane plane
    aeroplane; crouch squat; close shut; begin start; touch tap pat; fall tumble; trip stumble; speak talk; sip
    drink; kid child; couch sofa; cup mug; bicycle bike; grey gray; blond blonde; tshirt tee; trousers pants
    slacks; trainers sneakers; jumper sweater pullover; spectacles glasses eyeglasses; rucksack backpack;
    picture photo photograph; phone smartphone mobile cellphone; big large; small little; television tv; mum mom
    mother; dad father; purple violet; rope cord; stick rod; infant baby; sunglasses shades; colour color;
    pavement sidewalk; holler shout yell; handbag purse; stomp stamp; adjust straighten; rub stroke; slip slide;
    scatter sprinkle; swap exchange; flip somersault; lady woman; guy man; gentleman man; wipe mop; mend repair;
    fasten buckle; collapse fall; chat talk; vest waistcoat; parcel package
"""
_MEANING: dict[str, str] = {}
for _group in _ALIKE.split(";"):
    _words = [stem(_word) for _word in _group.split()]
    for _word in _words:
        _MEANING.setdefault(_word, _MEANING.get(_words[0], _words[0]))

_LITTLE_WORDS = """
    a an the this that these those his her hers their theirs its it he she they him them himself herself
    themselves itself is are was were be been being am do does did doing done has have had having will would can
    could of in on at to into onto with by for from as and or but then so while when after before during just
    immediately what which who whom whose how where why there here up down out off over under again also both
    each one any some same other another s t not no video clip scene frame camera shot footage way kind type
    following happen happens using use uses used
"""
LITTLE = frozenset(_LITTLE_WORDS.split())
"""Words that say nothing of what is seen."""
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


@lru_cache(maxsize=20_000)
def meaning(word: str) -> str:
    """Of one word in small letters."""
    found = stem(word)
    return _MEANING.get(found, found)


@lru_cache(maxsize=4096)
def words_in(text: str) -> tuple[str, ...]:
    """Every word of any text in small letters, numbers in digits, "T-shirt" as one, else parts of a compound apart."""
    text = with_digits(plain(text).casefold()).replace("t-shirt", "tshirt").replace("t shirt", "tshirt")
    return tuple(part for word in _WORD.findall(text) for part in word.split("-") if part)


@lru_cache(maxsize=4096)
def meanings_in(text: str) -> tuple[str, ...]:
    """What each word that says something means, in order."""
    return tuple(meaning(word) for word in words_in(text) if word.removesuffix("'s") not in LITTLE)
