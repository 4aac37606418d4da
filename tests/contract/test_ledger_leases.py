"""The ledger's contract: leases, and the writes that need one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from bot.domain import (
    AccountFacts,
    AccountState,
    Announcement,
    CompareAndSet,
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Hold,
    Lease,
    Limits,
    Reason,
    ReasonCode,
    WriteBatch,
)
from bot.domain.clock import ManualClock, SystemClock
from bot.domain.errors import LeaseHeldError, LeaseLostError
from bot.domain.reasons import text_reason
from bot.domain.wording import reason_words
from bot.ledger.contract import Ledger
from bot.ledger.sqlite import SqliteLedger

ACCOUNT = "conf@example.social"
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def due(ledger: Ledger, make_delivery: Callable[..., Delivery]) -> Delivery:
    """A delivery that is due on an account that the ledger knows."""
    new_accounts = AccountState(address=ACCOUNT, joined_at=None)
    ledger.record(
        WriteBatch(new_accounts=(new_accounts,), changes=(CompareAndSet(known=None, wanted=make_delivery()),)), now=NOW
    )
    (delivery,) = ledger.account_view(ACCOUNT).open
    return delivery


def take(ledger: Ledger, owner: str = "me") -> Lease:
    return ledger.acquire_lease(ACCOUNT, owner=owner, duration=MINUTE)


def one(ledger: Ledger) -> Delivery:
    (delivery,) = ledger.snapshot().deliveries.values()
    return delivery


@pytest.mark.parametrize("owner", ["another", "me"])
def test_a_lease_is_held_until_its_end(ledger: Ledger, clock: ManualClock, due: Delivery, owner: str) -> None:
    take(ledger)
    clock.advance(MINUTE - SECOND)
    with pytest.raises(LeaseHeldError) as caught:
        take(ledger, owner)
    assert caught.value.remaining == SECOND
    clock.advance(SECOND)
    assert take(ledger, owner)


@pytest.mark.parametrize("step", [timedelta(days=-1), timedelta(days=1)])
def test_steps_of_the_time_of_day_move_no_lease(
    ledger: Ledger, clock: ManualClock, due: Delivery, step: timedelta
) -> None:
    take(ledger)
    clock.step_to(NOW + step)
    with pytest.raises(LeaseHeldError) as caught:
        take(ledger, "another")
    assert caught.value.remaining == MINUTE


def test_a_lease_of_before_a_restart_of_the_machine_is_over(
    ledger: Ledger, restart: Callable[[], None], due: Delivery
) -> None:
    take(ledger)
    restart()
    assert take(ledger, "another").fence == 2


def test_a_lease_holds_for_one_account_only(ledger: Ledger, due: Delivery) -> None:
    ledger.record(WriteBatch(new_accounts=(AccountState(address="other@example.social", joined_at=None),)), now=NOW)
    take(ledger)
    assert ledger.acquire_lease("other@example.social", owner="another", duration=MINUTE).fence == 1


def test_the_fence_rises_with_each_lease(ledger: Ledger, clock: ManualClock, due: Delivery) -> None:
    first = take(ledger)
    ledger.release_lease(first)
    second = take(ledger, "another")
    clock.advance(MINUTE)
    third = take(ledger)
    assert (first.fence, second.fence, third.fence) == (1, 2, 3)
    assert (second.owner, second.account) == ("another", ACCOUNT)


def test_a_lease_that_was_given_back_is_free(ledger: Ledger, due: Delivery) -> None:
    lease = take(ledger)
    ledger.release_lease(lease)
    assert take(ledger, "another")


def test_giving_back_a_lost_lease_leaves_the_new_one_alone(ledger: Ledger, clock: ManualClock, due: Delivery) -> None:
    old = take(ledger)
    clock.advance(MINUTE)
    new = take(ledger, "another")
    ledger.release_lease(old)
    ledger.renew_lease(new)
    with pytest.raises(LeaseHeldError):
        take(ledger)


def test_renewing_starts_the_duration_again(ledger: Ledger, clock: ManualClock, due: Delivery) -> None:
    lease = take(ledger)
    clock.advance(MINUTE - SECOND)
    ledger.renew_lease(lease)
    clock.advance(MINUTE - SECOND)
    with pytest.raises(LeaseHeldError):
        take(ledger, "another")
    clock.advance(SECOND)
    assert take(ledger, "another")


def test_a_lease_that_has_ended_is_good_until_another_takes_it(
    ledger: Ledger, clock: ManualClock, due: Delivery
) -> None:
    lease = take(ledger)
    clock.advance(MINUTE)
    ledger.renew_lease(lease)
    with pytest.raises(LeaseHeldError):
        take(ledger, "another")


BAD_TOKEN = Reason(code=ReasonCode.ACCOUNT_BLOCKED, text="bad token")
REDIRECTED = Reason(code=ReasonCode.ACCOUNT_BLOCKED, text="redirected")
USES: dict[str, Callable[[Ledger, Lease, Delivery], object]] = {
    "renew": lambda ledger, lease, _: ledger.renew_lease(lease),
    "note_account": lambda ledger, lease, _: ledger.note_account(lease, last_status_id="9", now=NOW),
    "block_account": lambda ledger, lease, _: ledger.note_account(lease, blocked=BAD_TOKEN, not_before=None, now=NOW),
    "write_intent": lambda ledger, lease, due: ledger.write_intent(lease, due, after_id="9", now=NOW),
    "settle": lambda ledger, lease, due: ledger.settle(
        lease,
        replace(due, state=DeliveryState.SENT, status_id="9"),
        event=Event(at=NOW, kind=EventKind.SENT),
        now=NOW + MINUTE,
    ),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_nothing_is_written_under_a_lease_that_another_took(
    ledger: Ledger, clock: ManualClock, due: Delivery, use: Callable[[Ledger, Lease, Delivery], object]
) -> None:
    old = take(ledger)
    clock.advance(MINUTE)
    new = take(ledger, "another")
    before, clock_before = (ledger.snapshot(), ledger.events(limit=9)), clock.now()
    with pytest.raises(LeaseLostError, match=ACCOUNT):
        use(ledger, old, due)
    assert (ledger.snapshot(), ledger.events(limit=9)) == before
    assert clock.now() == clock_before
    use(ledger, new, due)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_nothing_is_written_under_a_lease_that_was_given_back(
    ledger: Ledger, due: Delivery, use: Callable[[Ledger, Lease, Delivery], object]
) -> None:
    lease = take(ledger)
    ledger.release_lease(lease)
    with pytest.raises(LeaseLostError):
        use(ledger, lease, due)


def test_the_same_owner_may_lose_a_lease_to_itself(ledger: Ledger, clock: ManualClock, due: Delivery) -> None:
    old = take(ledger)
    clock.advance(MINUTE)
    take(ledger)
    with pytest.raises(LeaseLostError):
        ledger.renew_lease(old)


def test_an_intent_is_written_with_all_that_a_look_needs(ledger: Ledger, clock: ManualClock, due: Delivery) -> None:
    lease = take(ledger)
    clock.advance(SECOND)
    assert ledger.write_intent(lease, replace(due, reason=text_reason("other")), after_id="41", now=NOW + SECOND)
    assert one(ledger) == replace(
        due,
        state=DeliveryState.SENDING,
        attempts=1,
        after_id="41",
        intended_at=NOW + SECOND,
        intended_mark=clock.mark(),
        first_tried_at=NOW + SECOND,
    )


def test_a_second_intent_keeps_where_the_look_starts(ledger: Ledger, clock: ManualClock, due: Delivery) -> None:
    lease = take(ledger)
    ledger.write_intent(lease, due, after_id="41", now=NOW)
    again = replace(one(ledger), state=DeliveryState.DUE, reason=text_reason("r"), not_before=NOW + SECOND)
    ledger.settle(lease, again, event=None, now=NOW)
    clock.advance(MINUTE)
    assert ledger.write_intent(lease, again, after_id="99", now=NOW + MINUTE)
    second = one(ledger)
    assert (second.after_id, second.attempts, second.first_tried_at) == ("41", 2, NOW)
    assert (second.intended_at, second.intended_mark) == (NOW + MINUTE, clock.mark())
    assert (second.not_before, reason_words(second.reason)) == (None, "")


def test_an_intent_renews_the_lease(ledger: Ledger, clock: ManualClock, due: Delivery) -> None:
    lease = take(ledger)
    clock.advance(MINUTE - SECOND)
    ledger.write_intent(lease, due, after_id="0", now=NOW)
    clock.advance(MINUTE - SECOND)
    with pytest.raises(LeaseHeldError) as caught:
        take(ledger, "another")
    assert caught.value.remaining == SECOND


def test_no_intent_while_a_person_has_paused_everything(ledger: Ledger, due: Delivery) -> None:
    """The process may have been suspended since it last read the overrides."""
    lease = take(ledger)
    ledger.record(WriteBatch(paused="ann on 2026-03-10 14:00 UTC"), now=NOW)
    assert not ledger.write_intent(lease, due, after_id="0", now=NOW)
    assert one(ledger) == due
    ledger.record(WriteBatch(paused=""), now=NOW)
    assert ledger.write_intent(lease, one(ledger), after_id="0", now=NOW)


def test_no_intent_for_words_that_were_changed_meanwhile(
    ledger: Ledger, due: Delivery, make_announcement: Callable[..., Announcement]
) -> None:
    lease = take(ledger)
    ledger.record(
        WriteBatch(
            changes=(CompareAndSet(known=due, wanted=replace(due, announcement=make_announcement(text="new"))),)
        ),
        now=NOW,
    )
    assert not ledger.write_intent(lease, due, after_id="0", now=NOW)
    assert one(ledger) == replace(due, announcement=make_announcement(text="new"))
    assert ledger.write_intent(lease, one(ledger), after_id="0", now=NOW)


def test_no_intent_for_what_was_retracted_meanwhile(ledger: Ledger, due: Delivery) -> None:
    lease = take(ledger)
    ledger.record(WriteBatch(changes=(CompareAndSet(known=due, wanted=None),)), now=NOW)
    assert not ledger.write_intent(lease, due, after_id="0", now=NOW)
    assert not ledger.snapshot().deliveries


def test_no_intent_for_what_became_unclear_meanwhile(ledger: Ledger, due: Delivery) -> None:
    lease = take(ledger)
    unclear = replace(due, state=DeliveryState.HELD, hold=Hold.UNCLEAR)
    ledger.record(WriteBatch(changes=(CompareAndSet(known=due, wanted=unclear),)), now=NOW)
    assert not ledger.write_intent(lease, due, after_id="0", now=NOW)
    assert one(ledger) == unclear


def test_no_second_intent_while_one_is_open(ledger: Ledger, due: Delivery) -> None:
    lease = take(ledger)
    assert ledger.write_intent(lease, due, after_id="0", now=NOW)
    before = one(ledger)
    assert not ledger.write_intent(lease, due, after_id="0", now=NOW)
    assert one(ledger) == before


def test_settling_as_sent_tells_the_account(ledger: Ledger, due: Delivery) -> None:
    lease = take(ledger)
    ledger.write_intent(lease, due, after_id="5", now=NOW)
    sent = replace(
        one(ledger), state=DeliveryState.SENT, status_id="9", status_url="u", settled_at=NOW + SECOND, foreign=True
    )
    event = Event(at=NOW, kind=EventKind.SENT, slug=due.slug, account=ACCOUNT)
    ledger.settle(lease, sent, event=event, now=NOW + SECOND)
    assert one(ledger) == sent
    assert (ledger.account_view(ACCOUNT).account.last_status_id, ledger.account_view(ACCOUNT).account.last_sent_at) == (
        "9",
        NOW + SECOND,
    )
    assert ledger.events(limit=9) == (event,)
    assert ledger.snapshot().status_ids(ACCOUNT) == {"9"}
    assert ledger.account_view(ACCOUNT).open == ()


def test_settling_what_was_sent_before_keeps_the_latest_time(ledger: Ledger, due: Delivery) -> None:
    lease = take(ledger)
    # Settled at, written at, the latest then; the last ones after a clock that was two days ahead.
    for settled, written, latest in ((0, 0, 0), (-5, 1, 0), (1, 1, 1), (48, 48, 48), (2, 2, 2)):
        sent = replace(due, state=DeliveryState.SENT, status_id="7", settled_at=NOW + timedelta(hours=settled))
        ledger.settle(lease, sent, event=None, now=NOW + timedelta(hours=written))
        assert ledger.account_view(ACCOUNT).account.last_sent_at == NOW + timedelta(hours=latest)


def test_settling_with_an_older_status_keeps_the_newest(ledger: Ledger, due: Delivery) -> None:
    lease = take(ledger)
    ledger.note_account(lease, last_status_id="100", now=NOW)
    ledger.settle(lease, replace(due, state=DeliveryState.SENT, status_id="9", settled_at=NOW), event=None, now=NOW)
    assert ledger.account_view(ACCOUNT).account.last_status_id == "100"


@pytest.mark.parametrize("state", [DeliveryState.DUE, DeliveryState.REJECTED, DeliveryState.SENDING])
def test_settling_in_any_other_way_does_not_count_as_sent(ledger: Ledger, due: Delivery, state: DeliveryState) -> None:
    lease = take(ledger)
    ledger.settle(lease, replace(due, state=state, intended_at=NOW, settled_at=NOW), event=None, now=NOW)
    assert ledger.account_view(ACCOUNT).account == AccountState(address=ACCOUNT, joined_at=None)
    assert ledger.events(limit=9) == ()


def test_a_block_is_news_once_and_cleared_by_the_servers_facts(ledger: Ledger, due: Delivery) -> None:
    lease = take(ledger)
    assert ledger.note_account(lease, blocked=BAD_TOKEN, not_before=None, now=NOW)
    assert not ledger.note_account(lease, blocked=BAD_TOKEN, not_before=NOW + MINUTE, now=NOW)
    assert ledger.account_view(ACCOUNT).account.blocked == BAD_TOKEN
    assert ledger.account_view(ACCOUNT).account.not_before == NOW + MINUTE
    assert ledger.note_account(lease, blocked=REDIRECTED, not_before=None, now=NOW)
    assert ledger.account_view(ACCOUNT).account.not_before is None

    ledger.note_account(lease, last_status_id="5", now=NOW)
    assert ledger.account_view(ACCOUNT).account.blocked == REDIRECTED
    ledger.note_account(lease, blocked=REDIRECTED, not_before=NOW + MINUTE, now=NOW)
    facts = AccountFacts(address=ACCOUNT, account_id="7", limits=Limits(characters=5000))
    ledger.note_account(lease, facts=facts, now=NOW)
    ledger.note_account(lease, facts=facts, now=NOW)
    assert ledger.account_view(ACCOUNT).account == AccountState(
        address=ACCOUNT, joined_at=None, facts=facts, last_status_id="5"
    )

    history = [(event.kind, event.account, event.reason) for event in ledger.events(limit=9)]
    assert history == [
        (EventKind.BLOCKED, ACCOUNT, BAD_TOKEN),
        (EventKind.BLOCKED, ACCOUNT, REDIRECTED),
        (EventKind.WORKS_AGAIN, ACCOUNT, Reason(code=ReasonCode.WAS_BLOCKED, cause=REDIRECTED)),
    ]


def test_the_newest_status_id_only_grows(ledger: Ledger, due: Delivery) -> None:
    lease = take(ledger)
    for seen, newest in (("0", "0"), ("9", "9"), ("10", "10"), ("9", "10"), ("0", "10")):
        ledger.note_account(lease, last_status_id=seen, now=NOW)
        assert ledger.account_view(ACCOUNT).account.last_status_id == newest


def test_of_several_threads_exactly_one_gets_each_lease(ledger: Ledger) -> None:
    accounts = [f"a{number}@example.social" for number in range(20)]
    ledger.record(WriteBatch(new_accounts=tuple(AccountState(address=a, joined_at=None) for a in accounts)), now=NOW)
    wins: list[str] = []
    unexpected: list[BaseException] = []
    start = Barrier(4, timeout=30)

    def compete(owner: str) -> None:
        start.wait()
        for account in accounts:
            try:
                ledger.acquire_lease(account, owner=owner, duration=MINUTE)
            except LeaseHeldError:
                continue
            except BaseException as error:
                unexpected.append(error)
                raise
            wins.append(account)

    threads = [Thread(target=compete, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not unexpected
    assert sorted(wins) == sorted(accounts)


COMPETE = """
import sys, time
from datetime import timedelta
from pathlib import Path
from bot.domain.clock import SystemClock
from bot.domain.errors import LeaseHeldError
from bot.ledger.sqlite import SqliteLedger
path, begin, *accounts = sys.argv[1:]
ledger = SqliteLedger(Path(path), SystemClock())
while time.time() < float(begin):
    pass
for account in accounts:
    try:
        ledger.acquire_lease(account, owner="same name", duration=timedelta(minutes=5))
        print(account)
    except LeaseHeldError:
        pass
"""


def test_of_two_processes_exactly_one_gets_each_lease(tmp_path: Path) -> None:
    accounts = [f"a{number}@example.social" for number in range(40)]
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger(path, SystemClock())
    ledger.record(WriteBatch(new_accounts=tuple(AccountState(address=a, joined_at=None) for a in accounts)), now=NOW)
    ledger.close()
    command = [sys.executable, "-c", COMPETE, str(path), str(time.time() + 2), *accounts]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(answers[0] + answers[1]) == sorted(accounts)
