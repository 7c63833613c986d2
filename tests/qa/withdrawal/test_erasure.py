"""Erasing: no word of the clip is left in any column, and the history still proves itself."""

import os
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.management import call_command
from django.db import connection, models

from annotation.models import Clip, Event, Project, User
from haic_annotate.database_roles import grant_app_role
from haic_annotate.embedded import postgres_home
from qa.models import QARevision, ReleaseItem
from qa.services.history import HistoryBroken, verify_project
from qa.services.withdrawal import withdraw_clip
from tests.qa.history.test_verify_history import as_superuser
from tests.qa.scene import finish_clip
from tests.qa.withdrawal.everything import Everything

TEXTUAL = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.FileField, ArrayField)
ERASED = {
    "annotation.Call": "request",
    "annotation.CallOutcome": "raw problem",
    "annotation.CaptionComment": "sentence text",
    "annotation.CaptionReview": "reason",
    "annotation.CaptionRevision": "text people critiques dismissed watched",
    "annotation.CaptionSkip": "note",
    "annotation.CaptionSubmission": "flags",
    "annotation.CaptionWorkingCopy": "text people critiques dismissed watched",
    "annotation.Clip": "original_name subtitles source source_id source_url license description metadata",
    "annotation.ClipFlag": "note decision_note",
    "annotation.Draft": "payload provenance",
    "annotation.Event": "reason",
    "annotation.IdempotencyKey": "body headers",
    "annotation.Job": "detail",
    "annotation.Notification": "text",
    "annotation.Scene": "hand_reason cut_detail shown",
    "annotation.SourceVideo": "original_name source source_id source_url license description subtitles metadata verbs"
    " detail hand_reason",
    "annotation.Upload": "original_name fields reason",
    "annotation.VideoUpload": "name facts subtitles_name reason",
    "qa.Answer": "reply",
    "qa.CountedStatistics": "value",
    "qa.LeakFlag": "reason",
    "qa.QAComment": "sentence text",
    "qa.QAReview": "reason",
    "qa.QARevision": "content",
    "qa.QASkip": "note",
    "qa.QASubmission": "flags",
    "qa.QAWorkingCopy": "content",
    "qa.Release": "overrides",
    "qa.ReleaseItem": "content",
    "qa.WrittenCaption": "text",
}
"""Columns that may hold words of a clip, or words about it."""
KEPT = {
    # Names that the clip and its parts are known by, and digests.
    "annotation.Clip": "clip_id state original original_sha256 video sha256 poster",
    "annotation.Upload": "wanted_clip_id file status",
    "annotation.VideoUpload": "wanted_video_id status",
    "annotation.SourceVideo": "video_id file sha256 state status stage reason measured_with cpu_s",
    "annotation.Scene": "state stage reason cut people_frames bars hashes thumbnail",
    "annotation.FrameSet": "file",
    "annotation.Caption": "state head_digest",
    "annotation.CaptionRevision": "kind digest",
    "annotation.CaptionReview": "verdict reason_code digest",
    "annotation.CaptionSubmission": "checks_version digest",
    "annotation.CaptionLease": "work ended_how",
    "annotation.CaptionSkip": "work reason",
    "annotation.ClipFlag": "reason decision",
    "annotation.ClipHashes": "hashes",
    "annotation.Draft": "kind model prompt_version digest",
    "annotation.DraftFlags": "checks_version rules",
    "annotation.Event": "object_type object_id verb from_state to_state revision_digest digest",
    "annotation.Job": "kind model input_digest status reason",
    "annotation.Call": "model",
    "annotation.CallOutcome": "kind request_id stop_reason",
    "annotation.Notification": "kind question_id",
    "annotation.IdempotencyKey": "key request_sha256",
    "qa.QAItem": "state head_digest category question_id",
    "qa.QARevision": "kind digest",
    "qa.QAReview": "verdict reason_code digest",
    "qa.QASubmission": "checks_version digest",
    "qa.QALease": "work ended_how",
    "qa.QASkip": "work reason",
    "qa.BlindAnswer": "choice digest",
    "qa.Release": "version kind notes salt filters counts key_positions audit digest items_digest",
    "qa.ReleaseItem": "clip_id_text digest",
    "qa.ReleaseTally": "counts",
    "qa.Export": "layout status file sha256 error",
    "qa.AuditMark": "verdict digest",
    "qa.EvaluationRun": "setting model judge prompts origin source_name",
    "qa.AskedQuestion": "category order",
    "qa.Answer": "letter choice",
    "qa.RunFigures": "figures",
    "qa.CountedStatistics": "name",
    "qa.LeakFlag": "measure evidence decision",
    "qa.DraftProbe": "outcome evidence",
    "qa.ProbeTry": "setting order letter",
}
"""Codes, digests, names of files that are gone, and the ids by which releases name what was withdrawn."""
NOT_OF_A_CLIP = {
    *("annotation.User", "annotation.Project", "annotation.Membership", "annotation.Invitation", "annotation.ApiToken"),
    *("annotation.Prompt", "annotation.PromptChoice", "annotation.DraftingSettings", "annotation.ThresholdSet"),
    *("annotation.Run", "annotation.Batch", "annotation.Breaker", "annotation.BudgetAccount", "annotation.Outbox"),
    *("annotation.Heartbeat", "annotation.VideoBatch", "annotation.SceneHash", "annotation.VideoChunk"),
    *("qa.ReleaseSettings", "qa.LeakSettings", "qa.BenchmarkScore"),
}
"""Of people, of the project, of the installation, or of many clips: ids at most."""


