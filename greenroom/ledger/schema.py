"""The ledger's tables, and how an older file becomes a newer one.

Members' words live in ``messages``, ``decisions``, ``inbox``, ``memories`` and the reasons of
``cases`` only; the hash-chained ``entries`` hold digests of them, so that words can be erased
and the chain still holds.
"""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from greenroom.errors import ConfigError

migrations = Migrations("greenroom")

_FIRST = """
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    bot TEXT NOT NULL,
    kind TEXT NOT NULL,
    event TEXT,                 -- JSON; NULL once done
    state TEXT NOT NULL,        -- pending | done | dead
    detail TEXT,                -- why it is dead
    received_at TEXT NOT NULL
);
CREATE INDEX inbox_bot ON inbox (bot, seq);
CREATE INDEX inbox_pending ON inbox (seq) WHERE state = 'pending';

CREATE TABLE messages (
    key TEXT PRIMARY KEY,
    bot TEXT NOT NULL,
    platform TEXT NOT NULL,
    community TEXT NOT NULL,
    channel TEXT NOT NULL,
    author TEXT NOT NULL,
    revision TEXT NOT NULL,
    body TEXT NOT NULL,         -- JSON of the Message
    state TEXT NOT NULL,        -- visible | removed | deleted
    position INTEGER NOT NULL,  -- order of arrival
    recorded_at TEXT NOT NULL
);
CREATE INDEX messages_surroundings ON messages (community, channel, position);
CREATE INDEX messages_author ON messages (community, author, position);

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    message TEXT NOT NULL,
    revision TEXT NOT NULL,
    bot TEXT NOT NULL,
    mode TEXT NOT NULL,         -- shadow | live
    decisions TEXT NOT NULL,    -- JSON list: what each persona made of it
    signals TEXT NOT NULL,      -- JSON: scores, intent, model
    decided_at TEXT NOT NULL
);
CREATE INDEX decisions_message ON decisions (message);

CREATE TABLE cases (
    id INTEGER PRIMARY KEY,
    message TEXT NOT NULL,
    revision TEXT NOT NULL,
    bot TEXT NOT NULL,
    persona TEXT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,        -- open | closed | withdrawn
    severity TEXT NOT NULL,
    severity_rank INTEGER NOT NULL,
    reason TEXT NOT NULL,
    reports INTEGER NOT NULL DEFAULT 0,
    verdict TEXT,               -- uphold | overturn | act | dismiss
    moderator TEXT,
    note TEXT,
    opened_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    closed_at TEXT
);
CREATE UNIQUE INDEX cases_one_open ON cases (message) WHERE state = 'open';
CREATE INDEX cases_queue ON cases (state, severity_rank DESC, opened_at);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    bot TEXT NOT NULL,
    message TEXT NOT NULL,
    by TEXT NOT NULL,           -- persona:NAME or moderator:NAME
    action TEXT NOT NULL,       -- JSON
    kind TEXT NOT NULL,
    state TEXT NOT NULL,        -- pending | sending | done | failed | cancelled | shadow
    attempts INTEGER NOT NULL DEFAULT 0,
    maybe_done INTEGER NOT NULL DEFAULT 0,  -- an earlier try's outcome is unknown
    next_at REAL NOT NULL,      -- seconds since the epoch
    detail TEXT,
    ref TEXT,
    case_id INTEGER,
    created_at TEXT NOT NULL,
    finished_at TEXT
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'pending';
CREATE INDEX outbox_message ON outbox (message);

CREATE TABLE precedents (
    message TEXT PRIMARY KEY,
    case_id INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    is_indexed INTEGER NOT NULL DEFAULT 0,
    judged_at TEXT NOT NULL
);

CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,         -- decision | case | verdict | effect | deletion | failure
    subject TEXT NOT NULL,      -- the message's key
    by TEXT NOT NULL,
    body TEXT NOT NULL,         -- JSON without members' words
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX entries_subject ON entries (subject);

CREATE TABLE sign_ins (
    token TEXT PRIMARY KEY,     -- SHA-256 of the one-time token
    moderator TEXT NOT NULL,
    expires_at REAL NOT NULL
);
CREATE TABLE sessions (
    token TEXT PRIMARY KEY,     -- SHA-256 of the cookie
    moderator TEXT NOT NULL,
    csrf TEXT NOT NULL,
    expires_at REAL NOT NULL
);
"""


