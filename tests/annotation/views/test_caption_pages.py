"""The pages of a caption as plain forms: what each verb does, and that nothing typed is lost when it is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.errors import BadInput
from annotation.models import Caption, CaptionOpening, CaptionWorkingCopy, Project, User
from annotation.services.captions import save, submit
from annotation.states import State
from tests.factories import PEOPLE, TEXT, ClipFactory, DraftedCaptionFactory, SubmittedCaptionFactory

CHANGED = TEXT.replace("jumps", "leaps")
WORKSPACE = "/projects/demo/clips/c/caption"
REVIEW = f"{WORKSPACE}/review"


@pytest.fixture
def caption(project: Project) -> Caption:
    return DraftedCaptionFactory(project=project, clip=ClipFactory.create(project=project, clip_id="c"))


@pytest.fixture
def submitted(project: Project, ana: User) -> Caption:
    return SubmittedCaptionFactory(
        project=project, author=ana, text=CHANGED, clip=ClipFactory.create(project=project, clip_id="c")
    )


def form(**changes: Any) -> dict[str, Any]:
    person = {"person_key": ["P1"], "person_description": ["bald man in a brown T-shirt"]}
    return {"verb": "save", "etag": '"0-0"', "text": CHANGED, **person, **changes}


def test_saving_and_submitting_without_javascript(
    caption: Caption, ana: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(ana)
    assert client.post(WORKSPACE, form())["Location"] == WORKSPACE
    answer = client.post(WORKSPACE, form(verb="submit", etag='"1-0"'))
    assert answer["Location"] == reverse("my_queue", args=["demo"])
    caption.refresh_from_db()
    assert (caption.state, caption.head_number, caption.head.text if caption.head else "") == (
        State.IN_REVIEW,
        1,
        CHANGED,
    )


def test_line_ends_of_a_form_are_those_that_were_typed(
    caption: Caption, ana: User, client_of: Callable[[User], Client]
) -> None:
    client_of(ana).post(WORKSPACE, form(text="One.\r\nTwo."))
    caption.refresh_from_db()
    assert caption.head is not None
    assert caption.head.text == "One.\nTwo."


def test_a_stale_save_keeps_the_words_and_goes_to_the_page_that_merges(
    caption: Caption, ana: User, rui: User, client_of: Callable[[User], Client]
) -> None:
    save(caption=caption, user=rui, etag='"0-0"', text="Rui wrote this.", people=[])
    answer = client_of(ana).post(WORKSPACE, form(text="Ana wrote that."))
    assert (answer.status_code, answer["Location"]) == (302, f"{WORKSPACE}/merge")
    caption.refresh_from_db()
    assert caption.head_number == 1
    kept = CaptionWorkingCopy.objects.get(owner=ana)
    assert (kept.base_number, kept.text) == (0, "Ana wrote that.")
    page = client_of(ana).get(WORKSPACE).content.decode()
    assert "Ana wrote that.</textarea>" in page
    assert "A newer revision was saved than the one that your words began from." in page


def test_a_stale_save_beside_other_words_that_wait_answers_412_with_what_was_typed(
    caption: Caption, ana: User, rui: User, client_of: Callable[[User], Client]
) -> None:
    save(caption=caption, user=rui, etag='"0-0"', text="Rui wrote this.", people=[])
    client = client_of(ana)
    client.post(WORKSPACE, form(text="First words."))
    answer = client.post(WORKSPACE, form(text="Other words.", etag='"0-7"'))
    assert (answer.status_code, b"Other words.</textarea>" in answer.content) == (412, True)
    assert CaptionWorkingCopy.objects.get(owner=ana).text == "First words."


def test_an_empty_caption_answers_400_beside_what_was_typed(
    caption: Caption, ana: User, client_of: Callable[[User], Client]
) -> None:
    answer = client_of(ana).post(WORKSPACE, form(text="   "))
    assert (answer.status_code, b"must not be empty" in answer.content) == (400, True)


@pytest.mark.parametrize("verb", ["", "delete", "approve", "compare"])
def test_an_unknown_verb_changes_nothing(
    caption: Caption, ana: User, client_of: Callable[[User], Client], verb: str
) -> None:
    assert client_of(ana).post(WORKSPACE, form(verb=verb)).status_code == 400
    caption.refresh_from_db()
    assert caption.state == State.DRAFTED


def test_text_is_shown_as_typed_and_never_as_markup_s20(
    caption: Caption, ana: User, client_of: Callable[[User], Client]
) -> None:
    payload = "</textarea><script>alert(1)</script>{{ 7|add:7 }}"
    client = client_of(ana)
    client.post(WORKSPACE, form(text=payload))
    page = client.get(WORKSPACE).content.decode()
    assert "<script>alert" not in page
    assert "&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page


def test_opening_the_caption_is_remembered(caption: Caption, ana: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(ana)
    client.get(WORKSPACE)
    client.get(WORKSPACE)
    assert CaptionOpening.objects.filter(caption=caption, user=ana).count() == 1


@pytest.mark.parametrize(
    ("verb", "more", "state"),
    [
        ("approve", {}, State.APPROVED),
        ("fix", {"text": TEXT}, State.APPROVED),
        ("return", {"reason": "He jumps.", "reason_code": "missed"}, State.EDITING),
    ],
)
def test_each_verdict_of_a_reviewer(
    submitted: Caption,
    rui: User,
    client_of: Callable[[User], Client],
    verb: str,
    more: dict[str, str],
    state: State,
) -> None:
    answer = client_of(rui).post(REVIEW, {"verb": verb, "seen_number": "1", **more})
    assert answer["Location"] == reverse("review_queue", args=["demo"])
    submitted.refresh_from_db()
    assert submitted.state == state


def test_a_return_without_a_comment_is_asked_for_one(
    submitted: Caption, rui: User, client_of: Callable[[User], Client]
) -> None:
    answer = client_of(rui).post(REVIEW, {"verb": "return", "seen_number": "1", "reason": "", "reason_code": "missed"})
    assert (answer.status_code, b"must not be empty" in answer.content) == (400, True)
    submitted.refresh_from_db()
    assert submitted.state == State.IN_REVIEW


def test_a_verdict_on_what_was_overtaken_answers_412(
    submitted: Caption, rui: User, client_of: Callable[[User], Client]
) -> None:
    assert client_of(rui).post(REVIEW, {"verb": "approve", "seen_number": "0"}).status_code == 412


def test_annotators_do_not_get_the_review_page(
    submitted: Caption, ana: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(ana)
    assert client.get(REVIEW).status_code == 403
    assert client.post(REVIEW, {"verb": "approve", "seen_number": "1"}).status_code == 403
    submitted.refresh_from_db()
    assert submitted.state == State.IN_REVIEW


def test_reviewers_of_their_own_words_get_no_buttons(
    project: Project, rui: User, client_of: Callable[[User], Client]
) -> None:
    SubmittedCaptionFactory(project=project, author=rui, clip=ClipFactory.create(project=project, clip_id="c"))
    page = client_of(rui).get(REVIEW).content.decode()
    assert "somebody else must judge it" in page
    assert 'value="approve"' not in page


@pytest.mark.parametrize(
    "path", [WORKSPACE, REVIEW, "/projects/demo/", "/projects/demo/clips/", "/projects/demo/people/"]
)
def test_outsiders_get_the_same_404_as_for_nothing_s04(
    submitted: Caption, otto: User, client_of: Callable[[User], Client], path: str
) -> None:
    client = client_of(otto)
    others, absent = client.get(path), client.get(path.replace("demo", "nowhere"))
    assert (others.status_code, absent.status_code) == (404, 404)
    assert others.content == absent.content


def test_the_clip_table_costs_the_same_for_two_clips_as_for_twenty(
    project: Project, ana: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(ana)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/projects/demo/clips/").status_code == 200
        return len(captured)

    for _ in range(2):
        SubmittedCaptionFactory(project=project, author=ana)
    few = queries()
    for _ in range(18):
        SubmittedCaptionFactory(project=project, author=ana)
    # session, user, project, role (twice), clips with captions, heads and authors
    assert queries() == few


def test_the_clip_table_goes_on_after_its_page_and_finds_by_words_and_state(
    project: Project, ana: User, client_of: Callable[[User], Client]
) -> None:
    for n in range(51):
        ClipFactory.create(project=project, clip_id=f"clip-{n:02}", description="a dance" if n == 7 else "")
    client = client_of(ana)
    first = client.get("/projects/demo/clips/").content.decode()
    assert ("clip-49" in first, "clip-50" in first) == (True, False)
    assert "clip-50" in client.get("/projects/demo/clips/?after=clip-49").content.decode()
    found = client.get("/projects/demo/clips/?q=dance").content.decode()
    assert ("clip-07" in found, "clip-08" in found) == (True, False)
    assert "No clip matches" in client.get("/projects/demo/clips/?state=approved&q=%00").content.decode()


def test_the_words_of_another_are_announced_not_shown(
    caption: Caption, ana: User, rui: User, client_of: Callable[[User], Client]
) -> None:
    CaptionWorkingCopy.objects.create(caption=caption, owner=rui, base_number=0, seq=1, text="secret", people=PEOPLE)
    page = client_of(ana).get(WORKSPACE).content.decode()
    assert "Unsaved words of <b>Rui Tavares</b>" in page
    assert "secret" not in page


@pytest.mark.parametrize("at", ["1,2", "1,2,3,4", "1,2,x", "-1,2,3", "1.5,2,3", "٣,2,3", "1,2,1001", "9" * 20 + ",1,1"])
def test_a_place_in_the_picture_that_is_none_is_refused_and_the_words_stand(
    caption: Caption, ana: User, client_of: Callable[[User], Client], at: str
) -> None:
    answer = client_of(ana).post(WORKSPACE, form(person_at=[at]))
    assert (answer.status_code, CHANGED in answer.content.decode()) == (400, True)
    caption.refresh_from_db()
    assert caption.head_number == 0


def test_people_keep_their_places_however_many_fields_come(
    caption: Caption, ana: User, client_of: Callable[[User], Client]
) -> None:
    several = {
        "person_key": ["P1", "P2", "P3"],
        "person_description": ["man", "woman"],
        "person_at": ["", "3400,600,400"],
    }
    assert client_of(ana).post(WORKSPACE, form(**several)).status_code == 302
    caption.refresh_from_db()
    assert caption.head is not None
    assert caption.head.people == [
        {"key": "P1", "description": "man"},
        {"key": "P2", "description": "woman", "at": {"time_ms": 3400, "x_permille": 600, "y_permille": 400}},
    ]


def test_a_reviewer_reads_why_flags_stayed(
    caption: Caption, ana: User, rui: User, client_of: Callable[[User], Client]
) -> None:
    text = "There is one person in the video, a man. He probably jumps. Subject 1 waves."
    reasons = [{"rule": "speculation", "sentence": "He probably jumps.", "reason": "as_seen"}]
    notes = {
        "watched": [[0, 1000]],
        "dismissed": [{"rule": "subject-label", "sentence": "Subject 1 waves."}],
    }
    submit(caption=caption, user=ana, etag='"0-0"', text=text, people=[], notes=notes, reasons=reasons)
    page = " ".join(client_of(rui).get(REVIEW).content.decode().split())
    assert "50 % of the clip watched, 2 flags of the checks" in page
    assert (
        '<b>Speculation</b> <q>He probably jumps.</q> <span class="muted">The video really shows it so</span>' in page
    )
    assert '<b>Subject label</b> <q>Subject 1 waves.</q> <span class="muted">Called fine while writing</span>' in page


def test_reasons_that_are_none_are_refused_and_nothing_is_handed_in(caption: Caption, ana: User) -> None:
    bad = [{"rule": "speculation", "sentence": "x", "reason": "because"}]
    with pytest.raises(BadInput) as refusal:
        submit(caption=caption, user=ana, etag='"0-0"', text=TEXT, people=[], reasons=bad)
    assert refusal.value.detail["fields"] == {"reasons": "number 1 has a reason that is unknown"}
    caption.refresh_from_db()
    assert caption.state == State.DRAFTED
