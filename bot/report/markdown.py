"""A summary as GitHub's Markdown, to be read on a phone: short lines, no wide tables, details folded. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bot.compose.composer import Toots
from bot.domain import Finding, Picture, Post, Severity
from bot.domain.durations import format_distance, format_duration
from bot.domain.wording import count_words
from bot.operations.branch import DeletedPost
from bot.report.github import code, escape_prose, escape_text, escape_url, is_linkable
from bot.report.outlook import DELETION_WORDS, Moment
from bot.report.times import show_both_times
from bot.report.toot_box import render_toot_boxes
from bot.report.view import Neighbour, PostView, Summary

#: Characters. A comment takes 65,536, a job summary 1 MiB (GitHub's documentation: "Adding a job summary"); the rest
#: leaves room for a workflow that adds text of its own.
LONGEST: Final = 65_000
#: The first line, by which a workflow finds its comment again.
MARK: Final = "<!-- announce check -->"
_SIGNS: Final = {Severity.ERROR: "❌ Error", Severity.WARNING: "⚠️ Warning", Severity.NOTE: "ℹ️ Note"}
_MOMENTS: Final = {Moment.NOW: "📣", Moment.LATER: "🗓️", Moment.NEVER: "⏸️"}
#: The address at which a reader's browser finds a picture; empty if there is none.
PictureAddress = Callable[[Picture], str]


def render_summary(summary: Summary, *, picture_address: PictureAddress, longest: int = LONGEST) -> str:
    """The Markdown, at most `longest` characters: posts that do not fit get a line each, or are at least counted."""
    top = [MARK, *_top(summary), *_others(summary)]
    whole = [_whole(view, summary, picture_address) for view in summary.posts]
    brief = [_brief(view, summary) for view in summary.posts]
    gone = [_gone(one) for one in summary.gone]
    for shown in range(len(whole), -1, -1):
        parts = [*top, *whole[:shown]]
        if shown < len(whole):
            left = len(whole) - shown
            parts.append(
                f"### {count_words(left, 'post')} in brief\n\nThere is no room here to show them as they will look."
            )
            parts += brief[shown:]
        text = _put_together([*parts, *gone, _foot(summary)])
        if len(text) <= longest:
            return text
    return _cut([*top, *brief, *gone], _foot(summary), longest)


def _put_together(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _cut(parts: list[str], foot: str, longest: int) -> str:
    """As many whole parts as fit, and the number of those left out."""
    for kept in range(len(parts) - 1, 0, -1):
        left_out = f"**{count_words(len(parts) - kept, 'more part')} left out:** the whole is longer than GitHub takes."
        text = _put_together([*parts[:kept], left_out, foot])
        if len(text) <= longest:
            return text
    return _put_together([MARK, "The summary is longer than GitHub takes. `announce check` shows it on your machine."])


def _top(summary: Summary) -> Iterator[str]:
    yield (f"## 📣 {escape_text(summary.site)}{': what this branch announces' if summary.since else ''}")
    if not summary.posts and not summary.gone:
        yield "No post changes." if summary.since else "No post was looked at."
    else:
        yield f"**{_counts(summary)}.** {_verdict(summary)}"
    if len(summary.posts) > 1:
        yield "\n".join(
            f"{number}. {_MOMENTS[view.outlook.moment]} {escape_text(view.post.title)}: "
            f"**{_short(view, summary)}**{_alarm(view)}"
            for number, view in enumerate(summary.posts, start=1)
        )
    for path in summary.wording_files:
        yield f"{code(str(path))} changes too: it can change the words of every toot to come."


def _counts(summary: Summary) -> str:
    new = sum(view.is_new for view in summary.posts)
    kinds = [(new, "new post"), (len(summary.posts) - new, "changed post" if summary.since else "post")]
    kinds.append((len(summary.gone), "deleted post"))
    return ", ".join(count_words(number, name) for number, name in kinds if number)


def _verdict(summary: Summary) -> str:
    found = [*summary.findings, *(finding for view in summary.posts for finding in view.findings)]
    numbers = {severity: sum(finding.severity is severity for finding in found) for severity in Severity}
    serious = [count_words(number, severity.value) for severity, number in numbers.items() if number]
    return f"{', '.join(serious)}." if serious else "Nothing is wrong with them."


def _alarm(view: PostView) -> str:
    """Its most serious findings, counted, so that readers see them without scrolling."""
    for severity in (Severity.ERROR, Severity.WARNING):
        number = sum(finding.severity is severity for finding in view.findings)
        if number:
            return f" {_SIGNS[severity].partition(' ')[0]} {count_words(number, severity.value)}"
    return ""


def _short(view: PostView, summary: Summary) -> str:
    outlook, due = view.outlook, view.post.published
    extra = "" if outlook.is_tooted else ", no toot"
    held = ", toot held" if outlook.is_held else ""
    if outlook.moment is Moment.LATER and due is not None:
        return f"{format_distance(due, summary.now)}{extra}{held}"
    if outlook.moment is Moment.NOW and (extra or held):
        return f"into the feed{extra}{held}"
    return escape_prose(outlook.brief)


def _others(summary: Summary) -> Iterator[str]:
    if summary.findings:
        yield "### Besides the posts\n\n" + "\n".join(_finding(one, with_path=True) for one in summary.findings)


def _whole(view: PostView, summary: Summary, picture_address: PictureAddress) -> str:
    post = view.post
    parts = [f"### {escape_text(post.title)}", _kind(view, summary), *_renaming(view), _says(view)]
    parts += [_when(post, summary), _finding_list(view.findings)]
    boxes = _boxes(view.toots, summary, picture_address)
    unsent = boxes and not view.outlook.is_tooted and post.published is not None
    parts += [_folded("The toot, which is not sent", "\n\n".join(boxes))] if unsent else boxes
    parts += [_entry(view), _around(view), *_reminders(view, summary, picture_address)]
    return "\n\n".join(part for part in parts if part)


def _boxes(toots: Toots, summary: Summary, picture_address: PictureAddress) -> list[str]:
    return [
        box
        for address, toot in toots.items()
        for box in render_toot_boxes(toot, address, site=summary.site, picture_address=picture_address)
    ]


def _kind(view: PostView, summary: Summary) -> str:
    kind = ("New: " if view.is_new else "Changed: ") if summary.since else ""
    return f"{kind}{code(str(view.post.path))}"


def _renaming(view: PostView) -> Iterator[str]:
    if view.old_path is not None:
        yield f"Renamed: it was {code(str(view.old_path))}."
    if view.old_url:
        yield f"The address of its page changes: it was {code(view.old_url)}, and the toot may say so."


def _says(view: PostView) -> str:
    lines = [f"{_MOMENTS[view.outlook.moment]} **{escape_prose(view.outlook.says)}**"]
    lines += [f"- {code(address)}: {escape_prose(says)}" for address, says in view.outlook.by_account.items()]
    return "\n".join(lines[:1]) + ("\n\n" + "\n".join(lines[1:]) if lines[1:] else "")


def _when(post: Post, summary: Summary) -> str:
    if post.published is None:
        return "It has no publish datetime."
    return f"{show_both_times(post.published, summary.zone)}, {format_distance(post.published, summary.now)}"


def _finding_list(findings: tuple[Finding, ...]) -> str:
    serious = [_finding(one) for one in findings if one.severity is not Severity.NOTE]
    notes = [_finding(one) for one in findings if one.severity is Severity.NOTE]
    folded = _folded(count_words(len(notes), "note"), "\n".join(notes)) if notes else ""
    return "\n\n".join(filter(None, ["\n".join(serious), folded]))


def _finding(finding: Finding, *, with_path: bool = False) -> str:
    place = f"{code(str(finding.path))} " if with_path else ""
    line = f"line {finding.line}: " if finding.line else ""
    field = f"{code(finding.field)}: " if finding.field else ""
    remedy = f" {escape_prose(finding.remedy)}" if finding.remedy else ""
    return f"- {_SIGNS[finding.severity]}, {place}{line}{field}{escape_prose(finding.problem)}{remedy}"


def _entry(view: PostView) -> str:
    entry = view.entry
    if entry is None:
        return "No feed entry." if view.post.published is not None else ""
    by = ", ".join(entry.authors)
    topics = ", ".join(filter(None, (entry.category, *entry.tags)))
    lines = [f"<b>{escape_text(entry.title)}</b>", escape_text(f"By {by}" if by else "No author")]
    lines += [escape_text(topics)] if topics else []
    lines += [escape_text(entry.summary), _link(entry.url)]
    return _folded("Feed entry", f"<blockquote>{'<br>'.join(filter(None, lines))}</blockquote>")


def _link(url: str) -> str:
    return f'<a href="{escape_url(url)}">{escape_text(url)}</a>' if is_linkable(url) else code(url)


def _around(view: PostView) -> str:
    if view.earlier is None and view.later is None:
        return ""
    lines = [_neighbour(view.earlier, "Before it", "earlier"), _neighbour(view.later, "After it", "later")]
    return _folded("Neighbours in the queue", "\n".join(lines))


def _neighbour(neighbour: Neighbour | None, place: str, direction: str) -> str:
    if neighbour is None:
        return f"- {place}: nothing"
    gap = f"{format_duration(neighbour.gap)} {direction}" if neighbour.gap else "at the same moment"
    return f"- {place}: {escape_text(neighbour.title)}, {gap}"


def _reminders(view: PostView, summary: Summary, picture_address: PictureAddress) -> Iterator[str]:
    for reminder in view.post.reminders:
        toots = view.reminders.get(reminder.reminder_id, {})
        distance = format_distance(reminder.at, summary.now)
        when = f"{show_both_times(reminder.at, summary.zone)}, {distance}"
        heading = f"Reminder {escape_text(reminder.reminder_id)}: {distance}"
        yield _folded(heading, "\n\n".join([when, *_boxes(toots, summary, picture_address)]))


def _brief(view: PostView, summary: Summary) -> str:
    worst = [finding for finding in view.findings if finding.severity is Severity.ERROR]
    lines = [f"**{escape_text(view.post.title)}**", f"{_when(view.post, summary)}: {escape_prose(view.outlook.says)}"]
    return "<br>".join(lines) + ("\n\n" + "\n".join(map(_finding, worst)) if worst else "")


def _gone(one: DeletedPost) -> str:
    means = escape_prose(DELETION_WORDS[one.stage])
    return f"### {escape_text(one.title)}\n\nDeleted: {code(str(one.path))}\n\n🗑️ **{means}**"


def _foot(summary: Summary) -> str:
    text = f"As of {show_both_times(summary.now, summary.zone)}."
    if summary.assumed:
        since = code(summary.since)
        text += f" There is no ledger here: what is due in {since} counts as tooted."
    return f"<sub>{text}</sub>"


def _folded(heading: str, body: str) -> str:
    return f"<details><summary>{heading}</summary>\n\n{body}\n\n</details>"


def picture_in_repository(base: str, root: Path) -> PictureAddress:
    """A function for addresses of pictures below `root`; the forge serves the branch's files at `base`."""

    def address(picture: Picture) -> str:
        if picture.path is None or not base:
            return picture.url if picture.remote and not picture.problem else ""
        try:
            inside = picture.path.resolve().relative_to(root.resolve())
        except ValueError:
            return ""
        return f"{base.rstrip('/')}/{quote(inside.as_posix())}"

    return address