_UTTERANCES = """
CREATE TABLE utterances (
    id INTEGER PRIMARY KEY,     -- the order's in the outbox
    bot TEXT NOT NULL,
    persona TEXT NOT NULL,
    version TEXT,
    experiment TEXT,
    variant TEXT,
    community TEXT NOT NULL,    -- platform:id
    conversation TEXT NOT NULL, -- a digest
    member TEXT,                -- whom it was said to; NULL: nobody alone, or forgotten
    message TEXT,               -- what it answers
    said_at TEXT NOT NULL
);
CREATE INDEX utterances_said ON utterances (said_at);
CREATE INDEX utterances_to ON utterances (conversation, said_at);
CREATE INDEX utterances_member ON utterances (community, member);
CREATE TABLE utterance_keys (
    key TEXT PRIMARY KEY,       -- the message that the utterance became
    utterance INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE feedback (
    id INTEGER PRIMARY KEY,
    utterance INTEGER NOT NULL,
    kind TEXT NOT NULL,         -- reaction | answer | thanks | handed_over | asked_again
    value REAL,                 -- a reaction's: 1, 0, -1; an answer's sentiment
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    source TEXT NOT NULL,       -- the member's message; of a reaction, a digest of the emoji
    at TEXT NOT NULL,
    UNIQUE (utterance, kind, member, source)
);
CREATE INDEX feedback_member ON feedback (community, member);
CREATE TABLE assignments (
    experiment TEXT NOT NULL,   -- persona/name
    conversation TEXT NOT NULL, -- a digest
    variant TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (experiment, conversation)
) WITHOUT ROWID;
CREATE INDEX assignments_of ON assignments (conversation);
CREATE TABLE pauses (
    persona TEXT PRIMARY KEY,
    by TEXT NOT NULL,
    at TEXT NOT NULL
) WITHOUT ROWID
"""


@migrations()
def first(db: Database) -> None:
    """Create the first tables."""
    for statement in _FIRST.split(";\n"):
        if statement.strip():
            db.execute(statement)


@migrations()
def members_past(db: Database) -> None:
    """Find what a member wrote lately without reading what they wrote before."""
    db.execute("CREATE INDEX messages_since ON messages (community, author, recorded_at)")


@migrations()
def strikes(db: Database) -> None:
    """Marks against members, which expire, and which a person can take back."""
    db.execute(
        "CREATE TABLE strikes (id INTEGER PRIMARY KEY, community TEXT NOT NULL,"
        " author TEXT NOT NULL, message TEXT NOT NULL, rule TEXT, given_at TEXT NOT NULL,"
        " expires_at TEXT NOT NULL, revoked_at TEXT, UNIQUE (message, rule))"
    )
    db.execute("CREATE INDEX strikes_of ON strikes (community, author, expires_at)")


@migrations()
def appeals(db: Database) -> None:
    """What an author says against what was done; and what a bot did to a member lately."""
    db.execute("ALTER TABLE cases ADD COLUMN appeal TEXT")  # key of the message that says it
    db.execute("CREATE INDEX messages_by ON messages (bot, author, recorded_at)")


@migrations()
def occasions(db: Database) -> None:
    """Find what was said in a time, and what a persona did lately."""
    db.execute("CREATE INDEX messages_in_time ON messages (community, recorded_at)")
    db.execute("CREATE INDEX outbox_by ON outbox (by, created_at)")


