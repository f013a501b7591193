# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables that influxctl lists, for the modules that look before they act."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansible.module_utils.basic import AnsibleModule

from .._cluster.tables import TableLists
from .._core import entities
from .._core.connection import Connection


@contextmanager
def listing_tables(module: AnsibleModule, connection: Connection, *, guarded: bool) -> Iterator[TableLists]:
    """Give the functions that list a database's tables by influxctl.

    `guarded` is that of `influxctl_access`, and so are the errors.
    """
    # Imported only where tables are looked up, because Python compiles a module's files anew for every task.
    from .influxctl_access import influxctl_lists

    with influxctl_lists(module, connection, guarded=guarded) as lists:
        yield TableLists(
            lambda database: {str(table["name"]): table for table in lists.tables(database)},
            lambda database: lists.tables(database, entities.DELETED),
        )
