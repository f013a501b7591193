# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages a whole cluster's databases, tables and tokens: reads the lists, makes one plan, and sends its writes."""

from __future__ import annotations

import select
import signal
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from .._api.endpoints import ManagementApi
from .._core import entities, errors, interface
from .._core.connection import Connection
from .._core.signals import first_signal
from .._core.throttle import Throttle
from .._core.token_values import looks_like_db_token
from .items import DATABASES, DB_TOKENS, Wanted, parse
from .outcome import Outcome, result_or_error
from .plan import (
    PRUNE_LIMIT,
    Plan,
    TooManyToPrune,
    plan_cluster,
    states_unknown_databases,
    with_unsettled_permissions,
)
from .report import refused, report, sums, too_many
from .world import Server, World, read_world

if TYPE_CHECKING:
    from .tables import TableLists

    # Gives access to what lists tables, with the connection that the options describe. Raises Influxdb3Error.
    LookUp = Callable[[Connection], AbstractContextManager[TableLists]]


@contextmanager
def stopping(throttle: Throttle) -> Iterator[None]:
    """Stop the run at a signal, or where the process that waits for the result has ended: no further item is begun.

    A second signal ends the process at once.
    """

    def stop(number: int) -> None:
        throttle.stopped = f"was stopped by {signal.Signals(number).name}"

    over = threading.Event()

    def watch() -> None:
        poll = select.poll()
        poll.register(1, 0)
        while not over.wait(0.2):
            if poll.poll(0):
                throttle.stopped = throttle.stopped or "was stopped because nobody waits for its result"
                return

    with first_signal(stop, signal.SIG_DFL):
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def manage_cluster(
    module: interface.ModuleView,
    connect: Callable[[], Connection],
    list_deleted: Callable[[Connection], Sequence[entities.State]],
    look_up: LookUp,
) -> interface.Result:
    """Bring all items to their stated form. The options are checked before the first request.

    `connect` returns the connection that the options describe; its OptionError becomes a part of the result.
    `list_deleted` has influxctl list the deleted databases, `look_up` gives the functions that list tables. Raises
    Influxdb3Error where the connection's profile can't be used, or where a list can't be read that the plan needs. The
    result holds all problems of the options, or the errors of single items.
    """
    params, at, throttle = module.params, interface.now(), Throttle()
    connection, wrong_connection = _connection_or_problem(connect)
    wanted = parse(params, at, connection, throttle)
    if connection is None or wanted.problems:
        return refused(wrong_connection, wanted.problems)
    secrets = Secrets(module.no_log_values)
    with stopping(throttle), ExitStack() as stack:
        looks_up, lister = bool(wanted.tables) and params["lookup"] == "influxctl", partial(look_up, connection)
        lists = _table_lists(wanted, lambda: stack.enter_context(lister()), looks_up=looks_up)
        api = ManagementApi(connection, secrets.conceal, params["concurrency"], throttle)
        server = Server(api, lists, partial(list_deleted, connection), looks_up=looks_up)
        world = _read(server, wanted, params, secrets.conceal)
        plan = plan_cluster(wanted, world, params["prune"], at, server.backend)
        try:
            plan.raise_if_unsafe(PRUNE_LIMIT if params["prune_limit"] is None else params["prune_limit"])
        except TooManyToPrune as error:
            return too_many(error, secrets.shapeless)
        outcomes = _outcomes(module, server, throttle, secrets.conceal, plan)
        warnings = [*plan.warnings, *([] if throttle.stopped else _warn_of_tokens(server, outcomes, at))]
    if throttle.stopped:
        module.log(f"cluster {throttle.stopped}: {sums(outcomes)}")
    _log_unexpected(module, outcomes)
    return report(outcomes, secrets.shapeless, throttle.stopped, warnings, check_mode=module.check_mode)


class Secrets:
    """The secrets that a run reads or makes. `shapeless` are those that don't look like a token.

    What looks like one is masked by its shape; Ansible would search each of thousands in every text.
    """

    def __init__(self, no_log_values: set[str]) -> None:
        self._no_log_values = no_log_values
        self.shapeless: set[str] = set()

    def conceal(self, secret: str) -> None:
        """Have a secret masked wherever it shows up."""
        if not looks_like_db_token(secret):
            self.shapeless.add(secret)
            self._no_log_values.add(secret)


def _connection_or_problem(connect: Callable[[], Connection]) -> tuple[Connection | None, str]:
    try:
        return connect(), ""
    except errors.OptionError as error:
        return None, str(error)


def _table_lists(
    wanted: Wanted, begin: Callable[[], TableLists], *, looks_up: bool
) -> TableLists | errors.Influxdb3Error | None:
    """Return what lists tables, None where nothing needs that. `looks_up` says that every table needs it.

    Raises Influxdb3Error where it is impossible then; for single tables the error is returned.
    """
    if looks_up:
        return begin()
    return result_or_error(begin) if any(item.wish.needs_name for item in wanted.tables) else None


def _read(server: Server, wanted: Wanted, params: Mapping[str, Any], conceal: Callable[[str], None]) -> World:
    """Return the part of the world that the plan needs. Raises Influxdb3Error where a list of the API can't be read."""
    prune = params["prune"]
    world = read_world(
        server,
        wanted.databases,
        wanted.tokens,
        conceal,
        need_databases=bool(wanted.databases or wanted.tables) or prune[DATABASES] or states_unknown_databases(wanted),
        need_tokens=bool(wanted.tokens) or prune[DB_TOKENS],
        concurrency=params["concurrency"],
    )
    if not wanted.tables:
        return world
    from .table_plan import see_tables

    return world._replace(tables=see_tables(server, wanted, world.databases, params["concurrency"]))


def _outcomes(
    module: interface.ModuleView, server: Server, throttle: Throttle, conceal: Callable[[str], None], plan: Plan
) -> list[Outcome]:
    """Carry the plan out and return every item's outcome; in check mode, or without changes, the foretold ones."""
    foretold = plan.foretold()
    if module.check_mode or not any(outcome.changed for outcome in foretold):
        return foretold
    # Imported only here, because Python compiles a module's files anew for every task.
    from .workers import Workers

    return Workers(server, throttle, module.params["concurrency"], conceal).apply(plan)


def _warn_of_tokens(server: Server, outcomes: Sequence[Outcome], at: datetime) -> list[str]:
    """Return warnings about tokens that lose or gain access to a database by the changes, in check mode too."""
    changes = [outcome.change for outcome in outcomes if outcome.changed and outcome.change]
    if not changes:
        return []
    from .token_holders import warn_of_tokens

    def others() -> list[entities.State]:
        return with_unsettled_permissions(server.tokens.content().tokens, outcomes)

    return warn_of_tokens(changes, others, at)


def _log_unexpected(module: interface.ModuleView, outcomes: Sequence[Outcome]) -> None:
    """Write the traceback of the first exception that isn't ours to the system's log, for a report of the bug."""
    for outcome in outcomes:
        cause = outcome.error.__cause__ if outcome.error else None
        if cause is not None:
            text = "".join(traceback.format_exception(type(cause), cause, cause.__traceback__))
            module.log(errors.shown(f"cluster: {outcome.item.label!r}: {text}"))
            return
