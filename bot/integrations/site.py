"""The conference's site during a release: the deploy hook builds it, then the bot checks that the page is online."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Event as Signal
from typing import Final

from bot.domain import PageAnswer
from bot.domain.clock import Clock
from bot.integrations.deploy_hook import DeployHookCaller
from bot.integrations.pages import PageChecker
from bot.planner.plan import Plan

#: How long a tick waits for the answers; it requests each page once.
TICK_TIMEOUT: Final = timedelta(seconds=10)


class SiteRequests:
    """The deploy hook and the page checks that the latest plan calls for."""

    def __init__(
        self,
        *,
        deploy: DeployHookCaller,
        pages: PageChecker,
        answered: Signal,
        clock: Clock,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        """Any thread sets `answered` when `check_pages` has something to do.

        The first `check_pages` calls `prepare`, which does the one-time work of a request before the release needs it.
        """
        self.answered = answered
        self.deploy = deploy
        self.pages = pages
        self._clock = clock
        self._prepare = prepare
        self._is_prepared = False
        self._deploys: Mapping[str, str] = {}

    @property
    def page_answers(self) -> Mapping[str, PageAnswer]:
        """The latest answers of the site, by address."""
        return self.pages.page_answers

    @property
    def trouble(self) -> str:
        """The problem to report to the operator; empty if there is none."""
        return self.deploy.trouble

    def follow_plan(self, plan: Plan) -> None:
        """Take over the builds and pages that the latest plan calls for."""
        if not plan.doubt:
            self._deploys = plan.deploys
        self.pages.watch(plan.wanted_pages)

    def call(self) -> timedelta | None:
        """Call the deploy hook if a call is due; return the wait until the next try. Raises LedgerError."""
        try:
            return self.deploy.call(self._deploys)
        finally:
            self.answered.set()

    def check_pages(self) -> timedelta | None:
        """Check pages once the hook was called; return the wait until the next check."""
        if not self._is_prepared:
            self._is_prepared = True
            self._prepare()
        return self.pages.step() if self.deploy.is_answered(self._deploys) else None

    def call_and_check_once(self, plan: Plan) -> bool:
        """For a tick: call the hook and check the pages that the plan waits for, if there are any.

        Returns whether the next plan has an answer to use. Raises LedgerError.
        """
        if not plan.wanted_pages:
            return False
        self.call_once(plan)
        return self.check_pages_once(plan)

    def call_once(self, plan: Plan) -> None:
        """For a tick: call the hook if a call is due. Raises LedgerError."""
        self.follow_plan(plan)
        self.deploy.call(self._deploys, patient=False)

    def check_pages_once(self, plan: Plan) -> bool:
        """Check the pages that the plan waits for, once; return whether the next plan has an answer to use."""
        self.pages.watch(plan.wanted_pages)
        end = self._clock.monotonic() + TICK_TIMEOUT.total_seconds()
        while True:
            self.answered.clear()
            again = self.pages.step()
            left = end - self._clock.monotonic()
            if not self.pages.is_busy or left <= 0:
                return bool(self.page_answers)
            self.answered.wait(left if again is None else min(left, again.total_seconds()))
