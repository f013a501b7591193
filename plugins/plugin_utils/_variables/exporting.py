# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the contents of a cluster as variables of the role cluster, and lists the parts that can't be stated. Pure.

People who may make a token or a database choose its name, and Ansible takes some texts for templates, which run
programs on the controller. So every text from the server is written as `!unsafe`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml

from ...module_utils._cluster.items import secret_path
from ...module_utils._core import entities, errors, printing
from ...module_utils._core.durations import format_duration, parse_duration, parse_instant
from ...module_utils._tokens.plan import age, unmarked

# Ansible's own word for a secret that is all of a text. A part of a text becomes MASK.
WHOLE_MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
_MINUTE = 60_000_000_000
_PART = ("type", "value", "tag_name", "number_of_buckets")
_LIMITS = ("max_tables", "max_columns_per_table")


_TEXT = "tag:yaml.org,2002:str"


class Foreign(str):
    """A text from the server."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes YAML as Ansible's users do: lists indented, no aliases."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Between single quotes, YAML reads some line separators back as blanks.
    style = "'" if text.isprintable() else '"'
    # From ansible-core 2.19 on, `!unsafe 'yes'` is true. A text that YAML takes for another type is no template.
    resolve: Callable[..., str] = dumper.resolve
    found = resolve(yaml.ScalarNode, str(text), (True, False))
    return dumper.represent_scalar("!unsafe" if found == _TEXT else _TEXT, str(text), style=style)


# For Ansible's own kinds of text, too, because these are foreign: only a plain `str` is one of ours.
_Dumper.add_multi_representer(str, _represent)


@dataclass
class Export:
    """The variables of a cluster.

    `content` has the items by the variables' names. `left_out` has a sentence about each part that the variables don't
    state, with the reason.
    """

    content: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the variables as YAML. Raises ValueError where a text is masked, and so isn't the server's own."""
        for text in printing.texts_in(self.content):
            if printing.MASK in text or WHOLE_MASK in text:
                raise ValueError(
                    f"{errors.shown(text)!r} is masked: a secret that the connection or its influxctl config holds is a"
                    " part of this text, or is all of it. What the server really has can't be seen so, and prune would"
                    " act on it. Reach the server by another profile or token whose secrets are no parts of names."
                )
        return yaml.dump(self.content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=sys.maxsize)


def export(
    databases: Sequence[Mapping[str, Any]],
    tokens: Sequence[Mapping[str, Any]],
    now: datetime,
    tables: Sequence[Mapping[str, Any]] | None = None,
) -> Export:
    """Return the variables for the results of database_info, db_token_info and table_info.

    `tables` is None where they were not listed; then the variables have no cluster_tables. `now` decides which tokens
    still work. Raises KeyError, TypeError, AttributeError or ValueError for values that aren't such results.
    """
    found = Export()
    found.content["cluster_databases"] = list(_databases(databases, found.left_out))
    if tables is not None:
        names = {str(item["name"]) for item in found.content["cluster_databases"]}
        found.content["cluster_tables"] = list(_tables(tables, names, found.left_out))
    found.content["cluster_db_tokens"] = list(_tokens(tokens, now, found.left_out))
    return found


def _databases(databases: Sequence[Mapping[str, Any]], left_out: list[str]) -> Iterator[dict[str, Any]]:
    names: set[str] = set()
    for database in databases:
        name = database["name"]
        if name.startswith(entities.SYSTEM_PREFIXES):
            continue
        item: dict[str, Any] = {"name": Foreign(name)}
        if database.get("retention_period") is not None:
            item["retention_period"] = format_duration(parse_duration(str(database["retention_period"])))
        # A database shows 0 for a limit that was never set (facts.md#limits), and none can be given.
        item.update({key: int(database[key]) for key in _LIMITS if database.get(key)})
        if database.get("partition_template"):
            item["partition_template"] = [_part(part) for part in database["partition_template"]]
        problem = _problem(entities.DATABASE.parse, item) or ("it is listed twice" if name in names else "")
        if problem:
            left_out.append(
                f"The database {errors.shown(name)!r} is left out, because the role would refuse it: {problem}"
            )
            continue
        names.add(name)
        yield item


