"""People who save and approve over HTTP while something large goes on beside them."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.faults.server import Answer, Server
from tests.many_clips import add_approved_clips

SEED = """
from annotation.models import Project, Role, Scope, User
from annotation.services.tokens import make_token
from tests.factories import MembershipFactory, ProjectFactory, UserFactory
project = ProjectFactory.create(slug="many")
for name, number in (("writer", WRITERS), ("judge", WRITERS)):
    for place in range(number):
        user = UserFactory.create(username=f"{name}{place}")
        MembershipFactory.create(project=project, user=user, role=Role.REVIEWER)
        print(make_token(user=user, name="test", scope=Scope.WRITE, days=1)[1])
print(User.objects.get(username="writer0").pk, User.objects.get(username="judge0").pk)
"""
CLIPS = """
from annotation.models import Project
from tests.factories import ClipFactory
project = Project.objects.get(slug="many")
for number in range(WRITERS * CLIPS_EACH):
    ClipFactory.create(project=project, clip_id=f"w{number:05}")
"""
TEXT = "There is one person in the video, a man. He waves {number} times."


@dataclass
class Pair:
    """A writer and who approves what they hand in. approved: (clip id, when it was asked, when it was answered)."""

    server: Server
    writer: str
    judge: str
    clips: list[str]
    saves_ms: list[float] = field(default_factory=list)
    approved: list[tuple[str, float, float]] = field(default_factory=list)
    failed: list[Answer] = field(default_factory=list)

    def work(self, until: threading.Event) -> None:
        for number, clip_id in enumerate(self.clips):
            if until.is_set() or self.failed:
                return
            text = TEXT.format(number=number)
            saved = self._post(self.writer, clip_id, "revisions", {"text": text, "people": []}, '"0-0"')
            self.saves_ms.append(saved.seconds * 1000)
            self._post(self.writer, clip_id, "submit", {"text": text, "people": []}, '"1-0"')
            began = time.time()
            self._post(self.judge, clip_id, "verdict", {"verdict": "approve"}, '"1-0"')
            self.approved.append((clip_id, began, time.time()))

    def _post(self, token: str, clip_id: str, what: str, body: dict[str, Any], seen: str) -> Answer:
        headers = {"If-Match": seen, "Idempotency-Key": str(uuid4())}
        path = f"/api/v1/projects/many/clips/{clip_id}/caption/{what}"
        answer = self.server.ask("POST", path, body, headers, token=token)
        if answer.status not in (200, 201):
            self.failed.append(answer)
        return answer


def pairs_at(server: Server, *, writers: int, clips_each: int, approved: int, questions: int) -> list[Pair]:
    """On the project `many`, which is made, with so many approved clips and `clips_each` to write for each pair."""
    *tokens, author, reviewer = server.shell(SEED.replace("WRITERS", str(writers))).split()
    add_approved_clips(
        server.owner_url,
        slug="many",
        clips=approved,
        author=int(author),
        reviewer=int(reviewer),
        questions=questions,
    )
    server.shell(CLIPS.replace("WRITERS", str(writers)).replace("CLIPS_EACH", str(clips_each)))
    return [
        Pair(
            server,
            tokens[place],
            tokens[writers + place],
            [f"w{number:05}" for number in range(place * clips_each, (place + 1) * clips_each)],
        )
        for place in range(writers)
    ]


class AtWork:
    """All of them, for as long as the block lasts."""

    def __init__(self, pairs: list[Pair]) -> None:
        self._over = threading.Event()
        self._threads = [threading.Thread(target=pair.work, args=[self._over]) for pair in pairs]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
