# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a whole cluster: a value, which is computed once, shown, refused or applied.

A plan is made from the stated items and from the world as it was read. Check mode and the diff show it as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Union

from .._core import entities, errors
from .._core.converge import foretell
from .._core.plan import Change
from .._tokens import secret_text
from .._tokens.backend import Backend
from .._tokens.index import TokenIndex
from .._tokens.planned import TokenPlan, plan_order
from .databases import plan_database
from .items import DATABASES, DB_TOKENS, DatabaseItem, Item, TableItem, TokenItem, Wanted
from .outcome import FAILED, SKIPPED, Outcome, database_outcome, result_or_error, token_outcome
from .world import World

PRUNE_LIMIT = 10


class PlannedDatabase(NamedTuple):
    """A database with the change that brings it to its stated form."""

    item: DatabaseItem
    foretold: Outcome
    change: Change


class PlannedTable(NamedTuple):
    """A table with the change that brings it to its stated form."""

    item: TableItem
    foretold: Outcome
    change: Change


class PlannedToken(NamedTuple):
    """A token with the plan that brings it to its stated form."""

    item: TokenItem
    foretold: Outcome
    plan: TokenPlan


class Unplanned(NamedTuple):
    """An item without a change, because its planning failed; its outcome has the error."""

    item: Item
    foretold: Outcome


Step = Union[PlannedDatabase, PlannedTable, PlannedToken, Unplanned]


class TooManyToPrune(errors.Refused):
    """More objects would be pruned than the limit allows; `would_prune` names them by kind."""

    code = "prune_limit"

    def __init__(self, doomed: Sequence[Item], limit: int) -> None:
        names = entities.listed([repr(item.label) for item in doomed])
        super().__init__(
            f"prune would delete {len(doomed)} objects, and prune_limit is {limit}: {names}. Nothing was done."
            " State what shall stay, or raise prune_limit."
        )
        self.would_prune = {
            kind: [item.label for item in doomed if item.kind == kind] for kind in (DATABASES, DB_TOKENS)
        }


class Plan(NamedTuple):
    """What becomes of every item, in the order of the result: one step each, those that prune at the end.

    `renames` has the number of each step that is to rename a database, or fails to, and the old and the new name.
    """

    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    renames: Sequence[tuple[int, str, str]] = ()

    def raise_if_unsafe(self, limit: int) -> None:
        """Raise TooManyToPrune where more objects would be pruned than the limit allows."""
        doomed = [step.item for step in self.steps if step.item.pruned]
        if len(doomed) > limit:
            raise TooManyToPrune(doomed, limit)

    def foretold(self) -> list[Outcome]:
        """Return the outcome of each step, as check mode shows it: what is sure to fail keeps others from beginning."""
        outcomes = [step.foretold for step in self.steps]
        for number, outcome in self.held_back(self.failed_renames(outcomes)).items():
            outcomes[number] = outcome
        if unsettled(outcomes):
            return [one.skipped() if one.item.pruned and one.changed else one for one in outcomes]
        return outcomes

    def failed_renames(self, outcomes: Sequence[Outcome]) -> dict[str, str]:
        """Return the new name of each database that isn't renamed by these outcomes, by its old one."""
        return {old: new for number, old, new in self.renames if outcomes[number].word in (FAILED, SKIPPED)}

    def held_back(self, failed_renames: Mapping[str, str]) -> dict[int, Outcome]:
        """Return the outcomes of the tokens that are left as they are, by the numbers of their steps.

        A token that shall follow a database to its new name would be without access, where that isn't renamed.
        """
        held: dict[int, Outcome] = {}
        for number, step in enumerate(self.steps) if failed_renames else ():
            if isinstance(step, PlannedToken) and step.foretold.changed:
                names = _follows(step, failed_renames)
                if names:
                    warning = (
                        f"The token {step.item.name!r} is left as it is, because the database {names[0]!r} was not"
                        f" renamed to {names[1]!r}, and the token would have access to neither."
                    )
                    held[number] = step.foretold.skipped()._replace(warnings=(warning,))
        return held


def unsettled(outcomes: Iterable[Outcome]) -> bool:
    """Return whether any item that is stated lacks its stated form, so that nothing is pruned."""
    return any(outcome.word in (FAILED, SKIPPED) for outcome in outcomes if not outcome.item.pruned)


