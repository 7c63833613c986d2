"""The page and the command."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotation.models import Clip, Event, Project, User
from annotation.states import ClipStatus
from qa.services.releases import freeze_release
from tests.factories import ClipFactory
from tests.qa.scene import finish_clip

ADDRESS = "/projects/demo/clips/clip-a/withdraw"


@pytest.fixture
def clip(project: Project, ana: User, rui: User, adam: User) -> Clip:
    made = finish_clip(project, author=ana, reviewer=rui).clip
    freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    return made


@pytest.fixture
def client(adam: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(adam)


def test_the_page_says_what_will_happen_and_changes_nothing(clip: Clip, client: Client) -> None:
    ClipFactory.create(project=clip.project, clip_id="clip-b", sha256=clip.sha256)
    assert reverse("clip_withdraw", args=["demo", "clip-a"]) == ADDRESS
    page = client.get(ADDRESS).content.decode()
    for said in ("Nobody can undo this", "1 other clip has", "1 question leave", "part of release 1.0.0"):
        assert said in page
    assert Clip.objects.get(pk=clip.pk).state == ClipStatus.ACTIVE
    assert ADDRESS in client.get(reverse("clips", args=["demo"])).content.decode()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"reason": "objects", "confirm": "clip-b"}, "is not clip-a"),
        ({"reason": "objects", "confirm": ""}, "required"),
        ({"reason": "", "confirm": "clip-a"}, "required"),
        ({"reason": "objects", "confirm": "clip-a", "force": "1"}, "force is unknown"),
    ],
)
def test_nothing_happens_without_the_clips_id_and_a_reason(
    clip: Clip, client: Client, said: dict[str, str], problem: str
) -> None:
    answer = client.post(ADDRESS, said)
    assert (answer.status_code, problem in answer.content.decode()) == (400, True)
    assert Clip.objects.get(pk=clip.pk).state == ClipStatus.ACTIVE


@pytest.mark.parametrize("erase", [False, True])
def test_the_page_withdraws_once(clip: Clip, client: Client, adam: User, *, erase: bool) -> None:
    said = {"reason": "somebody objects", "confirm": "clip-a"} | ({"erase": "on"} if erase else {})
    answer = client.post(ADDRESS, said, follow=True)
    assert answer.redirect_chain == [(reverse("clips", args=["demo"]), 302)]
    assert f"clip-a is withdrawn{', and its words are erased' if erase else ''}." in answer.content.decode()
    clip.refresh_from_db()
    assert (clip.state, clip.erased_at is not None) == (ClipStatus.WITHDRAWN, erase)
    assert Event.objects.get(verb="withdraw").actor == adam
    assert client.post(ADDRESS, said).status_code == 404


def test_an_adjudicator_is_not_offered_it_and_is_refused(
    clip: Clip, oda: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(oda)
    assert ADDRESS not in client.get(reverse("clips", args=["demo"])).content.decode()
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, {"reason": "objects", "confirm": "clip-a"}).status_code == 403
    assert Clip.objects.get(pk=clip.pk).state == ClipStatus.ACTIVE


@pytest.mark.django_db(transaction=True)
def test_the_command_withdraws_and_says_what_others_must_do(clip: Clip, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("withdraw_clip", "clip-a", project="demo", reason="somebody objects", actor="adam")
    said = capsys.readouterr().out
    assert "demo/clip-a: withdrawn, its words are kept, and shown to nobody" in said
    assert "in releases 1.0.0: write them again, and tell who has a copy" in said
    call_command("withdraw_clip", "clip-a", project="demo", reason="and erase it", erase=True)
    assert "demo/clip-a: withdrawn, and erased" in capsys.readouterr().out
    actors = dict(Event.objects.filter(verb__in=["withdraw", "erase"]).values_list("verb", "actor__username"))
    assert actors == {"withdraw": "adam", "erase": None}


def test_the_command_names_what_is_wrong_in_one_line(clip: Clip, ana: User) -> None:
    with pytest.raises(CommandError, match="there is no clip “absent” in demo"):
        call_command("withdraw_clip", "absent", project="demo", reason="x")
    with pytest.raises(CommandError, match="reason"):
        call_command("withdraw_clip", "clip-a", project="demo", reason="")
    with pytest.raises(CommandError, match="needs the role of admin"):
        call_command("withdraw_clip", "clip-a", project="demo", reason="x", actor="ana")
    assert Clip.objects.get(pk=clip.pk).state == ClipStatus.ACTIVE
