-- A ledger as the bot before the two digests wrote it; never to be changed. Everything in it is invented.
PRAGMA user_version = 8;
BEGIN TRANSACTION;
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
INSERT INTO "account" VALUES('main@127.0.0.1:9',NULL,'{"address":"main@127.0.0.1:9","account_id":"1","limits":{"characters":500,"characters_per_url":23,"pictures":4,"description":1500,"picture_bytes":16777216,"picture_pixels":33177600,"picture_types":["image/jpeg","image/png","image/gif","image/webp"],"poll_options":4,"poll_option":50,"poll_shortest":"PT5M","poll_longest":"P30DT10H29M6S","poll_with_pictures":false,"quote_policy":false,"picture_needed":false,"software":"mastodon 4.4.0"}}','7','',NULL,'2026-03-11T14:15:00.000000+00:00',NULL,'set 173700.000000',60.0,5);
CREATE TABLE "delivery" (
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
INSERT INTO "delivery" VALUES(1,'https://heron.example/news/first/','main@127.0.0.1:9','publish','first','2026-03-09T14:00:00.000000+00:00','publish','sent',NULL,'','{"text":"The conference has a date\n\nWe meet in October, in the old boat house, and everybody is welcome to come along.\n\nhttps://heron.example/news/first/","link":"https://heron.example/news/first/","visibility":"public","language":"en","content_warning":null,"sensitive":false,"pictures":[],"poll":null,"quote_policy":null,"length":144,"limit":500,"expires":null,"thread":[],"answers":false,"source":"","reminders":[]}',1,0,'0','2026-03-09T14:00:00.000000+00:00','set 0.000000','2026-03-09T14:00:00.000000+00:00',NULL,'1','https://recording.invalid/main@127.0.0.1:9/1','2026-03-09T14:00:00.000000+00:00','',0);
INSERT INTO "delivery" VALUES(4,'https://heron.example/news/talks/','main@127.0.0.1:9','publish','talks','2026-03-10T14:00:00.000000+00:00','publish','sent',NULL,'','{"text":"The talks\n\nTwelve talks were chosen.\n\nhttps://heron.example/news/talks/","link":"https://heron.example/news/talks/","visibility":"public","language":"en","content_warning":"Talks","sensitive":true,"pictures":[{"url":"https://heron.example/assets/boat.png","path":"/srv/heron/assets/boat.png","alt":"A boat","media_type":"image/png","size":75,"width":8,"height":8,"focus":null,"remote":false,"problem":""}],"poll":null,"quote_policy":null,"length":76,"limit":500,"expires":null,"thread":[],"answers":false,"source":"","reminders":["One day is left.\n\nhttps://heron.example/news/talks/"]}',1,0,'1','2026-03-10T14:00:00.000000+00:00','set 86400.000000','2026-03-10T14:00:00.000000+00:00',NULL,'2','https://recording.invalid/main@127.0.0.1:9/2','2026-03-10T14:00:00.000000+00:00','',0);
INSERT INTO "delivery" VALUES(7,'tea-or-coffee','main@127.0.0.1:9','publish','poll','2026-03-10T14:01:00.000000+00:00','publish','sent',NULL,'','{"text":"What shall we serve?\n\nhttps://heron.example/news/poll/\n\n#HeronConf","link":"https://heron.example/news/poll/","visibility":"public","language":"en","content_warning":null,"sensitive":false,"pictures":[],"poll":{"options":["Tea","Coffee"],"expires_in":"P1D","multiple":false,"hide_totals":false},"quote_policy":null,"length":66,"limit":500,"expires":null,"thread":[],"answers":false,"source":"","reminders":[]}',1,0,'2','2026-03-10T14:05:00.000000+00:00','set 86700.000000','2026-03-10T14:05:00.000000+00:00',NULL,'3','https://recording.invalid/main@127.0.0.1:9/3','2026-03-10T14:05:00.000000+00:00','',0);
INSERT INTO "delivery" VALUES(8,'https://heron.example/news/thread/','main@127.0.0.1:9','publish','thread','2026-03-10T14:02:00.000000+00:00','publish','sent',NULL,'','{"text":"How to get there\n\nTake the boat from the bridge, which leaves every hour from early in the morning until late at night.\n\nhttps://heron.example/news/thread/\n\n1/3","link":"https://heron.example/news/thread/","visibility":"public","language":"de","content_warning":null,"sensitive":false,"pictures":[],"poll":null,"quote_policy":null,"length":160,"limit":500,"expires":null,"thread":[{"text":"Those who come by train walk along the river for a while, past the mill and over the small bridge. Those who come by train walk along the river for a while, past the mill and over the small bridge. Those who come by train walk along the river for a while, past the mill and over the small bridge. Those who come by train walk along the river for a while, past the mill and over the small bridge.\n\n2/3","link":null,"visibility":"public","language":"de","content_warning":null,"sensitive":false,"pictures":[],"poll":null,"quote_policy":null,"length":400,"limit":500,"expires":null,"thread":[],"answers":false,"source":"","reminders":[]},{"text":"The last boat waits for everybody, and nobody is left behind, however long the evening becomes. The last boat waits for everybody, and nobody is left behind, however long the evening becomes. The last boat waits for everybody, and nobody is left behind, however long the evening becomes. The last boat waits for everybody, and nobody is left behind, however long the evening becomes.\n\n3/3","link":null,"visibility":"public","language":"de","content_warning":null,"sensitive":false,"pictures":[],"poll":null,"quote_policy":null,"length":388,"limit":500,"expires":null,"thread":[],"answers":false,"source":"","reminders":[]}],"answers":false,"source":"","reminders":[]}',1,0,'3','2026-03-10T14:05:00.000000+00:00','set 86700.000000','2026-03-10T14:05:00.000000+00:00',NULL,'4','https://recording.invalid/main@127.0.0.1:9/4','2026-03-10T14:05:00.000000+00:00','',0);
INSERT INTO "delivery" VALUES(9,'https://heron.example/news/thread/','main@127.0.0.1:9','publish/2','thread','2026-03-10T14:02:00.000000+00:00','continue','sent',NULL,'','{"text":"Those who come by train walk along the river for a while, past the mill and over the small bridge. Those who come by train walk along the river for a while, past the mill and over the small bridge. Those who come by train walk along the river for a while, past the mill and over the small bridge. Those who come by train walk along the river for a while, past the mill and over the small bridge.\n\n2/3","link":null,"visibility":"public","language":"de","content_warning":null,"sensitive":false,"pictures":[],"poll":null,"quote_policy":null,"length":400,"limit":500,"expires":null,"thread":[],"answers":false,"source":"","reminders":[]}',1,0,'4','2026-03-10T14:05:00.000000+00:00','set 86700.000000','2026-03-10T14:05:00.000000+00:00',NULL,'5','https://recording.invalid/main@127.0.0.1:9/5','2026-03-10T14:05:00.000000+00:00','',0);
INSERT INTO "delivery" VALUES(10,'https://heron.example/news/thread/','main@127.0.0.1:9','publish/3','thread','2026-03-10T14:02:00.000000+00:00','continue','sent',NULL,'','{"text":"The last boat waits for everybody, and nobody is left behind, however long the evening becomes. The last boat waits for everybody, and nobody is left behind, however long the evening becomes. The last boat waits for everybody, and nobody is left behind, however long the evening becomes. The last boat waits for everybody, and nobody is left behind, however long the evening becomes.\n\n3/3","link":null,"visibility":"public","language":"de","content_warning":null,"sensitive":false,"pictures":[],"poll":null,"quote_policy":null,"length":388,"limit":500,"expires":null,"thread":[],"answers":false,"source":"","reminders":[]}',1,0,'5','2026-03-10T14:05:00.000000+00:00','set 86700.000000','2026-03-10T14:05:00.000000+00:00',NULL,'6','https://recording.invalid/main@127.0.0.1:9/6','2026-03-10T14:05:00.000000+00:00','',0);
INSERT INTO "delivery" VALUES(19,'https://heron.example/news/talks/','main@127.0.0.1:9','edit:1','talks','2026-03-10T14:10:00.000000+00:00','edit','sent',NULL,'','{"text":"The talks are chosen\n\nTwelve talks were chosen.\n\nhttps://heron.example/news/talks/","link":"https://heron.example/news/talks/","visibility":"public","language":"en","content_warning":"Talks","sensitive":true,"pictures":[{"url":"https://heron.example/assets/boat.png","path":"/srv/heron/assets/boat.png","alt":"A boat","media_type":"image/png","size":75,"width":8,"height":8,"focus":null,"remote":false,"problem":""}],"poll":null,"quote_policy":null,"length":87,"limit":500,"expires":null,"thread":[],"answers":false,"source":"","reminders":["One day is left.\n\nhttps://heron.example/news/talks/"]}',1,0,'6','2026-03-10T14:10:00.000000+00:00','set 87000.000000','2026-03-10T14:10:00.000000+00:00',NULL,'2','https://recording.invalid/main@127.0.0.1:9/2','2026-03-10T14:10:00.000000+00:00','',0);
INSERT INTO "delivery" VALUES(22,'https://heron.example/news/talks/','main@127.0.0.1:9','reminder:last-call','talks','2026-03-11T14:00:00.000000+00:00','publish','sent',NULL,'','{"text":"One day is left.\n\nhttps://heron.example/news/talks/","link":"https://heron.example/news/talks/","visibility":"public","language":"en","content_warning":"Talks","sensitive":true,"pictures":[{"url":"https://heron.example/assets/boat.png","path":"/srv/heron/assets/boat.png","alt":"A boat","media_type":"image/png","size":75,"width":8,"height":8,"focus":null,"remote":false,"problem":""}],"poll":null,"quote_policy":null,"length":56,"limit":500,"expires":"2026-03-12T14:00:00Z","thread":[],"answers":false,"source":"343fc1f2b519e53d","reminders":[]}',1,0,'6','2026-03-11T14:15:00.000000+00:00','set 173700.000000','2026-03-11T14:15:00.000000+00:00',NULL,'7','https://recording.invalid/main@127.0.0.1:9/7','2026-03-11T14:15:00.000000+00:00','',0);
CREATE TABLE deployed (
    post_id TEXT PRIMARY KEY,
    words   TEXT NOT NULL
) STRICT;
CREATE TABLE entry (
    post_id     TEXT PRIMARY KEY,
    slug        TEXT NOT NULL,
    published   TEXT NOT NULL,
    released_at TEXT NOT NULL,
    document    TEXT NOT NULL
, changed INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "entry" VALUES('https://heron.example/news/first/','first','2026-03-09T14:00:00.000000+00:00','2026-03-09T14:00:00.000000+00:00','{"post_id":"https://heron.example/news/first/","slug":"first","url":"https://heron.example/news/first/","title":"The conference has a date","authors":["Ada"],"category":null,"tags":[],"published":"2026-03-09T14:00:00Z","updated":"2026-03-09T14:00:00Z","released_at":"2026-03-09T14:00:00Z","language":"en","summary":"We meet in October, in the old boat house, and everybody is welcome to come along.","html":"<p>We meet in October, in the old boat house, and everybody is <strong>welcome</strong> to come along.</p>\n<p>More follows.</p>","cover":null,"hidden":false,"missing_since":null,"digest":"64f63e3a6c191ca781edac4ad1ec900f09174135ae8aa600bb3fa331015ee880","revision":0,"dated":null,"edit_owed":false,"waited":"PT0S","without_page":"","feed_id":"https://heron.example/news/first/"}',1);
INSERT INTO "entry" VALUES('https://heron.example/news/talks/','talks','2026-03-10T14:00:00.000000+00:00','2026-03-10T14:00:00.000000+00:00','{"post_id":"https://heron.example/news/talks/","slug":"talks","url":"https://heron.example/news/talks/","title":"The talks are chosen","authors":["Ada","Bea"],"category":"Program","tags":["talks","program"],"published":"2026-03-10T14:00:00Z","updated":"2026-03-10T14:10:00Z","released_at":"2026-03-10T14:00:00Z","language":"en","summary":"Twelve talks were chosen.","html":"<p>Twelve talks were chosen from a <a href=\"https://heron.example/proposals/\">hundred</a>, and the program is as rich as it has ever been.</p>","cover":{"url":"https://heron.example/assets/boat.png","path":"/srv/heron/assets/boat.png","alt":"A boat","media_type":"image/png","size":75,"width":8,"height":8,"focus":null,"remote":false,"problem":""},"hidden":false,"missing_since":null,"digest":"d05e3fe20d884b190046d0916cb620b3451ac4780fe817e1dba0f7d43c76ae88","revision":1,"dated":null,"edit_owed":false,"waited":"PT0S","without_page":"","feed_id":"https://heron.example/news/talks/"}',5);
INSERT INTO "entry" VALUES('tea-or-coffee','poll','2026-03-10T14:01:00.000000+00:00','2026-03-10T14:05:00.000000+00:00','{"post_id":"tea-or-coffee","slug":"poll","url":"https://heron.example/news/poll/","title":"Tea or coffee","authors":[],"category":null,"tags":[],"published":"2026-03-10T14:01:00Z","updated":"2026-03-10T14:01:00Z","released_at":"2026-03-10T14:05:00Z","language":"en","summary":"We would like to know what to serve at the conference, so that there is enough of it.","html":"<p>We would like to know what to serve at the conference, so that there is enough of it.</p>","cover":null,"hidden":false,"missing_since":null,"digest":"474912ed84c47c37c37e45654e5c73e3e937a0411e8c307274a47bc851fb7396","revision":0,"dated":null,"edit_owed":false,"waited":"PT0S","without_page":"","feed_id":"tag:heron.example,2026:tea-or-coffee"}',3);
INSERT INTO "entry" VALUES('https://heron.example/news/thread/','thread','2026-03-10T14:02:00.000000+00:00','2026-03-10T14:05:00.000000+00:00','{"post_id":"https://heron.example/news/thread/","slug":"thread","url":"https://heron.example/news/thread/","title":"How to get there","authors":[],"category":null,"tags":[],"published":"2026-03-10T14:02:00Z","updated":"2026-03-10T14:02:00Z","released_at":"2026-03-10T14:05:00Z","language":"de","summary":"Take the boat from the bridge, which leaves every hour from early in the morning until late at night.","html":"<p>Take the boat from the bridge, which leaves every hour from early in the morning until late at night.</p>\n<p>Those who come by train walk along the river for a while, past the mill and over the small bridge. Those who come by train walk along the river for a while, past the mill and over the small bridge. Those who come by train walk along the river for a while, past the mill and over the small bridge. Those who come by train walk along the river for a while, past the mill and over the small bridge.</p>\n<p>The last boat waits for everybody, and nobody is left behind, however long the evening becomes. The last boat waits for everybody, and nobody is left behind, however long the evening becomes. The last boat waits for everybody, and nobody is left behind, however long the evening becomes. The last boat waits for everybody, and nobody is left behind, however long the evening becomes.</p>","cover":null,"hidden":false,"missing_since":null,"digest":"9e52265a7e8877e193c078d36da701e2571df05f72dcc12c3e2ffd83ed7c3238","revision":0,"dated":null,"edit_owed":false,"waited":"PT0S","without_page":"","feed_id":"https://heron.example/news/thread/"}',4);
CREATE TABLE entry_writes (
    number INTEGER NOT NULL
) STRICT;
INSERT INTO "entry_writes" VALUES(5);
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
INSERT INTO "event" VALUES(1,'2026-03-09T14:00:00.000000+00:00','released','first','','','0 s after its time','');
INSERT INTO "event" VALUES(2,'2026-03-09T14:00:00.000000+00:00','sent','first','main@127.0.0.1:9','publish','https://recording.invalid/main@127.0.0.1:9/1','');
INSERT INTO "event" VALUES(3,'2026-03-10T14:00:00.000000+00:00','released','talks','','','0 s after its time','');
INSERT INTO "event" VALUES(4,'2026-03-10T14:00:00.000000+00:00','sent','talks','main@127.0.0.1:9','publish','https://recording.invalid/main@127.0.0.1:9/2','');
INSERT INTO "event" VALUES(5,'2026-03-10T14:05:00.000000+00:00','released','poll','','','4 min after its time','');
INSERT INTO "event" VALUES(6,'2026-03-10T14:05:00.000000+00:00','released','thread','','','3 min after its time','');
INSERT INTO "event" VALUES(7,'2026-03-10T14:05:00.000000+00:00','sent','poll','main@127.0.0.1:9','publish','https://recording.invalid/main@127.0.0.1:9/3','');
INSERT INTO "event" VALUES(8,'2026-03-10T14:05:00.000000+00:00','sent','thread','main@127.0.0.1:9','publish','https://recording.invalid/main@127.0.0.1:9/4','');
INSERT INTO "event" VALUES(9,'2026-03-10T14:05:00.000000+00:00','continued','thread','main@127.0.0.1:9','publish/2','https://recording.invalid/main@127.0.0.1:9/5','');
INSERT INTO "event" VALUES(10,'2026-03-10T14:05:00.000000+00:00','continued','thread','main@127.0.0.1:9','publish/3','https://recording.invalid/main@127.0.0.1:9/6','');
INSERT INTO "event" VALUES(11,'2026-03-10T14:10:00.000000+00:00','edited','talks','main@127.0.0.1:9','edit:1','https://recording.invalid/main@127.0.0.1:9/2','');
INSERT INTO "event" VALUES(12,'2026-03-11T14:15:00.000000+00:00','sent','talks','main@127.0.0.1:9','reminder:last-call','https://recording.invalid/main@127.0.0.1:9/7','');
CREATE TABLE memory (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    newest TEXT,
    paused TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO "memory" VALUES(1,'2026-03-11T14:15:00.000000+00:00','');
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
CREATE TABLE pinged (
    hub    TEXT NOT NULL,
    topic  TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (hub, topic)
) STRICT;
CREATE TABLE problem (
    text  TEXT PRIMARY KEY,
    since TEXT NOT NULL
) STRICT;
CREATE TABLE remote_picture (
    url        TEXT PRIMARY KEY,
    media_type TEXT,
    size       INTEGER,
    asked_at   TEXT NOT NULL
) STRICT;
CREATE TABLE told (
    cause TEXT PRIMARY KEY,
    what  TEXT NOT NULL,
    at    TEXT NOT NULL,
    there INTEGER NOT NULL
) STRICT;
CREATE TABLE upcoming (
    post_id TEXT PRIMARY KEY,
    slug    TEXT NOT NULL,
    due     TEXT NOT NULL
) STRICT;
CREATE TABLE waiting (
    post_id TEXT PRIMARY KEY,
    slug    TEXT NOT NULL,
    since   TEXT NOT NULL,
    why     TEXT NOT NULL,
    missing INTEGER NOT NULL
) STRICT;
CREATE TABLE word (
    post_id TEXT PRIMARY KEY,
    said    TEXT NOT NULL CHECK (said IN ('hold', 'release', 'publish', 'skip', 'retry')),
    early   INTEGER NOT NULL,
    who     TEXT NOT NULL,
    at      TEXT NOT NULL
) STRICT;
CREATE INDEX entry_by_published ON entry (published);
CREATE INDEX delivery_by_account ON delivery (account, state, due, sequence);
CREATE INDEX entry_by_changed ON entry (changed);
CREATE TRIGGER entry_is_new AFTER INSERT ON entry BEGIN
    UPDATE entry_writes SET number = number + 1;
    UPDATE entry SET changed = (SELECT number FROM entry_writes) WHERE post_id = new.post_id;
END;
CREATE TRIGGER entry_is_changed AFTER UPDATE OF post_id, document ON entry BEGIN
    UPDATE entry_writes SET number = number + 1;
    UPDATE entry SET changed = (SELECT number FROM entry_writes) WHERE post_id = new.post_id;
END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('delivery',24);
INSERT INTO "sqlite_sequence" VALUES('event',12);
COMMIT;
