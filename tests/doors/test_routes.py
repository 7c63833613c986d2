"""Each route, each method, each role: another project's object is as absent as one that does not exist."""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver, path, reverse
from django.urls.resolvers import URLPattern

from annotation.models import Clip, Membership, Notification, Project, User
from annotation.services.drafting import make_run
from annotation.services.notifications import tell
from annotation.services.tokens import make_token
from haic_annotate.health import healthz
from qa.models import Setting
from qa.services.audits import draw_audit
from qa.services.evaluation import checked_wish
from qa.services.exports import want_export, work_on_export
from qa.services.leak_lab import measure
from qa.services.releases import freeze_release
from qa.services.statistics import count_statistics
from tests.doors.routes import METHODS, ROUTES, Kind, unclassified, walk
from tests.factories import SceneFactory, VideoUploadFactory
from tests.qa.evaluation.asking import asked_run
from tests.qa.evaluation.given import given_answers, given_run
from tests.qa.scene import finish_clip

PATTERNS: dict[str, URLPattern] = {str(one.name): one for one in walk(get_resolver().url_patterns)}
IN_PROJECT = sorted(name for name, route in ROUTES.items() if route.kind is Kind.PROJECT)
FOREIGN = {
    "slug": "demo",
    "clip_id": "clip-a",
    "question_id": "",
    "version": "1.0.0",
    "name": "haicbench.json",
    "run_id": "",
    "prompt_name": "caption",
    "username": "ana",
    "scene_id": "",
    "batch_id": "",
    "uid": "",
    "export_uid": "",
    "run_uid": "",
    "other_uid": "",
    "file_format": "csv",
    "number": "1",
    "plot_file": "caption-words.csv",
}
ABSENT = {
    "slug": "absent",
    "clip_id": "absent",
    "question_id": "absent",
    "version": "9.9.9",
    "name": "absent.json",
    "run_id": "999999999",
    "prompt_name": "absent",
    "username": "absent",
    "scene_id": "999999999",
    "batch_id": "999999999",
    "uid": "00000000-0000-4000-8000-000000000000",
    "export_uid": "00000000-0000-4000-8000-000000000000",
    "run_uid": "00000000-0000-4000-8000-000000000000",
    "other_uid": "00000000-0000-4000-8000-000000000000",
    "file_format": "absent",
    "number": "999999999",
    "plot_file": "absent.csv",
}
IN_EVERY_PROJECT = {"prompt_name", "file_format", "plot_file"}
"""Parts of an address that name something which no project lacks."""
BODIES: list[tuple[Any, str]] = [
    (b'{"text": 1, "nobody": [', "application/json"),
    (b'{"text": "x", "people": [], "is_staff": true}', "application/json"),
    (b"verb=save&text=x&is_staff=1", "application/x-www-form-urlencoded"),
]
THRESHOLDS = {
    "scene_min_s": "2",
    "scene_max_s": "60",
    "people_min": "1",
    "people_percent": "80",
    "area_percent": "1",
    "motion_min": "0.2",
    "min_side": "360",
    "min_fps": "10",
    "video_min_s": "1",
    "video_max_s": "3600",
}
TARGETS = dict.fromkeys(["interaction", "action_details", "action_sequence", "count", "attribute"], "2")
LEAK_THRESHOLDS = {
    "least_answers": "3",
    "blind_percent": "60",
    "single_frame_percent": "100",
    "order_percent": "50",
    "caption_failure_percent": "50",
    "probe_tries": "3",
}
GOOD = {
    "project_settings": {"name": "New name"},
    "audits": {"asked": "10"},
    "evaluation": {"release": "now", "setting": "blind", "model": "claude-haiku-4-5", "tries": "1"},
    "releases": {"version": "2.0.0"},
    "release_settings": {"held_out_percent": "0", "blind_answer_floor": "1", "audit_floor_percent": "0"},
    "clip_upload": {"clip_id": "new"},
    "clip_withdraw": {"reason": "somebody objects", "confirm": "clip-a"},
    "member": {"username": "ana", "role": "admin"},
    "people": {"role": "admin"},
    "prompt": {"title": "Another", "text": "Another text."},
    "prompt_choose": {"version": "0" * 64},
    "prompt_try": {"version": "0" * 64, "clips": "clip-a"},
    "drafting": {"kind": "captions"},
    "drafting_breaker": {"model": "some-model"},
    "drafting_settings": {"frames": "8", "long_side": "512", "questions_per_category": "2", "control_percent": "0"},
    "question_targets": TARGETS,
    "accumulation": THRESHOLDS,
    "leak_settings": LEAK_THRESHOLDS,
}
BY_NAME = {
    "my_queue": {"verb": "pause"},
    "clip_flags": {"verb": "keep", "clip_id": "clip-a"},
    "clip_flag": {"reason": "static"},
    "caption_skip": {"reason": "other"},
    "caption_workspace": {"verb": "save", "etag": '"1-0"', "text": "Other words."},
    "caption_merge": {"verb": "merge", "etag": '"1-0"', "seen_number": "1", "row-s1": "yours"},
    "caption_review": {"verb": "approve", "seen_number": "1"},
    "qa_workspace": {"verb": "withdraw"},
    "qa_review": {"verb": "approve", "seen_number": "1"},
    "caption_adjudication": {"outcome": "return", "reason_code": "other", "reason": "again", "seen_number": "1"},
    "qa_adjudication": {"outcome": "return", "reason_code": "other", "reason": "again", "seen_number": "1"},
    "caption_notes": {"verb": "add", "text": "A note."},
    "question_notes": {"verb": "add", "text": "A note.", "question_id": "clip-a-action_sequence-1"},
    "qa_history": {"verb": "restore", "etag": '"1-0"', "number": "1"},
    "qa_merge": {"verb": "merge", "etag": '"1-0"', "seen_number": "1", "row-key": "yours"},
    "drafting_run": {"verb": "pause"},
    "audit_next": {"after": "1"},
    "audit_caption": {"verdict": "right", "seen_mark": "0"},
    "accumulation_scene": {"verb": "drop", "reason": "A still."},
    "release_exports": {"layout": "haicbench"},
    "leak_lab": {"verb": "measure"},
    "leak_lab_question": {"flag": "1", "decision": "kept", "reason": "meant so", "seen_answers": "3"},
}
"""Forms that are read by the names of their fields, not by a form class."""
UNHASHED = {"django_session", "cache"}
"""Tables that every visit may touch: sessions and the counters of rate limits."""


