"""The timeline page: what people would see on Mastodon. It shows every toot, even those that only some could see."""

from __future__ import annotations

from collections import Counter
from secrets import token_urlsafe
from typing import Final

from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import escape
from werkzeug.exceptions import NotFound

from bot.sandbox.context import sandbox, view
from bot.sandbox.ids import IdStyle
from bot.sandbox.paging import PageRequest, page_request, select_page
from bot.sandbox.records import Status
from bot.sandbox.text import fold_hashtag
from bot.sandbox.timeline import show_time, show_toot
from bot.sandbox.view import thread_around

routes: Final = Blueprint("page", __name__)


@routes.get("/")
def timeline() -> Response:
    """The newest toots; `?account=name` shows one account's."""
    username = request.args.get("account", "")
    found = [status for status in sandbox().store.statuses() if not username or _is_by(status, username)]
    return _page(found, account=username, heading=f"@{username}" if username else "Timeline")


@routes.get("/@<username>")
def profile(username: str) -> Response:
    if sandbox().store.account_named(username) is None:
        raise NotFound("There is no such account here.")
    found = [status for status in sandbox().store.statuses() if _is_by(status, username)]
    return _page(found, account=username, heading=f"@{username}")


@routes.get("/@<username>/<status_id>")
def toot(username: str, status_id: str) -> Response:
    """One toot with its thread: the page at the toot's address."""
    status = sandbox().store.status(status_id)
    if status is None or not _is_by(status, username):
        raise NotFound("There is no such toot here. It may have been deleted.")
    return _page(_with_thread(status), account=username, heading="Toot", single=status)


@routes.get("/tags/<name>")
@routes.get("/tag/<name>")
@routes.get("/discover/tags/<name>")
def tag(name: str) -> Response:
    here = view()
    found = [status for status in here.store.statuses() if fold_hashtag(name) in here.hashtags(status.draft.text)]
    return _page(found, heading=f"#{name}")


@routes.get("/avatars/<username>.svg")
def avatar(username: str) -> Response:
    """A circle in the account's colour with its initial."""
    return _drawing(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">'
        f'<circle cx="24" cy="24" r="24" fill="{_colour(username)}"/>'
        '<text x="24" y="25" fill="#fff" font-family="system-ui, sans-serif" font-size="23" font-weight="600" '
        f'text-anchor="middle" dominant-baseline="central">{escape(username[:1].upper())}</text></svg>'
    )


@routes.get("/headers/<username>.svg")
def header(username: str) -> Response:
    return _drawing(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1500 500">'
        f'<rect width="1500" height="500" fill="{_colour(username)}"/></svg>'
    )


def _page(found: list[Status], *, account: str = "", heading: str, single: Status | None = None) -> Response:
    here = view()
    parts = sandbox()
    now = parts.store.clock.now()
    ids = here.profile.ids
    shown, has_older = (found, False) if single else _newest(found, ids)
    oldest = shown[-1].id if shown else ""
    counts = Counter(status.account_id for status in parts.store.statuses())
    nonce = token_urlsafe(16)
    response = make_response(
        render_template(
            "timeline.html",
            heading=heading,
            single=single is not None,
            account=account,
            accounts=[(one.username, counts[one.id]) for one in parts.store.accounts()],
            notice=parts.timeline.notice,
            now=show_time(now, now=now, timezone=parts.timeline.timezone),
            toots=[
                show_toot(
                    status,
                    here,
                    now=now,
                    timezone=parts.timeline.timezone,
                    place="this" if status is single and len(shown) > 1 else "",
                )
                for status in shown
            ],
            like=here.profile.name,
            older=f"?{f'account={account}&' if request.path == '/' and account else ''}max_id={oldest}"
            if has_older
            else "",
            nonce=nonce,
        )
    )
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; connect-src 'self'; "
        f"script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _newest(found: list[Status], ids: IdStyle) -> tuple[list[Status], bool]:
    """The requested page, and whether there are older toots."""
    shown = select_page(found, page_request({"limit": "40", **request.args}, ids=ids), ids=ids)
    below = PageRequest(limit=1, max_id=ids.decode(shown[-1].id)) if shown else None
    return shown, bool(below and select_page(found, below, ids=ids))


def _with_thread(status: Status) -> list[Status]:
    around = thread_around(status, sandbox().store.statuses())
    return [*around.ancestors, status, *around.descendants]


def _is_by(status: Status, username: str) -> bool:
    account = sandbox().store.account(status.account_id)
    return account is not None and account.username == username.lower()


def _colour(username: str) -> str:
    # Steps of the golden angle keep neighbours apart; at this lightness white letters are readable on every hue.
    names = [account.username for account in sandbox().store.accounts()]
    place = names.index(username) if username in names else 0
    return f"hsl({(245 + 137.5 * place) % 360:.0f} 42% 40%)"


def _drawing(svg: str) -> Response:
    return Response(svg, mimetype="image/svg+xml", headers={"Content-Security-Policy": "default-src 'none'"})
