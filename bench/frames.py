"""Frames for the model: how much quicker than the clip plays, on one core, and how large. Prints JSON.

    .venv/bin/python -m bench.frames [--count 16] [--long-side 512] [--times 5]

Measured are a clip of a minute that is made here (854 x 480, 25 frames a second, moving and grainy) and the samples.
`times_real_time` is seconds of clip for each second of processor, so other work on the machine does not count; the best
of `--times` runs. What is to be seen: at least 25 for the minute. A shorter clip gives less, for the same number of
frames is taken of it.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import VideoFrame

from annotation.drafting.frames import image_tokens, jpeg_size, pack, sample_frames

CLIPS = Path(__file__).resolve().parent.parent / "samples" / "clips"
WIDTH, HEIGHT, FPS, SECONDS = 854, 480, 25, 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--long-side", type=int, default=512)
    parser.add_argument("--times", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "minute-480p.mp4"
        _make(made)
        found = {
            path.stem: _measured(path, wanted.count, wanted.long_side, wanted.times)
            for path in (made, *sorted(CLIPS.glob("*.mp4")))
        }
    said = {"count": wanted.count, "long_side": wanted.long_side, **found, "peak_mib": _mib("VmHWM")}
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


def _measured(path: Path, count: int, long_side: int, times: int) -> dict[str, float]:
    with av.open(str(path)) as container:
        clip_s = float(Fraction(container.duration or 0, av.time_base))
    best = float("inf")
    for _ in range(times):
        began = time.process_time()
        frames = sample_frames(path, count=count, long_side=long_side)
        best = min(best, time.process_time() - began)
    return {
        "clip_s": round(clip_s, 2),
        "clip_bytes": path.stat().st_size,
        "ms_per_set": round(best * 1000, 1),
        "times_real_time": round(clip_s / best, 1),
        "frames": len(frames),
        "bytes_per_set": len(pack(frames)),
        "image_tokens_per_set": sum(image_tokens(*jpeg_size(frame.jpeg)) for frame in frames),
    }


def _make(path: Path) -> None:
    """Grain that drifts over the picture: worse to decode and to store than most of what people film."""
    chance = random.Random(4)  # noqa: S311 -- a picture, no secret
    field = [bytes(96 + chance.randrange(48) for _ in range(2 * WIDTH)) for _ in range(2 * HEIGHT)]
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        options = {"preset": "veryfast", "crf": "28", "sc_threshold": "0"}
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = FPS
        for number in range(SECONDS * FPS):
            left, top = number % WIDTH, number // 2 % HEIGHT
            frame = VideoFrame(WIDTH, HEIGHT, "gray")
            plane = frame.planes[0]
            plane.update(
                b"".join(row[left : left + WIDTH].ljust(plane.line_size, b"\0") for row in field[top : top + HEIGHT])
            )
            frame.pts = number
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))


def _mib(name: str) -> float:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return round(int(line.split()[1]) / 1024, 1)


if __name__ == "__main__":
    main()
