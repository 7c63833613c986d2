"""What people see of probes: flags on a drafted question, counts in the leak lab, and their settings."""

from collections.abc import Callable

import pytest
from django.test import Client

from annotation.models import Clip, Project, User
from qa.models import LeakSettings, QAItem
from qa.services import items
from qa.services.blind import store_answer
from tests.qa.evaluation.given import given_probe
from tests.qa.evaluation.test_leak_pages import HOME, SETTINGS, page_of
from tests.qa.scenes import approved_clip, content_of, overrides

SignIn = Callable[[User], Client]
BLIND = "As drafted, 3 of 3 answers without the video were right: a look at the clip is not needed."
CAPTION = "As drafted, 2 of 3 answers from the caption alone were wrong: it may not hold the key."


@pytest.fixture
def clip(project: Project, ana: User, rui: User) -> Clip:
    return approved_clip(project, author=ana, reviewer=rui)


@pytest.fixture
def item(clip: Clip) -> QAItem:
    return given_probe(clip, blind=(3, 3, 60), caption_failure=(2, 3, 50))


def workspace(clip: Clip) -> str:
    return f"/projects/demo/clips/{clip.clip_id}/questions"


def test_a_drafted_question_says_what_its_probes_found(item: QAItem, ana: User, client_of: SignIn) -> None:
    page = page_of(client_of(ana), workspace(item.clip))
    assert BLIND in page
    assert CAPTION in page
    assert "</svg>Look</span>" in page


def test_other_words_or_another_key_are_not_what_was_probed(item: QAItem, ana: User, client_of: SignIn) -> None:
    client, words = client_of(ana), items.words_for(item, ana)
    content = {**words.content, "key": "o2"}
    words = items.autosave(item=item, user=ana, etag=words.etag, content=content)
    assert BLIND not in page_of(client, workspace(item.clip))
    back = {**content, "key": "o1"}
    words = items.autosave(item=item, user=ana, etag=words.etag, content=back)
    assert BLIND in page_of(client, workspace(item.clip))
    items.autosave(item=item, user=ana, etag=words.etag, content={**back, "question": "What does he do?"})
    assert BLIND not in page_of(client, workspace(item.clip))


def test_a_question_that_passed_says_nothing(clip: Clip, ana: User, client_of: SignIn) -> None:
    given_probe(clip, outcome="sound")
    assert "data-leak" not in page_of(client_of(ana), workspace(clip))


def test_who_must_answer_blind_is_not_told(item: QAItem, ana: User, rui: User, client_of: SignIn) -> None:
    items.save(item=item, user=ana, etag=items.words_for(item, ana).etag, content=content_of(item, ana))
    items.submit_unit(clip=item.clip, user=ana, seen={item.question_id: '"1-0"'})
    assert BLIND not in page_of(client_of(rui), workspace(item.clip))


def handed_in(clip: Clip, author: User, **changes: str) -> QAItem:
    """A probed question that went on to review, as drafted or with changes."""
    item = given_probe(clip, outcome="sound", tries={"blind": "+--?", "human_captions": "+++"})
    content = content_of(item, author, **changes)
    items.save(item=item, user=author, etag=items.words_for(item, author).etag, content=content)
    items.submit_unit(clip=clip, user=author, seen={item.question_id: '"1-0"'}, reasons=overrides(clip))
    return item


PROBED = "without the video 1 of 3 right; from the caption alone 3 of 3."


def test_a_reviewer_sees_the_probes_once_they_have_answered(
    clip: Clip, ana: User, rui: User, client_of: SignIn
) -> None:
    item = handed_in(clip, ana)
    client, review = client_of(rui), f"{workspace(clip)}/review"
    assert "data-probed" not in page_of(client, review)
    store_answer(clip=clip, user=rui, question_id=item.question_id, seen_number=1, choice="o1")
    page = page_of(client, review)
    assert PROBED in page
    assert "Needs the video, and the caption holds it." in page


def test_of_other_words_the_probes_say_nothing(clip: Clip, ana: User, rui: User, client_of: SignIn) -> None:
    item = handed_in(clip, ana, question="What does the bald man do just before he leaps?")
    store_answer(clip=clip, user=rui, question_id=item.question_id, seen_number=1, choice="o1")
    assert "data-probed" not in page_of(client_of(rui), f"{workspace(clip)}/review")


def test_the_leak_lab_counts_what_was_probed(item: QAItem, clip: Clip, adam: User, client_of: SignIn) -> None:
    given_probe(clip, outcome="sound")
    given_probe(clip, outcome="sound")
    page = page_of(client_of(adam), HOME)
    assert "<dt>Flagged</dt><dd>1</dd>" in page
    assert "<dt>Sound</dt><dd>2</dd>" in page
    assert "<dt>Being probed</dt><dd>0</dd>" in page


def test_the_leak_lab_says_nothing_of_probes_where_there_are_none(
    project: Project, adam: User, client_of: SignIn
) -> None:
    assert "Drafted questions" not in page_of(client_of(adam), HOME)


def test_administrators_choose_what_is_probed(project: Project, adam: User, client_of: SignIn) -> None:
    client = client_of(adam)
    wanted = {**SETTINGS, "probes": "redraft", "probe_model": "claude-haiku-4-5"}
    few = client.post(f"{HOME}settings", {**wanted, "probe_tries": "4"})
    assert few.status_code == 400
    assert "must be at least as many as the answers that a measure needs" in few.content.decode()
    assert client.post(f"{HOME}settings", wanted).status_code == 302
    stored = LeakSettings.objects.get()
    assert (stored.probes, stored.probe_model, stored.probe_tries) == ("redraft", "claude-haiku-4-5", 5)
    page = page_of(client, f"{HOME}settings")
    assert '<option value="redraft" selected>' in page
