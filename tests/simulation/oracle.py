"""The judge: compares the server and the feeds with the actions of people. It does not read the ledger."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bot.domain.wording import reason_words
from tests.simulation.articles import Article
from tests.simulation.server import Created
from tests.simulation.triggers import Triggers

if TYPE_CHECKING:
    from tests.simulation.history import History

_TOOT = re.compile(r"\bA(\d+)R(\d+)\b")
_PART = re.compile(r"\bB(\d+)P(\d+)R(\d+)\b")
_REMINDER = re.compile(r"\bM(\d+)I(\d+)R(\d+)\b")
_ANSWER = re.compile(r"\bW(\d+)\b")
#: A toot by hand may cross ours on the way: a pre-flight look is believed for a minute, and a process may stand still.
CROSSING = 900.0

#: From the look whether all is paused until the request, seconds.
SENDING = 45.0
#: Seconds: a toot that leaves so soon after its datetime is on time; a process may stand still on the way.
ON_TIME, STALLED = 60.0, 400.0


def judge(history: History) -> list[str]:
    """Return every violation that is visible at rest."""
    return list(_Judge(history).faults())


class _Judge:
    def __init__(self, history: History) -> None:
        self.history = history
        self.world = history.world
        self.articles = history.people.articles
        self.end = self.world.clock.now()
        self.lost_at = history.mishaps.lost_at
        self.triggers = Triggers(history)
        self.toots: dict[tuple[int, str], list[Created]] = defaultdict(list)
        self.parts: dict[tuple[int, str], dict[int, list[Created]]] = defaultdict(lambda: defaultdict(list))
        self.reminders: dict[tuple[int, str], dict[int, list[Created]]] = defaultdict(lambda: defaultdict(list))
        self.answers: dict[tuple[int, str], list[Created]] = defaultdict(list)
        for created in history.server.store.created:
            if created.by_hand:
                continue
            text = created.status.draft.text
            toot, answer, part = _TOOT.search(text), _ANSWER.search(text), _PART.search(text)
            reminder = _REMINDER.search(text)
            if reminder:
                self.reminders[int(reminder[1]), created.account][int(reminder[2])].append(created)
            elif part:
                self.parts[int(part[1]), created.account][int(part[2])].append(created)
            elif answer:
                self.answers[int(answer[1]), created.account].append(created)
            elif toot:
                self.toots[int(toot[1]), created.account].append(created)

    def faults(self) -> Iterator[str]:
        for account in self.history.accounts:
            shown = {status["id"]: status for status in self._timeline(account)}
            for article in self.articles:
                if not article.here:
                    continue
                place = f"a{article.number} on {account}: "
                for fault in self._of(article, account, shown):
                    yield place + fault
            yield from self._order(account)
        yield from self._feeds()
        yield from self._held()
        if self.history.site is not None:
            yield from self.history.site.judge(self.history, self.toots)
        yield from self.triggers.unfounded()

    # -- one post on one account

    def _of(self, article: Article, account: str, shown: dict[str, dict[str, Any]]) -> Iterator[str]:
        toots = self.toots[article.number, account]
        if self.lost_at and "withdrawn" in article.touched:
            # A withdrawal that was taken back is known to the ledger alone, and that was lost.
            toots = [toot for toot in toots if toot.at > self.lost_at[-1]]
        if len(toots) > 1:
            yield f"tooted {len(toots)} times, at {[round(toot.at) for toot in toots]}"
        for toot in toots:
            yield from self._moment(article, account, toot)
        live = [toot for toot in toots if toot.status.id in shown]
        if article.taken_back_at is None and article.withdrawn is None:
            yield from self._owed(article, account, toots)
            if toots and not live and "withdrawn" not in article.touched:
                yield "its toot was deleted"
        if live:
            yield from self._words(article, shown[live[0].status.id])
        yield from self._withdrawal(article, account, live, shown)
        yield from self._thread(article, account, live, shown)
        for number, at in enumerate(article.reminds_at):
            for fault in self._reminder(article, account, number, at, shown):
                yield f"reminder {number} {fault}"

    def _reminder(
        self, article: Article, account: str, number: int, at: datetime, shown: dict[str, dict[str, Any]]
    ) -> Iterator[str]:
        made, toots = self.reminders[article.number, account][number], self.toots[article.number, account]
        hand, due = article.hand.get(account, ()), self.world.seconds(at)
        if len(made) > 1:
            yield f"was sent {len(made)} times, at {[round(one.at) for one in made]}"
        for one in made:
            if one.asked_at < due and one.latest < at:
                yield f"was sent {at - self.world.moment(one.asked_at)} early"
            before = [*(toot.asked_at for toot in toots), *(moment for moment, _ in hand)]
            if min(before, default=one.asked_at) >= one.asked_at:
                yield "was sent before its toot"
            # A toot by hand is not taken back, so the post is as it was once the mark is gone.
            if article.taken_back_at is not None and one.asked_at > article.taken_back_at and not hand:
                yield "was sent after the withdrawal was accepted"
            token, status = article.token_of_reminder(number), shown.get(one.status.id)
            if article.withdrawn == "true" and status is not None:
                yield "still stands, though the post is withdrawn"
            # As with the toot itself.
            excused = "withdrawn" in article.touched or (self.lost_at and article.edited_at)
            if status is not None and token not in status["content"] and not excused:
                yield f"does not show {token}: {status['content'][:120]}"
        # By hand it may have been reminded of; and what was tooted later than it is not reminded of.
        is_wanted = toots and toots[0].at <= due and "withdrawn" not in article.touched and not hand
        if is_wanted and not self._is_forgotten(article) and not made and at <= self.end - timedelta(minutes=5):
            yield "was never sent"

    def _thread(
        self, article: Article, account: str, live: list[Created], shown: dict[str, dict[str, Any]]
    ) -> Iterator[str]:
        parts = self.parts[article.number, account]
        standing = {part: [shown[c.status.id] for c in made if c.status.id in shown] for part, made in parts.items()}
        changed = article.rethreaded or "withdrawn" in article.touched
        for part, made in parts.items():
            if len(standing[part]) > 1:
                yield f"part {part} of its thread stands {len(standing[part])} times"
            if len(made) > 1 and not changed:
                yield f"part {part} of its thread was sent {len(made)} times"
            if any(
                one.asked_at < min((toot.asked_at for toot in self.toots[article.number, account]), default=0)
                for one in made
            ):
                yield f"part {part} of its thread was sent before the toot"
        there = {part: statuses[0] for part, statuses in standing.items() if statuses}
        if not live and there and not self.lost_at:
            yield f"parts {sorted(there)} of its thread stand without the toot"
        lost_words = self.lost_at and article.edited_at  # as with the toot itself
        forgotten = self._is_forgotten(article)
        if live and not article.hand and not lost_words and not forgotten and "withdrawn" not in article.touched:
            yield from self._chain(article, live[0], there)

    def _is_forgotten(self, article: Article) -> bool:
        """For a new ledger a hidden post is one that was never tooted: nothing more is said of it."""
        return bool(self.lost_at) and "hidden" in article.touched

    def _chain(self, article: Article, toot: Created, there: dict[int, dict[str, Any]]) -> Iterator[str]:
        if sorted(there) != list(article.part_numbers):
            yield f"its thread has the parts {sorted(there)}, not {list(article.part_numbers)}"
            return
        before = toot.status.id
        for part in article.part_numbers:
            status = there[part]
            if status["in_reply_to_id"] != before:
                yield f"part {part} of its thread answers {status['in_reply_to_id']}, not {before}"
            if article.token_of(part) not in status["content"]:
                yield f"part {part} of its thread does not show {article.token_of(part)}: {status['content'][:120]}"
            before = status["id"]

    def _moment(self, article: Article, account: str, toot: Created) -> Iterator[str]:
        if toot.asked_at < self._due_seconds(article) and self._latest_at(toot) < article.due:
            yield f"tooted {article.due - self.world.moment(toot.asked_at)} early"
        if article.taken_back_at is not None and toot.asked_at > article.taken_back_at:
            yield f"tooted at {toot.asked_at:.0f}, after its withdrawal was accepted at {article.taken_back_at:.0f}"
        if any(begin < toot.asked_at < end for begin, end in article.holds):
            yield f"tooted at {toot.asked_at:.0f}, while a person held it"
        if article.skipped_at is not None and toot.asked_at > article.skipped_at:
            yield f"tooted at {toot.asked_at:.0f}, though a person had skipped it at {article.skipped_at:.0f}"
        if any(begin + SENDING < toot.asked_at < end for begin, end in self.history.people.words.pauses):
            yield f"tooted at {toot.asked_at:.0f}, while all was paused"
        if self._is_expired(article, toot):
            yield f"tooted at {toot.asked_at:.0f}, after it expired on {article.expires}"
        # The bot cannot recognise a post by a name that it had earlier.
        by_hand = [
            at for at, slug in article.hand.get(account, ()) if at < toot.asked_at - CROSSING and slug == article.slug
        ]
        # Nor by one that it got while another branch was checked out.
        unseen = bool(self.history.people.away) and "renamed" in article.touched
        if by_hand and not unseen:
            yield f"tooted at {toot.asked_at:.0f}, though somebody had tooted it by hand at {by_hand[0]:.0f}"

    def _is_expired(self, article: Article, toot: Created) -> bool:
        if article.expires is None or self.history.mishaps.stepped:
            return False
        return toot.asked_at > self.world.seconds(article.expires) + CROSSING

    def _due_seconds(self, article: Article) -> float:
        due = self.world.seconds(article.due)
        return due if article.early_at is None else min(due, article.early_at)

    def _latest_at(self, toot: Created) -> Any:
        # The machine's clock may have been ahead before: then it was released rightly, as far as anyone could know.
        return toot.latest

    def _owed(self, article: Article, account: str, toots: list[Created]) -> Iterator[str]:
        excused = article.hand.get(account) or self.triggers.may_be_left_out(article)
        if self._is_out(article) and not toots and not excused:
            yield "never tooted"

    def _is_out(self, article: Article) -> bool:
        return article.due <= self.end - timedelta(minutes=5) or article.early_at is not None

    def _words(self, article: Article, status: dict[str, Any]) -> Iterator[str]:
        if "withdrawn" in article.touched:
            return
        if self.lost_at and article.edited_at:
            return  # the bot takes an older wording for a toot by hand, and never edits those
        if article.token not in status["content"]:
            yield f"its toot does not show the last text, {article.token}: {status['content'][:120]}"

    def _withdrawal(
        self, article: Article, account: str, live: list[Created], shown: dict[str, dict[str, Any]]
    ) -> Iterator[str]:
        answers = list(self.answers[article.number, account])
        if len(answers) > 1:
            yield f"its withdrawal was told {len(answers)} times"
        if answers and "withdrawn" not in article.touched:
            yield "told to be withdrawn, but it never was"
        if self.lost_at:
            return
        if article.withdrawn == "true" and live and article.due <= self.end:
            yield "withdrawn, but its toot still stands"
        if article.withdrawn not in (None, "true") and live and not answers:
            yield "withdrawn with a reason that was never told"
        for answer in answers:
            if answer.status.target.in_reply_to_id not in {toot.status.id for toot in live}:
                yield "its withdrawal answers another toot"

    # -- all of them

    def _order(self, account: str) -> Iterator[str]:
        if self.triggers.may_be_braked() or self.lost_at or self.history.people.away or self.history.site is not None:
            return
        plain = [a for a in self.articles if self._is_plain(a) and len(self.toots[a.number, account]) == 1]
        plain.sort(key=lambda article: article.due)
        for earlier, later in pairwise(plain):
            first, second = self.toots[earlier.number, account][0], self.toots[later.number, account][0]
            # A toot on time waits for no late one (design, section 7); what the time is, the machine's clock says.
            lateness = min(second.asked_at - self._due_seconds(later), (second.shown - later.due).total_seconds())
            left_on_time = lateness <= ON_TIME + STALLED
            if earlier.due < later.due and first.asked_at > second.asked_at and not left_on_time:
                yield f"a{later.number} was tooted before a{earlier.number} on {account}"

    @staticmethod
    def _is_plain(article: Article) -> bool:
        return article.here and not article.touched and not article.if_missed and article.expires is None

    def _feeds(self) -> Iterator[str]:
        path = self.world.root / "public" / "news" / "feed.json"
        if not path.exists():
            yield "there is no feed"
            return
        urls = {item["url"] for item in json.loads(path.read_bytes())["items"]}
        wanted = {
            article.link
            for article in self.articles
            if article.here and not article.hidden and article.withdrawn is None
            if article.due <= self.end or article.early_at is not None
        }
        if urls != wanted:
            yield f"the feed lacks {sorted(wanted - urls)} and has {sorted(urls - wanted)} besides"

    def _held(self) -> Iterator[str]:
        withdrawn = {article.slug for article in self.articles if article.withdrawn is not None}
        for name, result in self.history.last_cycles.items():
            for item in result.plan.items:
                # What is withdrawn is let go by its file alone.
                is_withdrawn = "held by" in reason_words(item.reason) and item.slug in withdrawn
                # A person speaks to the first ledger; what the other one gave up, it gave up for good.
                is_anothers = name == "two" and self.history.rivals and "tried for" in reason_words(item.reason)
                if item.verdict.value == "held" and not is_withdrawn and not is_anothers:
                    yield f"{item.slug} on {item.account} is held by {name} at rest: {reason_words(item.reason)}"
                if item.verdict.value == "rejected" and not self.triggers.may_be_refused(item.slug):
                    yield f"{item.slug} on {item.account} was rejected: {reason_words(item.reason)}"

    def _timeline(self, account: str) -> list[dict[str, Any]]:
        """Return the account's statuses, read over HTTP."""
        call, headers = self.history.server.call, {"Authorization": f"Bearer loopback-{account}"}
        _, _, body = call("GET", "/api/v1/accounts/verify_credentials", headers=headers)
        account_id, found, below = json.loads(body)["id"], list[dict[str, Any]](), ""
        while True:
            path = f"/api/v1/accounts/{account_id}/statuses?limit=40{below}"
            page = json.loads(call("GET", path, headers=headers)[2])
            if not page:
                return found
            found += page
            below = f"&max_id={page[-1]['id']}"
