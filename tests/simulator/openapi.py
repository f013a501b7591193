# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract of the Management API as an OpenAPI document of our own, made of the simulator's strict models.

`openapi.yml` is the one of the short URL form. `python -m simulator.openapi`, run in `tests/`, writes it anew.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from simulator.api import OPERATIONS, Operation
from simulator.core import Product
from simulator.models import UPDATES, DatabaseName, ErrorAnswer, Int64, TableName, TokenId

PATH = Path(__file__).with_name("openapi.yml")
_LONG = "/accounts/{accountId}/clusters/{clusterId}"
_UUID = {"type": "string", "format": "uuid"}
_IDS = {"accountId": _UUID, "clusterId": _UUID}
_PARAMETERS: dict[str, Any] = {
    "databaseName": DatabaseName,
    "databaseId": Int64,
    "tableName": TableName,
    "tableId": Int64,
    "tokenId": TokenId,
}
_REF = "#/components/schemas/{model}"
_ERRORS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    500: "InternalServerError",
}


@cache
def document(product: Product) -> dict[str, Any]:
    """Return the document of the short URL form (Clustered) or of the long one (Dedicated)."""
    schemas: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        path = operation.path.replace(":segment", "")
        path = path if product == "clustered" else _LONG + path
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, path, schemas)
    error = _schema(ErrorAnswer, schemas)
    if product == "dedicated":
        for name in {operation.answer.__name__ for operation in OPERATIONS if isinstance(operation.answer, type)}:
            schemas[name]["properties"].update(_IDS)
            schemas[name]["required"] += _IDS
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The InfluxDB 3 Management API, as influxops.influxdb3 relies on it",
            "version": "0",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "servers": [{"url": "/api/v0"}],
        "security": [{"managementToken": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"managementToken": {"type": "http", "scheme": "bearer"}},
            "schemas": dict(sorted(schemas.items())),
            "responses": {name: _error_answer(status, name, error) for status, name in _ERRORS.items()},
        },
    }


def _error_answer(status: int, name: str, error: dict[str, Any]) -> dict[str, Any]:
    schema = {**error, "properties": {"code": {"type": "integer", "enum": [status]}}}
    return {"description": name, "content": {"application/json": {"schema": schema}}}


def _operation(operation: Operation, path: str, schemas: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {"204": {"description": "Done"}}
    if operation.answer is not None:
        schema = _schema(operation.answer, schemas)
        answers = {"200": {"description": "Done", "content": {"application/json": {"schema": schema}}}}
    # A conflict is declared for what makes or renames, and for a token's PATCH.
    conflict = operation.body is not None and (operation.method != "PATCH" or path.endswith("{tokenId}"))
    for status, name in _ERRORS.items():
        if status != 409 or conflict:
            answers[str(status)] = {"$ref": f"#/components/responses/{name}"}
    found: dict[str, Any] = {"responses": answers}
    if parameters := [_parameter(name) for name in re.findall(r"\{(\w+)\}", path)]:
        found["parameters"] = parameters
    if operation.body is not None:
        schema = _schema(operation.body, schemas)
        if operation.body in UPDATES:
            schema = {**schema, "minProperties": 1}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return found


def _parameter(name: str) -> dict[str, Any]:
    schema = _UUID if name in _IDS else TypeAdapter(_PARAMETERS[name]).json_schema()
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _schema(model: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a model; add all schemas that it refers to to `schemas`."""
    made = TypeAdapter(model).json_schema(ref_template=_REF)
    definitions = made.pop("$defs", {})
    if made.get("type") == "object":
        definitions[model.__name__] = made
        made = {"$ref": _REF.format(model=model.__name__)}
    schemas.update({name: _bare(definition) for name, definition in definitions.items()})
    return made


def _bare(schema: Any) -> Any:
    """Return a schema without the titles, defaults and descriptions that pydantic adds: an absent field is absent."""
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    bare = {key: _bare(value) for key, value in schema.items() if key not in ("title", "default", "description")}
    if "properties" in schema:  # whose names are fields, also one that is called `description`
        bare["properties"] = {name: _bare(one) for name, one in schema["properties"].items()}
    return bare


def text() -> str:
    """The content of `openapi.yml`."""

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    head = "# Made of tests/simulator/models.py by `python -m simulator.openapi`. The long URL form puts\n"
    head += f"# {_LONG} in front, and adds both IDs to each object.\n"
    return head + yaml.dump(document("clustered"), Dumper=Dumper, sort_keys=False, width=120)


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
