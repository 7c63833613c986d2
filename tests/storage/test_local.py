"""The local store: a name stands for a whole file or for none."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from haic_annotate import media_files


def names(settings: Any) -> list[str]:
    return sorted(path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def test_nothing_stands_under_the_name_until_all_is_written(settings: Any, tmp_path: Path) -> None:
    seen: list[list[str]] = []

    class Watched(File):
        def chunks(self, chunk_size: int | None = None) -> Any:
            yield b"first half "
            seen.append(names(settings))
            yield b"second half"

    (tmp_path / "source").touch()
    with (tmp_path / "source").open("rb") as source:
        name = default_storage.save("videos/a.mp4", Watched(source))
    assert (name, seen[0][0].endswith(".part")) == ("videos/a.mp4", True)
    assert names(settings) == ["a.mp4"]
    assert default_storage.open("videos/a.mp4").read() == b"first half second half"


def test_a_failed_write_leaves_nothing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        default_storage.save("videos/a.mp4", ContentFile(b"bytes"))
    assert names(settings) == []


def test_two_files_never_share_a_name(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked and found the name free; the second one writes a moment later."""
    first = default_storage.save("videos/a.mp4", ContentFile(b"one"))
    looks = iter([False])
    plain = media_files.WholeFiles.exists
    monkeypatch.setattr(media_files.WholeFiles, "exists", lambda store, name: next(looks, True) and plain(store, name))
    second = default_storage.save("videos/a.mp4", ContentFile(b"two"))
    assert first != second
    assert (default_storage.open(first).read(), default_storage.open(second).read()) == (b"one", b"two")
