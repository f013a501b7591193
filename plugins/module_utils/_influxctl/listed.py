# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what influxctl's lists print as JSON, by the meaning of the keys. Pure.

The forms of most lists are documented nowhere (facts.md#lists-of-other-things). So a key counts whatever its case and
its separators are (`table_id`, `tableId`, `TableID`), an entry may lie in objects of any depth that name it (`{"data":
{"tables": [...]}}`, `[{"table": {...}}]`), there may be one object a line, and lines of other text may stand around it.
What isn't printed, or has a form that isn't understood, is left out of the entry. An output without a list, and one
whose JSON doesn't end, is an error: taken for a short list, it would hide what is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable

from .._core import entities, errors
from .._core.durations import parse_duration
from .._core.token_values import read_text

# A value begins in the first column: Go indents what is inside. Colours are out already.
_BEGINS = re.compile(r"^(?:\[|\{|null[^\S\n]*$)", re.MULTILINE)
# What begins so is JSON, and no line such as `[2026-01-01] starting`; at the output's end, it may be cut right there.
_JSON = re.compile(r"\[\s*(?:\{|\Z)|\{\s*(?:\"|\Z)")
_REST_OF_LINE = re.compile(r"[^\S\n]*(?:\n|$)")
# A table has at most some 20 objects; lines of noise that begin like JSON are few.
_MOST_OBJECTS = 1_000_000
_MOST_BROKEN = 100
_DEEPEST = 5
# Names of what wraps a list of anything.
_WRAPPERS = ("data", "result", "results", "response", "items", "entries", "list", "values")


def squashed(key: Any) -> str:
    """Return a key in lower case without separators, so that all ways to write it are equal."""
    return re.sub(r"[^a-z0-9]", "", str(key).lower())


def _number(value: Any) -> int:
    """Return a whole number that isn't negative, within int64. Protobuf writes an int64 in JSON as a text."""
    is_text = isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value)
    return entities.read_number(int(value) if is_text else value)


def _id(value: Any) -> int:
    number = _number(value)
    if number == 0:
        raise ValueError("0 is no ID")
    return number


def _name(value: Any) -> str:
    text = read_text(value)
    if not text:
        raise ValueError("empty")
    return text


def _word(value: Any) -> str:
    """Return a text; protobuf's enumerations are numbers in some forms of JSON."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _name(value)


def _instant(value: Any) -> datetime | None:
    """Return an instant, None where it is a zero value. Raises ValueError, also for what is no instant at all."""
    if isinstance(value, Mapping):
        value = {"seconds": _number(value["seconds"]), "nanos": _number(value.get("nanos") or 0)}
    return entities.read_instant(value)


def _retention(value: Any) -> int:
    return parse_duration(value) if isinstance(value, str) else _number(value)


def _deletion(value: Any) -> bool:
    """Return whether an entry calls itself deleted. Raises ValueError where it doesn't tell."""
    if isinstance(value, bool):
        return value
    words = {"deleted": True, "softdeleted": True, "active": False}
    word = re.sub(r"^(?:status|state|\w*status)", "", squashed(read_text(value)))
    if word not in words:
        raise ValueError("neither deleted nor active")
    return words[word]


def read_template(value: Any) -> list[dict[str, Any]]:
    """Return a partition template in the form of the option; an empty list where none is set. Raises ValueError.

    The form that influxctl prints is open (facts.md#lists-of-other-things). This reads a list of parts, alone or below
    `parts`. A part may be the API's (`{"type": "tag", "value": "region"}`) or protobuf's (`{"tag_value": "region"}`,
    `{"part": {...}}`).
    """
    if isinstance(value, str):
        value = json.loads(value)
    if isinstance(value, Mapping):
        inner = {squashed(key): one for key, one in value.items()}
        value = next((inner[key] for key in ("parts", "partitiontemplate", "template") if key in inner), value)
        if not value:
            return []
    if not isinstance(value, list):
        raise ValueError("no list of parts")
    return entities.parse_partition_template([_part(part) for part in value]) if value else []