def _tables(
    tables: Sequence[Mapping[str, Any]], databases: Collection[str], left_out: list[str]
) -> Iterator[dict[str, Any]]:
    """Return an item for each active table of these databases."""
    names: set[tuple[str, str]] = set()
    for table in tables:
        database, name = table["database"], table["name"]
        if table.get("deleted") or database not in databases:
            continue
        item: dict[str, Any] = {"database": Foreign(database), "name": Foreign(name)}
        if table.get("partition_template"):
            item["partition_template"] = [_part(part) for part in table["partition_template"]]
        problem = _problem(entities.TABLE.parse, item) or ("it is listed twice" if (database, name) in names else "")
        if problem:
            left_out.append(
                f"The table {errors.shown(name)!r} of the database {errors.shown(database)!r} is left out, because the"
                f" role would refuse it: {problem}"
            )
            continue
        names.add((database, name))
        yield item


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: Foreign(part[key]) if isinstance(part[key], str) else int(part[key])
        for key in _PART
        if part.get(key) is not None
    }


def _tokens(tokens: Sequence[Mapping[str, Any]], now: datetime, left_out: list[str]) -> Iterator[dict[str, Any]]:
    """Yield an item for each description, made of its newest working token, in the order of the descriptions.

    A token whose description can't be stated, or would have another item's secret file, is stated by its ID.
    """
    descriptions: set[str] = set()
    paths: set[str | None] = set()
    for token in sorted(sorted(tokens, key=_age, reverse=True), key=lambda t: t.get("description") or ""):
        description = token.get("description") or ""
        if not _works(token, now) or unmarked(dict(token))[1] or description in descriptions:
            continue
        path = secret_path({"description": description}, "/")
        identity = {"id": Foreign(token["id"])}
        if problem := _problem(dict, identity):
            left_out.append(f"The database token {errors.shown(token['id'])!r} is left out: {problem}")
            continue
        if _identifies(description) and path not in paths:
            descriptions.add(description)
            paths.add(path)
            identity = {"description": Foreign(description)}
        yield {**identity, **_wish(token, left_out)}


def _age(token: Mapping[str, Any]) -> Any:
    ends = token.get("expires_at")
    return age({**token, "created_at": parse_instant(token["created_at"]), "expires_at": ends and parse_instant(ends)})


def _works(token: Mapping[str, Any], now: datetime) -> bool:
    ends = token.get("expires_at")
    return not token.get("revoked_at") and (not ends or parse_instant(ends) > now)


def _identifies(description: str) -> bool:
    try:
        entities.parse_description(description)
        description.encode()
    except ValueError:
        return False
    return True


def _wish(token: Mapping[str, Any], left_out: list[str]) -> dict[str, Any]:
    """Return the keys of a token's item: its permissions, and its whole life in minutes."""
    permissions = [{"action": p["action"], "resource": p["resource"]} for p in token.get("permissions") or ()]
    problem = _problem(entities.DB_TOKEN.parse, {"permissions": permissions})
    wish: dict[str, Any] = {}
    if problem:
        left_out.append(
            f"The permissions of the database token {token['id']} are left out, because the role would refuse them:"
            f" {problem} They stay as they are."
        )
    else:
        wish["permissions"] = [{key: Foreign(value) for key, value in one.items()} for one in permissions]
    if token.get("expires_at"):
        seconds = (parse_instant(token["expires_at"]) - parse_instant(token["created_at"])).total_seconds()
        wish["expires_in"] = format_duration(max(1, round(seconds / 60)) * _MINUTE)
    return {**wish, "on_lost_secret": "ignore"}


def _problem(parse: Any, item: Mapping[str, Any]) -> str:
    """Return why the role would refuse an item; empty where it takes the item."""
    try:
        parse(item)
        "".join(printing.texts_in(item)).encode()
    except errors.Influxdb3Error as error:
        return str(error)
    except UnicodeEncodeError:
        return "it holds half a character, which no file can hold."
    return ""
