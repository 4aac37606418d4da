"""The filter that answers as if it had taken a post, and never keeps it (mastodon/mastodon app/lib/antispam.rb)."""

from __future__ import annotations

from bot.sandbox.context import Sandbox
from bot.sandbox.records import Status
from bot.sandbox.switches import SpamSetting
from bot.sandbox.view import View


def is_spam(here: Sandbox, status: Status, *, view: View) -> bool:
    """Whether a new status has banned words in it, and mentions or answers somebody else."""
    if not any(setting.spam in status.draft.text for setting in here.faults.settings(SpamSetting)):
        return False
    mentioned = {account.id for account in view.mentions(status.draft.text)}
    return bool({*mentioned, status.target.in_reply_to_account_id} - {status.account_id, None})
