# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter cluster_export: what a cluster holds becomes the variables of the role cluster, as a YAML text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._variables.exporting import Export, export

DOCUMENTATION = r"""
name: cluster_export
short_description: Turn what a cluster holds into the variables of the role cluster
version_added: 0.1.0
description:
  - Makes a YAML text of C(cluster_databases), C(cluster_db_tokens) and, if O(tables) is given, C(cluster_tables). With
    them the role R(influxops.influxdb3.cluster, ansible_collections.influxops.influxdb3.cluster_role) finds nothing to
    change. The playbook C(influxops.influxdb3.export) writes it into a file. It holds no secret.
  - Databases of the system (C(_) and C(iox_)) are left out, as are tokens that are revoked, expired or just being made.
    Of several active tokens of one description the newest counts.
  - The secret of a token can't be read from the server. So each token has C(on_lost_secret=ignore), which leaves it as
    it is although its secret isn't in C(cluster_secret_dir). When such a token is renewed, the new secret is kept
    there.
  - A token that expires has C(expires_in), the time that it was made for, so that the one after it lives as long. When
    it is to be renewed in time, add C(renew_before).
  - A token that can't be told by its description (because it has none, or one whose secret file would be another
    token's) is told by its ID.
  - Every text that comes from the server is marked as C(!unsafe), so that Ansible takes none for a template, which
    could run programs. So the variables are read by Ansible, and by nothing that doesn't know this mark.
  - What the role would refuse, such as a name with a line break, is left out;
    P(influxops.influxdb3.cluster_export_left_out#filter) tells of it. If a text is masked, because a secret of the
    connection is a part of it, the filter fails.
author:
  - influxops contributors (@influxops)
positional: db_tokens, tables
options:
  _input:
    description: The list C(databases) that M(influxops.influxdb3.database_info) returns.
    type: list
    elements: dict
    required: true
  db_tokens:
    description: The list C(db_tokens) that M(influxops.influxdb3.db_token_info) returns.
    type: list
    elements: dict
    default: []
  tables:
    description:
      - The lists C(tables) that M(influxops.influxdb3.table_info) returns, as one list. Without it, no tables are
        stated.
      - Tables that are deleted, and those of databases that aren't stated, are left out.
    type: list
    elements: dict
"""

EXAMPLES = r"""
- name: List the databases
  influxops.influxdb3.database_info:
  register: found

- name: List the tokens
  influxops.influxdb3.db_token_info:
  register: tokens

- name: Show the variables of the role cluster
  ansible.builtin.debug:
    msg: "{{ found.databases | influxops.influxdb3.cluster_export(tokens.db_tokens) }}"

- name: List the tables of one database
  influxops.influxdb3.table_info:
    database: metrics
  register: tables

- name: Show them as variables, beside the databases
  ansible.builtin.debug:
    msg: "{{ found.databases | influxops.influxdb3.cluster_export(tables=tables.tables) }}"
"""

RETURN = r"""
_value:
  description: The variables as a YAML text.
  type: str
"""


Listed = Sequence[Mapping[str, Any]]


def of_infos(databases: Listed, db_tokens: Listed, tables: Listed | None) -> Export:
    """Return the export of the info modules' results. Raises AnsibleFilterError for anything else."""
    try:
        return export(databases, db_tokens, datetime.now(timezone.utc), tables)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise AnsibleFilterError(
            f"cluster_export: this is not what database_info, db_token_info and table_info return ({error!r})"
        ) from None


def cluster_export(databases: Listed, db_tokens: Listed = (), tables: Listed | None = None) -> str:
    """Return the variables of the role cluster as YAML. Raises AnsibleFilterError."""
    found = of_infos(databases, db_tokens, tables)
    try:
        return found.text()
    except ValueError as error:
        raise AnsibleFilterError(f"cluster_export: {error}") from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the functions by name."""
        return {"cluster_export": cluster_export}
