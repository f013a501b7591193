# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter cluster_entries: many variables, found by how their names begin, become one list of entries."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_entries
short_description: Gather the entries of many variables of the role cluster
version_added: 0.1.0
description:
  - Makes one list of the entries of all given variables, in the order of the variables' names. The role
    R(influxops.influxdb3.cluster, ansible_collections.influxops.influxdb3.cluster_role) uses it for the variables whose
    names begin with C(cluster_databases_), C(cluster_db_tokens_) or C(cluster_tables_).
  - Such a name may be that of something else. A text, a number, a boolean or null is left alone. A list with
    anything but such entries, a dictionary, and a text that looks like either, fails, naming the variable. It may be
    a slip, and what it states must not be taken for not stated.
author:
  - influxops contributors (@influxops)
positional: kind, first
notes:
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
options:
  _input:
    description: The variables, by their names.
    type: dict
    required: true
  kind:
    description: What the entries are.
    type: str
    required: true
    choices: [databases, db_tokens, tables]
  first:
    description: Entries that come before those of the variables.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show the databases of all teams
  ansible.builtin.debug:
    msg: "{{ variables | influxops.influxdb3.cluster_entries('databases') }}"
  vars:
    variables:
      cluster_databases_team_b:
        - name: billing
      cluster_databases_team_a:
        - name: metrics
          retention_period: 90d
      cluster_databases_backup_dir: /var/backups
"""

RETURN = r"""
_value:
  description: The entries, as they are.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

# The noun for an entry, and its keys: an entry must have at least one of them.
_KINDS = {
    "databases": ("database", ("name",)),
    "db_tokens": ("database token", ("description", "id")),
    "tables": ("table", ("database",)),
}


def cluster_entries(variables: Mapping[str, Any], kind: str, first: Sequence[Any] = ()) -> list[Any]:
    """Return `first` and the entries of all variables, in the order of their names.

    Raises AnsibleFilterError, which names the variable, for a variable that is no list of entries.
    """
    noun, keys = _KINDS[kind]
    entries: list[Any] = [*first]
    for name in sorted(variables):
        value = variables[name]
        if isinstance(value, Mapping) or (isinstance(value, str) and value.lstrip()[:1] in ("[", "{")):
            what = "a dictionary" if isinstance(value, Mapping) else "text"
            raise AnsibleFilterError(f"{name} is {what}, and not a list of {noun}s. {_remedy(kind)}")
        if not isinstance(value, (list, tuple)):
            continue
        for number, entry in enumerate(value):
            if not isinstance(entry, Mapping) or not any(key in entry for key in keys):
                raise AnsibleFilterError(
                    f"{name}[{number}] is no {noun}, which has the key {' or '.join(keys)}. {_remedy(kind)}"
                )
        entries += value
    return entries


def _remedy(kind: str) -> str:
    return (
        f"The role cluster takes all variables whose names begin with cluster_{kind}_; give another one another name."
    )


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the functions by name."""
        return {"cluster_entries": cluster_entries}
