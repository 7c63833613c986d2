"""Our own export read back: the same digest, the same words, and nothing of a folder that was changed."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client

from annotation.accumulation.transcode import Prepared
from annotation.errors import BadInput, RightMissing
from annotation.models import Caption, Clip, Project, User
from annotation.services.comments import add_note, answer_note, beside_caption, mark_note
from qa.models import QAItem, Release, ReleaseSettings
from qa.releases import reimport
from qa.releases.frozen import FrozenRelease
from qa.services.comments import beside_question
from qa.services.history import verify_project
from qa.services.releases import export_release, freeze_release, freeze_training_data, import_release
from qa.services.withdrawal import withdraw_clip
from tests.factories import ProjectFactory
from tests.qa.history.told import wipe
from tests.qa.releases.training import drafted
from tests.qa.scene import finish_clip

TEXTS = ("haicbench.json", "haicbench.jsonl")
SAMPLE = settings.BASE_DIR / "samples/clips/lab-balance-one-man.mp4"


@pytest.fixture
def as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips of tests are a few bytes, which no decoder would take."""

    def prepare(video: Path, *, into: Path) -> Prepared:
        poster = into / "poster.jpg"
        poster.write_bytes(b"poster of " + video.name.encode())
        probe = SimpleNamespace(frames=50)
        return Prepared(video, poster, probe, "1" * 64, "1" * 64, "copied")  # type: ignore[arg-type]

    monkeypatch.setattr(reimport, "prepare", prepare)


@pytest.fixture
def release(project: Project, ana: User, rui: User, adam: User, as_it_is: None) -> Release:
    first = finish_clip(project, author=ana, reviewer=rui, clip_id="a", source_id="one", source_start_ms=1500)
    beside = beside_caption(first.caption)
    note = add_note(beside=beside, author=ana, text="Which arm?\nBoth, 你好", at_ms=300, sentence="He jumps.")
    answer_note(beside=beside, author=rui, note_id=note.pk, text="Both.")
    mark_note(beside=beside, user=ana, note_id=note.pk, is_done=True)
    add_note(beside=beside_question(first.item), author=rui, text="A good one.")
    for n in range(6):
        finish_clip(project, author=ana, reviewer=rui, clip_id=f"b{n}", source_id=f"source {n}", fps="29.970")
    ReleaseSettings.objects.create(project=project, held_out_percent=40)
    project.release_salt = "salt"
    project.save()
    return freeze_release(project=project, version="1.0.0", notes="first\nof all", actor=adam)


@pytest.fixture
def empty() -> Project:
    return ProjectFactory.create(slug="copy", name="Demo project")


def exported(release: Release, out: Path) -> Path:
    export_release(release, layout="haicbench", out=out)
    return out


def test_the_copy_has_the_same_digest_and_the_same_bytes(release: Release, empty: Project, tmp_path: Path) -> None:
    assert {one["split"] for one in FrozenRelease(release).clips()} == {"test", "held_out"}, "both ways are walked"
    first = exported(release, tmp_path / "first")
    copy = import_release(empty, first, actor=None)
    assert (copy.digest, copy.items_digest, copy.frozen_at) == (release.digest, release.items_digest, release.frozen_at)
    second = exported(copy, tmp_path / "second")
    for name in (*TEXTS, "private/held_out.jsonl", "CITATION.cff"):
        assert (second / name).read_bytes() == (first / name).read_bytes(), name
    verify_project(empty)


def test_everything_that_was_approved_is_approved_again(release: Release, empty: Project, tmp_path: Path) -> None:
    import_release(empty, exported(release, tmp_path / "out"), actor=None)

    def words(project: Project) -> list[Any]:
        captions = Caption.objects.filter(clip__project=project, state="approved").order_by("clip__clip_id")
        items = QAItem.objects.filter(clip__project=project, state="approved").order_by("question_id")
        asked = [one.approved_revision.content for one in items if one.approved_revision]
        notes = captions.values_list(
            "comments__text", "comments__at_ms", "comments__sentence", "comments__parent__text"
        )
        return [
            *captions.values_list("clip__clip_id", "approved_revision__text", "approved_revision__people"),
            *((one["question"], sorted(option["text"] for option in one["options"]), one["evidence"]) for one in asked),
            *(next(option["text"] for option in one["options"] if option["id"] == one["key"]) for one in asked),
            *sorted(map(str, notes)),
        ]

    assert len(words(empty)) > 20
    assert words(empty) == words(release.project)


