"""Carries out sends: pictures first, then the one request, and what its answer means for the delivery."""

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

#: How long a server may fail to take a picture before the toot is sent without it.
WITHOUT_PICTURE_AFTER: Final = timedelta(minutes=10)
_DONE: Final = {
    Action.PUBLISH: EventKind.SENT,
    Action.CONTINUE: EventKind.CONTINUED,
    Action.REPLY: EventKind.ANSWERED,
    Action.EDIT: EventKind.EDITED,
    Action.DELETE: EventKind.DELETED,
}


def upload(delivery: Delivery, session: DeliverySession) -> tuple[str, ...] | None:
    """Upload the delivery's pictures; returns the server's ids of those that it takes, None if the delivery is held.

    Raises TransientError.
    """
    media_ids = []
    for number, picture in enumerate(delivery.announcement.pictures):
        if number:
            session.ledger.renew_lease(session.lease)  # each may take its time
        try:
            session.context.request_started()
            media_ids.append(session.publisher.upload(picture))
        except (RejectedError, OutcomeUnknownError, TransientError) as error:
            # A picture that is attached to no status shows nowhere, so it may be uploaded again.
            if not isinstance(error, RejectedError) and _worth_waiting(delivery, error, session):
                raise TransientError(error.message, remedy=error.remedy, retry_after=_asked_for(error)) from error
            session.state.attention = True
            if _is_worth_holding(delivery, session):
                _hold(delivery, error, session)
                return None
            # The news matters more than its picture; the operator is told.
            reason = Reason(code=ReasonCode.PUBLISH_ERROR, text=str(error))
            session.emit(session.event_of(delivery, EventKind.PICTURE_LEFT_OUT, reason))
    return tuple(media_ids)


def _is_worth_holding(delivery: Delivery, session: DeliverySession) -> bool:
    # What the operator let go is sent: an override is the way to send it without the picture.
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


def _worth_waiting(delivery: Delivery, error: PublishError, session: DeliverySession) -> bool:
    began = delivery.first_tried_at
    is_early = began is None or session.now() - began < WITHOUT_PICTURE_AFTER
    # A toot that is not to go without its picture is tried for as long as any other (`give_up_after`).
    return is_early or _asked_for(error) is not None or _is_worth_holding(delivery, session)


def _asked_for(error: PublishError) -> timedelta | None:
    return error.retry_after if isinstance(error, TransientError) else None


def send(delivery: Delivery, session: DeliverySession) -> None:
    """Send once, and write down how it ended.

    Raises TransientError and AccountBlockedError as the publisher does: nothing was posted, and it still says
    `sending` in the ledger.
    """
    # One request per intent, whatever its outcome.
    session.state.fresh_intent = None
    session.context.request_started()
    try:
        sent = _carried_out(delivery, session)
    except RejectedError as error:
        why = Reason(code=ReasonCode.PUBLISH_ERROR, text=str(error))
        rejected = replace(
            delivery, state=DeliveryState.REJECTED, reason=why, settled_at=session.now(), not_before=None
        )
        session.state.attention = True
        session.settle(rejected, EventKind.REJECTED, why)
    except OutcomeUnknownError as error:
        if not delivery.action.posts:
            # It may be done again without harm, so there is nothing to look for.
            raise TransientError(error.message, remedy=error.remedy) from error
        # Stays `sending`; the next step looks for it.
        why = Reason(code=ReasonCode.PUBLISH_ERROR, text=str(error))
        session.settle(replace(delivery, reason=why), EventKind.NO_ANSWER, why)
    else:
        session.settle(sent, _DONE[delivery.action], url=sent.status_url)
        works_again(session)


def _carried_out(delivery: Delivery, session: DeliverySession) -> Delivery:
    publisher = session.publisher
    _, media_ids = session.state.uploaded.pop(delivery.key, (None, ()))
    if delivery.action is Action.PUBLISH:
        return _sent(delivery, _published(delivery, media_ids, _answered(delivery, session), session), session)
    anchor = session.view().deliveries.get(anchor_of(delivery))
    if anchor is None or anchor.status_id is None:
        raise RejectedError("the toot that it is about is no longer known.")
    if delivery.action.posts:
        return _sent(delivery, _published(delivery, media_ids, anchor.status_id, session), session)
    if delivery.action is Action.EDIT:
        shown = _shown(delivery, anchor, session)
        return _sent(delivery, publisher.edit(anchor.status_id, delivery.announcement, shown=shown), session)
    publisher.delete(anchor.status_id)
    return _sent(delivery, None, session)


def _answered(delivery: Delivery, session: DeliverySession) -> str | None:
    """The post's toot, of a reminder that answers it: without one it is a toot of its own."""
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


def _shown(edit: Delivery, anchor: Delivery, session: DeliverySession) -> Announcement | None:
    """What the toot shows before this edit: the latest edit's words, else the first ones; None if that is unknown."""
    if edit.attempts > 1:
        # An earlier attempt may have arrived, and perhaps with other words than these.
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
