"""Which findings concern a branch: those about its files, and those that its files cause elsewhere."""

from __future__ import annotations

from pathlib import Path

from bot.domain import Finding
from bot.operations.branch import findings_about

TIDE, PIER, WAVE = Path("posts/tide.md"), Path("posts/pier.md"), Path("posts/wave.md")


def test_a_finding_concerns_its_own_file_and_the_files_that_cause_it() -> None:
    own = Finding(rule="title-long", path=TIDE, problem="has 120 characters.")
    caused = Finding(rule="clash", path=PIER, problem="is released 5 min after tide.", others=(TIDE,))
    assert findings_about([own, caused], {TIDE}) == [own, caused]


def test_the_name_of_a_file_in_the_words_alone_concerns_nobody() -> None:
    unrelated = Finding(rule="typography", path=PIER, problem=f'a space before a comma: "{WAVE} ,".')
    assert findings_about([unrelated], {WAVE}) == []
