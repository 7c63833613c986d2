"""The QA workspace as plain forms: what each verb does, what is kept when it is refused, and what nobody may see."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import CaptionOpening, Clip, Project, User
from annotation.states import State
from qa.models import QAItem
from qa.services import items
from qa.services.targets import change_targets
from tests.factories import QUESTION, TEXT, DraftedCaptionFactory, DraftedQAItemFactory
from tests.qa.scenes import (
    COUNT_QUESTION,
    answer_all,
    approved_clip,
    approved_item,
    content_of,
    fresh,
    saved_item,
    submitted_item,
)

SignIn = Callable[[User], Client]


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


def url_of(clip: Clip) -> str:
    return reverse("qa_workspace", args=["demo", clip.clip_id])


def form_of(item: QAItem, user: User, verb: str, **changes: Any) -> dict[str, Any]:
    """What the card's form sends. changes: of the content, or `etag`."""
    words = items.words_for(fresh(item), user)
    etag = changes.pop("etag", words.etag)
    content = {**words.content, **changes}
    return {
        "verb": verb,
        "question_id": item.question_id,
        "etag": etag,
        "question": content["question"],
        "option_id": [option["id"] for option in content["options"]],
        "option_text": [option["text"] for option in content["options"]],
        "key": content["key"] or "",
        "evidence": content["evidence"],
        "mark": [json.dumps(mark) for mark in content.get("marks", [])],
    }


def test_page_shows_five_categories_and_each_question(clip: Clip, ana: User, client_of: SignIn) -> None:
    item = DraftedQAItemFactory(clip=clip)
    html = client_of(ana).get(url_of(clip)).content.decode()
    headings = re.findall(r'<h2 id="h-[a-z_]+">([^<]+)</h2>', html)
    assert headings == ["Interaction", "Action Details", "Action Sequence", "Count", "Attribute"]
    assert f'id="q-{item.question_id}"' in html
    assert "He spreads both arms" in html
    assert 'data-seek="0.3"' in html  # the approved caption beside it
    assert CaptionOpening.objects.filter(caption=clip.caption, user=ana).exists()


def test_page_costs_the_same_queries_for_one_and_for_ten_questions(
    clip: Clip, ana: User, client_of: SignIn, django_assert_num_queries: Any
) -> None:
    """Session, user; project, role twice; caption, seal, opening; items, working copies, returns, drop reasons, notes;
    unread notifications; the set, whose it is, today twice, flags of the clip.
    """
    client = client_of(ana)
    DraftedQAItemFactory(clip=clip)
    client.get(url_of(clip))
    with django_assert_num_queries(19):
        client.get(url_of(clip))
    for _ in range(9):
        DraftedQAItemFactory(clip=clip)
    with django_assert_num_queries(19):
        client.get(url_of(clip))


def test_caption_that_is_not_approved_shows_no_question(project: Project, ana: User, client_of: SignIn) -> None:
    clip = DraftedCaptionFactory(project=project).clip
    DraftedQAItemFactory(clip=clip)
    response = client_of(ana).get(url_of(clip))
    html = response.content.decode()
    assert response.status_code == 200
    assert "The caption comes first" in html
    assert reverse("caption_workspace", args=["demo", clip.clip_id]) in html
    assert "bald man" not in html
    assert not CaptionOpening.objects.exists()


def test_outsider_gets_404_and_nobody_signed_out_gets_in(clip: Clip, otto: User, client_of: SignIn) -> None:
    item = DraftedQAItemFactory(clip=clip)
    assert client_of(otto).get(url_of(clip)).status_code == 404
    assert client_of(otto).post(url_of(clip), form_of(item, otto, "save")).status_code == 404
    assert Client().get(url_of(clip)).status_code == 302
    assert fresh(item).head_number == 0


def test_saving_a_card_makes_a_revision(clip: Clip, ana: User, client_of: SignIn) -> None:
    item = DraftedQAItemFactory(clip=clip)
    evidence = '{"start_ms":300,"text":"He spreads both arms."}'
    form = form_of(item, ana, "save", question="What comes\r\nfirst?", evidence=[evidence], key="o2")
    response = client_of(ana).post(url_of(clip), form)
    assert (response.status_code, response["Location"]) == (302, f"{url_of(clip)}#q-{item.question_id}")
    content = fresh(item).head.content
    assert (content["question"], content["key"]) == ("What comes\nfirst?", "o2")
    assert content["evidence"] == [{"start_ms": 300, "text": "He spreads both arms."}]


