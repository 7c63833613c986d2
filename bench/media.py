"""Reading a large video through the view, from this disk and from S3: seconds and memory. Prints JSON.

    ./haic up is not needed: .venv/bin/python -m bench.media [--megabytes 200]

Each measurement is a process of its own; S3 is moto on this machine, so its seconds are moto's, not Amazon's. What is
to be seen: the memory does not grow with the file, and a small range costs the same whatever the file's size.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
STORES, RANGES = ("local", "s3"), ("whole", "one_megabyte")
MEGABYTE = 1024 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--read", nargs=2, metavar=("STORE", "RANGE"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.read:
        _read(wanted.megabytes, *wanted.read)
        return
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "haic_annotate.settings",
            "SECRET_KEY": "for a measurement",
            "DATABASE_URL": "postgres:///unused",
            "HAIC_DATA": folder,
            "S3_BUCKET": "bench",
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{server.get_host_and_port()[1]}",
            "S3_REGION": "us-east-1",
            "S3_ACCESS_KEY_ID": "bench",
            "S3_SECRET_ACCESS_KEY": "bench",
        }
        found = {
            f"{store}_{part}": _measured(wanted.megabytes, store, part, env) for store in STORES for part in RANGES
        }
    server.stop()
    ratios = {
        f"s3_to_local_seconds_{part}": round(found[f"s3_{part}"]["seconds"] / found[f"local_{part}"]["seconds"], 2)
        for part in RANGES
    }
    sys.stdout.write(json.dumps({"megabytes": wanted.megabytes, **found, **ratios}, indent=2) + "\n")


def _measured(megabytes: int, store: str, part: str, env: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.media", "--megabytes", str(megabytes), "--read", store, part]
    done = subprocess.run(
        command, cwd=HOME, env={**env, "MEDIA_STORAGE": store}, capture_output=True, text=True, check=True
    )
    value: dict[str, float] = json.loads(done.stdout)
    return value


def _read(megabytes: int, store: str, part: str) -> None:
    import django

    django.setup()
    from django.core.files.base import File
    from django.core.files.storage import storages

    from annotation.stored_files import pieces

    storage = storages["default"]
    if store == "s3":
        storage.connection.create_bucket(Bucket="bench")  # type: ignore[attr-defined]
    with tempfile.TemporaryFile() as source:
        source.truncate(megabytes * MEGABYTE)
        name = storage.save("videos/large.mp4", File(source))
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew: storing the file is not what is measured
    before = _mib("VmRSS")
    began = time.perf_counter()
    read = sum(map(len, pieces(name, *((0, None) if part == "whole" else (MEGABYTE, 2 * MEGABYTE - 1)))))
    seconds = time.perf_counter() - began
    said = {"bytes": read, "seconds": round(seconds, 4), "mib_before": before, "peak_mib": _mib("VmHWM")}
    sys.stdout.write(json.dumps(said))


def _mib(name: str) -> float:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return round(int(line.split()[1]) / 1024, 1)


if __name__ == "__main__":
    main()
