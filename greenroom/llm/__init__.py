"""Language models: asking any server that speaks the OpenAI API, and checking what it says.

`ChatServer` (`greenroom.llm.client`) needs the extra ``llm`` and is imported only where one is
made; everything else here works without it.
"""

from greenroom.llm.base import (
    Answer,
    Budget,
    Embed,
    Fault,
    Model,
    Said,
    Tool,
    Turn,
    Unanswered,
    Why,
)
from greenroom.llm.breaker import Breaker
from greenroom.llm.counts import Counts
from greenroom.llm.grounding import Grounded, ground
from greenroom.llm.prompt import Prompt, Role, a_prompt
from greenroom.llm.said import tidy
from greenroom.llm.talk import Allowance, Draft, converse
from greenroom.llm.tools import TOOLS

__all__ = [
    "TOOLS",
    "Allowance",
    "Answer",
    "Breaker",
    "Budget",
    "Counts",
    "Draft",
    "Embed",
    "Fault",
    "Grounded",
    "Model",
    "Prompt",
    "Role",
    "Said",
    "Tool",
    "Turn",
    "Unanswered",
    "Why",
    "a_prompt",
    "converse",
    "ground",
    "tidy",
]
