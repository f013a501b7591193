# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entities database, table and token: a table of fields for each, and the rules of their values.

A `State` is an entity's canonical form, keyed by option name: durations in nanoseconds, instants as UTC datetimes,
permissions as a sorted list without duplicates. Pure; knows no HTTP and no Ansible.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any, Callable, NamedTuple

from . import errors
from .durations import format_duration, format_instant, parse_duration, parse_instant
from .token_values import ACTIONS, parse_token_id, read_secret, read_text

State = dict[str, Any]
NOTHING: Mapping[str, Any] = MappingProxyType({})
"""No field at all, where an immutable value needs a default."""

# The specification allows more buckets than the prose does, and the server decides (facts.md#partition-templates).
MAX_PARTS = 8
MAX_BUCKETS = 100_000
MAX_NAME = 64
MAX_LIMIT = 2**31 - 1
_TIME_FORMAT = re.compile(r"(?:[^%]|%[Ymd])*%[Ymd](?:[^%]|%[Ymd])*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# facts.md#names: names that the system uses or may use.
SYSTEM_PREFIXES = ("_", "iox_")
# What a list is of: objects that are there, those that are deleted, or both.
ACTIVE, DELETED, ALL = "active", "deleted", "all"
STATUSES = (ACTIVE, DELETED, ALL)
# The number of items that a sentence names.
SHOWN = 5

# The argument spec of a partition template, as databases and tables take it.
PARTITION_TEMPLATE_OPTION: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "type": {"type": "str", "required": True, "choices": ["time", "tag", "bucket"]},
        "value": {"type": "str"},
        "tag_name": {"type": "str"},
        "number_of_buckets": {"type": "int"},
    },
}
HOUR = 3_600_000_000_000


def _same(value: Any) -> Any:
    return value


