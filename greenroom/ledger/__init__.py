"""SQLite: inbox, messages, decisions, cases, outbox and the hash-chained log."""

from greenroom.ledger.attestations import Attest, Attestation, Said
from greenroom.ledger.cases import Case, CaseDraft, Cases, Judgement, Verdict
from greenroom.ledger.consents import Consent, Consents
from greenroom.ledger.contacts import Contacts
from greenroom.ledger.conversations import MEMBER, Conversations
from greenroom.ledger.entries import Entry
from greenroom.ledger.feed import Change, Feed
from greenroom.ledger.feedback import Note
from greenroom.ledger.inbox import Backlog, Pending
from greenroom.ledger.ledger import Ledger
from greenroom.ledger.memories import Forget, Memories
from greenroom.ledger.messages import Kept
from greenroom.ledger.outbox import Claimed, Effect, Planned, order_key
from greenroom.ledger.past import Lived
from greenroom.ledger.pauses import Pause
from greenroom.ledger.people import Session
from greenroom.ledger.record import Decided, Handled, Recorded
from greenroom.ledger.utterances import Answered, Before

__all__ = [
    "MEMBER",
    "Answered",
    "Attest",
    "Attestation",
    "Backlog",
    "Before",
    "Case",
    "CaseDraft",
    "Cases",
    "Change",
    "Claimed",
    "Consent",
    "Consents",
    "Contacts",
    "Conversations",
    "Decided",
    "Effect",
    "Entry",
    "Feed",
    "Forget",
    "Handled",
    "Judgement",
    "Kept",
    "Ledger",
    "Lived",
    "Memories",
    "Note",
    "Pause",
    "Pending",
    "Planned",
    "Recorded",
    "Said",
    "Session",
    "Verdict",
    "order_key",
]
