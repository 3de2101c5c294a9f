"""Where people judge: the queue, the case, the verdict. A web console on aiohttp."""

from greenroom.desk.desk import make_desk, serve
from greenroom.desk.metrics import Metrics, Wording
from greenroom.desk.room import Explain, Fitness, Patience, Precedents, RunningBot
from greenroom.desk.signin import sign_in_address
from greenroom.desk.verdicts import Choice, choices, judgement, standing

__all__ = [
    "Choice",
    "Explain",
    "Fitness",
    "Metrics",
    "Patience",
    "Precedents",
    "RunningBot",
    "Wording",
    "choices",
    "judgement",
    "make_desk",
    "serve",
    "sign_in_address",
    "standing",
]