def read_number(value: Any) -> int:
    """Return a whole number that isn't negative, within int64 (facts.md#limits); neither True nor 1.0 is one."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 2**63 - 1:
        raise ValueError("no number from 0 to the end of int64")
    return value


def read_instant(value: Any) -> datetime | None:
    """Return an instant, None where a server writes "never" as a text: empty, or of 1970 or of the year 1.

    These are the zero times of protobuf and of Go, which a server shows for a field that isn't set. A protobuf
    timestamp, as influxctl prints it, leaves `nanos` out when it is 0 (facts.md#output-of-list).
    """
    if isinstance(value, str):
        if not value:
            return None
        instant = parse_instant(value)
    else:
        seconds = timedelta(seconds=int(value.get("seconds", 0)), microseconds=int(value.get("nanos", 0)) // 1000)
        instant = datetime(1970, 1, 1, tzinfo=timezone.utc) + seconds
    return instant if instant.timestamp() > 0 else None


class Field(NamedTuple):
    """One field of an entity.

    `name` is the option's and the result's, `api` the API's. `parse` turns an option's value into the canonical one
    (ValueError when it can't), `read` the API's value, `write` goes back to the API, `show` to the result. `check`
    raises ValueError for a value that existing objects may have, and that nobody can give an object any more.
    """

    name: str
    api: str
    mutable: bool = False
    secret: bool = False
    required: bool = False
    missing: Callable[[], Any] | None = None
    parse: Callable[[Any], Any] = _same
    read: Callable[[Any], Any] = _same
    write: Callable[[Any], Any] = _same
    show: Callable[[Any], Any] = _same
    check: Callable[[Any], Any] = _same


class Entity(NamedTuple):
    """A kind of object: its noun for messages, and its fields."""

    noun: str
    fields: tuple[Field, ...]

    def parse(self, options: Mapping[str, Any]) -> State:
        """Return the canonical form of the options that are given. Raises OptionError, which names all wrong values."""
        state: State = {}
        wrong: list[str] = []
        for field in self.fields:
            if options.get(field.name) is None:
                continue
            try:
                state[field.name] = field.parse(options[field.name])
            except ValueError as error:
                wrong.append(f"{field.name}: {error}.")
        if wrong:
            raise errors.OptionError(" ".join(wrong))
        return state

    def check_new(self, state: State) -> None:
        """Raise OptionError for values that a server takes neither for a new object nor for a change.

        An existing object may have such a value, and a task may state it (facts.md#partition-templates). So the callers
        check only the values that they are about to send.
        """
        wrong: list[str] = []
        for field in self.fields:
            try:
                if state.get(field.name) is not None:
                    field.check(state[field.name])
            except ValueError as error:
                wrong.append(f"{field.name}: {error}.")
        if wrong:
            raise errors.OptionError(" ".join(wrong))

    def from_api(self, answer: Any) -> State:
        """Return the canonical form of an object that the API sent; it may lack fields. Raises Influxdb3Error."""
        if not isinstance(answer, dict):
            raise errors.Influxdb3Error(f"The server sent something that is no {self.noun}.", code="bad_answer")
        state: State = {}
        for field in self.fields:
            if answer.get(field.api) is None:
                continue
            try:
                state[field.name] = field.read(answer[field.api])
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
                raise errors.Influxdb3Error(
                    f"The server sent a {self.noun} whose {field.api} can't be understood.", code="bad_answer"
                ) from None
        return state

    def from_answer(self, answer: Any, *, whole: bool) -> State:
        """Return the canonical form of an answer to a request. `whole` says that it holds all fields of the object.

        A field that is null counts as left out. Raises Influxdb3Error.
        """
        state = self.from_api(answer)
        for field in self.fields:
            if field.required and field.name not in state:
                raise errors.Influxdb3Error(f"The server sent a {self.noun} without {field.api}.", code="bad_answer")
            if whole and field.missing is not None:
                state.setdefault(field.name, field.missing())
        return state

    def to_api(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON body for the given fields."""
        return {field.api: field.write(state[field.name]) for field in self.fields if field.name in state}

    def to_result(self, state: State | None) -> dict[str, Any] | None:
        """Return the result: every field but the secret ones, null where it isn't known."""
        if state is None:
            return None
        shown: dict[str, Any] = {}
        for field in self.fields:
            if field.secret:
                continue
            value = state.get(field.name)
            shown[field.name] = None if value is None else field.show(value)
            if field.name == "retention_period":
                shown["retention_period_ns"] = value
        return shown


def parse_name(name: Any) -> str:
    """Return a database's name if it can be one: 1 to 64 characters (facts.md#names). Raises ValueError."""
    text = str(name)
    if not 1 <= len(text) <= MAX_NAME:
        raise ValueError(f"{text[:MAX_NAME]!r} has {len(text)} characters; 1 to {MAX_NAME} are allowed")
    return _path_segment(text)


def parse_table_name(name: Any) -> str:
    """Return a table's name: not empty, no upper limit (facts.md#names). Raises ValueError."""
    if not str(name):
        raise ValueError("a table's name must not be empty")
    return _path_segment(str(name))


def _path_segment(text: str) -> str:
    if text in (".", "..") or _CONTROL.search(text):
        raise ValueError(f"{text!r} can't be a name: it is a relative path or holds control characters")
    return text


def parse_description(text: Any) -> str:
    """Return a token's description: not blank, one line. Raises ValueError.

    influxctl refuses an empty one since 2.10.0 (facts.md#management-tokens), and an identity must not be empty.
    """
    if not str(text).strip():
        raise ValueError("a description must not be empty")
    if str(text).splitlines() != [str(text)]:
        raise ValueError("a description must be one line, without a line break at its end")
    return str(text)


def parse_id(number: Any) -> int:
    """Return the ID of a database or table: 1 or more, within int64 (facts.md#limits). Raises ValueError."""
    if not 1 <= int(number) <= 2**63 - 1:
        raise ValueError(f"{number} is not between 1 and {2**63 - 1}")
    return int(number)


def parse_limit(number: Any) -> int:
    """Return a limit of 1 or more, within int32 (facts.md#limits). Raises ValueError.

    A database may show 0 for a limit that was never set (facts.md#limits); to influxctl, 0 means the default.
    """
    if int(number) == 0:
        raise ValueError(f"0 is not between 1 and {MAX_LIMIT}; leave it out for the default")
    if not 1 <= int(number) <= MAX_LIMIT:
        raise ValueError(f"{number} is not between 1 and {MAX_LIMIT}")
    return int(number)


def parse_partition_template(parts: Any) -> list[dict[str, Any]]:
    """Return the canonical partition template, its order kept. Raises ValueError.

    Each part is `{type: time, value}`, `{type: tag, value}` or `{type: bucket, tag_name, number_of_buckets}`.
    Rules of the API's schema, which hold for all templates that it shows: facts.md#operations.
    """
    if not 1 <= len(parts) <= MAX_PARTS:
        raise ValueError(f"{len(parts)} parts are given; 1 to {MAX_PARTS} are allowed")
    canonical = [_parse_part(part) for part in parts]
    for number, part in enumerate(canonical):
        if part in canonical[:number]:
            raise ValueError(f"part {number + 1} repeats an earlier one; parts must be unique")
    return canonical


def check_partition_template(parts: Sequence[Mapping[str, Any]]) -> None:
    """Raise ValueError for a canonical template that a server wouldn't make, or not any more.

    Facts: facts.md#partition-templates, facts.md#releases-of-the-server.
    """
    keys = [part.get("tag_name") or part["value"] for part in parts if part["type"] != "time"]
    for part in parts:
        if part["type"] == "time" and not _TIME_FORMAT.fullmatch(part["value"]):
            raise ValueError(
                f"{part['value']!r} is no time format; only %Y, %m and %d are allowed, for instance %Y-%m-%d"
            )
    for key in keys:
        if key == "time":
            raise ValueError("time is reserved and can't be a tag's name")
        if keys.count(key) > 1:
            raise ValueError(f"the tag {key!r} stands in more than one part")


def _parse_part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    keys = {name for name, value in part.items() if value is not None and name != "type"}
    wanted = {"time": {"value"}, "tag": {"value"}, "bucket": {"tag_name", "number_of_buckets"}}.get(str(kind))
    if wanted is None:
        raise ValueError(f"type {kind!r} is none of time, tag, bucket")
    if keys != wanted:
        raise ValueError(f"a part of type {kind} takes {' and '.join(sorted(wanted, reverse=True))} and nothing else")
    if kind == "bucket":
        if not str(part["tag_name"]):
            raise ValueError("tag_name must not be empty")
        if not 1 <= int(part["number_of_buckets"]) <= MAX_BUCKETS:
            raise ValueError(f"number_of_buckets {part['number_of_buckets']} is not between 1 and {MAX_BUCKETS}")
        return {"type": kind, "tag_name": part["tag_name"], "number_of_buckets": int(part["number_of_buckets"])}
    if not str(part["value"]):
        raise ValueError(f"the value of a part of type {kind} must not be empty")
    return {"type": kind, "value": part["value"]}


def _read_partition_template(parts: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    # A server that takes an empty list for no template may show one (facts.md#unknown-points-of-bodies).
    return [_read_part(part) for part in parts] or None


def _read_part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind, value = read_text(part["type"]), part["value"]
    if kind != "bucket":
        return {"type": kind, "value": read_text(value)}
    number = read_number(value["numberOfBuckets"])
    return {"type": kind, "tag_name": read_text(value["tagName"]), "number_of_buckets": number}


def _write_partition_template(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"type": "bucket", "value": {"tagName": part["tag_name"], "numberOfBuckets": part["number_of_buckets"]}}
        if part["type"] == "bucket"
        else dict(part)
        for part in parts
    ]


def parse_permissions(permissions: Any) -> list[dict[str, str]]:
    """Return permissions as a sorted list without duplicates, so that equal sets are equal. Raises ValueError.

    Each is `{action: read|write, resource: NAME or *}`. An empty list is a token without access (facts.md#permissions).
    """
    pairs = set()
    for number, permission in enumerate(permissions, 1):
        action, resource = permission.get("action"), permission.get("resource")
        if action not in ACTIONS:
            raise ValueError(f"permission {number} has the action {action!r}; read and write are allowed")
        try:
            pairs.add((action, parse_name(resource if resource is not None else "")))
        except ValueError as error:
            raise ValueError(f"permission {number}: the resource {error}") from None
    return [{"action": action, "resource": resource} for action, resource in sorted(pairs)]


def _read_permissions(permissions: Any) -> list[dict[str, str]]:
    # influxctl's JSON has an extra `id`, which means nothing. The API requires neither key (facts.md#permissions).
    pairs = {tuple(read_text(p.get(key) or "") for key in ("action", "resource")) for p in permissions}
    return [{"action": action, "resource": resource} for action, resource in sorted(pairs)]


_PARTITION_TEMPLATE = Field(
    "partition_template",
    "partitionTemplate",
    parse=parse_partition_template,
    read=_read_partition_template,
    write=_write_partition_template,
    check=check_partition_template,
)

# Unset or 0 is for ever (facts.md#retention).
_RETENTION_PERIOD = Field(
    "retention_period",
    "retentionPeriod",
    mutable=True,
    missing=int,
    parse=parse_duration,
    read=read_number,
    show=format_duration,
)

DATABASE = Entity(
    "database",
    (
        Field("id", "id", read=read_number),
        Field("name", "name", required=True, parse=parse_name, read=read_text),
        _RETENTION_PERIOD,
        Field("max_tables", "maxTables", mutable=True, parse=parse_limit, read=read_number),
        Field("max_columns_per_table", "maxColumnsPerTable", mutable=True, parse=parse_limit, read=read_number),
        _PARTITION_TEMPLATE,
    ),
)

TABLE = Entity(
    "table",
    (
        Field("id", "id", read=read_number),
        Field("database", "databaseName", parse=parse_name, read=read_text),
        Field("name", "name", required=True, parse=parse_table_name, read=read_text),
        _PARTITION_TEMPLATE,
    ),
)

_CREATED_AT = Field("created_at", "createdAt", read=read_instant, show=format_instant)
_EXPIRES_AT = Field(
    "expires_at", "expiresAt", parse=parse_instant, read=read_instant, write=format_instant, show=format_instant
)
_REVOKED_AT = Field("revoked_at", "revokedAt", read=read_instant, show=format_instant)

DB_TOKEN = Entity(
    "database token",
    (
        Field("id", "id", read=parse_token_id),
        Field("description", "description", mutable=True, parse=parse_description, read=read_text),
        Field(
            "permissions",
            "permissions",
            mutable=True,
            missing=list,
            parse=parse_permissions,
            read=_read_permissions,
        ),
        _CREATED_AT,
        _EXPIRES_AT,
        _REVOKED_AT,
        Field("access_token", "accessToken", secret=True, read=read_secret),
    ),
)


# The keys are those of `influxctl management list --format json` (facts.md#output-of-list); there is no HTTP endpoint.
MGMT_TOKEN = Entity(
    "management token",
    (
        Field("id", "id", read=parse_token_id),
        Field("description", "description", parse=parse_description, read=read_text),
        Field("token_prefix", "token_prefix", read=read_text),
        Field("created_at", "created_at", read=read_instant, show=format_instant),
        Field("created_by", "created_by", read=read_text),
        Field("expires_at", "expires_at", parse=parse_instant, read=read_instant, show=format_instant),
        Field("revoked_at", "revoked_at", read=read_instant, show=format_instant),
        Field("token", "token", secret=True, read=read_text),
    ),
)


# The keys are those of the states that _influxctl/lists.py reads; nothing of them can be stated.
USER = Entity(
    "user",
    (
        *(Field(name, name) for name in ("id", "name", "email", "account_id")),
        Field("created_at", "created_at", show=format_instant),
    ),
)

CLUSTER = Entity(
    "cluster",
    (
        *(Field(name, name) for name in ("account_id", "cluster_id", "name", "url", "state")),
        Field("created_at", "created_at", show=format_instant),
    ),
)


def parse_option(name: str, value: Any, parse: Callable[[Any], Any]) -> Any:
    """Return the canonical value of an option that is no field, None when it isn't given. Raises OptionError."""
    try:
        return None if value is None else parse(value)
    except ValueError as error:
        raise errors.OptionError(f"{name}: {error}.") from None


def listed(words: Sequence[str]) -> str:
    """Return the first words of a list, and the number of the others."""
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more
