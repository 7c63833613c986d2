"""`python -m tests.model_server --port 0 --latency 0 --log FILE`: says its address on the first line, then serves."""

import argparse
from pathlib import Path

from haic_annotate.processes import die_with_parent
from tests.model_server.server import ModelServer

if __name__ == "__main__":
    die_with_parent()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--log", type=Path, default=None, metavar="FILE")
    given = parser.parse_args()
    server = ModelServer(port=given.port, latency_s=given.latency, log=given.log)
    print(server.base_url, flush=True)  # noqa: T201
    server.serve_forever()