@pytest.fixture
def scene(project: Project, ana: User, rui: User, adam: User, otto: User) -> dict[str, str]:
    """A clip with approved words, an audit, a release, its export, a run, a scene, an upload; all their addresses."""
    finished = finish_clip(project, author=ana, reviewer=rui)
    given_answers(given_run(project, Setting.BLIND), finished.item, right=3)
    measure(project)
    draw_audit(project=project, seed=1, asked=1, actor=adam)
    release = freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    export = want_export(release=release, layout="haicbench", user=adam)
    work_on_export(export.pk)
    run = make_run(project=project, user=adam, kind="captions")
    measured = asked_run(
        project=project, user=adam, release=release, wish=checked_wish(setting="blind", model="claude-haiku-4-5")
    )
    count_statistics(project.pk, None)
    filmed = SceneFactory.create(video__batch__project=project)
    coming = VideoUploadFactory.create(batch=filmed.batch, subtitles_name="coming.vtt")
    ids = {
        "run_id": str(run.pk),
        "scene_id": str(filmed.pk),
        "batch_id": str(filmed.batch.pk),
        "uid": str(coming.uid),
        "export_uid": str(export.uid),
        "run_uid": str(measured.uid),
        "other_uid": str(measured.uid),
    }
    return {**FOREIGN, "question_id": finished.item.question_id, **ids}


def parameters_of(name: str) -> list[str]:
    return re.findall(r"<(?:\w+:)?(\w+)>", str(PATTERNS[name].pattern))


def address(name: str, values: dict[str, str]) -> str:
    return reverse(name, kwargs={key: values[key] for key in parameters_of(name)})


def absents(name: str, scene: dict[str, str]) -> Iterator[str]:
    """Addresses with one part that does not exist, and the foreign object's name in Otto's own project."""
    for key in parameters_of(name):
        yield address(name, {**scene, key: ABSENT[key]})
    if set(parameters_of(name)) - {"slug"} - IN_EVERY_PROJECT:
        yield address(name, {**scene, "slug": "elsewhere"})


