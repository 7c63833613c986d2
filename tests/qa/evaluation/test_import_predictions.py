"""Predictions become answers: every reply read as the harness read it, every id accounted for, all or nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from annotation.errors import BadInput, NotVisible, RightMissing
from annotation.models import Project, User
from qa.models import Answer, AskedQuestion, EvaluationRun, QAItem, Release
from qa.services.evaluation_imports import Imported, UnknownIds, import_predictions
from qa.services.releases import freeze_release
from qa.services.reviews import approve
from qa.services.withdrawal import withdraw_clip
from tests.factories import ProjectFactory
from tests.qa.scenes import COUNT_QUESTION, answer_all, fresh, off_all_desks, submitted_item

HELD_OUT = ["2024-01-31-action_details-1", "2024-01-31-count-1"]
PUBLIC = [
    "2024-02-29-interaction-1",
    "2024-02-29-count-1",
    "2024-03-01-action_sequence-1",
    "2024-03-01-attribute-1",
    "c-count-1",
]


def brought(release: Release, path: Path, **changes: Any) -> Imported:
    given = {"project": release.project, "release": release, "user": None, "model": "dummy", **changes}
    return import_predictions(path=path, **given)


def replies(folder: Path, said: dict[str, Any], name: str = "file.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(f"{json.dumps({'id': key, 'reply': reply})}\n" for key, reply in said.items()))
    return path


def answers(run: EvaluationRun | None) -> dict[str, tuple[str, str, bool]]:
    """question_id -> letter, text of the chosen option, is it right; by SQL, and right by the key that is stored."""
    assert run is not None
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT item.question_id, answer.letter, coalesce(option ->> 'text', ''),
                coalesce(answer.choice = revision.content ->> 'key', false), answer.is_right,
                asked."order" ->> asked.key_index = revision.content ->> 'key'
            FROM qa_answer AS answer JOIN qa_askedquestion AS asked ON asked.id = answer.asked_id
                JOIN qa_qaitem AS item ON item.id = asked.item_id
                JOIN qa_qarevision AS revision ON revision.id = asked.revision_id
                LEFT JOIN LATERAL jsonb_array_elements(revision.content -> 'options') AS option
                    ON option ->> 'id' = answer.choice
            WHERE asked.run_id = %s
            """,
            [run.pk],
        )
        rows = cursor.fetchall()
    assert all(is_right == stored and at_key for _, _, _, is_right, stored, at_key in rows)
    return {name: (letter, text, is_right) for name, letter, text, is_right, _, _ in rows}


def harness(path: Path) -> dict[str, tuple[str, bool]]:
    """What lmms-eval itself made of the replies."""
    lines = [json.loads(line) for line in path.read_text().split("\n") if line]
    scored = [line.get("haicbench_acc") or line["haicbench_answered"] for line in lines]
    return {one["id"]: (one["letter"], bool(one["score"])) for one in scored}


def test_a_log_of_lmms_eval_scores_as_it_did_there(release: Release, recorded: Path) -> None:
    path = recorded / "lmms_eval_samples_haicbench.jsonl"
    done = brought(release, path, frames=8)
    run = done.run
    assert run is not None
    assert (run.origin, run.source_name, run.setting, run.model) == ("lmms_eval", path.name, "standard", "dummy")
    assert (run.frames, run.judge, run.tries, run.prompts, run.release) == (8, "", 1, {}, release)
    # C each time; only the key of the question about an attribute stands at C: 1 of 5, as haicbench_acc 0.2
    assert (done.count, done.right, done.unparsed) == (5, 1, 0)
    assert answers(run) == {
        "2024-02-29-interaction-1": ("C", "He nods", False),
        "2024-02-29-count-1": ("C", "None", False),
        "2024-03-01-action_sequence-1": ("C", "A jump", False),
        "2024-03-01-attribute-1": ("C", "A hat", True),
        "c-count-1": ("C", "1", False),
    }
    assert {name: (letter, right) for name, (letter, _, right) in answers(run).items()} == harness(path)
    assert (done.missing, done.unknown, done.withdrawn) == (HELD_OUT, [], [])
    row = AskedQuestion.objects.select_related("item", "answer").get(run=run, item__question_id="c-count-1")
    assert (row.category, row.people, row.try_number, row.job, row.caption_revision) == ("count", 1, 1, None, None)
    assert (row.clip_id, row.revision_id) == (row.item.clip_id, row.item.approved_revision_id)
    assert row.answer.reply == "A man waves so the answer is C"


