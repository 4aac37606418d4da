"""Polls: reading one from a request, its rules, and voting.

Sources: app/validators/poll_options_validator.rb, poll_expiration_validator.rb, app/services/vote_service.rb of
mastodon/mastodon. The texts of the errors are not verified.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain import Limits
from bot.sandbox.errors import failed
from bot.sandbox.params import Params
from bot.sandbox.records import Account, Question, Status
from bot.sandbox.text import count_graphemes

_AT_MOST_SECONDS: Final = 100 * 365 * 86400  # more would not fit into a datetime


def read_question(params: Params, *, limits: Limits, now: datetime) -> Question | None:
    """The poll of a request; None if it has none. Raises ApiError (422) for an invalid one."""
    if not params.names_any("poll"):
        return None
    options = tuple(option.strip() for option in params.list("poll[options]"))
    seconds = _seconds(params.text("poll[expires_in]"))
    faults = [*_faults_of_options(options, limits), *_faults_of_time(seconds, limits)]
    if faults:
        raise failed(*faults)
    return Question(
        options=options,
        expires_at=now + timedelta(seconds=seconds or 0),
        multiple=params.flag("poll[multiple]") or False,
        hide_totals=params.flag("poll[hide_totals]") or False,
    )


def vote(status: Status, account: Account, choices: list[str], *, now: datetime) -> Status:
    """The status with this account's vote. Raises ApiError (422) for an invalid one."""
    question, poll = status.draft.question, status.poll
    assert question is not None
    assert poll is not None
    if account.id == status.account_id:
        raise failed("You cannot vote in your own polls")
    if question.expires_at <= now:
        raise failed("The poll has already ended")
    if account.id in poll.votes:
        raise failed("You have already voted on this poll")
    places = {int(choice) if choice.isdecimal() else -1 for choice in choices}
    fits = places and all(0 <= place < len(question.options) for place in places)
    if not fits or (len(places) > 1 and not question.multiple):
        raise failed("The chosen vote option does not exist")
    return replace(status, poll=replace(poll, votes={**poll.votes, account.id: tuple(sorted(places))}))


def _faults_of_options(options: tuple[str, ...], limits: Limits) -> list[str]:
    faults = []
    if len(options) < 2:
        faults.append("Owned poll options must have more than one item")
    if len(options) > limits.poll_options:
        faults.append(f"Owned poll options can't contain more than {limits.poll_options} items")
    if any(count_graphemes(option) > limits.poll_option for option in options):
        faults.append(f"Owned poll options cannot be longer than {limits.poll_option} characters each")
    if len(set(options)) < len(options):
        faults.append("Owned poll options contain duplicate items")
    if "" in options:
        faults.append("Owned poll options can't be blank")
    return faults


def _faults_of_time(seconds: int | None, limits: Limits) -> list[str]:
    if seconds is None:
        return ["Owned poll expires at can't be blank"]
    if seconds > min(limits.poll_longest.total_seconds(), _AT_MOST_SECONDS):
        return ["Owned poll expires at is too far into the future"]
    if seconds < limits.poll_shortest.total_seconds():
        return ["Owned poll expires at is too soon"]
    return []


def _seconds(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None
