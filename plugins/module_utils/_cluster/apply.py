# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole cluster's databases and tokens: one list per kind, one plan, then only the writes that are needed, together.

Each item goes through the same functions as a run of the module `database` or `db_token`: once without doing anything,
which is the plan and all of check mode, and then for real if something is to be done.
"""

from __future__ import annotations

import select
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Generic, TypeVar

from .._api.endpoints import ManagementApi
from .._core.connection import Connection
from .._core.converge import converge
from .._core.entities import DATABASE, State
from .._core.errors import MASK, Influxdb3Error, OptionError, mask
from .._core.interface import ModuleView, Result, now
from .._core.signals import first_signal
from .._core.throttle import Throttle
from .._tokens import db_tokens, secret_file, tokens
from . import databases
from .items import (
    CHANGES,
    FAILED,
    PRUNE_LIMIT,
    SKIPPED,
    DatabaseItem,
    Item,
    TokenIndex,
    TokenItem,
    databases_to_prune,
    left_as_they_are,
    parse,
    tokens_to_prune,
    unknown_databases,
)
from .report import outcome, refused, report, sums, too_many

Content = TypeVar("Content")


class Listing(Generic[Content]):
    """What the server lists, for all workers: who needs it later than another one gets that one's answer if it can."""

    def __init__(self, fetch: Callable[[], Content]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._begun = float("-inf")
        self._content: Content | None = None

    def since(self, instant: float) -> Content:
        """Return a list that was asked for at this instant of the monotonic clock or later. Raises Influxdb3Error."""
        with self._lock:
            if self._content is None or self._begun < instant:
                begun = time.monotonic()
                self._content = self._fetch()
                self._begun = begun
            return self._content

    def reader(self) -> Callable[[], Content]:
        """Return a function that gives the list that is there, and from its second call on a new one."""
        instants = iter([float("-inf")])
        return lambda: self.since(next(instants, time.monotonic()))


class SharedTokens(db_tokens.HttpTokens):
    """The database tokens of one cluster, listed once for all workers that ask at the same time."""

    def __init__(self, api: ManagementApi, listing: Listing[TokenIndex]) -> None:
        super().__init__(api)
        self._listing = listing

    def list(self) -> list[State]:
        """Return all database tokens, as they are now or later."""
        return list(self._listing.since(time.monotonic()).tokens)


@dataclass
class Mode:
    """What `converge` asks a module for."""

    check_mode: bool


@dataclass
class Cluster:
    """One run. `known` is what is read of the items' secret files."""

    api: ManagementApi
    at: datetime
    throttle: Throttle
    concurrency: int
    conceal: Callable[[str], None]
    databases: list[DatabaseItem]
    tokens: list[TokenItem]
    known: dict[int, secret_file.Secret | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database_list: Listing[dict[str, State]] = Listing(
            lambda: {str(state.get("name")): state for state in self.api.list_databases()}
        )
        self.token_list: Listing[TokenIndex] = Listing(lambda: TokenIndex(self.api.list_tokens()))
        self.backend = SharedTokens(self.api, self.token_list)

    @property
    def items(self) -> list[Item]:
        return [*self.databases, *self.tokens]

    def read(self, need_databases: bool, need_tokens: bool) -> None:
        """Read the secret files, and after them the server: what a file holds then is in the list, if it is at all."""
        for item in self.tokens:
            failing_alone(self._read_file, item)
        needed = ((self.database_list, need_databases), (self.token_list, need_tokens))
        lists: list[Listing[Any]] = [listing for listing, need in needed if need]
        with ThreadPoolExecutor(min(self.concurrency, len(needed))) as pool:
            list(pool.map(lambda listing: listing.since(float("-inf")), lists))

    def bring(self, item: Item, *, dry: bool) -> None:
        """Bring one item to its stated form, or only say what would become of it."""
        if isinstance(item, DatabaseItem):
            failing_alone(self._bring_database, item, dry)
        elif isinstance(item, TokenItem):
            failing_alone(self._bring_token, item, dry)

    def _read_file(self, item: TokenItem) -> None:
        if item.order:
            self.known[id(item)] = tokens.read_file(item.order, self.conceal)

    def _bring_database(self, item: DatabaseItem, dry: bool) -> None:
        wish = item.wish
        if wish is None:
            return
        change, changed, reported = converge(
            Mode(dry),
            self.database_list.reader(),
            lambda there: databases.decide(wish, there.get),
            lambda change: databases.carry_out(self.api, wish, change),
        )
        item.change = change
        if changed:
            item.before = DATABASE.to_result(change.before)
            item.after = DATABASE.to_result(reported) if change.after is not None else None
        item.outcome = outcome(changed, item.before, item.after, "name")
        item.warnings = databases.warnings_of(wish, change)

    def _bring_token(self, item: TokenItem, dry: bool) -> None:
        order = item.order
        if order is None:
            return
        known = None
        if id(item) in self.known:
            held = self.known[id(item)]
            about = self.token_list.since(float("-inf")).about(order, held["id"] if held else None)
            known = tokens.Known(held, about)
        work = tokens.Work(order, db_tokens.KIND, self.backend, dry, self.conceal, item.proof, known)
        result = tokens.carry_out(work)
        item.before, item.after = result.before or None, result.after or None
        item.outcome = outcome(result.changed, item.before, item.after, "id")
        item.warnings = result.warnings
        token, superseded = result.values["db_token"] or {}, result.values["superseded"]
        item.more = {"id": token.get("id")}
        if superseded:
            item.more["superseded"] = [old["id"] for old in superseded]
        item.secret = next((place[-1] for place in result.secrets), None)

    def carry_out(self, stages: Sequence[Sequence[Item]]) -> None:
        """Do what is to be done: the stages one after the other, the items of each together."""
        for stage in stages:
            due = [item for item in stage if item.outcome in CHANGES]
            for item in due:
                item.before = item.after = None
                item.outcome = SKIPPED
            if due and not self.throttle.stopped:
                with ThreadPoolExecutor(min(self.concurrency, len(due))) as pool:
                    list(pool.map(self._work, due))

    def _work(self, item: Item) -> None:
        # Here and not only before a request: what waits here isn't begun when the run is stopped meanwhile.
        self.throttle.wait()
        if not self.throttle.stopped:
            self.bring(item, dry=False)


def failing_alone(step: Callable[..., None], item: Item, *more: Any) -> None:
    """Take a step for one item, and keep an error to it: it must not lose what the others have done."""
    try:
        step(item, *more)
    except Influxdb3Error as error:
        item.fail(error)
    except Exception as error:
        item.fail(Influxdb3Error(f"{type(error).__name__}: {error}", code="unexpected"))


@contextmanager
def stopping(throttle: Throttle) -> Iterator[None]:
    """Have a signal, or the end of who waits for the result, stop the run: what has begun is finished, no more begun.

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


def manage_cluster(module: ModuleView, connect: Callable[[], Connection]) -> Result:
    """Bring everything to its stated form. What is wrong with the options is found before the first request.

    `connect` returns the connection that the options describe. Raises OptionError.
    """
    params, at = module.params, now()
    connection: Connection | None = None
    said = ""
    try:
        connection = connect()
    except OptionError as error:
        said = str(error)
    throttle = Throttle()
    wanted = parse(params, at, connection, throttle)
    if connection is None or wanted.problems:
        return refused(said, wanted.problems)

    odd: set[str] = set()

    def conceal_odd(secret: str) -> None:
        # What looks like a token is masked by its shape; Ansible would search each of thousands in every text.
        if mask(secret) != MASK:
            odd.add(secret)
            module.no_log_values.add(secret)

    api = ManagementApi(connection, conceal_odd, params["concurrency"], throttle)
    cluster = Cluster(api, at, throttle, params["concurrency"], conceal_odd, wanted.databases, wanted.tokens)
    with stopping(throttle):
        stated = {item.name for item in cluster.databases if item.wanted}
        undeclared = bool(unknown_databases(cluster.tokens, stated))
        prune = params["prune"]
        cluster.read(
            bool(cluster.databases) or undeclared or prune["databases"], bool(cluster.tokens) or prune["db_tokens"]
        )
        doomed = _prune(cluster, params)
        warnings = _warn_of_unknown(cluster, stated, doomed) if undeclared else []
        for item in [*cluster.items, *doomed]:
            if item.error is None:
                cluster.bring(item, dry=True)
        limit = PRUNE_LIMIT if params["prune_limit"] is None else params["prune_limit"]
        if len(doomed) > limit:
            return too_many(doomed, limit, odd)
        if not module.check_mode:
            _carry_out(cluster, doomed)
        warnings += _warn_of_tokens(cluster, doomed)
    if throttle.stopped:
        module.log(f"cluster {throttle.stopped}: {sums(cluster.items + doomed)}")
    return report([*cluster.items, *doomed], odd, throttle.stopped, warnings, check_mode=module.check_mode)


def _prune(cluster: Cluster, params: dict[str, Any]) -> list[Item]:
    """Return what nobody has stated."""
    doomed: list[Item] = []
    if params["prune"]["db_tokens"]:
        doomed += tokens_to_prune(cluster.token_list.since(float("-inf")).tokens, cluster.tokens, cluster.at)
    for item in doomed:
        cluster.known[id(item)] = None
    if params["prune"]["databases"]:
        doomed += databases_to_prune(cluster.database_list.since(float("-inf")), cluster.databases)
    return doomed


def _warn_of_unknown(cluster: Cluster, stated: set[str], doomed: Sequence[Item]) -> list[str]:
    gone = {item.name for item in cluster.databases if not item.wanted}
    gone |= {item.wish.old_name for item in cluster.databases if item.wish}
    gone |= {item.name for item in doomed if isinstance(item, DatabaseItem)}
    there = set(cluster.database_list.since(float("-inf")))
    return unknown_databases(cluster.tokens, (there - gone) | stated)


def _warn_of_tokens(cluster: Cluster, doomed: Sequence[Item]) -> list[str]:
    """Return warnings about tokens that lose or gain a database by what was done, or would be in check mode."""
    if cluster.throttle.stopped:
        return []
    items = [*cluster.items, *doomed]
    done = [item.change for item in items if isinstance(item, DatabaseItem) and item.outcome in CHANGES and item.change]
    token_items = [item for item in items if isinstance(item, TokenItem)]

    def others() -> list[State]:
        return left_as_they_are(cluster.token_list.since(float("-inf")).tokens, token_items)

    return databases.warn_of_tokens(done, others, cluster.at)


def _carry_out(cluster: Cluster, doomed: Sequence[Item]) -> None:
    """Databases before the tokens that name them, deletions last; prune only where all else is as stated."""
    cluster.carry_out(
        [
            [item for item in cluster.databases if item.wanted],
            [item for item in cluster.tokens if item.wanted],
            [item for item in cluster.tokens if not item.wanted],
            [item for item in cluster.databases if not item.wanted],
        ]
    )
    if all(item.outcome not in (FAILED, SKIPPED) for item in cluster.items):
        cluster.carry_out([[i for i in doomed if isinstance(i, kind)] for kind in (TokenItem, DatabaseItem)])
        return
    for item in doomed:
        item.outcome, item.before, item.after = SKIPPED, None, None
