"""The API of the queue for the questions of a clip."""

from annotation.api import queue


class Lease(queue.Lease):
    kind = "questions"


class Skip(queue.Skip):
    kind = "questions"


class Release(queue.Release):
    kind = "questions"
