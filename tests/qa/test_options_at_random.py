"""Options reordered, edited and restored at random: the key stays the same option, its letter points to its text."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.merge import Choice
from annotation.models import Project, User
from annotation.workflow import pseudonym_of
from qa.categories import Category
from qa.content import LETTERS, checked_content
from qa.marks import KINDS, mark_warnings
from qa.models import QAItem
from qa.releases.content import keyed_options, question_content
from qa.releases.layouts.haicbench import question_json
from qa.releases.reading import approved_captions
from qa.services import items, reviews
from qa.services.merging import keep_stale, merge_save
from tests.qa.scenes import answer_all, approved_clip, fresh, saved_item, submit_all

IDS = ("o1", "o2", "o3", "o4")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
STEPS = st.one_of(
    st.tuples(st.just("reorder"), st.permutations(range(4))),
    st.tuples(st.just("edit"), st.tuples(st.sampled_from(IDS), TEXTS)),
    st.tuples(st.just("restore"), st.integers(min_value=0)),
)


def text_of(content: dict[str, Any], option_id: str) -> str:
    (text,) = [option["text"] for option in content["options"] if option["id"] == option_id]
    return str(text)


def stepped(content: dict[str, Any], history: list[dict[str, Any]], step: tuple[str, Any]) -> dict[str, Any]:
    verb, how = step
    if verb == "restore":
        earlier: dict[str, Any] = history[how % len(history)]
        return earlier
    options = [dict(option) for option in content["options"]]
    if verb == "reorder":
        options = [options[place] for place in how]
    else:
        next(option for option in options if option["id"] == how[0])["text"] = how[1]
    return {**content, "options": options}


@settings(max_examples=1000, deadline=None)
@given(
    key=st.sampled_from(IDS),
    first=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS),
    steps=st.lists(STEPS, min_size=1, max_size=12),
    salt=st.text("0123456789abcdef", max_size=32),
)
def test_after_any_steps_the_key_is_the_same_option_and_its_letter_says_its_text(
    key: str, first: tuple[str, ...], steps: list[tuple[str, Any]], salt: str
) -> None:
    texts = dict(zip(IDS, first, strict=True))
    options = [{"id": option_id, "text": text} for option_id, text in texts.items()]
    content = checked_content({"question": "x", "options": options, "key": key, "evidence": []})
    history, said = [content], [texts]
    for step in steps:
        # beside it, what each option says by its id alone: order plays no part
        if step[0] == "restore":
            texts = said[step[1] % len(said)]
        elif step[0] == "edit":
            texts = {**texts, step[1][0]: step[1][1]}
        content = checked_content(stepped(content, history, step))
        history.append(content)
        said.append(texts)
        assert (content["key"], text_of(content, key)) == (key, texts[key])
        assert {option["id"]: option["text"] for option in content["options"]} == texts
        shown = keyed_options(content, question_id="clip-count-1", salt=salt)
        assert shown["options"][LETTERS.index(shown["answer"])] == shown["answer_text"] == texts[key]
        assert sorted(shown["options"]) == sorted(texts.values())


@given(texts=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), key=st.sampled_from(IDS), at=st.lists(st.integers(0, 9000)))
def test_marks_and_their_warnings_never_fail_whatever_the_texts_hold(
    texts: tuple[str, ...], key: str, at: list[int]
) -> None:
    options = [{"id": option_id, "text": text} for option_id, text in zip(IDS, texts, strict=True)]
    for category, kinds in KINDS.items():
        marks = [{"at_ms": at_ms, "what": kinds[at_ms % len(kinds)]} for at_ms in at]
        content = {"question": "", "options": options, "key": key, "evidence": [], "marks": marks}
        assert len(mark_warnings(category, checked_content(content))) <= 1


def test_through_saving_restoring_and_merging_it_is_the_same(project: Project, ana: User, rui: User, oda: User) -> None:
    clip = approved_clip(project, author=ana, reviewer=rui)
    item, chance = saved_item(clip, ana), random.Random(20261128)
    key = fresh(item).head.content["key"]
    for place in range(40):
        verb = chance.choice(["save", "autosave", "restore", "merge"])
        user = chance.choice([ana, rui])
        words = items.words_for(fresh(item), user)
        content = _changed(words.content, chance, place)
        before = text_of(content, key)
        if verb == "restore":
            number = chance.randint(1, fresh(item).head_number)
            before = text_of(item.revisions.get(number=number).content, key)
            items.restore(item=item, user=user, etag=words.etag, number=number)
        elif verb == "merge":
            items.save(item=item, user=user, etag=words.etag, content=content)
            stale = _reordered(item.revisions.get(number=fresh(item).head_number - 1).content, chance)
            _merge(item, user, stale, base=fresh(item).head_number - 1)
        else:
            words = items.autosave(item=item, user=user, etag=words.etag, content=content)
            items.save(item=item, user=user, etag=words.etag, content=content)
        head = fresh(item).head.content
        assert (head["key"], text_of(head, key)) == (key, before), (place, verb)
    assert item.revisions.count() > 40
    submit_all(clip, ana)
    answer_all(clip, oda)
    reviews.approve(item=item, reviewer=oda, seen_number=fresh(item).head_number)
    pseudonyms = {user.pk: pseudonym_of(user, project=project) for user in (ana, rui, oda)}
    (facts,) = next(approved_captions(project, categories=Category.values)).questions
    published = question_json(question_content(facts, pseudonyms=pseudonyms, salt="5a17"))
    assert published["options"]["ABCD".index(published["answer"])] == published["answer_text"] == before
    assert published["options"][published["answer_index"]] == before


def _changed(content: dict[str, Any], chance: random.Random, place: int) -> dict[str, Any]:
    option_id = chance.choice(IDS)
    return stepped(_reordered(content, chance), [], ("edit", (option_id, f"He does {place} of {option_id}")))


def _reordered(content: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    return stepped(content, [], ("reorder", chance.sample(range(4), 4)))


def _merge(item: QAItem, user: User, stale: dict[str, Any], *, base: int) -> None:
    """The person's other tab only reordered: the words merge by themselves, the order by their choice."""
    words = keep_stale(item=item, user=user, etag=f'"{base}-0"', content=stale)
    number = fresh(item).head_number
    merge_save(item=item, user=user, etag=words.etag, seen_number=number, choices={"order": Choice("yours")})