def test_sentences_of_the_caption_are_offered_as_evidence(clip: Clip, ana: User, client_of: SignIn) -> None:
    DraftedQAItemFactory(clip=clip)
    html = client_of(ana).get(url_of(clip)).content.decode()
    assert TEXT.endswith("He jumps.")
    assert "{&quot;start_ms&quot;:1000,&quot;text&quot;:&quot;He jumps.&quot;}" in html


def test_accepting_as_is_saves_the_draft_but_never_over_changed_words(clip: Clip, ana: User, client_of: SignIn) -> None:
    item = DraftedQAItemFactory(clip=clip)
    response = client_of(ana).post(url_of(clip), form_of(item, ana, "accept", question="Mine?"))
    assert response.status_code == 400
    assert "Mine?" in response.content.decode()
    assert fresh(item).state == State.DRAFTED
    assert client_of(ana).post(url_of(clip), form_of(item, ana, "accept")).status_code == 302
    assert (fresh(item).state, fresh(item).head.content) == (State.EDITING, content_of(item, ana))


def test_moving_an_option_keeps_the_key_on_it(clip: Clip, ana: User, client_of: SignIn) -> None:
    item = saved_item(clip, ana)
    client_of(ana).post(url_of(clip), form_of(item, ana, "down:o1"))
    words = items.words_for(fresh(item), ana)
    assert [option["id"] for option in words.content["options"]] == ["o2", "o1", "o3", "o4"]
    assert (words.content["key"], words.unsaved, fresh(item).head_number) == ("o1", True, 1)
    client_of(ana).post(url_of(clip), form_of(item, ana, "up:o1"))
    assert content_of(item, ana)["options"][0]["id"] == "o1"
    assert client_of(ana).post(url_of(clip), form_of(item, ana, "up:o9")).status_code == 400


def test_stale_save_keeps_the_words_and_shows_both(clip: Clip, ana: User, rui: User, client_of: SignIn) -> None:
    item = saved_item(clip, ana)
    items.save(item=item, user=rui, etag='"1-0"', content=content_of(item, rui, question="What does Rui ask?"))
    client = client_of(ana)
    response = client.post(url_of(clip), form_of(item, ana, "save", question="What does Ana ask?", etag='"1-0"'))
    html = response.content.decode()
    assert response.status_code == 412
    assert "<del>Rui</del><ins>Ana</ins>" in html
    assert (fresh(item).head_number, content_of(item, ana)["question"]) == (2, "What does Ana ask?")
    assert client.post(url_of(clip), form_of(item, ana, "save")).status_code == 412  # to be merged first
    compared = client.post(url_of(clip), form_of(item, ana, "compare"))
    assert (compared.status_code, compared["Location"]) == (302, reverse("qa_merge", args=["demo", item.question_id]))
    assert fresh(item).head.content["question"] == "What does Rui ask?"


def test_unsaved_words_can_be_forgotten(clip: Clip, ana: User, client_of: SignIn) -> None:
    item = saved_item(clip, ana)
    items.autosave(item=item, user=ana, etag='"1-0"', content=content_of(item, ana, question="Hm?"))
    client_of(ana).post(url_of(clip), form_of(item, ana, "discard"))
    assert items.words_for(fresh(item), ana).etag == '"1-0"'


@pytest.mark.parametrize(
    "changes",
    [
        {"question": "x" * 1001},
        {"key": "o9"},
        {"evidence": ["{"]},
        {"evidence": ["3"]},
        {"evidence": ['{"start_ms": "1", "text": "x"}']},
        {"options": []},
    ],
)
def test_form_that_is_no_question_is_refused_with_400(
    clip: Clip, ana: User, client_of: SignIn, changes: dict[str, Any]
) -> None:
    item = DraftedQAItemFactory(clip=clip)
    assert client_of(ana).post(url_of(clip), form_of(item, ana, "save", **changes)).status_code == 400
    assert fresh(item).head_number == 0


def test_adding_and_dropping(clip: Clip, ana: User, client_of: SignIn) -> None:
    client = client_of(ana)
    empty = {"verb": "add", "category": "count", "question": "How many?", "option_id": ["o1"], "option_text": [""]}
    assert client.post(url_of(clip), empty).status_code == 400
    ids = ["o1", "o2", "o3", "o4"]
    form = {**empty, "option_id": ids, "option_text": ["1", "2", "3", "4"], "key": "o3"}
    assert client.post(url_of(clip), {**form, "category": "weather"}).status_code == 400
    assert client.post(url_of(clip), form).status_code == 302
    item = QAItem.objects.get()
    assert (item.question_id, item.state) == (f"{clip.clip_id}-count-1", State.EDITING)
    drop = {"verb": "drop", "question_id": item.question_id, "etag": '"1-0"', "reason": ""}
    assert client.post(url_of(clip), drop).status_code == 400
    assert client.post(url_of(clip), {**drop, "reason": "nobody counts"}).status_code == 302
    assert fresh(item).state == State.DROPPED
    assert "nobody counts" in client.get(url_of(clip)).content.decode()


