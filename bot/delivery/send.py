"""Sends a delivery: uploads its pictures, makes the one request, and settles it by the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.delivery.ordering import anchor_of, toot_of
from bot.delivery.protocol import idempotency_key
from bot.delivery.readback import works_again
from bot.delivery.session import DeliverySession
from bot.domain import Action, Announcement, Delivery, DeliveryState, EventKind, Hold, Reason, ReasonCode, Receipt
from bot.domain.errors import OutcomeUnknownError, PublishError, RejectedError, TransientError

#: After a server has failed to accept a picture for this long, the toot is sent without it.
WITHOUT_PICTURE_AFTER: Final = timedelta(minutes=10)
_DONE: Final = {
    Action.PUBLISH: EventKind.SENT,
    Action.CONTINUE: EventKind.CONTINUED,
    Action.REPLY: EventKind.ANSWERED,
    Action.EDIT: EventKind.EDITED,
    Action.DELETE: EventKind.DELETED,
}


def upload(delivery: Delivery, session: DeliverySession) -> tuple[str, ...] | None:
    """Upload the delivery's pictures; returns the media ids of the accepted ones, None if the delivery is held.

    Raises TransientError.
    """
    media_ids = []
    for number, picture in enumerate(delivery.announcement.pictures):
        if number:
            session.ledger.renew_lease(session.lease)  # each upload may take long
        try:
            session.context.request_started()
            media_ids.append(session.publisher.upload(picture))
        except (RejectedError, OutcomeUnknownError, TransientError) as error:
            # An upload that is attached to no status is invisible, so it may be repeated.
            if not isinstance(error, RejectedError) and _is_worth_waiting(delivery, error, session):
                raise TransientError(error.message, remedy=error.remedy, retry_after=_requested_wait(error)) from error
            session.state.attention = True
            if _is_worth_holding(delivery, session):
                _hold(delivery, error, session)
                return None
            # The news matters more than its picture; the operator gets an event.
            reason = Reason(code=ReasonCode.PUBLISH_ERROR, text=str(error))
            session.emit(session.event_of(delivery, EventKind.PICTURE_LEFT_OUT, reason))
    return tuple(media_ids)


def _is_worth_holding(delivery: Delivery, session: DeliverySession) -> bool:
    # With an override the operator sends the toot without its picture.
    is_toot = delivery.action is Action.PUBLISH
    return session.context.hold_without_picture and is_toot and not delivery.ordered_by


def _hold(delivery: Delivery, error: PublishError, session: DeliverySession) -> None:
    held = replace(
        delivery,
        state=DeliveryState.HELD,
        hold=Hold.UNCLEAR,
        reason=Reason(code=ReasonCode.PICTURE_FAILED, text=str(error)),
        settled_at=session.now(),
        not_before=None,
    )
    session.set_aside(delivery, held, EventKind.HELD)


def _is_worth_waiting(delivery: Delivery, error: PublishError, session: DeliverySession) -> bool:
    began = delivery.first_tried_at
    is_early = began is None or session.now() - began < WITHOUT_PICTURE_AFTER
    # With `if_no_picture = "hold"` the toot is retried for as long as any other (`give_up_after`).
    return is_early or _requested_wait(error) is not None or _is_worth_holding(delivery, session)


def _requested_wait(error: PublishError) -> timedelta | None:
    return error.retry_after if isinstance(error, TransientError) else None


def send(delivery: Delivery, session: DeliverySession) -> None:
    """Send the request once, and settle the delivery.

    Raises the publisher's TransientError and AccountBlockedError: nothing was posted, and the delivery is still
    `sending` in the ledger.
    """
    # One request for each intent, regardless of its outcome.
    session.state.fresh_intent = None
    session.context.request_started()
    try:
        sent = _perform(delivery, session)
    except RejectedError as error:
        why = Reason(code=ReasonCode.PUBLISH_ERROR, text=str(error))
        rejected = replace(
            delivery, state=DeliveryState.REJECTED, reason=why, settled_at=session.now(), not_before=None
        )
        session.state.attention = True
        session.settle(rejected, EventKind.REJECTED, why)
    except OutcomeUnknownError as error:
        if not delivery.action.posts:
            # The request may be repeated without harm, so no read-back is needed.
            raise TransientError(error.message, remedy=error.remedy) from error
        # The delivery stays `sending`; the next step is its read-back.
        why = Reason(code=ReasonCode.PUBLISH_ERROR, text=str(error))
        session.settle(replace(delivery, reason=why), EventKind.NO_ANSWER, why)
    else:
        session.settle(sent, _DONE[delivery.action], url=sent.status_url)
        works_again(session)


def _perform(delivery: Delivery, session: DeliverySession) -> Delivery:
    publisher = session.publisher
    _, media_ids = session.state.uploaded.pop(delivery.key, (None, ()))
    if delivery.action is Action.PUBLISH:
        return _sent(delivery, _published(delivery, media_ids, _reply_target(delivery, session), session), session)
    anchor = session.view().deliveries.get(anchor_of(delivery))
    if anchor is None or anchor.status_id is None:
        raise RejectedError("the toot that it is about is no longer known.")
    if delivery.action.posts:
        return _sent(delivery, _published(delivery, media_ids, anchor.status_id, session), session)
    if delivery.action is Action.EDIT:
        shown = _shown_before_edit(delivery, anchor, session)
        return _sent(delivery, publisher.edit(anchor.status_id, delivery.announcement, shown=shown), session)
    publisher.delete(anchor.status_id)
    return _sent(delivery, None, session)


def _reply_target(delivery: Delivery, session: DeliverySession) -> str | None:
    """Return the id of the toot that a reminder replies to; None if it is to be a toot of its own."""
    toot = session.view().deliveries.get(toot_of(delivery)) if delivery.announcement.answers else None
    return toot.status_id if toot is not None and toot.state is DeliveryState.SENT else None


def _published(
    delivery: Delivery, media_ids: tuple[str, ...], in_reply_to: str | None, session: DeliverySession
) -> Receipt:
    return session.publisher.publish(
        delivery.announcement,
        media_ids=media_ids,
        key=idempotency_key(delivery),
        repeat=delivery.attempts > 1,
        in_reply_to=in_reply_to,
    )


def _shown_before_edit(edit: Delivery, anchor: Delivery, session: DeliverySession) -> Announcement | None:
    """Return the announcement that the toot shows before this edit; None if that is unknown."""
    if edit.attempts > 1:
        # An earlier attempt may have arrived, perhaps with another text.
        return None
    earlier = [
        delivery
        for delivery in session.view().deliveries.values()
        if delivery.action is Action.EDIT
        and delivery.state is DeliveryState.SENT
        and anchor_of(delivery) == anchor_of(edit)
    ]
    return max(earlier, key=lambda delivery: delivery.sequence, default=anchor).announcement


def _sent(delivery: Delivery, receipt: Receipt | None, session: DeliverySession) -> Delivery:
    return replace(
        delivery,
        state=DeliveryState.SENT,
        reason=None,
        status_id=receipt.status_id if receipt else None,
        status_url=receipt.url if receipt else None,
        settled_at=session.now(),
    )
