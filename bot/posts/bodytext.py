"""The part of a post that is made of its body: rendered at once, or when it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.errors import PostError
from bot.model import Finding, Severity
from bot.posts.body import Body, BodyError, render_body
from bot.posts.notes import in_file_order
from bot.posts.tags import without_tags
from bot.posts.text import join_spaces, shorten

SUMMARY_LENGTH: Final = 300  #: characters of a summary in the feeds


@dataclass(frozen=True, kw_only=True, slots=True)
class BodyText:
    """A body as it is written, with what it takes to render it."""

    text: str
    line: int  #: of the file, on which it begins
    path: Path
    permalink: str
    summary: str | None  #: as front matter has it
    in_plain_words: bool
    findings: tuple[Finding, ...]  #: about the front matter

    def __call__(self) -> dict[str, Any]:
        """As `rendered`, of a body that cannot fail; if it does all the same, the post stays without one."""
        try:
            return self.rendered()
        except PostError as error:
            problem = f"the text is left out: {error.problem}"
            finding = self._finding("body-unusable", problem, error.remedy, self.line, severity=Severity.ERROR)
            empty = {"excerpt": "", "html": "", "paragraphs": (), "unsaid": ()}
            return {**empty, "summary": self.summary or "", "findings": in_file_order([*self.findings, finding])}

    def rendered(self) -> dict[str, Any]:
        """The fields of Post that are made of the body. Raises PostError."""
        body = self._body()
        summary = self.summary
        from_body = body.excerpt.marked or not summary
        # In the same order as for the toot, so that a person who marks an excerpt has it in both.
        short = body.excerpt.tidy if from_body else join_spaces(without_tags(summary or ""))
        return {
            "excerpt": body.excerpt.shown if from_body else join_spaces(summary or ""),
            "summary": shorten(short, SUMMARY_LENGTH),
            "html": body.html,
            "paragraphs": body.plain.paragraphs,
            "unsaid": body.plain.unsaid if from_body else body.plain.paragraphs,
            "findings": in_file_order([*self.findings, *self._left_over(body)]),
        }

    def _body(self) -> Body:
        try:
            return render_body(self.text, permalink=self.permalink, in_plain_words=self.in_plain_words)
        except BodyError as error:
            raise PostError(
                self.path, str(error), rule="body-unusable", line=self.line, remedy="Simplify the text there."
            ) from None

    def _left_over(self, body: Body) -> list[Finding]:
        if not body.left_over:
            return []
        first, count = body.left_over[0], len(body.left_over)
        more = f", the first of {count}" if count > 1 else ""
        shown = shorten(join_spaces(first.text), 60)
        problem = f"{shown} is a template tag{more}; nothing resolves it here, so readers get the words without it."
        line = self.line + self.text.count("\n", 0, first.start)
        return [self._finding("template-tag", problem, "Write the address or the words themselves.", line)]

    def _finding(
        self, rule: str, problem: str, remedy: str, line: int, *, severity: Severity = Severity.WARNING
    ) -> Finding:
        return Finding(rule=rule, severity=severity, path=self.path, line=line, problem=problem, remedy=remedy)
