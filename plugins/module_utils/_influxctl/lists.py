# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists what only influxctl shows: databases and tables with their IDs, deleted ones too, users and clusters.

One run of the program for each list. Deleted objects and active ones are two lists (facts.md#lists-of-other-things).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .._core import entities, errors
from .._core.stated import CLUSTERED
from .client import Client, Need
from .listed import CLUSTERS, DATABASES, TABLES, USERS, Kind, parse_entries

# facts.md#versions-of-influxctl
_TABLES = Need((2, 10, 2), "lists of tables")
_DELETED = Need((2, 10, 4), "lists of deleted objects (--filter-status)")
_ONE_CLUSTER = (
    " influxctl lists clusters on Cloud Dedicated only. On Clustered, every connection leads to one cluster: state its"
    " ID to look it up."
)
# How gRPC calls an object that isn't there (facts.md#error-form).
_NOT_FOUND = re.compile(r"NotFound|not found|does not exist", re.IGNORECASE)


class Lists:
    """What influxctl lists with one profile. Every function raises InfluxctlError, and several threads may call them.

    `product` is that of the profile. An entry holds the keys that are printed and understood, and always its name or,
    of users and clusters, its ID. Databases and tables have `deleted` besides, and where it is printed `deleted_at`.
    """

    def __init__(self, client: Client, product: str) -> None:
        self._client = client
        self._product = product

    def databases(self, status: str = entities.ACTIVE) -> list[entities.State]:
        """Return databases by status, one of STATUSES: active ones first.

        The keys are `name`, `id` (since 2.10.3), `retention_period` (nanoseconds), `max_tables`,
        `max_columns_per_table`, `partition_template`, `deleted`, `deleted_at`.
        """
        return self._by_status(DATABASES, ["database", "list"], [], status, "list the databases")

    def tables(self, database: str, status: str = entities.ACTIVE) -> list[entities.State]:
        """Return the tables of an active database by status, one of STATUSES: active ones first.

        The keys are `database`, `name`, `id`, `partition_template` (an empty list where influxctl shows that it has
        none of its own), `deleted`, `deleted_at`. The error of a database that isn't there has the code `not_found`.
        """
        # After --, because a name may begin like an option.
        operands = ["--", database] if database.startswith("-") else [database]
        doing = f"list the tables of the database {database!r}"
        found = self._by_status(TABLES, ["table", "list"], operands, status, doing, (_TABLES,))
        return [{"database": database, **table} for table in found]

    def users(self) -> list[entities.State]:
        """Return the users of the account: `id`, `name`, `email`, `account_id`, `created_at`."""
        users = self._list(USERS, ["user", "list", "--format", "json"], "list the users")
        for user in users:
            names = [user.pop(key, None) for key in ("first_name", "last_name")]
            user.setdefault("name", " ".join(filter(None, names)) or None)
        return users

    def clusters(self) -> list[entities.State]:
        """Return the clusters of the account: `cluster_id`, `account_id`, `name`, `url`, `state`, `created_at`.

        influxctl refuses it on Clustered (facts.md#lists-of-other-things).
        """
        remedy = _ONE_CLUSTER if self._product == CLUSTERED else ""
        return self._list(CLUSTERS, ["cluster", "list", "--format", "json"], "list the clusters", remedy=remedy)

    def cluster(self, cluster_id: str) -> entities.State | None:
        """Return one cluster, with the keys of `clusters`; None where influxctl finds none of this ID."""
        operands = ["--", cluster_id] if cluster_id.startswith("-") else [cluster_id]
        command = ["cluster", "get", "--format", "json", *operands]
        try:
            found = self._list(CLUSTERS, command, f"read the cluster {cluster_id!r}")
        except errors.InfluxctlError as error:
            if error.code == "not_found":
                return None
            raise
        return next((cluster for cluster in found if cluster["cluster_id"] == cluster_id), None)

    def _by_status(
        self,
        kind: Kind,
        command: Sequence[str],
        operands: Sequence[str],
        status: str,
        doing: str,
        needs: Sequence[Need] = (),
    ) -> list[entities.State]:
        found: list[entities.State] = []
        for deleted in (False, True):
            if status == (entities.ACTIVE if deleted else entities.DELETED):
                continue
            options = ["--format", "json", *(["--filter-status", entities.DELETED] if deleted else [])]
            filtered = (*needs, *((_DELETED,) if deleted else ()))
            for state in self._list(kind, [*command, *options, *operands], doing, filtered):
                # What an entry calls itself counts more than the list in which it stands.
                state.setdefault("deleted", "deleted_at" in state or deleted)
                if state["deleted"] == deleted:
                    found.append(state)
        return found

    def _list(
        self, kind: Kind, command: Sequence[str], doing: str, needs: Sequence[Need] = (), remedy: str = ""
    ) -> list[entities.State]:
        output = self._client.read(command)
        if output.code != 0:
            error = self._client.failed(output, doing, needs, lambda: remedy)
            if output.code is not None and _NOT_FOUND.search(output.text()) and error.code == "influxctl":
                error.code = "not_found"
            raise error
        try:
            return parse_entries(output.stdout, kind)
        except errors.InfluxctlError as error:
            # A program that doesn't know the command may show its help, and call that a success.
            raise errors.InfluxctlError(f"{error}{self._client.lacks(needs, output.text())}", code=error.code) from None