def columns() -> Iterator[tuple[str, "models.Field[Any, Any]"]]:
    for app in ("annotation", "qa"):
        for model in apps.get_app_config(app).get_models():
            if not model._meta.proxy and model._meta.label not in NOT_OF_A_CLIP:
                for field in model._meta.local_fields:
                    if isinstance(field, TEXTUAL):
                        yield model._meta.label, field


def named(table: dict[str, str]) -> set[tuple[str, str]]:
    return {(label, name) for label, names in table.items() for name in names.split()}


def plant(question_id: str) -> dict[str, str]:
    """A word of its own in each column that is to be erased, in all rows; by column."""
    words: dict[str, str] = {}
    for label, field in columns():
        if (label, field.name) not in named(ERASED):
            continue
        word = f"zq{len(words):03}wx"
        value: Any = f"'{word}'"
        if (label, field.name) == ("qa.Release", "overrides"):
            value = f"""'[{{"id": "{question_id}", "rule": "r", "reason": "{word}"}}]'"""
        elif isinstance(field, models.JSONField):
            value = f"""'[{{"{word}": 1}}]'"""
        elif isinstance(field, ArrayField):
            value = f"ARRAY['{word}']"
        elif isinstance(field, models.BinaryField):
            value = f"convert_to('{word}', 'utf8')"
        table = field.model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f'UPDATE {table} SET "{field.column}" = {value}')
            assert cursor.rowcount > 0, f"no row of {label} is planted with a word"
            cursor.execute("SET session_replication_role = DEFAULT")
        words[f"{label}.{field.name}"] = word
    return words


def dump() -> str:
    """The whole test database, as pg_dump writes it; bytes as hexadecimal digits."""
    address = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    command = [str(postgres_home() / "bin/pg_dump"), "--dbname", address]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def found_in(text: str, words: dict[str, str]) -> set[str]:
    return {column for column, word in words.items() if word in text or word.encode().hex() in text}


def test_every_column_that_may_hold_words_is_classified() -> None:
    there = {(label, field.name) for label, field in columns()}
    assert there - named(ERASED) - named(KEPT) == set(), "may words of a clip stand there? Say so above"
    assert named(ERASED) & named(KEPT) == set()
    assert named(ERASED) - there == set()


@pytest.mark.django_db(transaction=True)
def test_a_dump_holds_no_word_of_an_erased_clip(everything: Everything, project: Project, adam: User) -> None:
    words = plant(everything.question_id)
    assert len(words) == len(named(ERASED))
    assert found_in(dump(), words) == set(words), "what was planted is not in a dump: nothing would be proved"
    withdraw_clip(clip=everything.clip, actor=adam, reason="somebody objects")
    assert "annotation.QARevision.content" not in found_in(dump(), words)
    assert {"annotation.CaptionRevision.text", "qa.QARevision.content"} <= found_in(dump(), words)
    withdraw_clip(clip=everything.clip, actor=adam, reason="they want the words gone as well", erase=True)
    assert found_in(dump(), words) == set()
    assert verify_project(project).counts["erased"] > 0


def test_the_history_of_an_erased_clip_holds_and_says_how_much_is_erased(
    project: Project, ana: User, rui: User, adam: User, capsys: pytest.CaptureFixture[str]
) -> None:
    finished = finish_clip(project, author=ana, reviewer=rui)
    finish_clip(project, author=ana, reviewer=rui, clip_id="clip-b")
    before = verify_project(project).counts
    withdraw_clip(clip=finished.clip, actor=adam, reason="somebody objects", erase=True)
    after = verify_project(project).counts
    # Erased are 1 revision each of caption and question, 2 drafts, and the flag with which the question was handed in;
    # neither reviews nor events gave reasons, and the caption had no flag.
    assert after["erased"] == 5
    assert after["revisions"] == before["revisions"]
    assert after["events"] == before["events"] + 2  # it was withdrawn and erased
    call_command("verify_history", project="demo")
    assert ", 5 erased, " in capsys.readouterr().out


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE annotation_captionrevision SET text = 'never said' WHERE text = ''",
        "UPDATE qa_qarevision SET content = '{}' WHERE content ? 'erased'",
        "UPDATE annotation_draft SET provenance = '{}'",
        "UPDATE annotation_captionrevision SET text = '', people = '[]' WHERE text <> ''",
    ],
)
def test_what_is_neither_written_nor_exactly_erased_is_named(
    project: Project, ana: User, rui: User, adam: User, statement: str
) -> None:
    finished = finish_clip(project, author=ana, reviewer=rui)
    finish_clip(project, author=ana, reviewer=rui, clip_id="clip-b")
    withdraw_clip(clip=finished.clip, actor=adam, reason="somebody objects", erase=True)
    as_superuser(statement)
    with pytest.raises(HistoryBroken, match="its content does not give its digest"):
        verify_project(project)


