"""A stand-in for the model on this machine, for tests that run the real SDK: see `server` and `behaviours`."""

from tests.model_server.bad_replies import BAD_REPLIES, BadReply, bad_replies_for
from tests.model_server.behaviours import behaviour
from tests.model_server.process import ModelServerProcess
from tests.model_server.replies import good_reply, input_tokens, usage_of
from tests.model_server.server import BATCHES, MESSAGES, ModelServer

__all__ = [
    "BAD_REPLIES",
    "BATCHES",
    "MESSAGES",
    "BadReply",
    "ModelServer",
    "ModelServerProcess",
    "bad_replies_for",
    "behaviour",
    "good_reply",
    "input_tokens",
    "usage_of",
]
