"""Gunicorn's settings for `./haic up`. Every process dies with its parent: nothing outlives a killed supervisor."""

from typing import Any

from haic_annotate.processes import die_with_parent

worker_class = "gthread"
workers = 2
threads = 8
timeout = 120
graceful_timeout = 10
keepalive = 5
loglevel = "warning"
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    die_with_parent(parent=worker.ppid)