def test_held_out_questions_are_judged_by_the_keys_that_exports_keep_back(release: Release, recorded: Path) -> None:
    done = brought(release, recorded / "lmms_eval_samples_haicbench_held_out.jsonl")
    # Published: action_details A "He waves" is the key, C "A man waves"; count C "Four times" is the key
    assert answers(done.run) == {HELD_OUT[0]: ("C", "A man waves", False), HELD_OUT[1]: ("C", "Four times", True)}
    assert done.missing == PUBLIC


def test_shuffled_options_are_judged_in_the_order_that_was_shown(release: Release, recorded: Path) -> None:
    path = recorded / "lmms_eval_samples_haicbench_shuffled_1.jsonl"
    with pytest.raises(BadInput, match="line 1: “2024-02-29-interaction-1” has its options in another order than"):
        brought(release, path)
    done = brought(release, path, setting="shuffled")
    found = answers(done.run)
    assert {name: (letter, right) for name, (letter, _, right) in found.items()} == harness(path)
    assert found["2024-02-29-interaction-1"] == ("C", "He's out", False)
    with pytest.raises(BadInput, match="order: a file of lmms-eval tells it by itself"):
        brought(release, path, setting="shuffled", order=1)


@pytest.mark.parametrize("suffix", ["tsv", "json"])
def test_a_file_of_vlmevalkit_scores_the_same(release: Release, recorded: Path, suffix: str) -> None:
    done = brought(release, recorded / f"vlmevalkit_dummy_HAICBench.{suffix}")
    assert done.run is not None
    assert (done.run.origin, done.count, done.right, done.missing) == ("vlmevalkit", 5, 1, HELD_OUT)
    known = harness(recorded / "lmms_eval_samples_haicbench.jsonl")
    assert {name: (letter, right) for name, (letter, _, right) in answers(done.run).items()} == known


def test_vlmevalkit_has_to_be_told_the_order(release: Release, recorded: Path) -> None:
    path = recorded / "vlmevalkit_dummy_HAICBench.json"
    with pytest.raises(BadInput, match="order: the file does not tell which was shown: 1, 2 or 3"):
        brought(release, path, setting="shuffled")
    done = brought(release, path, setting="shuffled", order=1)
    known = harness(recorded / "lmms_eval_samples_haicbench_shuffled_1.jsonl")
    assert {name: (letter, right) for name, (letter, _, right) in answers(done.run).items()} == known


HOSTILE = "<script>alert(1)</script> ' OR 1=1; -- \u202e {{ x }} ${y} =1+1 \r\n\t你好"


def test_unparsed_replies_are_wrong_and_counted_apart(release: Release, tmp_path: Path) -> None:
    said = {PUBLIC[0]: "A", PUBLIC[1]: HOSTILE, PUBLIC[2]: "", PUBLIC[3]: "none of them", PUBLIC[4]: "x" * 9000 + " D"}
    done = brought(release, replies(tmp_path, said), format="jsonl")
    assert (done.count, done.right, done.unparsed) == (5, 2, 3)
    found = answers(done.run)
    assert found[PUBLIC[0]] == ("A", "<b>He</b> bows", True)
    assert [found[name] for name in PUBLIC[1:4]] == [("", "", False)] * 3
    assert found[PUBLIC[4]] == ("D", "None", True), "the whole reply is read"
    kept = dict(Answer.objects.values_list("asked__item__question_id", "reply"))
    assert kept[PUBLIC[1]] == HOSTILE
    assert kept[PUBLIC[4]] == "x" * 4000


