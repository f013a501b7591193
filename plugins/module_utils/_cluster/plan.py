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
from .outcome import FAILED, Outcome, database_outcome, result_or_error, token_outcome
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
    """What becomes of every item, in the order of the result: one step each, those that prune at the end."""

    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()

    def raise_if_unsafe(self, limit: int) -> None:
        """Raise TooManyToPrune where more objects would be pruned than the limit allows."""
        doomed = [step.item for step in self.steps if step.item.pruned]
        if len(doomed) > limit:
            raise TooManyToPrune(doomed, limit)


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
    steps += [_plan_token(item, kept, world.tokens, backend) for item, kept in zip(wanted.tokens, world.kept)]
    steps += [_plan_token(item, secret_text.NOTHING_KEPT, world.tokens, backend) for item in doomed_tokens]
    steps += [_plan_database(item, world) for item in doomed_databases]
    return Plan(tuple(steps), tuple(warnings))


def _plan_database(item: DatabaseItem, world: World) -> Step:
    change = result_or_error(lambda: plan_database(item.wish, world.databases.get, world.find_deleted))
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
