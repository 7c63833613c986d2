"""Measuring in a child: hostile files are refused with their reason, and harm nobody. Ids as in the threat list."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from annotation.accumulation import contained
from annotation.accumulation.contained import ChildFailed, ChildLimits
from annotation.accumulation.limits import Refused
from annotation.accumulation.measuring import measure
from annotation.accumulation.measuring_alone import MeasuringOptions, measure_contained
from tests.annotation.accumulation.stub_models import FindsSquares, PosesSquares
from tests.annotation.accumulation.test_measuring import film, room, somebody
from tests.annotation.accumulation.test_probe import PLAYLISTS, in_another_process
from tests.annotation.accumulation.video_factory import Video, make_video

STUBS = "tests.annotation.accumulation.stub_models"
REPOSITORY = Path(__file__).parents[3]


def options(detector: str = "FindsSquares", **child: Any) -> MeasuringOptions:
    return MeasuringOptions(
        detector=f"{STUBS}.{detector}", estimator=f"{STUBS}.PosesSquares", child=ChildLimits(**child)
    )


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return make_video(tmp_path / "plain.mp4", Video(sound="aac"))


def refusal(path: Path, into: Path, wanted: MeasuringOptions | None = None) -> str:
    with pytest.raises(Refused) as refused:
        measure_contained(path, into=into, options=wanted or options())
    assert list(into.iterdir()) == []
    sentence = refused.value.message
    assert sentence.endswith(".") and str(path.parent) not in sentence
    return refused.value.code


def test_a_child_measures_what_its_parent_would(plain: Path, into: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    theirs = measure_contained(plain, into=into, options=options())
    ours = measure(plain, into=here, detector=FindsSquares(), estimator=PosesSquares())
    assert replace(theirs, cpu_s={}) == replace(ours, cpu_s={})
    (scene,) = theirs.scenes
    assert [path.name for path in into.iterdir()] == [scene.thumbnail]
    assert (into / scene.thumbnail).read_bytes() == (here / scene.thumbnail).read_bytes()


# --- S-31, S-34, F-23: files that are refused for what they are -------------------------------------------------------


def test_f23_a_corrupt_video_is_refused(plain: Path, into: Path) -> None:
    whole = bytearray(plain.read_bytes())
    at = whole.index(b"mdat") + 1200
    whole[at : at + 400] = b"\xa5" * 400
    plain.write_bytes(whole)
    assert refusal(plain, into) == "damaged"


def test_s34_a_video_that_grows_without_end_is_refused(tmp_path: Path, into: Path) -> None:
    endless = make_video(tmp_path / "x.ts", Video(frames=250))
    more, done = endless.read_bytes(), threading.Event()

    def grow() -> None:
        with endless.open("ab", buffering=0) as file:
            while not done.wait(0.02):
                file.write(more)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        assert refusal(endless, into) == "still_growing"
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("pipe", [False, True])
def test_s34_a_device_or_a_pipe_without_end_is_refused(tmp_path: Path, into: Path, pipe: bool) -> None:
    endless = tmp_path / "x.mp4"
    if pipe:
        os.mkfifo(endless)
    else:
        endless.symlink_to("/dev/zero")
    assert refusal(endless, into) == "empty_file"


def test_s34_twelve_hours_at_one_frame_a_second_are_refused(tmp_path: Path, into: Path) -> None:
    times = [0, 12 * 3600 - 1]
    long = make_video(tmp_path / "x.mp4", Video(times=times, tick=Fraction(1), fps=Fraction(1)))
    assert refusal(long, into) == "too_long"


def test_s34_a_picture_of_8192_by_8192_is_refused(tmp_path: Path, into: Path) -> None:
    huge = tmp_path / "x.mkv"
    in_another_process("make_video(path, Video(width=8192, height=8192, frames=1), paint=blank)", huge)
    assert refusal(huge, into) == "too_many_pixels"


@pytest.mark.parametrize("playlist", ["ffconcat", "hls"])
def test_s31_a_list_of_other_files_is_refused(tmp_path: Path, into: Path, playlist: str) -> None:
    hostile = tmp_path / "x.mp4"
    hostile.write_text(PLAYLISTS[playlist].format(victim=make_video(tmp_path / "victim.mp4")))
    assert refusal(hostile, into) == "not_a_video"


# --- S-33: what a child may not ---------------------------------------------------------------------------------------


def test_s33_a_crash_is_a_refusal_and_leaves_no_file(tmp_path: Path, into: Path) -> None:
    """By then the thumbnail of the first scene is written."""
    path = film(tmp_path / "x.mp4", [somebody(room(1), 100, 50)] * 25 + [room(2)] * 25)
    assert refusal(path, into, options("CrashesWhenAlone")) == "decoder_crashed"


@pytest.mark.parametrize(
    ("detector", "child"),
    [
        ("TakesMemory", {}),
        ("Computes", {"cpu_s": 1, "cpu_per_s": 0}),
        ("Sleeps", {"cpu_s": 1, "cpu_per_s": 0, "wall": 2}),
        ("FindsSquares", {"file_bytes": 200}),
    ],
)
def test_s33_a_limit_that_trips_is_a_refusal(plain: Path, into: Path, detector: str, child: dict[str, Any]) -> None:
    assert refusal(plain, into, options(detector, **child)) == "media_limit"


def test_s33_a_video_whose_decoding_takes_too_much_memory_is_not_called_damaged() -> None:
    """A decoder that gets no memory says that the data are invalid."""
    used = contained._address_space()
    for memory_bytes, code in ((used * 2, "damaged"), (used, "media_limit")):
        limits = ChildLimits(memory_bytes=memory_bytes)
        refused = contained._as_refused(Refused("damaged", "It is damaged."), limits, "Measuring")
        assert refused["code"] == code


def test_s33_a_child_has_no_network_no_new_rights_and_no_secrets(
    plain: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a secret")
    with pytest.raises(ChildFailed) as failed:
        measure_contained(plain, into=into, options=options("Tells"))
    told = str(failed.value)
    assert "['NoNewPrivs:', '1']" in told
    assert "ANTHROPIC_API_KEY" not in told and "DATABASE_URL" not in told and "'PATH'" in told
    assert told.rstrip().endswith("django: False")
    try_it = ["unshare", "-n" if os.geteuid() == 0 else "-Un", "true"]
    if subprocess.run(try_it, capture_output=True, check=False).returncode == 0:
        # Where there is a network, nobody listens there, and it is refused: without one it cannot be reached.
        assert "ConnectionRefusedError" not in told and "Network is unreachable" in told


def test_a_model_that_cannot_be_loaded_or_fails_is_no_fault_of_the_video(plain: Path, into: Path) -> None:
    for detector, words in (("CannotBeMade", "weights.onnx"), ("Fails", "no such layer"), ("Missing", "Missing")):
        with pytest.raises(ChildFailed, match=words):
            measure_contained(plain, into=into, options=options(detector))
        assert list(into.iterdir()) == []


def test_the_caller_is_told_that_it_works_and_may_stop_it(
    plain: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contained, "BEAT_S", 0.1)
    beats = []

    class LostLease(Exception):
        pass

    def alive() -> None:
        beats.append(children_of(os.getpid()))
        if len(beats) == 3:
            raise LostLease

    with pytest.raises(LostLease):
        measure_contained(plain, into=into, options=options("Sleeps"), alive=alive)
    assert all(beats) and not children_of(os.getpid()) & beats[-1]


def test_a_child_ends_with_its_parent(plain: Path, into: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from annotation.accumulation.contained import *\n"
        "from annotation.accumulation.measuring_alone import *\n"
        f"measure_contained(Path({str(plain)!r}), into=Path({str(into)!r}), alive=lambda: print('works', flush=True),\n"
        f"    options=MeasuringOptions(detector='{STUBS}.Sleeps', estimator='{STUBS}.PosesSquares'))"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None and parent.stdout.readline() == "works\n"
        children = children_of(parent.pid)
        parent.send_signal(signal.SIGKILL)
    assert children
    deadline = time.monotonic() + 10
    while any(map(is_running, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, children))


def children_of(pid: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = status.read_text()
            command = status.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if f"\nPPid:\t{pid}\n" in lines and b"annotation.accumulation.contained" in command:
            found.add(int(status.parent.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_directory_that_is_not_empty_is_not_touched(plain: Path, into: Path) -> None:
    (into / "mine.txt").touch()
    with pytest.raises(ValueError, match="not empty"):
        measure_contained(plain, into=into, options=options())
    assert [path.name for path in into.iterdir()] == ["mine.txt"]


def test_measuring_needs_nothing_of_the_web_application() -> None:
    """The child starts without Django, and whoever only starts it does not load what it needs."""
    script = (
        "import sys, annotation.accumulation.contained\n"
        "print(sorted({'cv2', 'onnxruntime', 'scenedetect', 'imagehash', 'django', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
