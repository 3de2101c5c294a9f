"""Experiments: who gets which variant, what members made of it, and when to stop. Pure."""

from greenroom.experiments.assign import assign, conversation_of, conversations_of
from greenroom.experiments.feedback import (
    WITHIN,
    Feedback,
    FeedbackKind,
    Outcome,
    Utterance,
    is_thanks,
    outcome_of,
    value_of_emoji,
)
from greenroom.experiments.intervals import Interval, Mean, Share, difference, mean, wilson
from greenroom.experiments.schema import Chosen, Experiment, Stop, advise, choose
from greenroom.experiments.stop import (
    Advice,
    Standing,
    always_difference,
    always_share,
    stands,
    stops_on_negative,
)
from greenroom.experiments.summary import (
    SHARES,
    ExperimentFigures,
    Tally,
    VariantFigures,
    VersionFigures,
    by_experiment,
    by_version,
    tally,
)

__all__ = [
    "SHARES",
    "WITHIN",
    "Advice",
    "Chosen",
    "Experiment",
    "ExperimentFigures",
    "Feedback",
    "FeedbackKind",
    "Interval",
    "Mean",
    "Outcome",
    "Share",
    "Standing",
    "Stop",
    "Tally",
    "Utterance",
    "VariantFigures",
    "VersionFigures",
    "advise",
    "always_difference",
    "always_share",
    "assign",
    "by_experiment",
    "by_version",
    "choose",
    "conversation_of",
    "conversations_of",
    "difference",
    "is_thanks",
    "mean",
    "outcome_of",
    "stands",
    "stops_on_negative",
    "tally",
    "value_of_emoji",
    "wilson",
]
