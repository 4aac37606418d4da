"""The door for forges: `POST /hooks/push`. It answers at once; what a push leads to happens elsewhere."""

from __future__ import annotations

from flask import Flask, Response, request

from bot.sources.push import LARGEST, PushHook


def add_push_hook(app: Flask, hook: PushHook) -> None:
    """Let the application take pushes."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST  # what is larger is refused with 413 before it is read

    @app.post("/hooks/push")
    def push() -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = hook.receive(headers, request.get_data(), media_type=request.mimetype)
        response = Response(f"{answer.text}\n", status=answer.status, mimetype="text/plain")
        response.headers["Cache-Control"] = "no-store"
        return response