def test_a_new_release_of_the_copy_has_its_options_in_the_same_order(
    release: Release, empty: Project, tmp_path: Path
) -> None:
    import_release(empty, exported(release, tmp_path / "out"), actor=None)
    ReleaseSettings.objects.create(project=empty, blind_answer_floor=0)
    again = freeze_release(project=empty, version="1.1.0", notes="", actor=None)

    def asked(one: Release) -> list[Any]:
        contents = [item.content for item in one.items.order_by("pk")]
        return [(q["id"], q["options"], q["answer"], q["evidence"]) for content in contents for q in content["qa"]]

    assert asked(again) == asked(release)


def test_a_clip_that_came_back_plays(project: Project, empty: Project, ana: User, rui: User, tmp_path: Path) -> None:
    """With a real video, decoded from its first frame to its last."""
    data = SAMPLE.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    finish_clip(project, author=ana, reviewer=rui, video=ContentFile(data, name="sample.mp4"), sha256=sha256)
    release = freeze_release(project=project, version="1.0.0", notes="", actor=None)
    import_release(empty, exported(release, tmp_path / "out"), actor=None)
    clip = Clip.objects.get(project=empty)
    assert (clip.state, clip.sha256, clip.frames) == ("active", sha256, 100)
    with clip.video.open() as video, clip.poster.open() as poster:
        assert video.read() == data
        assert poster.read(3) == b"\xff\xd8\xff"


def test_a_video_that_is_none_is_refused_and_leaves_no_file(
    project: Project, empty: Project, ana: User, rui: User, tmp_path: Path
) -> None:
    data = SAMPLE.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    finish_clip(
        project, author=ana, reviewer=rui, clip_id="a", video=ContentFile(data, name="sample.mp4"), sha256=sha256
    )
    finish_clip(project, author=ana, reviewer=rui, clip_id="b")  # a few bytes
    release = freeze_release(project=project, version="1.0.0", notes="", actor=None)
    folder = exported(release, tmp_path / "out")
    with pytest.raises(BadInput, match=r"videos/b\.mp4: The file is no video"):
        import_release(empty, folder, actor=None)
    assert not default_storage.exists(f"videos/{sha256}.mp4")
    assert not default_storage.exists(f"posters/{sha256}.jpg")


def test_a_clip_whose_video_did_not_come_along_is_set_aside(
    project: Project, empty: Project, ana: User, rui: User, tmp_path: Path
) -> None:
    finish_clip(project, author=ana, reviewer=rui, clip_id="a", may_redistribute=False)
    release = freeze_release(project=project, version="1.0.0", notes="", actor=None)
    copy = import_release(empty, exported(release, tmp_path / "out"), actor=None)
    assert copy.digest == release.digest
    assert Clip.objects.get(project=empty).state == "excluded"
    verify_project(empty)


def test_training_data_comes_back_drafted_where_it_was_drafted(
    project: Project, empty: Project, ana: User, rui: User, tmp_path: Path, as_it_is: None
) -> None:
    drafted(project, "a")
    finish_clip(project, author=ana, reviewer=rui, clip_id="b")
    Clip.objects.update(may_redistribute=False)
    release = freeze_training_data(project=project, version="1.0.0", notes="", actor=None)
    copy = import_release(empty, exported(release, tmp_path / "out"), actor=None)
    assert (copy.kind, copy.digest, copy.counts) == ("train", release.digest, release.counts)
    states = Caption.objects.filter(clip__project=empty).order_by("clip__clip_id").values_list("state", flat=True)
    assert list(states) == ["drafted", "approved"]
    verify_project(empty)


