"""Reviewing questions: blind first, then the keys, then a verdict each."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import CaptionOpening, Clip, Project, User
from annotation.states import State
from qa.models import BlindAnswer, QAItem
from qa.services import items, reviews
from tests.qa.scenes import (
    COUNT_QUESTION,
    answer,
    answer_all,
    approved_clip,
    content_of,
    fresh,
    off_all_desks,
    reopen_caption,
    saved_item,
    submit_all,
    submitted_item,
)

SignIn = Callable[[User], Client]
EVIDENCE = "The proof stands in this sentence."


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


@pytest.fixture
def item(clip: Clip, ana: User) -> QAItem:
    """In review; its key is o1, its evidence a sentence that stands nowhere else."""
    item = saved_item(clip, ana)
    content = content_of(item, ana, evidence=[{"start_ms": 300, "text": EVIDENCE}])
    items.save(item=item, user=ana, etag='"1-0"', content=content)
    submit_all(clip, ana)
    reviewed: QAItem = fresh(item)
    return reviewed


def url_of(clip: Clip) -> str:
    return reverse("qa_review", args=["demo", clip.clip_id])


def answer_form(item: QAItem, choice: str) -> dict[str, Any]:
    return {"verb": "answer", "question_id": item.question_id, "seen_number": item.head_number, "choice": choice}


def verdict(item: QAItem, verb: str, **more: Any) -> dict[str, Any]:
    return {"verb": verb, "question_id": item.question_id, "seen_number": item.head_number, **more}


def fix_of(item: QAItem, question: str) -> dict[str, Any]:
    options = fresh(item).head.content["options"]
    return verdict(
        item,
        "fix",
        question=question,
        option_id=[option["id"] for option in options],
        option_text=[option["text"] for option in options],
    )


def test_blind_page_holds_questions_and_options_and_nothing_else_of_them(
    clip: Clip, item: QAItem, rui: User, client_of: SignIn
) -> None:
    clip.description = "A man does a secret somersault."
    clip.save(update_fields=["description"])
    html = client_of(rui).get(url_of(clip)).content.decode()
    for shown in ("What does the bald man do just before he jumps?", "He spreads both arms", "He turns round"):
        assert shown in html
    for choice in ("o1", "o2", "o3", "o4", "cannot_tell", "more_than_one"):
        assert f'value="{choice}"' in html
    hidden = [EVIDENCE, "There is one person", "He jumps.", "Ana", "test model", "secret somersault", "data-seek"]
    hidden += [
        'answer" data-key',
        "checked required",
        "segments",
        'class="badge',
        "evidence",
        "00:00.3",
        "agree-line",
        'class="sent"',
    ]
    assert [word for word in hidden if word in html] == []
    assert re.findall(r"\bo1\b", html) == ["o1"]  # its own radio button; the key is named nowhere
    assert not CaptionOpening.objects.exists()


def test_questions_come_one_at_a_time_and_the_keys_after_the_last(
    clip: Clip, item: QAItem, ana: User, rui: User, client_of: SignIn
) -> None:
    items.withdraw_unit(clip=clip, user=ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    client = client_of(rui)
    html = client.get(url_of(clip)).content.decode()
    assert "Question 1 of 2" in html
    assert "How many times does the bald man jump?" not in html
    assert client.post(url_of(clip), answer_form(second, "o1")).status_code == 412  # not the next
    response = client.post(url_of(clip), answer_form(item, "o3"))
    assert (response.status_code, response["Location"]) == (302, url_of(clip))
    html = client.get(url_of(clip)).content.decode()
    assert "Question 2 of 2" in html
    assert [word for word in (EVIDENCE, "He spreads both arms", 'answer" data-key', "agree-line") if word in html] == []
    client.post(url_of(clip), answer_form(second, "cannot_tell"))
    assert not BlindAnswer.objects.filter(had_opened_caption=True).exists()
    html = client.get(url_of(clip)).content.decode()
    assert "You answered C, the key says A: your answer differs." in html
    assert "You answered “I cannot tell from the video”" in html
    assert EVIDENCE in html
    assert 'data-seek="0.3"' in html
    assert CaptionOpening.objects.filter(caption=clip.caption, user=rui).exists()


def test_a_question_keeps_its_number_while_others_are_judged(
    clip: Clip, item: QAItem, ana: User, rui: User, client_of: SignIn
) -> None:
    items.withdraw_unit(clip=clip, user=ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    answer_all(clip, rui)
    client = client_of(rui)
    assert re.findall(r"<span>(Q\d)</span>", client.get(url_of(clip)).content.decode()) == ["Q1", "Q2"]
    reviews.approve(item=fresh(item), reviewer=rui, seen_number=fresh(item).head_number)
    html = client.get(url_of(clip)).content.decode()
    assert re.findall(r"<span>(Q\d)</span>", html) == ["Q2"]
    assert 'Approve<span class="sr"> question 2</span>' in html
    assert second.question_id in html


def test_a_dispute_is_told_after_the_last_answer_and_not_before(
    clip: Clip, item: QAItem, ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    items.withdraw_unit(clip=clip, user=ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    answer(item, oda, "o3")
    off_all_desks(clip)
    client = client_of(rui)
    client.post(url_of(clip), answer_form(item, "o2"))
    assert fresh(item).state == State.DISPUTED
    html = client.get(url_of(clip)).content.decode()
    assert ("data-disputed" in html, item.question_id in html) == (False, False)
    client.post(url_of(clip), answer_form(second, second_key(second)))
    html = client.get(url_of(clip)).content.decode()
    assert f"<b>{item.question_id}</b> is in dispute now: a third person settles it." in html
    reviews.approve(item=fresh(second), reviewer=rui, seen_number=fresh(second).head_number)
    html = client.get(url_of(clip)).content.decode()
    assert "No question waits" in html
    assert "data-disputed" in html
    assert "are sealed until" not in html


def second_key(item: QAItem) -> str:
    found = fresh(item).head
    assert found is not None
    return str(found.content["key"])


def test_a_page_without_a_choice_is_asked_again(clip: Clip, item: QAItem, rui: User, client_of: SignIn) -> None:
    response = client_of(rui).post(url_of(clip), answer_form(item, ""))
    assert response.status_code == 400
    assert response.content.decode().count("Choose one answer.") == 2  # at the top and at the question
    assert not BlindAnswer.objects.exists()


def test_second_answer_is_refused(clip: Clip, item: QAItem, rui: User, client_of: SignIn) -> None:
    client = client_of(rui)
    client.post(url_of(clip), answer_form(item, "o3"))
    assert client.post(url_of(clip), answer_form(item, "o1")).status_code == 409
    assert BlindAnswer.objects.get().choice == "o3"


def test_agreeing_answer_says_so(clip: Clip, item: QAItem, rui: User, client_of: SignIn) -> None:
    answer_all(clip, rui)
    html = client_of(rui).get(url_of(clip)).content.decode()
    assert "You answered A: your blind answer agrees with the key." in html
    assert "Ana Duarte" not in html


def test_approving_the_last_question_leads_back_to_the_queue(
    clip: Clip, item: QAItem, ana: User, rui: User, client_of: SignIn
) -> None:
    items.withdraw_unit(clip=clip, user=ana)
    second = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    answer(item, rui, "o1")
    answer(second, rui, "o2")
    client = client_of(rui)
    assert client.post(url_of(clip), verdict(item, "approve"))["Location"] == url_of(clip)
    response = client.post(url_of(clip), verdict(second, "return", reason="two are right", reason_code="more_than_one"))
    assert response["Location"] == reverse("review_queue", args=["demo"])
    assert (fresh(item).state, fresh(second).state) == (State.APPROVED, State.EDITING)
    assert client.post(url_of(clip), verdict(item, "approve")).status_code == 409


def test_fixing_changes_words_and_never_the_key(clip: Clip, item: QAItem, rui: User, client_of: SignIn) -> None:
    answer_all(clip, rui)
    client = client_of(rui)
    form = {**fix_of(item, "What does the man do just before he jumps?"), "key": "o2"}
    assert client.post(url_of(clip), form).status_code == 302
    head = fresh(item).head
    assert (head.content["question"], head.content["key"]) == ("What does the man do just before he jumps?", "o1")
    assert (head.kind, head.content["evidence"]) == ("review_fix", [{"start_ms": 300, "text": EVIDENCE}])


def test_refused_verdict_keeps_what_was_typed(clip: Clip, item: QAItem, rui: User, client_of: SignIn) -> None:
    answer_all(clip, rui)
    client = client_of(rui)
    response = client.post(url_of(clip), fix_of(item, "x" * 1001))
    assert response.status_code == 400
    assert "x" * 1001 in response.content.decode()
    assert client.post(url_of(clip), verdict(item, "return", reason=" ", reason_code="other")).status_code == 400
    response = client.post(url_of(clip), verdict(item, "return", reason="two are right", reason_code="rain"))
    assert (response.status_code, "two are right" in response.content.decode()) == (400, True)
    assert client.post(url_of(clip), verdict(item, "burn")).status_code == 400
    assert (fresh(item).state, fresh(item).head_number) == (State.IN_REVIEW, 2)


def test_verdict_before_the_answers_or_on_an_older_revision_is_refused(
    clip: Clip, item: QAItem, rui: User, client_of: SignIn
) -> None:
    client = client_of(rui)
    assert client.post(url_of(clip), verdict(item, "approve")).status_code == 409
    answer_all(clip, rui)
    assert client.post(url_of(clip), {**verdict(item, "approve"), "seen_number": "1"}).status_code == 412
    assert client.post(url_of(clip), {**verdict(item, "approve"), "seen_number": "x"}).status_code == 400
    assert fresh(item).state == State.IN_REVIEW


def test_own_work_is_for_somebody_else(clip: Clip, rui: User, client_of: SignIn) -> None:
    own = submitted_item(clip, rui)
    client = client_of(rui)
    html = client.get(url_of(clip)).content.decode()
    assert "Somebody else must judge" in html
    assert "bald man" not in html
    assert client.post(url_of(clip), answer_form(own, "o1")).status_code == 403
    assert client.post(url_of(clip), verdict(own, "approve")).status_code == 403
    assert fresh(own).state == State.IN_REVIEW


def test_annotator_gets_403_and_outsider_404(
    clip: Clip, item: QAItem, ana: User, otto: User, client_of: SignIn
) -> None:
    for user, status in ((ana, 403), (otto, 404)):
        client = client_of(user)
        assert client.get(url_of(clip)).status_code == status
        assert client.post(url_of(clip), answer_form(item, "o1")).status_code == status
        assert client.post(url_of(clip), verdict(item, "approve")).status_code == status
    assert not BlindAnswer.objects.exists()


def test_question_of_another_clip_is_not_found(
    clip: Clip, item: QAItem, project: Project, ana: User, rui: User, client_of: SignIn
) -> None:
    other = approved_clip(project, author=ana, reviewer=rui)
    answer_all(clip, rui)
    assert client_of(rui).post(url_of(other), verdict(item, "approve")).status_code == 404
    assert fresh(item).state == State.IN_REVIEW


def test_reopened_caption_and_empty_clip_have_nothing_to_judge(
    clip: Clip, rui: User, oda: User, client_of: SignIn
) -> None:
    client = client_of(rui)
    assert "No question waits" in client.get(url_of(clip)).content.decode()
    reopen_caption(clip, oda)
    assert "The caption comes first" in client.get(url_of(clip)).content.decode()
