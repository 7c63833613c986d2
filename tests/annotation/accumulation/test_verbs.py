"""Which descriptions name an act of a human body: rule by rule, in many languages, on hostile text, by the labels."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from annotation.accumulation import verb_lexicon
from annotation.accumulation.descriptions.languages import language_of
from annotation.accumulation.verb_lexicon import sections
from annotation.accumulation.verbs import action_verbs
from annotation.check_scores import Labelled, f1, figures

CORPUS = Path(__file__).parents[1] / "corpus"
LEXICON = Path(verb_lexicon.__file__).parent
RULE = frozenset(("action-verb",))


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ("Boy kicks a ball against the door", ["kick"]),
        ("We painted our entire house in ONE weekend", ["paint"]),
        ("Masked men climb over the wall", ["climb"]),
        ("A young woman smiles at the camera and waves.", ["smile", "wave"]),
        ("He waits, then jumps", ["jump"]),
        ("Lie down, lift your legs and hold", ["lie", "lift", "hold"]),
        ("LIE DOWN, LIFT YOUR LEGS", ["lie", "lift"]),
        ("Peel, core and slice the apples", ["peel", "core", "slice"]),
        ("Chopping onions like a pro", ["chop"]),
        ("Rock climbing in Yosemite", ["climb"]),
        ("How to knead bread dough", ["knead"]),
        ("The referee was shoved from behind", ["shove"]),
        ("Injured hiker carried down the mountain by volunteers", ["carry"]),
        ("Getting her hair braided before the fight", ["braid"]),
        ("Let's dance in the rain", ["dance"]),
        ("She makes her brother laugh", ["laugh"]),
        ("Grandfather and grandson skim stones", ["skim"]),
        ("A man and his dog run along the beach", ["run"]),
        ("On the beach children play", ["play"]),
        ("An elderly couple slow-dances in the kitchen", ["dance"]),
        ("A screen recording of a skeleton model that turns and walks.", ["turn", "walk"]),
        ("A video of a man who runs", ["run"]),
    ],
)
def test_verb_in_any_form_is_found(text: str, verbs: list[str]) -> None:
    assert action_verbs(text) == verbs


@pytest.mark.parametrize(
    "text",
    [
        "Wedding dance floor decoration ideas",
        "Running shoes review after 500 km",
        "My new walk-in closet tour",
        "Cutting board, knife and tomatoes on a table",
        "Swim club logo animation",
        "Ultimate jump scare compilation",
        "Frozen lake from above",
        "Parked cars in the rain",
        "Hand-carved wooden spoons at the market",
        "The making of a classic",
        "Top 10 climbing roses for small gardens",
        "Travel tips for Lisbon",
        "Fishing boats at dawn",
        "I love planes",
        "March 2021 weather review",
    ],
)
def test_noun_or_participle_of_a_thing_is_no_act(text: str) -> None:
    assert action_verbs(text) == []


@pytest.mark.parametrize(
    ("thing", "person"),
    [
        ("River running through a valley", "Woman running through a valley"),
        ("Oil prices jump after the meeting", "Fans jump after the goal"),
        ("Autumn leaves dancing in the wind", "Two girls dancing in the wind"),
        ("Golden retriever jumps into the pool", "A lifeguard jumps into the pool"),
        ("Robot arm lifting boxes", "A porter lifting boxes"),
        ("The castle sits on a hill", "The shepherd sits on a hill"),
        ("Waterfall drops into the gorge", "The climber drops into the gorge"),
        ("Washing machine shaking during the spin cycle", "Dad shaking during the storm"),
    ],
)
def test_only_people_act(thing: str, person: str) -> None:
    assert action_verbs(thing) == []
    assert len(action_verbs(person)) == 1


@pytest.mark.parametrize(
    ("idiom", "act"),
    [
        ("She runs a company with 300 employees", "She runs a marathon with 300 others"),
        ("Peppa catches a cold", "Peppa catches a ball"),
        ("The channel breaks the news first", "The boy breaks the window"),
        ("The minister wrestles with the reform", "The boy wrestles with his brother"),
        ("How to back up your laptop", "How to back up a lorry"),
        ("Governor signs the bill into law", "Governor shakes hands"),
        ("Chelsea kick off the season", "The boy kicks off his shoes"),
        ("Prime Minister steps down after 9 years", "The man steps onto the ladder"),
        ("How to open a bank account", "How to open a coconut"),
        ("How to change your mindset", "How to change a diaper"),
        ("Her neighbour has a baby", "Her neighbour has a swim"),
        ("How to make money", "How to make dumplings"),
        ("How to cut a clip in Premiere", "How to cut your own bangs"),
    ],
)
def test_idioms_and_software_are_no_acts(idiom: str, act: str) -> None:
    assert action_verbs(idiom) == []
    assert action_verbs(act) != []


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ("Man does 50 push-ups on the beach", ["do push-ups"]),
        ("Let's go for a swim!", ["go swim"]),
        ("Toddler takes his first steps", ["take steps"]),
        ("Give the pan a good shake", ["give shake"]),
        ("The fair takes place in October", []),
        ("Taking notes in class", []),
    ],
)
def test_light_verb_counts_where_it_carries_an_act(text: str, verbs: list[str]) -> None:
    assert action_verbs(text) == verbs


@pytest.mark.parametrize(
    "text",
    [
        "Aerosmith - Walk This Way (Official Audio)",
        "I Will Follow You (Lyrics)",
        "The Walking Dead S11 official trailer",
        '"Run of the mill": meaning and origin of the phrase',
        "Filmed by Tom Ellery, edited by Jun Sato, drawn by Ana",
        "Please watch this video till the end, subscribe and click the link below",
        "Follow us on https://example.com/run/jump #dance @swimmer",
        "Zooming in on the map",
        "He owns a house, believes in luck, explains the law and approves the plan",
        "",
        "Lake Bled, Slovenia",
        "48211",
        "🏃🏃🏃",
    ],
)
def test_titles_credits_calls_and_states_are_no_acts(text: str) -> None:
    assert action_verbs(text) == []


@pytest.mark.parametrize(
    ("language", "act", "none"),
    [
        ("es", "Niños saltando la cuerda en el patio", "Sube otra vez el precio del aceite"),
        ("pt", "Mãe abraça o filho depois de dez anos", "Casa com janelas quebradas e portas pintadas"),
        ("fr", "Comment éplucher un ananas", "Machine à coudre d'occasion : que vaut-elle ?"),
        ("de", "Fensterputzen ohne Streifen", "Die Preise klettern weiter"),
        ("it", "Come impastare la pizza a mano", "Scarpe da corsa: quali preferite?"),
        ("nl", "Hoe vouw je een servet?", "De prijzen stijgen weer"),
        ("nl", "Auto wassen met de hand", "De directeur legt de plannen uit"),
        ("pl", "Jak ulepić pierogi krok po kroku", "Ceny paliw skaczą w górę"),
        ("ru", "Как связать носки спицами", "Рубль падает третий день"),
        ("tr", "Çocuklar bahçede ip atlıyor", "Koşu bandı incelemesi"),
        ("id", "Seorang pria memanjat pohon", "Harga cabai naik lagi"),
        ("hi", "बच्चे बारिश में नाच रहे हैं", "नदी बह रही है"),
        ("hi", "घर में केक बनाने का तरीका", "घर बह रहा है"),
        ("ja", "おじいちゃんが薪を割る", "株価が急に下がった理由"),
        ("zh", "小男孩跳进泳池", "游泳池设计效果图"),
        ("ko", "할머니가 손자를 꼭 안아 준다", "물가가 또 올랐다"),
        ("ar", "رجل يتسلق الجبل بدون حبل", "ارتفاع أسعار النفط اليوم"),
    ],
)
def test_other_languages(language: str, act: str, none: str) -> None:
    assert (language_of(act), language_of(none)) == (language, language)
    assert action_verbs(act) != []
    assert action_verbs(none) == []


def test_korean_stems_contract() -> None:
    # 고치 + ㄴ다 is 고친다, 던지 + eo is 던져.
    assert action_verbs("아빠가 자전거를 고친다") == ["고친"]
    assert action_verbs("아빠가 공을 던져") == ["던져"]


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a ",
            "run ",
            "running ",
            ", and ",
            '"',
            "'",
            "the man ",
            "跳",
            "走る",
            "달리 ",
            "(2000)",
            "el ",
            "who and ",
            "-",
        ),
        *("a-", "film '", "to ", "by ", "of group ", "salta ", "يتسلق ", "नाच रहे ", "\u0301", "\n", "@", "a.", "ß"),
    ],
)
def test_ten_thousand_hostile_characters_take_no_time(piece: str) -> None:
    action_verbs("A man runs")
    began = time.process_time()
    action_verbs((piece * 10_000)[:10_000])
    assert time.process_time() - began < 2


def test_usual_descriptions_take_less_than_a_millisecond() -> None:
    texts = [row["text"] for row in labelled("first")]
    for text in texts:  # the words of every language are read on the way
        action_verbs(text)
    spent = []
    for text in texts:
        began = time.process_time()
        action_verbs(text)
        spent.append(time.process_time() - began)
    assert sorted(spent)[len(spent) // 2] < 0.001


def test_same_text_gives_the_same_verbs_in_every_process() -> None:
    texts = [row["text"] for row in labelled("first")[:60]]
    code = (
        "import json, sys\n"
        "from annotation.accumulation.verbs import action_verbs\n"
        "print(json.dumps([action_verbs(text) for text in json.load(sys.stdin)]))"
    )
    for seed in ("1", "2"):
        answer = subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        )
        assert json.loads(answer.stdout) == [action_verbs(text) for text in texts]


def test_importing_reads_no_words() -> None:
    code = (
        "import annotation.accumulation.verbs\n"
        "from annotation.accumulation.verb_lexicon import sections, words\n"
        "assert sections.cache_info().currsize == words.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("file", sorted(LEXICON.glob("*.txt")), ids=lambda file: file.stem)
def test_words_are_sorted_once_each(file: Path) -> None:
    for section, words in sections(file.stem).items():
        assert list(words) == sorted(set(words)), section


@pytest.mark.parametrize(("name", "rows"), [("first", 260), ("second", 200), ("third", 240), ("own", 1575)])
def test_filter_is_right_on_the_labelled_descriptions(name: str, rows: int) -> None:
    """MUST SHOW 4: F1 of at least 0.93. A little under what was reached, so that a worse filter fails."""
    read = labelled(name)
    assert len(read) == rows
    found = [
        Labelled(RULE if action_verbs(row["text"]) else frozenset(), RULE if row["has_action_verb"] else frozenset())
        for row in read
    ]
    assert f1(found, RULE)["share"] >= 0.97
    assert figures(found, RULE)["precision"]["share"] >= 0.98


def labelled(name: str) -> list[dict[str, Any]]:
    text = (CORPUS / f"descriptions-{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
