# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strict models of the bodies of requests and answers: no coercion, no unknown fields, no duplicate keys.

The document openapi.yml is made of them (openapi.py). Facts: facts.md#operations and the chapters on databases.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Annotated, Any, Literal, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic.alias_generators import to_camel

from simulator.core import ApiError, Core

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_TIME_FORMAT = re.compile(r"(?:[^%]|%[Ymd])*%[Ymd](?:[^%]|%[Ymd])*")


def rfc3339(text: str) -> datetime:
    """Return the aware datetime of a text in RFC 3339. Raises ValueError for another, such as one with `+0000`."""
    if not _RFC3339.fullmatch(text):
        raise ValueError("not an RFC3339 date and time")
    return datetime.fromisoformat(text)


def _is_rfc3339(text: str) -> str:
    rfc3339(text)
    return text


def _time_format(text: str) -> str:
    if not _TIME_FORMAT.fullmatch(text):
        raise ValueError("time formats are built from %Y, %m and %d only")
    return text


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)


Int32 = Annotated[int, Field(ge=1, le=2**31 - 1)]
Int64 = Annotated[int, Field(ge=1, le=2**63 - 1)]
DatabaseName = Annotated[str, Field(min_length=1, max_length=64)]
TableName = Annotated[str, Field(min_length=1)]
Retention = Annotated[int, Field(ge=0, le=2**63 - 1)]
NonEmpty = Annotated[str, Field(min_length=1)]
TokenId = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
Instant = Annotated[str, AfterValidator(_is_rfc3339), WithJsonSchema({"type": "string", "format": "date-time"})]


class TagPart(Strict):
    type: Literal["tag"]
    value: NonEmpty


class TimePart(Strict):
    type: Literal["time"]
    value: Annotated[
        str,
        Field(min_length=1, json_schema_extra={"pattern": f"^{_TIME_FORMAT.pattern}$"}),
        AfterValidator(_time_format),
    ]


class Bucket(Strict):
    tag_name: NonEmpty
    number_of_buckets: Annotated[int, Field(ge=1, le=100_000)]


class BucketPart(Strict):
    type: Literal["bucket"]
    value: Bucket


Part = Annotated[TagPart | TimePart | BucketPart, Field(discriminator="type")]


def _consistent(parts: list[Part]) -> list[Part]:
    """Return the parts. Raises ValueError where they contradict each other (facts.md#partition-templates).

    Parts are unique, a tag occurs only once in tag and bucket parts together, and `time` is no tag.
    """
    tags = [p.value.tag_name if isinstance(p, BucketPart) else p.value for p in parts if not isinstance(p, TimePart)]
    if len(set(tags)) != len(tags) or any(parts.count(p) > 1 for p in parts):
        raise ValueError("parts must be unique, and a tag may occur only once")
    if "time" in tags:
        raise ValueError("`time` is reserved")
    return parts


Template = Annotated[
    list[Part], Field(min_length=1, max_length=8, json_schema_extra={"uniqueItems": True}), AfterValidator(_consistent)
]


class Permission(Strict):
    action: Literal["read", "write"]
    resource: DatabaseName


class CreateDatabase(Strict):
    name: DatabaseName
    max_tables: Int32 = 0
    max_columns_per_table: Int32 = 0
    retention_period: Retention = 0
    partition_template: Template = []


class UpdateDatabase(Strict):
    max_tables: Int32 = 0
    max_columns_per_table: Int32 = 0
    retention_period: Retention = 0


class RenameDatabase(Strict):
    name: DatabaseName


class CreateTable(Strict):
    name: TableName
    partition_template: Template = []


class RenameTable(Strict):
    name: TableName


class CreateToken(Strict):
    description: str
    permissions: list[Permission] = []
    expires_at: Instant = ""


class UpdateToken(Strict):
    description: str = ""
    permissions: list[Permission] = []


class UpdatedDatabaseAnswer(Strict):
    name: DatabaseName
    max_tables: Int32
    max_columns_per_table: Int32
    retention_period: Retention


class DatabaseAnswer(UpdatedDatabaseAnswer):
    partition_template: Template = []


class IdentifiedDatabaseAnswer(Strict):
    """The answer to renaming and restoring; the retention period may be left out."""

    id: Int64
    name: DatabaseName
    max_tables: Int32
    max_columns_per_table: Int32
    retention_period: Retention = 0
    partition_template: Template = []


class NewTableAnswer(Strict):
    database_name: DatabaseName
    name: TableName
    partition_template: Template = []


class TableAnswer(NewTableAnswer):
    id: Int64


class TokenAnswer(Strict):
    id: TokenId
    description: str
    permissions: list[Permission]
    created_at: Instant
    expires_at: Instant = ""
    revoked_at: Instant = ""


class NewTokenAnswer(TokenAnswer):
    access_token: Annotated[str, Field(min_length=64)]


class ErrorAnswer(Strict):
    code: int
    message: str


UPDATES: tuple[type[Strict], ...] = (UpdateDatabase, UpdateToken)
"""The bodies that must have at least one property by the API document."""

M = TypeVar("M", bound=Strict)


def strict_json(raw: bytes) -> Any:
    """Return the value of JSON. Raises ValueError, also for duplicate keys, NaN, Infinity, and bytes of no UTF-8."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _value in items}) != len(items):
            raise ValueError(f"duplicate key among {[key for key, _value in items]}")
        return dict(items)

    def constant(name: str) -> NoReturn:
        raise ValueError(f"{name} is not JSON")

    return json.loads(raw.decode("utf-8"), object_pairs_hook=pairs, parse_constant=constant)


def parse(core: Core, where: str, model: type[M], body: Any) -> M:
    """Return the body as `model`. Raises ApiError where the server refuses it.

    Everything that breaks the contract is noted as a violation, also where a switch tolerates it.
    """
    switches = core.switches
    if not isinstance(body, dict):
        core.violations.append(f"{where}: the body must be an object")
        raise ApiError(400, "bad request: the body must be an object")
    body = dict(body)
    if body.get("partitionTemplate") == []:
        core.violations.append(f"{where}: partitionTemplate is empty")
        if switches.empty_template == "accepted":
            del body["partitionTemplate"]
    if switches.unknown_fields == "ignored":
        for name in set(body) - {field.alias for field in model.model_fields.values()}:
            core.violations.append(f"{where}: {name}: unknown field")
            del body[name]
    if not body and model in UPDATES:
        core.violations.append(f"{where}: the body must have at least one property")
        if switches.empty_patch == "rejected":
            raise ApiError(400, "bad request: the body must have at least one property")
    return _validate(core, where, model, body)


def _validate(core: Core, where: str, model: type[M], body: dict[str, Any]) -> M:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        texts = [".".join(map(str, e["loc"])) + ": " + e["msg"] for e in error.errors(include_input=False)]
        core.violations += [f"{where}: {text}" for text in texts]
        raise ApiError(400, "bad request: " + "; ".join(texts)) from None
