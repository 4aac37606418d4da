"""What the API answers when it does not do what it was asked: status codes and Mastodon's English texts.

Sources: config/locales/en.yml, app/controllers/concerns/api/error_handling.rb of mastodon/mastodon.
"""

from __future__ import annotations


class Refusal(Exception):
    """Ends a request with this status code and `{"error": text}`, and what more there is to say."""

    def __init__(self, status: int, text: str, **more: object) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text
        self.more = more


def token_invalid() -> Refusal:
    return Refusal(401, "The access token is invalid")


def token_revoked() -> Refusal:
    return Refusal(401, "The access token was revoked")


def out_of_scope() -> Refusal:
    return Refusal(403, "This action is outside the authorized scopes")


def no_user() -> Refusal:
    """For a token that is a client's own and speaks for nobody."""
    return Refusal(422, "This method requires an authenticated user")


def not_found() -> Refusal:
    return Refusal(404, "Record not found")


def reply_not_found() -> Refusal:
    return Refusal(404, "The post you are trying to reply to does not appear to exist.")


def locked() -> Refusal:
    return Refusal(503, "There was a temporary problem serving your request, please try again")


def too_many_requests(text: str = "Too many requests") -> Refusal:
    return Refusal(429, text)


def failed(*faults: str) -> Refusal:
    """A failed validation; each fault begins with the field, e.g. "Text can't be blank"."""
    return Refusal(422, "Validation failed: " + ", ".join(faults))


def refused(text: str) -> Refusal:
    return Refusal(422, text)
