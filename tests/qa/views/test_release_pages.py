"""Pages of releases: the list and the gate, one release, what changed, downloads and settings."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import CaptionOpening, Clip, ClipHashes, Project, User
from qa.models import Export, Release, ReleaseSettings, ReleaseTally
from qa.services import release_changes as changes_service
from qa.services.exports import want_export, work_on_export
from qa.services.releases import freeze_release, readiness
from qa.services.withdrawal import withdraw_clip
from tests.factories import SubmittedCaptionFactory
from tests.qa.releases.training import drafted, hashes_for
from tests.qa.releases.two_releases import Cast, TwoReleases, make_two
from tests.qa.scene import finish_clip
from tests.qa.scenes import COUNT_QUESTION, answer, off_all_desks, saved_item, submit_all, submitted_item

SignIn = Callable[[User], Client]


@pytest.fixture
def cast(project: Project, ana: User, rui: User, oda: User, adam: User) -> Cast:
    return Cast(project, ana, rui, oda, adam)


@pytest.fixture
def two(cast: Cast) -> TwoReleases:
    return make_two(cast)


@pytest.fixture
def held_out(project: Project, ana: User, rui: User, adam: User) -> Release:
    """1.0.0 with one clip, and 1.1.0 with another one; all are held out."""
    ReleaseSettings.objects.create(project=project, held_out_percent=90)
    finish_clip(project, author=ana, reviewer=rui)
    freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    finish_clip(project, author=ana, reviewer=rui, clip_id="clip-b")
    made = freeze_release(project=project, version="1.1.0", notes="", actor=adam)
    assert made.counts["held_out"] == 2
    return made


def page(client: Client, name: str, *args: object, query: str = "", status: int = 200, **kwargs: Any) -> str:
    answered = client.get(reverse(name, args=["demo", *args]) + query, **kwargs)
    assert answered.status_code == status, answered.content[-500:]
    return answered.content.decode()


def test_the_next_release_says_what_is_ready_and_what_is_in_the_way(
    project: Project, ana: User, rui: User, adam: User, client_of: SignIn
) -> None:
    finish_clip(project, author=ana, reviewer=rui)
    SubmittedCaptionFactory(project=project, author=ana)
    assert readiness(project) == (1, 2)
    ReleaseSettings.objects.create(project=project, blind_answer_floor=2)
    told = page(client_of(adam), "releases")
    assert "1 of 2 clips ready" in told
    assert "1 approved questions were answered blind by fewer than 2" in told
    assert 'href="/projects/demo/clips/clip-a/questions">clip-a-action_sequence-1</a>' in told
    assert "no caption is disputed" in told
    assert "every approved question has its blind answers" not in told
    assert 'value="1.0.0"' in told
    for_ana = page(client_of(ana), "releases")
    assert "Next release" not in for_ana
    assert "release_settings" not in for_ana


def test_the_form_suggests_what_comes_next_and_freezes_what_is_chosen(
    two: TwoReleases, adam: User, client_of: SignIn
) -> None:
    client = client_of(adam)
    told = page(client, "releases")
    assert "1.1.1 where it only corrects, 1.2.0 where it adds or retires." in told
    sent = {"version": "1.2.0", "notes": "Counts alone.", "categories": ["count"], "splits": ["test"]}
    assert client.post(reverse("releases", args=["demo"]), sent).status_code == 302
    made = Release.objects.get(version="1.2.0")
    assert made.filters == {"categories": ["count"], "splits": ["test"]}
    assert made.counts["questions"] == made.counts["by_category"]["count"] == 1
    facts = page(client, "release", "1.2.0")
    assert "<dt>Categories</dt><dd>Count</dd><dt>Splits</dt><dd>test</dd>" in facts


def test_training_data_is_frozen_here_too_or_says_what_is_in_the_way(
    two: TwoReleases, adam: User, client_of: SignIn
) -> None:
    """All that is approved here is in a benchmark, which training data never holds."""
    client = client_of(adam)
    sent = {"version": "2.0.0", "kind": "train", "categories": ["count"], "splits": ["test"]}
    refused = client.post(reverse("releases", args=["demo"]), sent)
    assert refused.status_code == 400
    assert "Something is in the way: " in refused.content.decode()
    for clip in Clip.objects.all():
        ClipHashes.objects.create(clip=clip, hashes=hashes_for(clip.clip_id))
    drafted(two.first.project, "only-drafted")
    assert client.post(reverse("releases", args=["demo"]), sent).status_code == 302
    made = Release.objects.get(version="2.0.0")
    assert (made.kind, made.counts["clips"], made.counts["excluded"]["benchmark_source"] > 0) == ("train", 1, True)


def test_a_version_that_is_no_version_comes_back_with_the_words(
    two: TwoReleases, adam: User, client_of: SignIn
) -> None:
    answered = client_of(adam).post(reverse("releases", args=["demo"]), {"version": "1.0.5", "notes": "Some words."})
    told = answered.content.decode()
    assert (answered.status_code, "must be later than 1.1.0" in told, "Some words." in told) == (400, True, True)
    assert '<details class="freeze" open>' in told


def test_what_changed_is_counted_once_and_then_stands_in_the_list(
    two: TwoReleases, ana: User, client_of: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(ana)
    assert "Retired" not in page(client, "releases")  # never counted on a list of many
    told = page(client, "release", "1.1.0")
    for line in ("<b>Added</b><span>1 question", "<b>Changed</b><span>1 caption", "<b>Retired</b><span>1 question"):
        assert line in told
    monkeypatch.setattr(changes_service, "tally_between", None)
    assert "<b>Retired</b><span>1 question</span>" in page(client, "releases")
    assert "<b>Retired</b><span>1 question</span>" in page(client, "release", "1.1.0")
    assert ReleaseTally.objects.count() == 1


def test_the_list_takes_the_same_queries_for_any_number(
    two: TwoReleases, adam: User, ana: User, project: Project, client_of: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(2, 9):
        freeze_release(project=project, version=f"1.{number}.0", notes="", actor=adam)
    client = client_of(ana)
    # Session, user, project, role twice, notifications; releases, tallies, exports.
    with django_assert_max_num_queries(12):
        page(client, "releases")


def test_one_release_shows_its_proof_and_how_it_is_cited(two: TwoReleases, ana: User, client_of: SignIn) -> None:
    ReleaseSettings.objects.update_or_create(
        project=two.first.project, defaults={"authors": "Duarte, Ana", "doi": "10.5281/zenodo.12"}
    )
    told = page(client_of(ana), "release", "1.1.0")
    assert two.second.digest in told
    assert two.second.items_digest in told
    assert "@misc{demo-1.1.0," in told
    assert "family-names: &quot;Duarte&quot;" in told
    assert 'href="https://doi.org/10.5281/zenodo.12"' in told
    assert "# Demo project, version 1.1.0" in told  # the dataset card
    first = page(client_of(ana), "release", "1.0.0")
    assert "The first release: nothing to compare it with." in first


def test_what_was_overruled_is_listed_without_its_reason(
    project: Project, ana: User, rui: User, adam: User, client_of: SignIn
) -> None:
    """A reason may tell a key to who has still to answer."""
    finish_clip(project, author=ana, reviewer=rui)
    made = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    assert "No check that blocks was overruled." in page(client_of(ana), "release", "1.0.0")
    overruled = {"id": "clip-a-action_sequence-1", "rule": "two_keys", "reason": "He spreads them first."}
    Release.objects.bulk_create(
        [
            Release(
                project=project,
                version="1.0.1",
                counts=made.counts,
                filters={},
                overrides=[overruled],
                frozen_at=made.frozen_at,
            )
        ]
    )
    told = page(client_of(ana), "release", "1.0.1")
    assert '<a href="/projects/demo/questions/clip-a-action_sequence-1/history">clip-a-action_sequence-1</a>' in told
    assert "two_keys" in told
    assert "He spreads them first." not in told


def test_changes_are_shown_word_by_word(two: TwoReleases, ana: User, client_of: SignIn) -> None:
    told = page(client_of(ana), "release_changes", "1.1.0", query="?against=1.0.0")
    assert "<del>jumps.</del><ins>leaps high.</ins>" in told
    assert f'data-question="{two.retired.question_id}"' in told
    assert f'data-question="{two.added.question_id}"' in told
    assert "clip-same" not in told
    only = page(client_of(ana), "release_changes", "1.1.0", query="?part=count")
    assert two.added.question_id in only
    assert two.retired.question_id not in only
    assert "leaps" not in only


@pytest.mark.parametrize(
    ("query", "named"),
    [("?against=9.9.9", "against"), ("?against=1.1.0", "against"), ("?part=nonsense", "part"), ("?x=1", "x")],
)
def test_what_cannot_be_compared_is_refused_by_name(
    two: TwoReleases, ana: User, client_of: SignIn, query: str, named: str
) -> None:
    assert f"{named}: " in page(client_of(ana), "release_changes", "1.1.0", query=query, status=400)


def test_many_changes_come_page_by_page(cast: Cast, client_of: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.views.release_changes.SIZE", 2)
    for number in range(2):
        if number:
            for letter in "edcba":
                finish_clip(cast.project, author=cast.ana, reviewer=cast.rui, clip_id=f"clip-{letter}")
        else:
            finish_clip(cast.project, author=cast.ana, reviewer=cast.rui, clip_id="clip-0")
        freeze_release(project=cast.project, version=f"1.{number}.0", notes="", actor=cast.adam)
    client, query, seen = client_of(cast.ana), "", []
    for _ in range(3):
        told = client.get(reverse("release_changes", args=["demo", "1.1.0"]) + query)
        seen.append([one.clip_id for one in told.context["changes"]])
        query = told.context["next_page"]
    assert seen == [["clip-a", "clip-b"], ["clip-c", "clip-d"], ["clip-e"]]
    assert query == ""


def test_held_out_words_are_listed_for_administrators_only(
    held_out: Release, ana: User, rui: User, adam: User, client_of: SignIn
) -> None:
    words = "bald man"
    for user in (ana, rui):
        told = page(client_of(user), "release_changes", "1.1.0")
        assert "clip-b" in told
        assert words not in told
    assert words in page(client_of(adam), "release_changes", "1.1.0")


def test_words_that_answer_a_blind_question_are_not_sent(
    two: TwoReleases, ana: User, rui: User, oda: User, client_of: SignIn
) -> None:
    off_all_desks(two.changed)
    submitted_item(two.changed, ana)
    told = page(client_of(oda), "release_changes", "1.1.0")
    assert "clip-changed" in told
    assert "wait for your blind answer" in told
    assert "leaps" not in told
    assert not CaptionOpening.objects.filter(user=oda).exists()
    assert "leaps" in page(client_of(ana), "release_changes", "1.1.0")


def test_words_of_a_withdrawn_clip_are_shown_to_nobody(two: TwoReleases, adam: User, client_of: SignIn) -> None:
    withdraw_clip(clip=two.changed, actor=adam, reason="asked to")
    told = page(client_of(adam), "release_changes", "1.1.0")
    assert "The clip was withdrawn: nobody is shown its words any more." in told
    assert "leaps" not in told
    withdraw_clip(clip=two.changed, actor=adam, reason="asked to", erase=True)
    told = page(client_of(adam), "release_changes", "1.1.0")
    assert "its words are erased" in told
    assert "<b>Erased</b><span>1 clip</span>" in told  # counted anew


def test_a_release_says_which_clips_were_withdrawn_since(two: TwoReleases, adam: User, client_of: SignIn) -> None:
    assert "Withdrawn since" not in page(client_of(adam), "release", "1.0.0")
    withdraw_clip(clip=two.asked, actor=adam, reason="asked to")
    told = page(client_of(adam), "release", "1.0.0")
    assert "<li><code>clip-asked</code></li>" in told
    assert "words erased" not in told
    withdraw_clip(clip=two.changed, actor=adam, reason="asked to", erase=True)
    told = page(client_of(adam), "release", "1.0.0")
    assert "<li><code>clip-changed</code> words erased</li>" in told
    assert "Exports list them under" in told
    assert "digest of the items" in told[told.index("Withdrawn since") :]


def test_an_export_is_prepared_and_downloaded(two: TwoReleases, adam: User, ana: User, client_of: SignIn) -> None:
    where = reverse("release_exports", args=["demo", "1.1.0"])
    assert client_of(ana).post(where, {"layout": "haicbench"}).status_code == 403
    assert client_of(adam).post(where, {"layout": "nonsense"}).status_code == 400
    answered = client_of(adam).post(where, {"layout": "haicbench"})
    assert answered["Location"] == "/projects/demo/releases/1.1.0/#downloads"
    export = Export.objects.get()
    waiting = page(client_of(ana), "release", "1.1.0", headers={"HX-Request": "true"})
    assert "Waits for a worker" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "<html" not in waiting
    file = reverse("export_file", args=["demo", "1.1.0", export.uid])
    assert client_of(ana).get(file).status_code == 404
    work_on_export(export.pk)
    ready = page(client_of(ana), "release", "1.1.0", headers={"HX-Request": "true"})
    assert file in ready
    assert "hx-trigger" not in ready
    assert file in page(client_of(ana), "releases")
    export.refresh_from_db()
    got = client_of(ana).get(file, headers={"Range": "bytes=0-3"})
    assert (got.status_code, b"".join(got.streaming_content)) == (206, b"PK\x03\x04")  # type: ignore[attr-defined]
    assert got["Content-Disposition"] == 'attachment; filename="demo-1.1.0-haicbench.zip"'
    assert got["ETag"] == f'"{export.sha256}"'


def test_an_export_with_held_out_words_is_for_administrators(
    held_out: Release, ana: User, rui: User, adam: User, client_of: SignIn
) -> None:
    export = want_export(release=held_out, layout="haicbench", user=adam)
    work_on_export(export.pk)
    file = reverse("export_file", args=["demo", "1.1.0", export.uid])
    for user in (ana, rui):
        assert client_of(user).get(file).status_code == 403
        assert file not in page(client_of(user), "releases")
        assert file not in page(client_of(user), "release", "1.1.0")
    assert client_of(adam).get(file).status_code == 200


def test_who_downloads_an_export_has_opened_its_captions_or_is_refused(
    two: TwoReleases, ana: User, rui: User, oda: User, adam: User, client_of: SignIn
) -> None:
    export = want_export(release=two.second, layout="haicbench", user=adam)
    work_on_export(export.pk)
    file = reverse("export_file", args=["demo", "1.1.0", export.uid])
    off_all_desks(two.changed)
    asked = [saved_item(two.changed, ana), saved_item(two.changed, ana, category="count", payload=COUNT_QUESTION)]
    submit_all(two.changed, ana)
    answer(asked[0], rui, "o1")
    assert client_of(rui).get(file).status_code == 409  # he is answering blind
    assert not CaptionOpening.objects.filter(user=oda).exists()
    assert client_of(oda).get(file).status_code == 200
    assert CaptionOpening.objects.get(user=oda).caption == two.changed.caption


def test_settings_are_kept(project: Project, ana: User, adam: User, client_of: SignIn) -> None:
    where = reverse("release_settings", args=["demo"])
    assert client_of(ana).get(where).status_code == 403
    sent = {
        "held_out_percent": "10",
        "blind_answer_floor": "2",
        "audit_floor_percent": "95",
        "authors": "Duarte, Ana\r\n\r\n Tavares, Rui ",
        "doi": "https://doi.org/10.5281/zenodo.12",
    }
    assert client_of(adam).post(where, sent).status_code == 302
    kept = ReleaseSettings.objects.get(project=project)
    assert (kept.held_out_percent, kept.blind_answer_floor, kept.audit_floor_percent) == (10, 2, 95)
    assert (kept.authors, kept.doi) == ("Duarte, Ana\nTavares, Rui", "10.5281/zenodo.12")


@pytest.mark.parametrize(
    ("field", "value"),
    [("held_out_percent", "91"), ("blind_answer_floor", "6"), ("doi", "no doi"), ("authors", "a\0b")],
)
def test_wrong_settings_are_refused_by_name(
    project: Project, adam: User, client_of: SignIn, field: str, value: str
) -> None:
    sent = {"held_out_percent": "0", "blind_answer_floor": "1", "audit_floor_percent": "0", field: value}
    answered = client_of(adam).post(reverse("release_settings", args=["demo"]), sent)
    assert answered.status_code == 400
    assert answered.context["form"].errors.keys() == {field}
    assert not ReleaseSettings.objects.exists()


def test_another_held_out_share_says_what_it_does_to_what_is_published(
    held_out: Release, adam: User, client_of: SignIn
) -> None:
    where = reverse("release_settings", args=["demo"])
    sent = {"held_out_percent": "0", "blind_answer_floor": "1", "audit_floor_percent": "0"}
    answered = client_of(adam).post(where, sent)
    assert answered.status_code == 400
    said = "Captions and keys of 2 clips of 1.1.0 that were held out will be published with the next release."
    assert said in answered.content.decode()
    assert ReleaseSettings.objects.get().held_out_percent == 90
    assert client_of(adam).post(where, {**sent, "moves_clips": "on"}).status_code == 302
    assert ReleaseSettings.objects.get().held_out_percent == 0
    assert client_of(adam).post(where, {**sent, "blind_answer_floor": "2"}).status_code == 302  # the share stays
