"""Controls for tests and rehearsals: what goes wrong, and which requests have come."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from flask import Blueprint, Response, jsonify, request
from pydantic import ValidationError

from bot.sandbox.answers import Refusal
from bot.sandbox.context import sandbox
from bot.sandbox.rates import format_reset

routes: Final = Blueprint("control", __name__)


@routes.get("/sandbox/faults")
def faults() -> Response:
    return Response(sandbox().faults.to_json(), mimetype="application/json")


@routes.put("/sandbox/faults")
def switch_faults() -> Response:
    """Replace everything that is switched on by the JSON list in the body."""
    try:
        sandbox().faults.switch_json(request.get_data())
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise Refusal(400, "; ".join(problems)) from None
    return faults()


@routes.get("/sandbox/requests")
def requests() -> Response:
    """The API's requests in the order of their arrival; tokens are not kept."""
    return jsonify([{**asdict(seen), "at": format_reset(seen.at)} for seen in sandbox().log.all()])


@routes.delete("/sandbox/requests")
def forget_requests() -> Response:
    sandbox().log.clear()
    return jsonify([])