def test_submitting_lists_what_is_missing_and_then_hands_in(clip: Clip, ana: User, client_of: SignIn) -> None:
    first = saved_item(clip, ana)
    second = DraftedQAItemFactory(clip=clip, category="count", payload=COUNT_QUESTION)
    client = client_of(ana)
    form = {
        "verb": "submit",
        "seen_id": [first.question_id, second.question_id],
        "seen_etag": ['"1-0"', '"0-0"'],
    }
    response = client.post(url_of(clip), form)
    assert response.status_code == 400
    assert "is still a draft" in response.content.decode()
    assert fresh(first).state == State.EDITING
    client.post(url_of(clip), form_of(second, ana, "accept"))
    response = client.post(url_of(clip), {**form, "seen_etag": ['"1-0"', '"1-0"']})
    assert (response.status_code, response["Location"]) == (302, reverse("my_queue", args=["demo"]))
    assert (fresh(first).state, fresh(second).state) == (State.IN_REVIEW, State.IN_REVIEW)
    assert client.post(url_of(clip), {**form, "seen_etag": ['"1-0"', '"1-0"']}).status_code == 409


def test_taking_back_what_was_submitted(clip: Clip, ana: User, client_of: SignIn) -> None:
    item = submitted_item(clip, ana)
    client = client_of(ana)
    assert "Take them back" in client.get(url_of(clip)).content.decode()
    assert client.post(url_of(clip), {"verb": "withdraw"}).status_code == 302
    assert fresh(item).state == State.EDITING
    assert client.post(url_of(clip), {"verb": "withdraw"}).status_code == 409


