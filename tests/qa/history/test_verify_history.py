"""verify_history: what holds passes; what a superuser changed, cut or invented is named."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from annotation.append_only import append_only_tables
from annotation.models import Project, User
from qa.services.history import HistoryBroken, verify_project
from qa.services.releases import freeze_release
from tests.qa.scene import FinishedClip, finish_clip


@pytest.fixture
def finished(project: Project, ana: User, rui: User, adam: User) -> FinishedClip:
    scene = finish_clip(project, author=ana, reviewer=rui)
    freeze_release(project=project, version="1.0.0", notes="", actor=adam)
    return scene


def as_superuser(sql: str, *parameters: int) -> None:
    """Change what the triggers protect, as only a superuser can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, list(parameters))
        cursor.execute("SET session_replication_role = DEFAULT")


def test_an_untouched_history_holds(finished: FinishedClip, project: Project) -> None:
    counts = verify_project(project).counts
    # 1 caption revision + 1 question revision; 1 caption review + 1 question review; drafts of both
    assert (counts["revisions"], counts["reviews"], counts["drafts"]) == (2, 2, 2)
    assert (counts["blind answers"], counts["releases"], counts["clips"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("UPDATE annotation_captionrevision SET text = text || '!'", "annotation_captionrevision"),
        ("UPDATE annotation_captionrevision SET author_id = author_id + 1", "annotation_captionrevision"),
        ("UPDATE qa_qarevision SET content = jsonb_set(content, '{key}', '\"o2\"')", "qa_qarevision"),
        ("UPDATE annotation_draft SET model = 'another'", "annotation_draft"),
        ("UPDATE annotation_captionreview SET verdict = 'return'", "annotation_captionreview"),
        ("UPDATE qa_qareview SET reason = 'never said'", "qa_qareview"),
        ("UPDATE qa_blindanswer SET choice = 'o2'", "qa_blindanswer"),
        ("UPDATE annotation_event SET reason = 'because' WHERE verb = 'approve'", "annotation_event"),
        ("UPDATE qa_releaseitem SET content = jsonb_set(content, '{caption}', '\"x\"')", "qa_releaseitem"),
        ("DELETE FROM qa_releaseitem", "qa_release"),
        ("DELETE FROM annotation_event WHERE verb = 'submit' AND object_type = 'caption'", "annotation_event"),
        ("DELETE FROM annotation_event WHERE verb = 'approve' AND object_type = 'caption'", "annotation_caption"),
        ("UPDATE qa_qaitem SET state = 'editing'", "qa_qaitem"),
    ],
)
def test_a_changed_row_is_named(finished: FinishedClip, project: Project, sql: str, row: str) -> None:
    as_superuser(sql)
    with pytest.raises(HistoryBroken, match=rf"^{row} \d+ "):
        verify_project(project)


def test_a_cut_tail_shows(project: Project, ana: User, rui: User) -> None:
    scene = finish_clip(project, author=ana, reviewer=rui)
    as_superuser("DELETE FROM qa_qarevision WHERE item_id = %s", scene.item.pk)
    with pytest.raises(HistoryBroken, match=r"qa_qaitem .* its head is revision 1, 0 exist"):
        verify_project(project)


def test_an_approval_without_a_review_shows(finished: FinishedClip, project: Project) -> None:
    as_superuser("DELETE FROM annotation_captionreview")
    with pytest.raises(HistoryBroken, match="no review approved"):
        verify_project(project)


def test_the_command_says_one_line_and_fails(finished: FinishedClip, capsys: pytest.CaptureFixture[str]) -> None:
    as_superuser("UPDATE annotation_captionrevision SET text = 'other'")
    with pytest.raises(CommandError, match="project demo: annotation_captionrevision"):
        call_command("verify_history", project="demo")


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_app_role_cannot_rewrite_any_append_only_table_d13(
    finished: FinishedClip, as_app_role: None, refused_by_postgres: Callable[[str], str], statement: str
) -> None:
    tables = append_only_tables()
    assert {"annotation_captionrevision", "annotation_event", "qa_release"} <= tables
    for table in sorted(tables):
        assert "permission denied" in refused_by_postgres(statement.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE annotation_captionrevision DISABLE TRIGGER ALL",
        "ALTER TABLE annotation_event ADD COLUMN x int",
        "DROP TABLE annotation_draft",
        "SET session_replication_role = replica",
        "UPDATE django_migrations SET app = 'x'",
    ],
)
def test_the_app_role_cannot_switch_the_protection_off_d13(
    project: Project, as_app_role: None, refused_by_postgres: Callable[[str], str], statement: str
) -> None:
    answer = refused_by_postgres(statement)
    assert "permission denied" in answer or "must be owner" in answer


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_not_even_the_owner_rewrites_while_the_triggers_stand(
    finished: FinishedClip, refused_by_postgres: Callable[[str], str], statement: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing is pending that would refuse a TRUNCATE by itself
    for table in ("annotation_captionrevision", "qa_qarevision", "annotation_event", "qa_release"):
        assert "append-only" in refused_by_postgres(statement.format(table))
