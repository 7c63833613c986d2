"""The kind `probe:<setting>`: a drafted question that nobody has seen yet, for a model that cannot see the video."""

from typing import Any

from annotation.canonical import canonical_json
from annotation.drafting.client import ModelRequest
from annotation.models import Call, Job
from qa.evaluation.settings import ANSWER_SCHEMA, data_block
from qa.services import probes
from qa.services.answering_kinds import ANSWER_TOKENS, AskedElsewhere, answer_in


class ProbeKind(AskedElsewhere):
    def request(self, job: Job) -> ModelRequest:
        asked = probes.waiting_for(job)
        return ModelRequest(
            model=job.model,
            instructions=job.prompt.text,
            data=data_block(content=asked.content, order=asked.order, caption=asked.caption),
            schema=ANSWER_SCHEMA,
            max_tokens=ANSWER_TOKENS,
        )

    def read(self, job: Job, call: Call, value: Any) -> str:
        return answer_in(value)

    def store(self, job: Job, call: Call, read: str) -> None:
        probes.keep_answers(job, read)

    def preview(self, job: Job, value: Any) -> str:
        return canonical_json(value).decode()