def test_adjudicator_reopens_an_approved_question(
    clip: Clip, ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    item = approved_item(clip, author=ana, reviewer=rui)
    form = {"verb": "reopen", "question_id": item.question_id, "seen_number": "1", "reason": "the caption changed"}
    assert client_of(ana).post(url_of(clip), form).status_code == 403
    assert fresh(item).state == State.APPROVED
    assert "Reopen" in client_of(oda).get(url_of(clip)).content.decode()
    assert client_of(oda).post(url_of(clip), form).status_code == 302
    assert fresh(item).state == State.EDITING


def test_reviewer_does_not_see_what_they_have_not_answered_blind(
    clip: Clip, ana: User, rui: User, client_of: SignIn
) -> None:
    submitted_item(clip, ana)
    before = client_of(rui).get(url_of(clip)).content.decode()
    assert "Waits for your blind answer" in before
    assert "He spreads both arms</" not in before.replace("He spreads both arms.</span>", "")
    assert 'name="key"' not in before.split('class="qa-add"')[0]
    assert "He turns round" in client_of(ana).get(url_of(clip)).content.decode()
    answer_all(clip, rui)
    assert "He turns round" in client_of(rui).get(url_of(clip)).content.decode()


def test_question_of_another_clip_is_not_found(
    clip: Clip, project: Project, ana: User, rui: User, client_of: SignIn
) -> None:
    other = DraftedQAItemFactory(clip=approved_clip(project, author=ana, reviewer=rui))
    assert client_of(ana).post(url_of(clip), form_of(other, ana, "save")).status_code == 404
    assert fresh(other).head_number == 0


def test_unknown_verb_is_refused(clip: Clip, ana: User, client_of: SignIn) -> None:
    assert client_of(ana).post(url_of(clip), {"verb": "publish"}).status_code == 400


SUSPECT = {
    "question": "How many times does Subject 2 jump?",
    "options": ["Once", "Twice", "1 time", "A few times"],
    "answer_index": 1,
}
REASONS = [
    ("form:count-options-not-numbers", "Option D names no definite number."),
    ("form:subject-label", "“Subject 2” in the question is a label: say who it is by what can be seen."),
    ("options:equal-after-folding", "Options A and C say the same."),
]


def flags_shown(html: str) -> list[tuple[str, str]]:
    return re.findall(r'data-rule="([^"]+)">.*?<span>([^<]+)</span></li>', html)


def test_card_lists_the_flags_of_the_words_it_shows_and_what_blocks_goes_in_with_a_reason(
    clip: Clip, ana: User, client_of: SignIn
) -> None:
    options = ["He stretches his arms", "He sits down", "He waves", "He turns round"]
    fine = DraftedQAItemFactory(clip=clip, payload={**QUESTION, "options": options})
    suspect = DraftedQAItemFactory(clip=clip, category="count", payload=SUSPECT)
    client = client_of(ana)
    fine_card, suspect_card = client.get(url_of(clip)).content.decode().split(f'id="q-{suspect.question_id}"')
    assert f'id="q-{fine.question_id}"' in fine_card
    assert flags_shown(fine_card) == []
    assert flags_shown(suspect_card) == REASONS
    better = [{"id": f"o{place}", "text": text} for place, text in enumerate(["1", "2", "3", "A few"], start=1)]
    items.autosave(item=suspect, user=ana, etag='"0-0"', content=content_of(suspect, ana, options=better))
    assert flags_shown(client.get(url_of(clip)).content.decode()) == REASONS[:2]
    client.post(url_of(clip), form_of(fine, ana, "accept"))
    client.post(url_of(clip), form_of(suspect, ana, "save"))
    seen = {"seen_id": [fine.question_id, suspect.question_id], "seen_etag": ['"1-0"', '"1-0"']}
    why = {f"why-{rule}|{suspect.question_id}": "The video says so" for rule, _ in REASONS[:1]}
    refused = client.post(url_of(clip), {"verb": "submit", **seen, **why})
    assert refused.status_code == 400
    assert "a check blocks it: “Subject 2” in the question is a label" in unescape(refused.content.decode())
    assert 'value="The video says so"' in refused.content.decode()  # what was typed is still there
    assert (fresh(fine).state, fresh(suspect).state) == (State.EDITING, State.EDITING)
    why |= {f"why-{rule}|{suspect.question_id}": "She is called so" for rule, _ in REASONS[1:2]}
    assert client.post(url_of(clip), {"verb": "submit", **seen, **why}).status_code == 302
    assert fresh(suspect).state == State.IN_REVIEW
    flags = fresh(suspect).submissions.get().flags
    assert [(flag["rule"], flag["override"]) for flag in flags] == [
        ("form:count-options-not-numbers", "The video says so"),
        ("form:subject-label", "She is called so"),
    ]
    assert flags_shown(client.get(url_of(clip)).content.decode()) == REASONS[:2]


def test_reviewer_sees_no_flag_of_what_they_have_not_answered_blind(
    clip: Clip, ana: User, rui: User, client_of: SignIn
) -> None:
    submitted_item(clip, ana, category="count", payload=SUSPECT)
    assert "Subject 2" not in client_of(rui).get(url_of(clip)).content.decode()
    answer_all(clip, rui)
    assert flags_shown(client_of(rui).get(url_of(clip)).content.decode()) == REASONS


def test_what_only_warns_looks_another_way_than_what_blocks(clip: Clip, ana: User, client_of: SignIn) -> None:
    warned = DraftedQAItemFactory(
        clip=clip,
        category="action_details",
        payload={
            "question": "What does the bald man not do?",
            "options": ["He sits", "He jumps", "He waves", "He bows"],
            "answer_index": 0,
        },
    )
    html = client_of(ana).get(url_of(clip)).content.decode()
    assert 'class="is-look" data-rule="negated-question"' in html
    assert re.search(rf'id="q-{warned.question_id}".*?data-sign>\s*<span class="is-look', html, re.DOTALL)
    assert 'class="is-fix" data-rule' not in html
    DraftedQAItemFactory(
        clip=clip,
        category="attribute",
        payload={"question": "Who?", "options": [*"abc", "None of these"], "answer_index": 0},
    )
    html = client_of(ana).get(url_of(clip)).content.decode()
    assert 'class="is-fix" data-rule="options:all-or-none-of-above"' in html


def test_a_question_is_held_against_caption_and_siblings(clip: Clip, ana: User, client_of: SignIn) -> None:
    question = {"options": ["Once", "Twice", "Three times", "Four times"], "answer_index": 1}
    for words in ("How many times does the bald man clap?", "How many times does the bald man applaud?"):
        DraftedQAItemFactory(clip=clip, category="count", payload={**question, "question": words})
    html = client_of(ana).get(url_of(clip)).content.decode()
    assert html.count('data-rule="not-supported-by-caption"') == 2
    assert html.count('data-rule="near-duplicate-pair"') == 2
    assert "“How many times does the bald man applaud?” asks for the same fact." in html


def test_options_are_shuffled_into_another_order_and_the_key_goes_along(
    clip: Clip, ana: User, client_of: SignIn
) -> None:
    item = saved_item(clip, ana)
    assert client_of(ana).post(url_of(clip), form_of(item, ana, "shuffle")).status_code == 302
    words = items.words_for(fresh(item), ana)
    ids = [option["id"] for option in words.content["options"]]
    assert sorted(ids) == ["o1", "o2", "o3", "o4"] and ids != ["o1", "o2", "o3", "o4"]
    assert (words.content["key"], words.unsaved, fresh(item).head_number) == ("o1", True, 1)
    assert client_of(ana).post(url_of(clip), form_of(item, ana, "shuffle", options=[])).status_code == 400


def test_marks_are_shown_counted_and_taken_away(clip: Clip, ana: User, client_of: SignIn) -> None:
    item = saved_item(clip, ana, category="count", payload=COUNT_QUESTION)
    marks = [{"at_ms": at, "what": "repetition"} for at in (1200, 100, 700)]
    client = client_of(ana)
    assert client.post(url_of(clip), form_of(item, ana, "save", marks=marks)).status_code == 302
    assert [mark["at_ms"] for mark in fresh(item).head.content["marks"]] == [100, 700, 1200]
    page = client.get(url_of(clip)).content.decode()
    assert "3 marked · the key says 2" in page
    assert 'data-play-mark="0.7"' in page
    assert client.post(url_of(clip), form_of(item, ana, "unmark:1")).status_code == 302
    assert [mark["at_ms"] for mark in content_of(item, ana)["marks"]] == [100, 1200]
    assert "the key says" not in client.get(url_of(clip)).content.decode()
    for place in ("2", "x", ""):
        assert client.post(url_of(clip), form_of(item, ana, f"unmark:{place}")).status_code == 400


def test_splitting_a_card_leads_to_the_new_one(clip: Clip, ana: User, client_of: SignIn) -> None:
    item = saved_item(clip, ana)
    answer = client_of(ana).post(url_of(clip), form_of(item, ana, "split", question="What comes first?"))
    made = QAItem.objects.exclude(pk=item.pk).get()
    assert (answer.status_code, answer["Location"]) == (302, f"{url_of(clip)}#q-{made.question_id}")
    assert content_of(made, ana)["question"] == content_of(item, ana)["question"] == "What comes first?"


def test_evidence_plays_from_its_start_to_the_next_sentence(clip: Clip, ana: User, client_of: SignIn) -> None:
    DraftedQAItemFactory(clip=clip)
    page = client_of(ana).get(url_of(clip)).content.decode()
    assert 'data-play-from="0.3" data-play-to="1.0"' in page
    assert 'data-play-from="1.0" data-play-to=""' in page  # the last one plays to the end


def test_section_says_how_many_of_its_questions_a_clip_should_have(
    clip: Clip, project: Project, ana: User, adam: User, client_of: SignIn
) -> None:
    DraftedQAItemFactory(clip=clip)
    change_targets(project=project, user=adam, targets={"action_sequence": 1, "count": 3})
    page = client_of(ana).get(url_of(clip)).content.decode()
    assert re.findall(r'(\d of \d)</span><span class="dots"', page) == ["1 of 1", "0 of 3"]
    assert re.findall(r'(\d of \d)<span class="sr"> questions of ([A-Za-z ]+) that', page) == [
        ("1 of 1", "Action Sequence"),
        ("0 of 3", "Count"),
    ]


def test_too_little_watched_is_said_and_nothing_is_handed_in(
    clip: Clip, project: Project, ana: User, client_of: SignIn
) -> None:
    item = saved_item(clip, ana)
    Project.objects.filter(pk=project.pk).update(watch_floor_percent=50)
    seen = {"verb": "submit", "seen_id": [item.question_id], "seen_etag": ['"1-0"']}
    client = client_of(ana)
    refused = client.post(url_of(clip), {**seen, "watched": "[[0, 980]]"})  # 980 of 2,000 ms are 49 %
    assert (refused.status_code, fresh(item).state) == (400, State.EDITING)
    assert "49 % of the clip has been played; 50 % is asked for here" in refused.content.decode()
    assert client.post(url_of(clip), {**seen, "watched": "["}).status_code == 400
    assert client.post(url_of(clip), {**seen, "watched": "[[0, 1000]]"}).status_code == 302
    assert fresh(item).submissions.get().watched_percent == 50
