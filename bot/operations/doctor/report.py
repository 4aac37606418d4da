"""One line of the report: a state, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How something is."""

    OK = "ok"
    NOTE = "note"  #: nothing to do, or the state is unknown
    PROBLEM = "problem"  #: needs attention


@dataclass(frozen=True, kw_only=True, slots=True)
class DoctorLine:
    """One line of the report."""

    group: str  #: "versions", "settings", ...
    says: str
    state: State = State.OK
    remedy: str = ""


def ok(group: str, says: str) -> DoctorLine:
    """All is well."""
    return DoctorLine(group=group, says=says)


def note(group: str, says: str, remedy: str = "") -> DoctorLine:
    """Worth knowing."""
    return DoctorLine(group=group, says=says, state=State.NOTE, remedy=remedy)


def problem(group: str, says: str, remedy: str = "") -> DoctorLine:
    """Needs attention."""
    return DoctorLine(group=group, says=says, state=State.PROBLEM, remedy=remedy)