def test_an_erasure_that_no_event_tells_of_is_named(project: Project, ana: User, rui: User, adam: User) -> None:
    finished = finish_clip(project, author=ana, reviewer=rui)
    withdraw_clip(clip=finished.clip, actor=adam, reason="somebody objects")
    Clip.objects.filter(pk=finished.clip.pk).update(erased_at=finished.clip.created_at)
    with pytest.raises(HistoryBroken, match="no event says so"):
        verify_project(project)


def test_erasing_twice_is_as_once(everything: Everything, project: Project, adam: User) -> None:
    for _ in range(2):
        withdraw_clip(clip=everything.clip, actor=adam, reason="somebody objects", erase=True)
    told = Event.objects.filter(object_type="clip", object_id=everything.clip.object_id)
    assert list(told.order_by("pk").values_list("verb", "reason"))[-2:] == [
        ("withdraw", "somebody objects"),
        ("erase", "somebody objects"),
    ]
    assert told.filter(verb="erase").count() == 1
    assert ReleaseItem.objects.get().content == {"erased": True}
    verify_project(project)


FUNCTIONS = ["annotation_erase_clip", "qa_erase_clip"]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("state", ["active", "excluded", "no such clip"])
def test_the_database_erases_nothing_of_a_clip_that_stands(
    project: Project,
    ana: User,
    rui: User,
    refused_by_postgres: Callable[[str], str],
    as_app_role: None,
    function: str,
    state: str,
) -> None:
    clip = finish_clip(project, author=ana, reviewer=rui).clip
    pk = clip.pk if state in ("active", "excluded") else 0
    Clip.objects.filter(pk=pk).update(state=state)
    assert "is not withdrawn" in refused_by_postgres(f"SELECT {function}({pk})")
    assert QARevision.objects.get().content["question"]
    assert clip.caption.revisions.get().text


@pytest.mark.parametrize("setting", ["SET haic.erasing = 'on'", "SET LOCAL haic.erasing = 'on'"])
def test_the_app_role_rewrites_nothing_by_the_setting_d13(
    project: Project, ana: User, rui: User, as_app_role: None, refused_by_postgres: Callable[[str], str], setting: str
) -> None:
    finish_clip(project, author=ana, reviewer=rui)
    with connection.cursor() as cursor:
        cursor.execute(setting)
    assert "permission denied" in refused_by_postgres("UPDATE annotation_captionrevision SET text = ''")
    assert "permission denied" in refused_by_postgres("DELETE FROM qa_qarevision")


def test_not_even_with_the_right_to_update_would_the_setting_serve_the_app_role_d13(
    project: Project, ana: User, rui: User, refused_by_postgres: Callable[[str], str]
) -> None:
    """The trigger asks who owns the table, beside the setting."""
    finish_clip(project, author=ana, reviewer=rui)
    with connection.cursor() as cursor:
        cursor.execute("GRANT UPDATE ON annotation_captionrevision TO haic_app")
        cursor.execute("SET ROLE haic_app")
        cursor.execute("SET haic.erasing = 'on'")
    try:
        assert "append-only" in refused_by_postgres("UPDATE annotation_captionrevision SET text = ''")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute("RESET haic.erasing")
            cursor.execute("REVOKE UPDATE ON annotation_captionrevision FROM haic_app")


def test_the_setting_ends_with_the_function(
    project: Project, ana: User, rui: User, adam: User, refused_by_postgres: Callable[[str], str]
) -> None:
    finished = finish_clip(project, author=ana, reviewer=rui)
    withdraw_clip(clip=finished.clip, actor=adam, reason="somebody objects", erase=True)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
        assert "append-only" in refused_by_postgres(statement.format("qa_qarevision"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_the_owner_and_the_app_role_may_call_them(
    db: None, refused_by_postgres: Callable[[str], str], function: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE somebody")
        cursor.execute("GRANT USAGE ON SCHEMA public TO somebody")
        cursor.execute("SET ROLE somebody")
    assert "permission denied for function" in refused_by_postgres(f"SELECT public.{function}(1)")
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_the_app_role_withdraws_and_erases_as_it_is(
    everything: Everything, project: Project, adam: User, as_app_role: None
) -> None:
    done = withdraw_clip(clip=everything.clip, actor=adam, reason="somebody objects", erase=True)
    assert done.is_erased
    verify_project(project)


def test_rights_are_given_again_after_every_migration(everything: Everything, adam: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("REVOKE EXECUTE ON FUNCTION public.qa_erase_clip(bigint) FROM haic_app")
    grant_app_role()
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE haic_app")
    try:
        assert withdraw_clip(clip=everything.clip, actor=adam, reason="somebody objects", erase=True).is_erased
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
