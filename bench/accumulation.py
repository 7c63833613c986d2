"""Measuring raw videos: processor seconds for each second of video, by stage, and memory. Prints JSON.

    .venv/bin/python -m bench.accumulation [--seconds 20] [--long 120] [--times 2] [--hours 0]

The video is made here, of the samples, brought to 1920 x 1080 at 30 frames a second; the long one is the same packets
again and again. Beside what measuring takes stands the bare decoding of the same file, with the same threads: the
floor. Each measurement is a process of its own, one after the other; seconds are the processor's, so other work on the
machine counts little; the best of `--times` runs. What is to be seen: no more than 3 times the floor in all, and memory
that does not grow with the length. With `--hours 3` a video of three hours is measured as well; what is kept of a frame
does not depend on its size, so it has small pictures, and nobody looks for people in them: that takes minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType

HOME = Path(__file__).resolve().parent.parent
SOURCES = [HOME / "samples" / "raw" / name for name in ("people-in-action.mp4", "two-scenes.mp4", "no-people.mp4")]
WIDTH, HEIGHT, FPS = 1920, 1080, 30
SMALL = (64, 36)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--long", type=int, default=120)
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--hours", type=float, default=0)
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "PATH"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        what, path = wanted.one
        sys.stdout.write(json.dumps(_bare(Path(path)) if what == "bare" else _measured(Path(path), what == "small")))
        return
    with tempfile.TemporaryDirectory() as folder:
        short, long = Path(folder) / "short.mp4", Path(folder) / "long.mp4"
        _make(short, wanted.seconds * FPS, WIDTH, HEIGHT)
        _repeat(short, long, wanted.long * FPS)
        bare = _best(short, "bare", wanted.times)
        measured = _best(short, "measured", wanted.times)
        of_long = _best(long, "measured", 1)
        said = _compared(bare, measured, of_long, wanted.seconds, wanted.long)
        if wanted.hours:
            said["hours_of_small_pictures"] = _of_hours(Path(folder), wanted.hours)
        said["file"] = {"width": WIDTH, "height": HEIGHT, "fps": FPS, "bytes": short.stat().st_size}
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


def _compared(
    bare: dict[str, Any], measured: dict[str, Any], of_long: dict[str, Any], short_s: int, long_s: int
) -> dict[str, Any]:
    stages = {stage: seconds / short_s for stage, seconds in measured["cpu_s"].items()}
    floor = bare["cpu_s"]["decode"] / short_s
    return {
        "cpu_s_per_video_s": {stage: round(seconds, 4) for stage, seconds in stages.items()},
        "total_cpu_s_per_video_s": round(sum(stages.values()), 4),
        "bare_decode_cpu_s_per_video_s": round(floor, 4),
        "times_bare_decode": {stage: round(seconds / floor, 2) for stage, seconds in stages.items()},
        "total_times_bare_decode": round(sum(stages.values()) / floor, 2),
        "samples": measured["samples"],
        "people_ms_per_sample": round(1000 * measured["cpu_s"]["people"] / measured["samples"], 1),
        "start_cpu_s": measured["start_cpu_s"],
        "peak_mib": {f"{short_s} s": measured["peak_mib"], f"{long_s} s": of_long["peak_mib"]},
        "peak_mib_bare_decode": bare["peak_mib"],
    }


def _of_hours(folder: Path, hours: float) -> dict[str, Any]:
    """Of a minute and of so many hours of small pictures: the difference is what the length takes."""
    minute, long = folder / "minute.mp4", folder / "hours.mp4"
    _make(minute, 60 * FPS, *SMALL)
    _repeat(minute, long, round(hours * 3600 * FPS))
    of_minute, of_hours = _best(minute, "small", 1), _best(long, "small", 1)
    return {
        "hours": hours,
        "frames": of_hours["frames"],
        "scenes": of_hours["scenes"],
        "peak_mib": {"1 minute": of_minute["peak_mib"], f"{hours} h": of_hours["peak_mib"]},
        "mib_more_for_each_hour": round((of_hours["peak_mib"] - of_minute["peak_mib"]) / (hours - 1 / 60), 1),
    }


def _best(path: Path, what: str, times: int) -> dict[str, Any]:
    from annotation.accumulation.contained import THREADS

    command = [sys.executable, "-m", "bench.accumulation", "--one", what, str(path)]
    runs: list[dict[str, Any]] = []
    for _ in range(times):
        done = subprocess.run(
            command, cwd=HOME, env=os.environ | THREADS, stdout=subprocess.PIPE, text=True, check=True
        )
        runs.append(json.loads(done.stdout))
    return min(runs, key=lambda run: sum(run["cpu_s"].values()))


def _bare(path: Path) -> dict[str, Any]:
    from annotation.accumulation.probe import opened, video_stream_of

    began = time.process_time()
    with opened(path, "mov") as container:
        frames = sum(1 for _ in container.decode(video_stream_of(container)))
    return {"cpu_s": {"decode": time.process_time() - began}, "frames": frames, "peak_mib": _mib("VmHWM")}


class _Nobody:
    """Finds no people and takes no time."""

    name = "nobody"

    def detect(self, frame: Any) -> list[Any]:
        return []

    def estimate(self, frame: Any, people: Any = ()) -> list[Any]:
        return []


def _measured(path: Path, nobody: bool) -> dict[str, Any]:
    import cv2

    from annotation.accumulation.measuring import measure
    from annotation.accumulation.perception import load_detector, load_estimator

    cv2.setNumThreads(1)
    detector, estimator = (_Nobody(), _Nobody()) if nobody else (load_detector(), load_estimator())
    start_cpu_s = round(time.process_time(), 2)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(path, into=Path(folder), detector=detector, estimator=estimator)
    return {
        "cpu_s": found.cpu_s,
        "frames": found.frames,
        "scenes": len(found.scenes),
        "samples": sum(scene.samples for scene in found.scenes),
        "start_cpu_s": start_cpu_s,
        "peak_mib": _mib("VmHWM"),
    }


def _make(path: Path, frames: int, width: int, height: int) -> None:
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        number = 0
        while number < frames:
            for source in SOURCES:
                with av.open(str(source)) as old:
                    for frame in old.decode(video=0):
                        if number == frames:
                            break
                        large = frame.reformat(width=width, height=height, format="yuv420p")
                        large.pts, large.time_base, large.pict_type = number, Fraction(1, FPS), PictureType.NONE
                        container.mux(stream.encode(large))
                        number += 1
        container.mux(stream.encode(None))


def _repeat(source: Path, target: Path, frames: int) -> None:
    """The packets of a video one time after the other, until there are so many frames or a few more."""
    with av.open(str(target), "w", options={"movflags": "+faststart"}) as new:
        stream: Any = None
        done = 0
        while done < frames:
            with av.open(str(source)) as old:
                stream = stream or new.add_stream_from_template(old.streams.video[0], opaque=True)
                later = int(Fraction(done, FPS) / (old.streams.video[0].time_base or 1))
                for packet in old.demux(video=0):
                    if packet.size and packet.pts is not None and packet.dts is not None:
                        packet.pts, packet.dts = packet.pts + later, packet.dts + later
                        packet.stream = stream
                        new.mux(packet)
                        done += 1


def _mib(name: str) -> float:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return round(int(line.split()[1]) / 1024, 1)


if __name__ == "__main__":
    main()
