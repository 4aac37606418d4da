"""Which repairs `announce check --fix` proposes, and that it rewrites no file that has changed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.check.fixes import OFFSETS, WORDS
from bot.domain.errors import OutputError
from bot.operations.check import propose_repairs, repair
from tests.support.check_cases import BODY, FILE, Case, checked, written

TEXT = written(body=f"{BODY}\n\nFour prices , two days.").replace(
    "published_datetime: ", "published_datetime: 2027-03-12 10:00:00-11:00 #"
)


@pytest.mark.parametrize(
    ("kinds", "changed", "offsets_left"),
    [
        ((), [], 1),
        ((WORDS,), [("Four prices , two", "Four prices, two")], 1),
        ((OFFSETS,), [("-11:00", None)], 0),
    ],
)
def test_only_the_kinds_that_are_asked_for_are_repaired(
    tmp_path: Path, kinds: tuple[str, ...], changed: list[tuple[str, str | None]], offsets_left: int
) -> None:
    repairs = propose_repairs(checked(tmp_path, Case(files={FILE: TEXT.encode()})), kinds)
    assert (repairs.offsets_left, repairs.foreign, len(repairs.fixes)) == (offsets_left, 0, len(changed))
    for fix, (before, after) in zip(repairs.fixes, changed, strict=True):
        assert before not in fix.after
        assert after is None or fix.after == TEXT.replace(before, after)


def test_posts_of_other_repositories_are_counted_and_left_alone(tmp_path: Path) -> None:
    result = checked(tmp_path, Case(files={FILE: TEXT.encode()}))
    foreign = replace(result.posts[0], path=Path("var/sources/theirs/posts/tickets.md"))
    repairs = propose_repairs(replace(result, posts=(*result.posts, foreign)), (WORDS,))
    assert (repairs.foreign, [fix.path for fix in repairs.fixes]) == (1, [Path(FILE)])


def test_a_file_that_has_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    repairs = propose_repairs(checked(tmp_path, Case(files={FILE: TEXT.encode()})), (WORDS,))
    (tmp_path / FILE).write_text("other\n")
    with pytest.raises(OutputError):
        list(repair(repairs))
    assert (tmp_path / FILE).read_text() == "other\n"


def test_the_repaired_files_are_named(tmp_path: Path) -> None:
    repairs = propose_repairs(checked(tmp_path, Case(files={FILE: TEXT.encode()})), (WORDS,))
    assert list(repair(repairs)) == [Path(FILE)]
    assert (tmp_path / FILE).read_bytes() == TEXT.replace("prices ,", "prices,").encode()