def _part(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("no part")
    part = {squashed(key): one for key, one in value.items() if one is not None}
    if isinstance(part.get("part"), Mapping):
        return _part(part["part"])
    kind, shown = squashed(part.get("type", "")), part.get("value")
    numbers = ("numberofbuckets", "numbuckets", "buckets", "number")
    bucket = next((part[key] for key in ("bucket", "tagbucket") if key in part), shown if "bucket" in kind else None)
    if isinstance(bucket, Mapping) or any(key in part for key in numbers):
        inner = {squashed(key): one for key, one in bucket.items()} if isinstance(bucket, Mapping) else part
        tag = next((inner[key] for key in ("tagname", "tag", "tagkey", "name") if key in inner), None)
        number = next((inner[key] for key in numbers if key in inner), None)
        return {"type": "bucket", "tag_name": _name(tag), "number_of_buckets": _number(number)}
    for word in ("time", "tag"):
        if word in kind:
            return {"type": word, "value": _name(shown)}
        for key in (f"{word}format", f"{word}value", f"{word}name", word):
            if key in part and not kind:
                return {"type": word, "value": _name(part[key])}
    raise ValueError("no part of type time, tag or bucket")


@dataclass(frozen=True)
class Key:
    """A key of an entry: its name here, the names by which influxctl may print it (squashed), and how it is read."""

    name: str
    printed: tuple[str, ...]
    read: Callable[[Any], Any] = _name


@dataclass(frozen=True)
class Kind:
    """What a list is of. The first key is the one without which nothing is an entry.

    `nouns` are the names of what may wrap one entry or all of them (squashed).
    """

    noun: str
    nouns: tuple[str, ...]
    keys: tuple[Key, ...]

    def is_entry(self, value: Mapping[str, Any]) -> bool:
        """Return whether an object has the key without which nothing is an entry."""
        return any(squashed(key) in self.keys[0].printed and _is_plain(one) for key, one in value.items())

    def state(self, entry: Mapping[str, Any]) -> entities.State:
        """Return an entry's keys that are printed and understood. Raises ValueError without the first one."""
        there: dict[str, Any] = {}
        for printed_key, value in entry.items():
            there.setdefault(squashed(printed_key), value)
        state: entities.State = {}
        for key in self.keys:
            for printed in key.printed:
                if there.get(printed) in (None, "") or key.name in state:
                    continue
                try:
                    read = key.read(there[printed])
                except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
                    continue
                if read is not None:
                    state[key.name] = read
        if self.keys[0].name not in state:
            raise ValueError(f"an entry has no {self.keys[0].name}")
        return state


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int)) and value != "" and not isinstance(value, bool)


# Whether an entry calls itself deleted, and since when: nothing of it is documented.
_DELETION = (
    Key("deleted", ("deleted", "isdeleted", "status", "state"), _deletion),
    Key("deleted_at", ("deletedat", "deletetime", "deletiontime", "deletedtime"), _instant),
)
_CREATED_AT = Key("created_at", ("createdat", "createtime", "creationtime"), _instant)

DATABASES = Kind(
    "databases",
    ("databases", "database", "namespaces", "namespace"),
    (
        Key("name", ("databasename", "name", "namespacename", "database")),
        Key("id", ("databaseid", "id", "namespaceid"), _id),
        Key("retention_period", ("retentionperiodns", "retentionperiod", "retention"), _retention),
        Key("max_tables", ("maxtables",), _number),
        Key("max_columns_per_table", ("maxcolumnspertable", "maxcolumns"), _number),
        Key("partition_template", ("partitiontemplate", "template"), read_template),
        _CREATED_AT,
        *_DELETION,
    ),
)
TABLES = Kind(
    "tables",
    ("tables", "table"),
    (
        Key("name", ("tablename", "name", "table")),
        Key("id", ("tableid", "id"), _id),
        Key("partition_template", ("partitiontemplate", "template"), read_template),
        _CREATED_AT,
        *_DELETION,
    ),
)
USERS = Kind(
    "users",
    ("users", "user"),
    (
        Key("id", ("userid", "id"), _word),
        Key("name", ("name", "fullname", "displayname", "username")),
        Key("first_name", ("firstname", "givenname")),
        Key("last_name", ("lastname", "familyname", "surname")),
        Key("email", ("email", "emailaddress", "mail")),
        Key("account_id", ("accountid",), _word),
        _CREATED_AT,
    ),
)
CLUSTERS = Kind(
    "clusters",
    ("clusters", "cluster"),
    (
        Key("cluster_id", ("clusterid", "id"), _word),
        Key("account_id", ("accountid",), _word),
        Key("name", ("name", "clustername")),
        Key("url", ("url", "clusterurl", "host")),
        Key("state", ("state", "status"), _word),
        _CREATED_AT,
    ),
)


