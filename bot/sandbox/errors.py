"""The errors of the API: status codes and Mastodon's English texts.

Sources: config/locales/en.yml, app/controllers/concerns/api/error_handling.rb of mastodon/mastodon.
"""

from __future__ import annotations


class ApiError(Exception):
    """Ends a request with this status code and `{"error": text}`; `more` adds fields to it."""

    def __init__(self, status: int, text: str, **more: object) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text
        self.more = more


def token_invalid() -> ApiError:
    return ApiError(401, "The access token is invalid")


def token_revoked() -> ApiError:
    return ApiError(401, "The access token was revoked")


def out_of_scope() -> ApiError:
    return ApiError(403, "This action is outside the authorized scopes")


def no_user() -> ApiError:
    """For a client's own token, which belongs to no account."""
    return ApiError(422, "This method requires an authenticated user")


def not_found() -> ApiError:
    return ApiError(404, "Record not found")


def reply_not_found() -> ApiError:
    return ApiError(404, "The post you are trying to reply to does not appear to exist.")


def locked() -> ApiError:
    return ApiError(503, "There was a temporary problem serving your request, please try again")


def too_many_requests(text: str = "Too many requests") -> ApiError:
    return ApiError(429, text)


def failed(*faults: str) -> ApiError:
    """A failed validation; each fault begins with the field, e.g. "Text can't be blank"."""
    return ApiError(422, "Validation failed: " + ", ".join(faults))


def refused(text: str) -> ApiError:
    return ApiError(422, text)