def _follows(step: PlannedToken, failed_renames: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the old and the new name of a database that isn't renamed, and to which the token shall follow."""
    current, wish = step.plan.decision.change.current, step.item.order.wish
    before = {permission["resource"] for permission in (current or {}).get("permissions") or ()}
    after = {permission["resource"] for permission in wish.permissions or ()}
    for old, new in failed_renames.items():
        if before & {old, "*"} and new in after and not after & {old, "*"}:
            return old, new
    return None


def plan_cluster(wanted: Wanted, world: World, prune: Mapping[str, bool], at: datetime, backend: Backend) -> Plan:
    """Return the plan. `prune` says for each kind whether objects that no item states are deleted.

    Sends nothing, and only looks at the tokens' secret files. An item whose planning fails becomes an `Unplanned` step.
    """
    doomed_databases: list[DatabaseItem] = []
    doomed_tokens: list[TokenItem] = []
    if prune[DATABASES] or prune[DB_TOKENS]:
        from .pruning import databases_to_prune, tokens_to_prune

        doomed_databases = databases_to_prune(world.databases, wanted.databases) if prune[DATABASES] else []
        doomed_tokens = tokens_to_prune(world.tokens.tokens, wanted.tokens, at) if prune[DB_TOKENS] else []
    steps: list[Step] = [_plan_database(item, world) for item in wanted.databases]
    warnings = _warn_of_unknown(wanted, world, doomed_databases)
    if wanted.tables:
        from .table_plan import plan_tables, warn_of_missing_databases

        steps += plan_tables(wanted.tables, world.tables)
        warnings += warn_of_missing_databases(wanted, world.databases)
    steps += _refuse_shared(
        [_plan_token(item, kept, world.tokens, backend) for item, kept in zip(wanted.tokens, world.kept)]
    )
    steps += [_plan_token(item, secret_text.NOTHING_KEPT, world.tokens, backend) for item in doomed_tokens]
    steps += [_plan_database(item, world) for item in doomed_databases]
    return Plan(tuple(steps), tuple(warnings), _renames(wanted.databases, world.databases))


def _renames(items: Sequence[DatabaseItem], there: Collection[str]) -> list[tuple[int, str, str]]:
    """Return the number, the old and the new name of each item whose database is still to be renamed."""
    return [
        (number, item.wish.old_name, item.name)
        for number, item in enumerate(items)
        if item.wish.state == "present" and item.wish.old_name in there and item.wish.old_name != item.name
    ]


def _plan_database(item: DatabaseItem, world: World) -> Step:
    change = result_or_error(lambda: plan_database(item.wish, world.databases.get, world.list_deleted))
    if isinstance(change, errors.Influxdb3Error):
        return Unplanned(item, Outcome(item, FAILED, error=change))
    return PlannedDatabase(item, database_outcome(item, foretell(change)), change)


def _plan_token(
    item: TokenItem, kept: secret_text.Kept | errors.Influxdb3Error, tokens: TokenIndex, backend: Backend
) -> Step:
    def planned(kept: secret_text.Kept) -> PlannedToken:
        plan = plan_order(item.order, item.proof, kept, tokens, backend)
        return PlannedToken(item, token_outcome(item, plan.foretold), plan)

    step = kept if isinstance(kept, errors.Influxdb3Error) else result_or_error(lambda: planned(kept))
    return Unplanned(item, Outcome(item, FAILED, error=step)) if isinstance(step, errors.Influxdb3Error) else step


def _refuse_shared(steps: list[Step]) -> list[Step]:
    """Return the steps without those of two items that state one token: the first by its ID, the other otherwise.

    Each would undo in every run what the other does, or take its token from it.
    """
    by_id = {
        step.item.order.wish.id: number
        for number, step in enumerate(steps)
        if isinstance(step, PlannedToken) and step.item.stays and step.item.order.wish.id is not None
    }
    if not by_id:
        return steps
    refused: dict[int, str] = {}
    for number, step in enumerate(steps):
        if isinstance(step, PlannedToken) and step.item.order.wish.id is None:
            change = step.plan.decision.change
            used = {token["id"] for token in (change.current, *change.revoke) if token}
            for token_id in sorted(used & by_id.keys()):
                refused[number] = refused[by_id[token_id]] = token_id
    return [_refused_twin(step, refused[number]) if number in refused else step for number, step in enumerate(steps)]


def _refused_twin(step: Step, token_id: str) -> Unplanned:
    error = errors.Refused(
        f"One of db_tokens states the id {token_id}, and another one the description that this token has. Nothing is"
        " done about either. State the token once."
    )
    return Unplanned(step.item, Outcome(step.item, FAILED, error=error))


def states_unknown_databases(wanted: Wanted) -> bool:
    """Return whether a token is for a database that no item states, so that the server's list has to tell."""
    return bool(unknown_databases(wanted.tokens, {item.name for item in wanted.databases if item.stays}))


def _warn_of_unknown(wanted: Wanted, world: World, doomed: Sequence[DatabaseItem]) -> list[str]:
    stated = {item.name for item in wanted.databases if item.stays}
    gone = {item.name for item in (*wanted.databases, *doomed) if not item.stays}
    gone |= {item.wish.old_name for item in wanted.databases}
    return unknown_databases(wanted.tokens, (set(world.databases) - gone) | stated)


def unknown_databases(items: Iterable[TokenItem], names: Collection[str]) -> list[str]:
    """Return a warning about permissions for databases that are not among these names."""
    missing = [
        f"{permission['resource']!r} (db_tokens {item.name!r})"
        for item in items
        if item.stays
        for permission in item.order.wish.permissions or ()
        if permission["resource"] != "*" and permission["resource"] not in names
    ]
    return (
        [f"Tokens are for databases that neither exist nor are stated: {entities.listed(missing)}."] if missing else []
    )


def with_unsettled_permissions(tokens: Iterable[entities.State], outcomes: Iterable[Outcome]) -> list[entities.State]:
    """Return the tokens without those whose permissions an item states, and without those that an item revokes."""
    settled: set[Any] = set()
    for outcome in outcomes:
        item = outcome.item
        if outcome.error or not isinstance(item, TokenItem):
            continue
        if not item.stays or item.order.wish.permissions is not None:
            settled.add(outcome.more.get("id"))
        if not item.stays or item.order.revoke_superseded:
            settled.update(outcome.more.get("superseded", ()))
    return [token for token in tokens if token["id"] not in settled]