def told(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """All that an answer says, byte for byte, but the nonce of its policy and the second, new each time."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = {name: re.sub(r"'nonce-[^']+'", "'nonce'", value) for name, value in answer.headers.items()}
    headers.pop("Expires", None)
    return answer.status_code, body, headers


def everything() -> dict[str, str]:
    """A digest of all rows of each table."""
    tables = sorted(set(connection.introspection.table_names()) - UNHASHED)
    digests: dict[str, str] = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{table}\" t")
            digests[table] = cursor.fetchone()[0]
    return digests


def test_every_route_is_classified_and_none_is_made_up_s04() -> None:
    assert unclassified(get_resolver().url_patterns) == set()
    assert set(ROUTES) - set(PATTERNS) == set()


def test_a_new_route_fails_until_somebody_classifies_it_s04() -> None:
    new = [*get_resolver().url_patterns, path("new", healthz, name="new_door"), path("nameless", healthz)]
    assert unclassified(new) == {"new_door", "nameless"}


def test_for_otto_another_projects_object_is_like_none_s04(
    scene: dict[str, str], otto: User, adam: User, client_of: Callable[[User], Client]
) -> None:
    client, member = client_of(otto), client_of(adam)
    before, cells = everything(), 0
    wrong: list[tuple[str, str, object]] = []
    for name in IN_PROJECT:
        accepted = set(ROUTES[name].methods.split()) - {"OPTIONS"}
        for method, (body, kind) in itertools.product(METHODS, BODIES):
            foreign = told(client.generic(method, address(name, scene), body, content_type=kind))
            if (foreign[0] == 404) != (method in accepted) and method != "OPTIONS":
                wrong.append((name, method, foreign[0]))
            for absent in absents(name, scene):
                cells += 1
                if told(client.generic(method, absent, body, content_type=kind)) != foreign:
                    wrong.append((name, method, absent))
    assert wrong == []
    assert everything() == before
    print(f"{len(IN_PROJECT)} routes, {cells} pairs of answers: 0 differ")  # noqa: T201
    for name in IN_PROJECT:
        if "GET" in ROUTES[name].methods:
            assert member.get(address(name, scene)).status_code == 200, name


def test_what_belongs_to_an_account_is_not_there_for_another_s04(
    ana: User, otto: User, client_of: Callable[[User], Client]
) -> None:
    token = make_token(user=ana, name="mine", scope="read", days=1)[0]
    client, before = client_of(otto), everything()
    for method in METHODS:
        answers = [told(client.generic(method, reverse("api_token_revoke", args=[pk]))) for pk in (token.pk, 999_999)]
        assert answers[0] == answers[1], method
        assert answers[0][0] == (404 if method == "POST" else 405), method
    assert everything() == before
    assert client_of(ana).post(reverse("api_token_revoke", args=[token.pk])).status_code == 302


def test_a_notification_is_not_there_for_another_s04(
    scene: dict[str, str], ana: User, otto: User, client_of: Callable[[User], Client]
) -> None:
    clip = Clip.objects.get(clip_id=scene["clip_id"])
    tell(recipients=[ana], kind=Notification.Kind.RETURNED, clip=clip, actor=None)
    told_to_ana = Notification.objects.get(recipient=ana)
    client, before = client_of(otto), everything()
    for pk in (told_to_ana.pk, 999_999):
        bodies: list[tuple[str, dict[str, object]]] = [(reverse("notification_open", args=[pk]), {})]
        bodies.append((reverse("notifications"), {"verb": "read", "id": pk}))
        assert [client.post(where, body).status_code for where, body in bodies] == [404, 404]
    assert client.get(reverse("notification_open", args=[told_to_ana.pk])).status_code == 405
    assert everything() == before
    assert client_of(ana).post(reverse("notification_open", args=[told_to_ana.pk])).status_code == 302


def test_a_route_takes_the_methods_that_it_is_classified_with_s04(
    scene: dict[str, str], adam: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(adam)
    for name in IN_PROJECT:
        answers = {
            method: client.generic(method, address(name, scene), b"{}", content_type="application/json").status_code
            for method in METHODS
        }
        assert {one for one, status in answers.items() if status != 405} == set(ROUTES[name].methods.split()), name
        assert max(answers.values()) < 500, name


def test_who_is_not_signed_in_or_switched_off_gets_nothing_s01_s09(
    scene: dict[str, str], ana: User, rui: User, client_of: Callable[[User], Client]
) -> None:
    gone, dismissed = client_of(ana), client_of(rui)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    Membership.objects.filter(user=rui).update(is_active=False)
    before = everything()
    for name in IN_PROJECT:
        for method in ROUTES[name].methods.replace("OPTIONS", "").split():
            for client in (Client(), gone):
                answer = client.generic(method, address(name, scene), b"{}", content_type="application/json")
                assert answer.status_code == (401 if name.startswith("api_") else 302), (name, method)
                if answer.status_code == 302:
                    assert answer["Location"].startswith(reverse("account_login"))
            answer = dismissed.generic(method, address(name, scene), b"{}", content_type="application/json")
            assert answer.status_code == 404, (name, method)
    assert everything() == before


def test_a_page_refuses_what_its_address_may_not_ask_s06(
    scene: dict[str, str], adam: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(adam)
    files = {"clip_video", "clip_poster", "clip_subtitles"}
    for name in set(IN_PROJECT) - files:
        if "GET" not in ROUTES[name].methods:
            continue
        for query in ("user__password__startswith", "created_by__email__regex", "_connector", "_negated", "pk__in"):
            answer = client.get(f"{address(name, scene)}?{query}=p")
            assert (answer.status_code, name) == (400, name)


def test_a_form_refuses_a_field_that_it_does_not_know_s05(
    scene: dict[str, str], adam: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(adam)
    before = everything()
    for name, good in GOOD.items():
        for field in {"is_staff", "is_superuser", "role", "status", "approved_by", "project", "nonsense"} - set(good):
            answer = client.post(address(name, scene), {**good, field: "1"})
            assert (answer.status_code, name, field) == (400, name, field)
            assert f"{field} is unknown" in answer.content.decode(), (name, field)
    for name, good in BY_NAME.items():
        for field in ("is_staff", "approved_by", "author", "state", "seen", "digest"):
            answer = client.post(address(name, scene), {**good, field: "1"})
            assert (answer.status_code, name, field) == (400, name, field)
            assert f"{field}: is unknown" in answer.content.decode(), (name, field)
    assert everything() == before
