"""The kind `probe:<setting>`: a drafted question that nobody has seen yet, for a model that cannot see the video."""

from annotation.drafting.client import ModelRequest
from annotation.models import Call, Job
from qa.evaluation.settings import ANSWER_SCHEMA, data_block
from qa.services import probes
from qa.services.answering_kinds import ANSWER_TOKENS, AnswerKind


class ProbeKind(AnswerKind):
    def request(self, job: Job) -> ModelRequest:
        asked = probes.waiting_for(job)
        return ModelRequest(
            model=job.model,
            instructions=job.prompt.text,
            data=data_block(content=asked.content, order=asked.order, caption=asked.caption),
            schema=ANSWER_SCHEMA,
            max_tokens=ANSWER_TOKENS,
        )

    def store(self, job: Job, call: Call, read: str) -> None:
        probes.keep_answers(job, read)
