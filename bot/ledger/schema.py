"""The tables of the SQLite ledger, as numbered migrations (`migrate` runs them).

Times of day are ISO 8601 texts in UTC, which sort as they should. `mark` columns hold `Clock.mark()` texts.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.feeds.ids import permanent_id

_FIRST: Final = """
CREATE TABLE memory (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    newest TEXT,
    paused TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO memory (one) VALUES (1);

-- A released post as the feeds show it. `slug` is the latest one, `document` the whole entry.
CREATE TABLE entry (
    post_id     TEXT PRIMARY KEY,
    slug        TEXT NOT NULL,
    published   TEXT NOT NULL,
    released_at TEXT NOT NULL,
    document    TEXT NOT NULL
) STRICT;
CREATE INDEX entry_by_published ON entry (published);

CREATE TABLE account (
    address        TEXT PRIMARY KEY,
    joined_at      TEXT,
    facts          TEXT,
    last_status_id TEXT,
    blocked        TEXT NOT NULL DEFAULT '',
    not_before     TEXT,
    last_sent_at   TEXT,
    lease_owner    TEXT,
    lease_mark     TEXT,
    lease_seconds  REAL,
    fence          INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE delivery (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    post_id        TEXT NOT NULL,
    account        TEXT NOT NULL,
    occasion       TEXT NOT NULL,
    slug           TEXT NOT NULL,
    due            TEXT NOT NULL,
    action         TEXT NOT NULL CHECK (action IN ('publish', 'reply', 'edit', 'delete')),
    state          TEXT NOT NULL CHECK (state IN ('due', 'sending', 'sent', 'rejected', 'held', 'skipped')),
    hold           TEXT CHECK (hold IN ('brake', 'person', 'unclear', 'failed')),
    reason         TEXT NOT NULL,
    announcement   TEXT NOT NULL,
    attempts       INTEGER NOT NULL,
    generation     INTEGER NOT NULL,
    after_id       TEXT,
    intended_at    TEXT,
    intended_mark  TEXT NOT NULL,
    first_tried_at TEXT,
    not_before     TEXT,
    status_id      TEXT,
    status_url     TEXT,
    settled_at     TEXT,
    ordered_by     TEXT NOT NULL,
    is_foreign     INTEGER NOT NULL,
    UNIQUE (post_id, account, occasion),
    CHECK ((state = 'held') = (hold IS NOT NULL)),
    CHECK (state <> 'sending' OR intended_at IS NOT NULL)
) STRICT;
CREATE INDEX delivery_by_account ON delivery (account, state, due, sequence);

-- A person's latest word on a post.
CREATE TABLE word (
    post_id TEXT PRIMARY KEY,
    said    TEXT NOT NULL CHECK (said IN ('hold', 'release', 'publish', 'skip', 'retry')),
    early   INTEGER NOT NULL,
    who     TEXT NOT NULL,
    at      TEXT NOT NULL
) STRICT;

-- The posts that waited for their datetime at the latest pass, so that their disappearance is noticed.
CREATE TABLE upcoming (
    post_id TEXT PRIMARY KEY,
    slug    TEXT NOT NULL,
    due     TEXT NOT NULL
) STRICT;

-- What was wrong at the last pass, so that a person is told once.
CREATE TABLE problem (
    text  TEXT PRIMARY KEY,
    since TEXT NOT NULL
) STRICT;

-- The causes of trouble that people were told of.
CREATE TABLE told (
    cause TEXT PRIMARY KEY,
    what  TEXT NOT NULL,
    at    TEXT NOT NULL,
    there INTEGER NOT NULL
) STRICT;

CREATE TABLE event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at       TEXT NOT NULL,
    what     TEXT NOT NULL,
    slug     TEXT NOT NULL,
    account  TEXT NOT NULL,
    occasion TEXT NOT NULL,
    detail   TEXT NOT NULL,
    who      TEXT NOT NULL
) STRICT;
"""


def _freeze_feed_ids(db: sqlite3.Connection) -> None:
    """Give each entry the id that the feeds have shown so far: it was made anew from the site's host at each build."""
    for row in db.execute("SELECT post_id, document FROM entry").fetchall():
        entry = json.loads(row["document"])
        published = datetime.fromisoformat(entry["published"])
        entry["feed_id"] = permanent_id(entry["post_id"], site=entry["url"], published=published)
        document = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        db.execute("UPDATE entry SET document = ? WHERE post_id = ?", (document, row["post_id"]))


#: SQLite cannot change a CHECK, so the table is made anew; numbers that were given stay given.
_LATER_PARTS: Final = """
CREATE TABLE delivery_anew (
    sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
    post_id        TEXT NOT NULL,
    account        TEXT NOT NULL,
    occasion       TEXT NOT NULL,
    slug           TEXT NOT NULL,
    due            TEXT NOT NULL,
    action         TEXT NOT NULL CHECK (action IN ('publish', 'continue', 'reply', 'edit', 'delete')),
    state          TEXT NOT NULL CHECK (state IN ('due', 'sending', 'sent', 'rejected', 'held', 'skipped')),
    hold           TEXT CHECK (hold IN ('brake', 'person', 'unclear', 'failed')),
    reason         TEXT NOT NULL,
    announcement   TEXT NOT NULL,
    attempts       INTEGER NOT NULL,
    generation     INTEGER NOT NULL,
    after_id       TEXT,
    intended_at    TEXT,
    intended_mark  TEXT NOT NULL,
    first_tried_at TEXT,
    not_before     TEXT,
    status_id      TEXT,
    status_url     TEXT,
    settled_at     TEXT,
    ordered_by     TEXT NOT NULL,
    is_foreign     INTEGER NOT NULL,
    UNIQUE (post_id, account, occasion),
    CHECK ((state = 'held') = (hold IS NOT NULL)),
    CHECK (state <> 'sending' OR intended_at IS NOT NULL)
) STRICT;
INSERT INTO delivery_anew SELECT
    sequence, post_id, account, occasion, slug, due, action, state, hold, reason, announcement, attempts, generation,
    after_id, intended_at, intended_mark, first_tried_at, not_before, status_id, status_url, settled_at, ordered_by,
    is_foreign
FROM delivery;
DELETE FROM sqlite_sequence WHERE name = 'delivery_anew';
INSERT INTO sqlite_sequence (name, seq) SELECT 'delivery_anew', seq FROM sqlite_sequence WHERE name = 'delivery';
DROP TABLE delivery;
ALTER TABLE delivery_anew RENAME TO delivery;
CREATE INDEX delivery_by_account ON delivery (account, state, due, sequence);
"""


_OLD_FEEDS_AND_PINGS: Final = """
-- The entries of feeds that the site had before: their ids and dates pass to the posts at their release.
CREATE TABLE old_entry (
    feed_id   TEXT PRIMARY KEY,
    link      TEXT NOT NULL,
    title     TEXT NOT NULL,
    published TEXT,
    updated   TEXT
) STRICT;
CREATE TABLE old_feed (
    source TEXT PRIMARY KEY,
    at     TEXT NOT NULL
) STRICT;

-- Which bytes of a feed a hub was last told of. What differs from the public folder is owed.
CREATE TABLE pinged (
    hub    TEXT NOT NULL,
    topic  TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (hub, topic)
) STRICT;
"""


_REMOTE_PICTURES: Final = """
-- What other hosts said of the covers that lie there; without type and size: they were asked in vain.
CREATE TABLE remote_picture (
    url        TEXT PRIMARY KEY,
    media_type TEXT,
    size       INTEGER,
    asked_at   TEXT NOT NULL
) STRICT;
"""


_PAGES: Final = """
-- Posts whose datetime has come and whose page is not online yet.
CREATE TABLE waiting (
    post_id TEXT PRIMARY KEY,
    slug    TEXT NOT NULL,
    since   TEXT NOT NULL,
    why     TEXT NOT NULL,
    missing INTEGER NOT NULL
) STRICT;

-- The words of each post that the site was last asked to be built with. What differs is owed.
CREATE TABLE deployed (
    post_id TEXT PRIMARY KEY,
    words   TEXT NOT NULL
) STRICT;
"""


_CHANGED: Final = """
-- The number of the latest write of an entry; each write takes the next one, so that what is new is found by it.
ALTER TABLE entry ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX entry_by_changed ON entry (changed);
-- Triggers, so that it holds whoever writes: an older version that still runs, or a person.
CREATE TRIGGER entry_is_new AFTER INSERT ON entry BEGIN
    UPDATE entry SET changed = (SELECT max(changed) + 1 FROM entry) WHERE post_id = new.post_id;
END;
CREATE TRIGGER entry_is_changed AFTER UPDATE OF post_id, document ON entry BEGIN
    UPDATE entry SET changed = (SELECT max(changed) + 1 FROM entry) WHERE post_id = new.post_id;
END;
"""


_COUNTED: Final = """
-- The number of the latest write of an entry, also once that entry was taken out by hand: none is given twice.
CREATE TABLE entry_writes (
    number INTEGER NOT NULL
) STRICT;
INSERT INTO entry_writes SELECT coalesce(max(changed), 0) FROM entry;
DROP TRIGGER entry_is_new;
DROP TRIGGER entry_is_changed;
CREATE TRIGGER entry_is_new AFTER INSERT ON entry BEGIN
    UPDATE entry_writes SET number = number + 1;
    UPDATE entry SET changed = (SELECT number FROM entry_writes) WHERE post_id = new.post_id;
END;
CREATE TRIGGER entry_is_changed AFTER UPDATE OF post_id, document ON entry BEGIN
    UPDATE entry_writes SET number = number + 1;
    UPDATE entry SET changed = (SELECT number FROM entry_writes) WHERE post_id = new.post_id;
END;
"""


#: SQL, or what to do to the rows. Never changed once released: old ledgers went through exactly these.
Migration = str | Callable[[sqlite3.Connection], None]
MIGRATIONS: Final[tuple[Migration, ...]] = (
    _FIRST,
    _freeze_feed_ids,
    _LATER_PARTS,
    _OLD_FEEDS_AND_PINGS,
    _REMOTE_PICTURES,
    _PAGES,
    _CHANGED,
    _COUNTED,
)
