"""Twenty thousand answers of one file come in, whatever is said in them."""

import json
from pathlib import Path

import pytest
from django.db import connection

from annotation.models import Project, User
from qa.models import Answer, AskedQuestion
from qa.services.evaluation_imports import import_predictions
from tests.many_clips import add_approved_clips

CLIPS = 4000
pytestmark = [pytest.mark.scale, pytest.mark.django_db(transaction=True)]


def owner_url() -> str:
    told = connection.get_connection_params()
    return f"postgresql://{told['user']}@/{told['dbname']}?host={told['host']}"


def test_twenty_thousand_answers_come_in(project: Project, ana: User, rui: User, tmp_path: Path) -> None:
    add_approved_clips(owner_url(), slug="demo", clips=CLIPS, author=ana.pk, reviewer=rui.pk)
    path = tmp_path / "many.jsonl"
    with path.open("w") as file, connection.cursor() as cursor:
        cursor.execute("SELECT question_id FROM qa_qaitem ORDER BY id")
        for number, (name,) in enumerate(cursor.fetchall()):
            reply = f"<think>{'He lifts it, or so it seems. ' * 30}</think>The answer is {'ABCD'[number % 4]}."
            file.write(f"{json.dumps({'id': name, 'reply': reply})}\n")
    done = import_predictions(project=project, release=None, user=None, path=path, model="m")
    assert (done.count, done.unparsed, done.missing) == (5 * CLIPS, 0, [])
    assert Answer.objects.count() == AskedQuestion.objects.count() == 5 * CLIPS
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM qa_answer AS answer JOIN qa_askedquestion AS asked ON asked.id = answer.asked_id"
            " WHERE answer.is_right AND asked.\"order\" ->> asked.key_index = 'o1' AND answer.choice = 'o1'"
        )
        assert cursor.fetchone() == (done.right,)
    assert 0 < done.right < done.count
