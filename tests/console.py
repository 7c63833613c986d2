"""A Python with the platform's models beside a running platform. It starts once, `manage shell` each time."""

import json
import subprocess
import sys

from haic_annotate.processes import die_with_parent
from tests.stack import HOME

RUN = """
import contextlib, io, json, sys, traceback
import django
from django.db import connections
django.setup()
for line in sys.stdin:
    said, error = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(said):
            exec(json.loads(line), {})
    except Exception:
        error = traceback.format_exc()
    connections.close_all()  # the database may be another one, or none, when the next code comes
    print(json.dumps([said.getvalue(), error]), flush=True)
"""


class Console:
    """env: all that the platform's own processes have."""

    def __init__(self, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN],
            cwd=HOME,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )

    def run(self, code: str) -> str:
        """What the code prints. Fails the test if it raises."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{json.dumps(code)}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the console ended"
        said, error = json.loads(answer)
        assert not error, error
        return str(said)

    def stop(self) -> None:
        self.process.communicate()