@pytest.mark.parametrize("erase", [False, True])
def test_a_withdrawn_clip_comes_back_withdrawn(
    release: Release, empty: Project, tmp_path: Path, *, erase: bool
) -> None:
    withdraw_clip(clip=Clip.objects.get(clip_id="b2"), actor=None, reason="asked to", erase=erase)
    folder = exported(release, tmp_path / "out")
    told = json.loads((folder / "haicbench.json").read_text())
    digest = release.items.get(clip_id_text="b2").digest
    assert told["withdrawn"] == [{"clip_id": "b2", "erased": erase, "digest": digest}]
    assert not (folder / "videos/b2.mp4").exists()
    assert ("b2" in {clip["clip_id"] for clip in told["clips"]}) is not erase
    copy = import_release(empty, folder, actor=None)
    assert (copy.digest, copy.items_digest) == (release.digest, release.items_digest)
    clip = Clip.objects.get(project=empty, clip_id="b2")
    assert (clip.state, clip.erased_at is not None) == ("withdrawn", erase)
    assert copy.items.get(clip=clip).digest == digest
    assert (verify_project(empty).counts["erased"] > 0) is erase
    again = exported(copy, tmp_path / "again")
    for name in TEXTS:
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


Spoil = Callable[[Path], object]


def rewritten(name: str, change: Callable[[str], str]) -> Spoil:
    """The file is changed, and the manifest says so: only what is inside can tell."""

    def spoil(folder: Path) -> None:
        path, manifest_path = folder / name, folder / "manifest.json"
        path.write_text(change(path.read_text()))
        manifest = json.loads(manifest_path.read_text())
        for one in manifest["files"]:
            if one["path"] == name:
                one["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        manifest_path.write_text(json.dumps(manifest))

    return spoil


def manifest_with(**changes: Any) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "haicbench.json").write_text("{}"), "haicbench.json was changed"),
        (lambda folder: (folder / "videos/a.mp4").write_bytes(b"x"), "videos/a.mp4 was changed"),
        (lambda folder: (folder / "videos/a.mp4").unlink(), "videos/a.mp4 is missing"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("[1"), "manifest.json cannot be read"),
        (rewritten("haicbench.json", lambda text: text.replace("He jumps", "He hops", 1)), "do not give the"),
        (rewritten("haicbench.json", lambda text: text.replace('"width": 320', '"width": 321', 1)), "do not give"),
        (rewritten("haicbench.json", lambda text: text.replace('"clip_id": "a"', '"clip_id": "../a"')), "clip id"),
        (rewritten("haicbench.json", lambda text: text.replace('"width": 320', '"width": "320"', 1)), "“width” must"),
        (rewritten("haicbench.json", lambda text: text.replace('"source": ', '"sauce": ', 1)), "has no “source”"),
        (rewritten("private/held_out.jsonl", lambda text: text.replace("He jumps", "He hops", 1)), "do not give"),
        (rewritten("private/held_out.jsonl", lambda text: text.partition("\n")[2]), "does not have it in its place"),
        (rewritten("private/held_out.jsonl", lambda text: text * 2), "more clips than"),
        (manifest_with(layout="csv"), "only haicbench can be read back"),
        (manifest_with(version="1.0"), "“version” must be three numbers"),
        (manifest_with(files=[]), "names no haicbench.json"),
        (manifest_with(items_digest="0" * 64), "do not give the items_digest"),
        (manifest_with(digest="0" * 64), "do not give the digest"),
        (manifest_with(schema_version=2), "“schema_version” must be 1"),
    ],
)
def test_what_was_changed_is_named_and_nothing_is_taken_in(
    release: Release, empty: Project, tmp_path: Path, spoil: Spoil, said: str
) -> None:
    folder = exported(release, tmp_path / "out")
    for path in folder.rglob("*.mp4"):  # hard links to the store: ours must stay whole
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)
    spoil(folder)
    with pytest.raises(BadInput) as refusal:
        import_release(empty, folder, actor=None)
    assert said in refusal.value.message
    assert not Clip.objects.filter(project=empty).exists()
    assert not Release.objects.filter(project=empty).exists()


