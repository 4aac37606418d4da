"""What the API answers when it does not do what it was asked: status codes and Mastodon's English texts.

Sources: config/locales/en.yml, app/controllers/concerns/api/error_handling.rb of mastodon/mastodon.
"""

from __future__ import annotations


class Refusal(Exception):
    """Ends a request with this status code and `{"error": text}`."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


def token_invalid() -> Refusal:
    return Refusal(401, "The access token is invalid")


def not_found() -> Refusal:
    return Refusal(404, "Record not found")


def reply_not_found() -> Refusal:
    return Refusal(404, "The post you are trying to reply to does not appear to exist.")


def too_many_requests() -> Refusal:
    return Refusal(429, "Too many requests")


def failed(*faults: str) -> Refusal:
    """A failed validation; each fault begins with the field, e.g. "Text can't be blank"."""
    return Refusal(422, "Validation failed: " + ", ".join(faults))


def refused(text: str) -> Refusal:
    return Refusal(422, text)
