# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter cluster_export: what a cluster holds becomes the variables of the role cluster, as a YAML text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.influxops.influxdb3.plugins.module_utils.cluster_items import secret_path
from ansible_collections.influxops.influxdb3.plugins.module_utils.durations import format_duration, parse_instant
from ansible_collections.influxops.influxdb3.plugins.module_utils.entities import SYSTEM_PREFIXES, parse_description
from ansible_collections.influxops.influxdb3.plugins.module_utils.plan import unmarked

DOCUMENTATION = r"""
name: cluster_export
short_description: Turn what a cluster holds into the variables of the role cluster
version_added: 0.1.0
description:
  - Makes a YAML text of C(cluster_databases) and C(cluster_db_tokens), with which the role
    R(influxops.influxdb3.cluster, ansible_collections.influxops.influxdb3.cluster_role) finds nothing to change. The
    playbook C(influxops.influxdb3.export) writes it into a file. It holds no secret.
  - Databases of the system (C(_) and C(iox_)) are left out, as are tokens that are revoked, expired or just being made.
    Of several active tokens of one description the newest counts.
  - The secret of a token can't be read from the server. So each token has C(on_lost_secret=ignore), which leaves it as
    it is although its secret isn't in C(cluster_secret_dir). When such a token is renewed, the new secret is kept
    there.
  - A token that expires has C(expires_in), the time that it was made for, so that the one after it lives as long. When
    it is to be renewed in time, add C(renew_before).
  - A token that can't be told by its description (because it has none, or one whose secret file would be another
    token's) is told by its ID.
  - Text that Ansible would take for a template is marked as C(!unsafe).
author:
  - influxops contributors (@influxops)
positional: db_tokens
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
"""

RETURN = r"""
_value:
  description: The variables as a YAML text.
  type: str
"""

_DATABASE_KEYS = ("name", "retention_period", "max_tables", "max_columns_per_table", "partition_template")
_TEMPLATE_MARKS = ("{{", "{%", "{#")
_MINUTE = 60_000_000_000


class _Unsafe(str):
    """Text that must not be taken for a template."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes YAML as Ansible's users do: lists indented, no aliases."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


# Ansible's kinds of text: str() gives some of them back as they are.
_Dumper.add_multi_representer(str, lambda dumper, text: dumper.represent_str(text))
_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style="'"))


def cluster_export(databases: Sequence[Mapping[str, Any]], db_tokens: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the variables of the role cluster for what is there."""
    try:
        content = {
            "cluster_databases": [_database(one) for one in databases if not one["name"].startswith(SYSTEM_PREFIXES)],
            "cluster_db_tokens": _tokens(db_tokens, datetime.now(timezone.utc)),
        }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise AnsibleFilterError(
            f"cluster_export: this is not what database_info and db_token_info return ({error!r})"
        ) from None
    return yaml.dump(_plain(content), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _database(database: Mapping[str, Any]) -> dict[str, Any]:
    return {key: database[key] for key in _DATABASE_KEYS if database.get(key) is not None}


def _tokens(tokens: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Return an item for each description, the newest token first, in the order of the descriptions."""
    items: list[dict[str, Any]] = []
    descriptions: set[str] = set()
    paths: set[str | None] = set()
    newest_first = sorted(tokens, key=lambda t: (parse_instant(t["created_at"]), t["id"]), reverse=True)
    for token in sorted(newest_first, key=lambda t: t.get("description") or ""):
        description = token.get("description") or ""
        if not _works(token, now) or unmarked(dict(token))[1] or description in descriptions:
            continue
        path = secret_path({"description": description}, "/")
        if _identifies(description) and path not in paths:
            descriptions.add(description)
            paths.add(path)
            identity = {"description": description}
        else:
            identity = {"id": token["id"]}
        items.append({**identity, **_wish(token)})
    return items


def _works(token: Mapping[str, Any], now: datetime) -> bool:
    ends = token.get("expires_at")
    return not token.get("revoked_at") and (not ends or parse_instant(ends) > now)


def _identifies(description: str) -> bool:
    try:
        parse_description(description)
    except ValueError:
        return False
    return True


def _wish(token: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stated of a token: what it may do, and how long it was made for, in whole minutes."""
    wish: dict[str, Any] = {"permissions": [dict(permission) for permission in token.get("permissions") or ()]}
    if token.get("expires_at"):
        seconds = (parse_instant(token["expires_at"]) - parse_instant(token["created_at"])).total_seconds()
        wish["expires_in"] = format_duration(max(1, round(seconds / 60)) * _MINUTE)
    return {**wish, "on_lost_secret": "ignore"}


def _plain(value: Any) -> Any:
    """Return a value without Ansible's own types, with templates marked."""
    if isinstance(value, str):
        return _Unsafe(value) if any(mark in value for mark in _TEMPLATE_MARKS) else str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the functions by name."""
        return {"cluster_export": cluster_export}