@migrations()
def consents(db: Database) -> None:
    """What members agreed to or refused, and which personas have spoken to whom."""
    db.execute(
        "CREATE TABLE consents (id INTEGER PRIMARY KEY, platform TEXT NOT NULL,"
        " community TEXT NOT NULL, member TEXT NOT NULL, subject TEXT NOT NULL,"
        " state TEXT NOT NULL, persona TEXT NOT NULL, source TEXT, at TEXT NOT NULL,"
        " is_settled INTEGER NOT NULL)"  # whether Qdrant has forgotten who opted out
    )
    db.execute("CREATE INDEX consents_open ON consents (id) WHERE is_settled = 0")
    db.execute("CREATE INDEX consents_of ON consents (platform, member, id)")
    db.execute(
        "CREATE TABLE contacts (platform TEXT NOT NULL, community TEXT NOT NULL,"
        " member TEXT NOT NULL, persona TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL,"
        " PRIMARY KEY (platform, community, member, persona)) WITHOUT ROWID"
    )


@migrations()
def memories(db: Database) -> None:
    """What companions remember; a row that is erased waits here until Qdrant forgets it too."""
    db.execute(
        "CREATE TABLE memories (id INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT NOT NULL,"
        " community TEXT NOT NULL, member TEXT NOT NULL, number INTEGER NOT NULL,"
        " persona TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL,"
        " confidence REAL NOT NULL, learned_at TEXT NOT NULL, expires_at TEXT NOT NULL,"
        " is_indexed INTEGER NOT NULL DEFAULT 0, erased_at TEXT)"
    )
    db.execute("CREATE INDEX memories_of ON memories (platform, member) WHERE erased_at IS NULL")
    db.execute("CREATE INDEX memories_source ON memories (source) WHERE erased_at IS NULL")
    db.execute("CREATE INDEX memories_expiry ON memories (expires_at) WHERE erased_at IS NULL")
    db.execute(
        "CREATE INDEX memories_waiting ON memories (id)"
        " WHERE is_indexed = 0 OR erased_at IS NOT NULL"
    )


@migrations()
def attestations(db: Database) -> None:
    """A signed record of everything said, without anybody's words."""
    db.execute(
        "CREATE TABLE attestations (id TEXT PRIMARY KEY, key TEXT NOT NULL,"
        " bot TEXT NOT NULL, persona TEXT NOT NULL, message TEXT NOT NULL, ref TEXT,"
        " salt TEXT, record TEXT NOT NULL, created_at TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX attestations_message ON attestations (message)")
    db.execute("CREATE INDEX attestations_since ON attestations (created_at)")


@migrations()
def utterances(db: Database) -> None:
    """What personas said, under which version and variant, and what members made of it."""
    db.execute("ALTER TABLE outbox ADD COLUMN version TEXT")  # the persona's, when it decided
    for statement in _UTTERANCES.split(";\n"):
        if statement.strip():
            db.execute(statement)


@migrations()
def tokens(db: Database) -> None:
    """What personas used of language models on each day."""
    db.execute(
        "CREATE TABLE tokens (day TEXT NOT NULL, persona TEXT NOT NULL, used INTEGER NOT NULL,"
        " PRIMARY KEY (day, persona)) WITHOUT ROWID"
    )


_KNOWN = {
    one.__name__
    for one in (
        first,
        members_past,
        strikes,
        appeals,
        occasions,
        consents,
        memories,
        attestations,
        utterances,
        tokens,
    )
}


def migrate(db: Database, path: Path) -> None:
    """Bring a ledger file to this version's tables.

    Raises:
        ConfigError: A newer Greenroom wrote the file.
    """
    unknown = [m.name for m in migrations.applied(db) if m.name not in _KNOWN]
    if unknown:
        raise ConfigError(
            f"was written by a newer Greenroom (it has the migration `{unknown[-1]}`)",
            file=path,
            accepted="upgrade Greenroom, or point ledger.path at another file",
        )
    migrations.apply(db)
