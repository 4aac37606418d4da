"""What a release asks of the conference's own site: to be built, and then to show the page."""

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

#: A tick asks once, and waits no longer than this for the answers.
TICK_TIMEOUT: Final = timedelta(seconds=10)


class Site:
    """The deploy hook and the pages, as the latest plan wants them."""

    def __init__(
        self,
        *,
        deploy: DeployHookCaller,
        pages: PageChecker,
        answered: Signal,
        clock: Clock,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        """`answered` is set, from any thread, when `look` has something to do.

        `prepare` does beforehand what the first question would do; at the instant only the request is left.
        """
        self.answered = answered
        self.deploy = deploy
        self.pages = pages
        self._clock = clock
        self._prepare = prepare
        self._is_prepared = False
        self._deploys: Mapping[str, str] = {}

    @property
    def looks(self) -> Mapping[str, PageAnswer]:
        """What the site has answered, by address."""
        return self.pages.looks

    @property
    def trouble(self) -> str:
        """What an operator should be told; empty if all is well."""
        return self.deploy.trouble

    def plan_is(self, plan: Plan) -> None:
        """Say what the latest plan wants of the site."""
        if not plan.doubt:
            self._deploys = plan.deploys
        self.pages.are_wanted(plan.wanted_pages)

    def call(self) -> timedelta | None:
        """Call the deploy hook if that is owed; returns when to do it again. Raises LedgerError."""
        try:
            return self.deploy.call(self._deploys)
        finally:
            self.answered.set()

    def look(self) -> timedelta | None:
        """Ask for pages, once the hook was called; returns when to do it again."""
        if not self._is_prepared:
            self._is_prepared = True
            self._prepare()
        return self.pages.step() if self.deploy.is_answered(self._deploys) else None

    def ask_once(self, plan: Plan) -> bool:
        """For a tick: call the hook and ask for the pages that the plan waits for, if there are any.

        Returns whether there is an answer to plan with. Raises LedgerError.
        """
        if not plan.wanted_pages:
            return False
        self.call_once(plan)
        return self.look_once(plan)

    def call_once(self, plan: Plan) -> None:
        """For a tick: call the hook if that is owed. Raises LedgerError."""
        self.plan_is(plan)
        self.deploy.call(self._deploys, patient=False)

    def look_once(self, plan: Plan) -> bool:
        """Ask for the pages that the plan wants, once; returns whether there is an answer to plan with."""
        self.pages.are_wanted(plan.wanted_pages)
        end = self._clock.monotonic() + TICK_TIMEOUT.total_seconds()
        while True:
            self.answered.clear()
            again = self.pages.step()
            left = end - self._clock.monotonic()
            if not self.pages.is_busy or left <= 0:
                return bool(self.looks)
            self.answered.wait(left if again is None else min(left, again.total_seconds()))