def test_unknown_ids_are_listed_and_refuse_the_file(release: Release, tmp_path: Path) -> None:
    said = {"nobody-count-1": "A", PUBLIC[0]: "A", "\x1b[31m": "B", "u3": "A", "u4": "A"}
    path = replies(tmp_path, said)
    with pytest.raises(UnknownIds) as refusal:
        brought(release, path)
    names = "“nobody-count-1” (line 1), “�[31m” (line 3), “u3” (line 4), …"
    assert refusal.value.message == f"file: file.jsonl: not in demo 1.0.0: 4 of its ids, {names}"
    assert refusal.value.detail["unknown"] == ["nobody-count-1", "\x1b[31m", "u3", "u4"]
    assert refusal.value.detail["missing"] == [*HELD_OUT, *PUBLIC[1:]]
    assert nothing_is_left()
    done = brought(release, path, allow_unknown=True)
    assert (done.count, done.unknown) == (1, ["nobody-count-1", "\x1b[31m", "u3", "u4"])
    assert list(answers(done.run)) == [PUBLIC[0]]


def nothing_is_left() -> bool:
    return not (EvaluationRun.objects.exists() or AskedQuestion.objects.exists() or Answer.objects.exists())


def test_a_file_that_breaks_behind_a_thousand_answers_leaves_nothing(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.services.evaluation_imports.CHUNK", 2)
    path = replies(tmp_path, dict.fromkeys(PUBLIC, "A"))
    path.write_text(f"{path.read_text()}broken\n")
    seen: list[int] = []
    with pytest.raises(BadInput, match=r"file\.jsonl, line 6: It is not JSON"):
        brought(release, path, tell=seen.append)
    assert seen == [2, 4], "some were stored"
    assert nothing_is_left()


def test_a_dry_run_says_the_same_and_writes_nothing(release: Release, recorded: Path) -> None:
    path = recorded / "lmms_eval_samples_haicbench.jsonl"
    done = brought(release, path, dry_run=True)
    assert (done.run, done.count, done.right, done.missing) == (None, 5, 1, HELD_OUT)
    assert nothing_is_left()


def test_nothing_of_the_release_is_no_import(release: Release, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"file\.jsonl: holds nothing of demo 1\.0\.0"):
        brought(release, replies(tmp_path, {"u": "A"}), allow_unknown=True)
    with pytest.raises(BadInput, match="holds nothing of"):
        brought(release, replies(tmp_path, {}), format="jsonl")
    assert nothing_is_left()


def test_the_same_file_twice_is_refused_and_names_the_run(release: Release, recorded: Path) -> None:
    path = recorded / "lmms_eval_samples_haicbench.jsonl"
    first = brought(release, path).run
    assert first is not None
    with pytest.raises(BadInput, match=f"was brought already, as run {first.uid}"):
        brought(release, path)
    assert Answer.objects.count() == 5
    brought(release, path, model="another")
    assert EvaluationRun.objects.count() == 2


def test_what_was_asked_of_another_release_is_refused(
    release: Release, project: Project, ana: User, rui: User, recorded: Path, tmp_path: Path
) -> None:
    """The same ids, but one has other words; and in the later release one question more."""
    line = (recorded / "lmms_eval_samples_haicbench.jsonl").read_text().split("\n")[0]
    for old, new in (("He nods", "He bows low"), ("=1+1", "=1+2")):
        path = tmp_path / "other.jsonl"
        path.write_text(line.replace(old, new))
        with pytest.raises(
            BadInput, match="line 1: “2024-02-29-interaction-1” was asked in other words than it has in"
        ):
            brought(release, path)
    table = (recorded / "vlmevalkit_dummy_HAICBench.tsv").read_text()
    path = tmp_path / "other.tsv"
    path.write_text(table.replace("How many?", "How many hats?"))
    with pytest.raises(BadInput, match=r"other\.tsv, line 3: “2024-02-29-count-1” was asked in other words"):
        brought(release, path)
    path.write_text(table.replace('""NA"", ""007""', '""007"", ""NA""'))
    with pytest.raises(BadInput, match=r"line 3: “2024-02-29-count-1” has its options in another order than in demo"):
        brought(release, path)
    clip = QAItem.objects.get(question_id="c-count-1").clip
    added = submitted_item(clip, ana, category="count", payload=COUNT_QUESTION)
    off_all_desks(clip)
    answer_all(clip, rui, "o2")
    approve(item=fresh(added), reviewer=rui, seen_number=1)
    freeze_release(project=project, version="1.1.0", notes="", actor=None)
    with pytest.raises(UnknownIds, match=r"not in demo 1\.0\.0: 1 of its ids, “c-count-2”"):
        brought(release, replies(tmp_path, {"c-count-2": "B"}))
    path = replies(tmp_path, {"c-count-2": "B"})
    done = import_predictions(project=project, release=None, user=None, path=path, model="dummy")
    assert done.run is not None
    assert done.run.release is None
    assert sorted(done.missing) == sorted([*HELD_OUT, *PUBLIC])


@pytest.mark.parametrize("erase", [False, True])
def test_replies_to_withdrawn_clips_are_left_aside(release: Release, recorded: Path, erase: bool) -> None:
    clip = QAItem.objects.get(question_id="c-count-1").clip
    withdraw_clip(clip=clip, actor=None, reason="asked to", erase=erase)
    done = brought(release, recorded / "lmms_eval_samples_haicbench.jsonl")
    assert (done.count, done.withdrawn, done.unknown, done.missing) == (4, ["c-count-1"], [], HELD_OUT)
    assert not AskedQuestion.objects.filter(clip=clip).exists()


def test_what_an_erasure_takes_is_taken_from_imports_too(release: Release, recorded: Path) -> None:
    done = brought(release, recorded / "lmms_eval_samples_haicbench.jsonl")
    clip = QAItem.objects.get(question_id="c-count-1").clip
    withdraw_clip(clip=clip, actor=None, reason="asked to", erase=True)
    kept = Answer.objects.filter(asked__run=done.run).exclude(reply="")
    assert set(kept.values_list("asked__item__question_id", flat=True)) == set(PUBLIC[:4])


@pytest.mark.parametrize("who", ["ana", "rui", "oda", "otto"])
def test_only_an_administrator_imports(
    release: Release, recorded: Path, who: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(RightMissing):
        brought(release, recorded / "lmms_eval_samples_haicbench.jsonl", user=request.getfixturevalue(who))
    assert nothing_is_left()


def test_an_administrator_imports_into_their_own_project(
    release: Release, adam: User, otto: User, recorded: Path
) -> None:
    path = recorded / "lmms_eval_samples_haicbench.jsonl"
    done = brought(release, path, user=adam)
    assert done.run is not None
    assert done.run.created_by == adam
    assert list(EvaluationRun.objects.visible_to(adam)) == [done.run]
    assert not EvaluationRun.objects.visible_to(otto).exists()
    with pytest.raises(NotVisible):
        brought(release, path, project=ProjectFactory.create(slug="third"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": " "}, "model: must not be empty"),
        ({"model": "m" * 201}, "model: has 201 characters"),
        ({"setting": "guess"}, "setting: must be one of standard, "),
        ({"setting": "none_of_these"}, "setting: must be one of standard, "),
        ({"setting": "caption"}, "judge: is missing"),
        ({"setting": "human_captions", "judge": " "}, "judge: is missing"),
        ({"judge": "j"}, "judge: nobody judges in this setting"),
        ({"frames": 0}, "frames: must be 1 to 32,767"),
        ({"frames": 40_000}, "frames: must be 1 to"),
        ({"order": 4, "setting": "shuffled"}, "order: must be one of 1, 2, 3"),
        ({"order": 1}, "order: the setting standard shows the options as they are published"),
        ({"format": "scores"}, "format: scores is no format of predictions"),
        ({"format": "xls"}, "format: there is no format “xls”"),
    ],
)
def test_what_cannot_be_said_of_a_run_is_refused(
    release: Release, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        brought(release, replies(tmp_path, dict.fromkeys(PUBLIC, "A")), **changes)
    assert refusal.value.message.startswith(said)
    assert nothing_is_left()


def test_who_read_captions_is_named_with_the_caption(release: Release, tmp_path: Path) -> None:
    path = replies(tmp_path, dict.fromkeys(PUBLIC, "A"))
    run = brought(release, path, setting="human_captions", judge="j", model="people").run
    rows = AskedQuestion.objects.filter(run=run).select_related("clip__caption")
    assert rows
    assert all(row.caption_revision_id == row.clip.caption.approved_revision_id for row in rows)
