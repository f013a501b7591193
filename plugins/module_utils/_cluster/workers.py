# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a plan out, stage by stage, with many items at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Callable, NamedTuple

from .._core import errors
from .._core.converge import converge
from .._core.threads import for_each
from .._core.throttle import Throttle
from .._tokens.planned import apply_plan
from .databases import plan_database, send
from .items import DATABASES, DB_TOKENS, TABLES, Item
from .outcome import Outcome, database_outcome, result_or_error, token_outcome
from .plan import Plan, PlannedDatabase, PlannedTable, PlannedToken, Step, unsettled
from .world import Server


class Stage(IntEnum):
    """A part of the plan whose steps are carried out at the same time. The stages follow each other in their order.

    Databases come before the tables in them, and both before the tokens that name them. Deletions come last, those of
    tables before those of databases.
    """

    KEEP_DATABASES = 1
    KEEP_TABLES = 2
    KEEP_TOKENS = 3
    REVOKE_TOKENS = 4
    DELETE_TABLES = 5
    DELETE_DATABASES = 6
    PRUNE_TOKENS = 7
    PRUNE_DATABASES = 8


_KEEPING = {DATABASES: Stage.KEEP_DATABASES, TABLES: Stage.KEEP_TABLES, DB_TOKENS: Stage.KEEP_TOKENS}
_ENDING = {DATABASES: Stage.DELETE_DATABASES, TABLES: Stage.DELETE_TABLES, DB_TOKENS: Stage.REVOKE_TOKENS}
_PRUNING = {DATABASES: Stage.PRUNE_DATABASES, DB_TOKENS: Stage.PRUNE_TOKENS}


def stages(plan: Plan) -> Iterator[tuple[Stage, list[int]]]:
    """Yield the stages that have something to do, each with the numbers of its steps."""
    due: dict[Stage, list[int]] = {}
    for number, step in enumerate(plan.steps):
        if step.foretold.changed:
            due.setdefault(_stage(step.item), []).append(number)
    yield from sorted(due.items())


def _stage(item: Item) -> Stage:
    if item.pruned:
        return _PRUNING[item.kind]
    return (_KEEPING if item.stays else _ENDING)[item.kind]


class Workers(NamedTuple):
    """Carries a plan out, `concurrency` steps at a time, until the throttle stops the run."""

    server: Server
    throttle: Throttle
    concurrency: int
    conceal: Callable[[str], None]

    def apply(self, plan: Plan) -> list[Outcome]:
        """Carry the plan out, stage by stage, and return every step's outcome. Raises nothing for a step that fails.

        Pruning begins only where every other item has its stated form. A step that is not begun is skipped: after a
        stop, one of pruning after a failure, or that of a token whose database was not renamed.
        """
        outcomes = [step.foretold.skipped() if step.foretold.changed else step.foretold for step in plan.steps]

        def settle(number: int) -> None:
            outcomes[number] = self._settle(plan.steps[number])

        for stage, numbers in stages(plan):
            if self.throttle.stopped or (stage >= Stage.PRUNE_TOKENS and unsettled(outcomes)):
                break
            held_back = self._held_back(plan, outcomes) if stage is Stage.KEEP_TOKENS else {}
            for number, outcome in held_back.items():
                outcomes[number] = outcome
            for_each(self.concurrency, settle, [number for number in numbers if number not in held_back])
        return outcomes

    def _held_back(self, plan: Plan, outcomes: Sequence[Outcome]) -> dict[int, Outcome]:
        """Return the outcomes of the tokens that are left, because a database is still there under its old name."""
        failed = plan.failed_renames(outcomes)
        if not failed:
            return {}
        # A database that was renamed, and failed only afterwards, has left its tokens behind already.
        there = result_or_error(self.server.databases.now)
        if not isinstance(there, errors.Influxdb3Error):
            failed = {old: new for old, new in failed.items() if old in there}
        return plan.held_back(failed)

    def _settle(self, step: Step) -> Outcome:
        # Here and not only before a request, so that a step that waits isn't begun when the run is stopped meanwhile.
        self.throttle.wait()
        if self.throttle.stopped:
            return step.foretold.skipped()
        outcome = result_or_error(lambda: self._outcome(step))
        return step.foretold.failed(outcome) if isinstance(outcome, errors.Influxdb3Error) else outcome

    def _outcome(self, step: Step) -> Outcome:
        if isinstance(step, PlannedDatabase):
            wish = step.item.wish
            done = converge(
                step.change,
                lambda: plan_database(wish, self.server.databases.now().get, self.server.deleted.content),
                lambda change: send(self.server.api, wish, change),
            )
            return database_outcome(step.item, done)
        if isinstance(step, PlannedTable):
            from .table_plan import settle_table

            return settle_table(self.server, step)
        if isinstance(step, PlannedToken):
            return token_outcome(step.item, apply_plan(step.plan, self.server.backend, self.conceal))
        return step.foretold
