# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of the cluster: plain records that tests read and prepare. All times are aware datetimes in UTC."""

from __future__ import annotations

import base64
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any


def db_token_secret() -> str:
    """Return a new secret: `apiv1_` and 512 random bits in base64 (facts.md#token-shapes)."""
    return "apiv1_" + base64.b64encode(secrets.token_bytes(64)).decode()


def mgmt_token_secret() -> str:
    """Return a new secret: `M.V1.`, which is documented, and base64 by a guess (facts.md#token-shapes)."""
    return "M.V1." + base64.b64encode(secrets.token_bytes(64)).decode()


@dataclass
class Database:
    """A database. `retention_period` is in nanoseconds, 0 for infinite. Several deleted ones may have one name."""

    id: int
    name: str
    max_tables: int
    max_columns_per_table: int
    retention_period: int
    partition_template: list[dict[str, Any]] | None
    deleted_at: datetime | None = None


@dataclass
class Table:
    """A table. It is still reached under its `former_names` after a rename (facts.md#names-bind-tokens)."""

    id: int
    database_id: int
    name: str
    partition_template: list[dict[str, Any]] | None
    deleted_at: datetime | None = None
    former_names: list[str] = field(default_factory=list)


@dataclass
class DbToken:
    """A database token. Each permission is {"action": "read" or "write", "resource": a database's name or "*"}."""

    description: str
    permissions: list[dict[str, str]]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    secret: str = field(default_factory=db_token_secret, repr=False)


@dataclass
class MgmtToken:
    description: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    secret: str = field(default_factory=mgmt_token_secret, repr=False)

    @property
    def prefix(self) -> str:
        """The nine public characters by which `influxctl management list` names a token (facts.md#token-shapes)."""
        return self.secret[:9]


@dataclass
class User:
    """A user of the account, whom only influxctl lists."""

    first_name: str
    last_name: str
    email: str
    created_at: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class State:
    databases: list[Database] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    db_tokens: list[DbToken] = field(default_factory=list)
    mgmt_tokens: list[MgmtToken] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    ids: count[int] = field(default_factory=lambda: count(1), repr=False)

    def database(self, name: str) -> Database | None:
        """The active database of this name."""
        return next((d for d in self.databases if d.name == name and d.deleted_at is None), None)

    def tables_of(self, database: Database) -> list[Table]:
        """The active tables of a database."""
        return [t for t in self.tables if t.database_id == database.id and t.deleted_at is None]

    def table(self, database: Database, name: str) -> Table | None:
        """The active table of this name."""
        return next((t for t in self.tables_of(database) if t.name == name), None)

    def db_token(self, token_id: str) -> DbToken | None:
        return next((t for t in self.db_tokens if t.id == token_id), None)

    def mgmt_token(self, token_id: str) -> MgmtToken | None:
        return next((t for t in self.mgmt_tokens if t.id == token_id), None)