def parse_entries(text: str, kind: Kind) -> list[entities.State]:
    """Return the entries that influxctl printed. Raises InfluxctlError (code `bad_answer`)."""
    problem = ""
    try:
        found = [entries for value in json_values(text) if (entries := _entries(value, kind)) is not None]
        if found:
            return [kind.state(entry) for entries in found for entry in entries]
    except ValueError as error:
        problem = f" ({error})"
    raise errors.InfluxctlError(
        f"influxctl printed no list of {kind.noun} as JSON that can be understood{problem}. Run it by hand with the"
        " same profile to see what it says.",
        code="bad_answer",
    )


def json_values(text: str) -> Iterator[Any]:
    """Yield the values of JSON that begin in the first column. Raises ValueError where one doesn't end.

    Raises ValueError as well for more objects or broken beginnings than a list can have, because reading those would
    take minutes.
    """
    if text.count("{") + text.count("[") > _MOST_OBJECTS:
        raise ValueError(f"it has more than {_MOST_OBJECTS:,} objects")
    decoder, at, broken = json.JSONDecoder(), 0, 0
    while start := _BEGINS.search(text, at):
        at = start.end()
        if start[0].startswith("null"):
            yield None
            continue
        try:
            value, end = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            broken += 1
            if _JSON.match(text, start.start()) or broken > _MOST_BROKEN:
                raise ValueError("its JSON is broken, or doesn't end") from None
            continue
        at = end
        # A line such as `[] were found` is no list.
        if value or _REST_OF_LINE.match(text, end):
            yield value


def _entries(value: Any, kind: Kind, depth: int = 0) -> Sequence[Mapping[str, Any]] | None:
    """Return the entries in a value, None where it holds no list of them. Raises ValueError for half a list."""
    if value is None:
        return []
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        return [_entry(one, kind) for one in value] if all(isinstance(one, Mapping) for one in value) else None
    return _unwrapped(value, kind, depth) if isinstance(value, Mapping) else None


def _unwrapped(value: Mapping[str, Any], kind: Kind, depth: int) -> Sequence[Mapping[str, Any]] | None:
    """Return the entries in an object: a list that it names, itself, or what another object in it holds."""
    there = {squashed(key): one for key, one in value.items()}
    inside = [there[name] for name in (*kind.nouns, *_WRAPPERS) if isinstance(there.get(name), (list, Mapping))]
    lists = [one for one in inside if isinstance(one, list)]
    for inner in lists:
        if (found := _entries(inner, kind, depth + 1)) is not None:
            return found
    if kind.is_entry(value):
        return [value]
    for inner in inside:
        if inner not in lists and (found := _entries(inner, kind, depth + 1)) is not None:
            return found
    # The name of the list and nothing in it: an empty one.
    return [] if any(name in there and there[name] is None for name in kind.nouns) else None


def _entry(value: Mapping[str, Any], kind: Kind) -> Mapping[str, Any]:
    """Return an entry of a list without what wraps it. Raises ValueError where it is none."""
    if kind.is_entry(value):
        return value
    for key, inner in value.items():
        if squashed(key) in kind.nouns and isinstance(inner, Mapping) and kind.is_entry(inner):
            return inner
    raise ValueError(f"an entry has no {kind.keys[0].name}")