def test_paths_do_not_lead_out_of_the_folder_s27(release: Release, empty: Project, tmp_path: Path) -> None:
    folder = exported(release, tmp_path / "out")
    secret = tmp_path / "secret"
    secret.write_text("x")
    digest = hashlib.sha256(b"x").hexdigest()
    manifest_with(files=[{"path": "../secret", "bytes": 1, "sha256": digest}])(folder)
    with pytest.raises(BadInput, match=r"names no haicbench\.json"):
        import_release(empty, folder, actor=None)
    whole = json.loads((folder / "manifest.json").read_text())["files"]
    named = {"path": "haicbench.json", "bytes": 1, "sha256": digest}
    manifest_with(files=[*whole, named])(folder)
    (folder / "haicbench.json").unlink()
    (folder / "haicbench.json").symlink_to(secret)
    with pytest.raises(BadInput, match="lies outside"):
        import_release(empty, folder, actor=None)


def test_held_out_answers_are_needed(release: Release, empty: Project, tmp_path: Path) -> None:
    folder = exported(release, tmp_path / "out")
    shutil.rmtree(folder / "private")
    manifest = json.loads((folder / "manifest.json").read_text())
    public = [one for one in manifest["files"] if not one["path"].startswith("private/")]
    manifest_with(files=public)(folder)
    with pytest.raises(BadInput, match="held-out clips have no captions and keys"):
        import_release(empty, folder, actor=None)


def test_with_its_history_everything_comes_back(release: Release, tmp_path: Path) -> None:
    """On another machine: here, everything is wiped in between, as the same objects cannot stand twice."""
    folder = tmp_path / "out"
    export_release(release, layout="haicbench", out=folder, with_history=True)
    counted = verify_project(release.project).counts
    assert (folder / "private/history.jsonl").is_file(), "it tells held-out keys"
    call_command("verify_history", folder / "private/history.jsonl")
    videos = {path.name: path.read_bytes() for path in (folder / "videos").iterdir()}
    wipe()
    copy = import_release(release.project, folder, actor=None)
    assert copy.digest == release.digest
    assert verify_project(release.project).counts == counted
    again = tmp_path / "again"
    export_release(copy, layout="haicbench", out=again, with_history=True)
    for name in (*TEXTS, "private/held_out.jsonl", "private/history.jsonl"):
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name
    assert {path.name: path.read_bytes() for path in (again / "videos").iterdir()} == videos


def test_a_history_that_was_changed_is_named(release: Release, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    export_release(release, layout="haicbench", out=folder, with_history=True)
    wipe()
    rewritten("private/history.jsonl", lambda text: text.replace("He jumps", "He hops", 1))(folder)
    with pytest.raises(BadInput, match=r"line \d+: "):
        import_release(release.project, folder, actor=None)
    assert not Clip.objects.exists()
    import_release(release.project, folder, actor=None, with_history=False)
    assert Release.objects.get().digest == release.digest


def test_a_project_with_clips_is_left_alone(release: Release, project: Project, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not empty: it has a"):
        import_release(project, exported(release, tmp_path / "out"), actor=None)
    assert Release.objects.count() == 1


@pytest.mark.parametrize("who", ["ana", "rui", "oda", "otto"])
def test_only_an_administrator_imports(
    release: Release, project: Project, tmp_path: Path, who: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(RightMissing):
        import_release(project, tmp_path, actor=request.getfixturevalue(who))


def test_the_command_says_what_came(
    release: Release, empty: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_release", exported(release, tmp_path / "out"), project="copy")
    assert capsys.readouterr().out == f"copy 1.0.0: 7 clips, 7 questions\ndigest {release.digest}\n"
    with pytest.raises(CommandError, match="is not empty"):
        call_command("import_release", tmp_path / "out", project="copy")


def test_the_copy_is_shown_as_any_release(
    release: Release, empty: Project, adam: User, client: Client, tmp_path: Path
) -> None:
    import_release(empty, exported(release, tmp_path / "out"), actor=None)
    empty.memberships.create(user=adam, role="admin")
    client.force_login(adam)
    assert release.digest in client.get("/projects/copy/releases/1.0.0/").content.decode()
    assert client.get("/projects/copy/clips/").status_code == 200
