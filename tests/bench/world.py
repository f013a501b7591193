# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all contestants are to bring about: databases with a retention of 30 days, tokens that may read them, tables."""

from __future__ import annotations

from typing import Any

DAYS = 30
# The databases of all tables.
TABLE_DATABASES = 10


def database_name(number: int) -> str:
    """The name of a database."""
    return f"bench_{number}"


def token_description(number: int) -> str:
    """The description of a token."""
    return f"bench {number}"


def permissions_of(number: int) -> list[dict[str, str]]:
    """What a token may do."""
    return [{"action": "read", "resource": database_name(number)}]


def databases(number: int) -> list[dict[str, Any]]:
    """As many databases as the collection's modules take them."""
    return [{"name": database_name(i), "retention_period": f"{DAYS}d"} for i in range(number)]


def tokens(number: int) -> list[dict[str, Any]]:
    """As many tokens, whose secret is kept elsewhere."""
    return [
        {"description": token_description(i), "permissions": permissions_of(i), "on_lost_secret": "ignore"}
        for i in range(number)
    ]


def table_of(number: int) -> tuple[str, str]:
    """The database and the name of a table."""
    return database_name(number % TABLE_DATABASES), f"table_{number}"


def tables(number: int) -> list[dict[str, Any]]:
    """As many tables, over ten databases."""
    return [dict(zip(("database", "name"), table_of(i), strict=True)) for i in range(number)]
