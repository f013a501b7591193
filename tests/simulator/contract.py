# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks recorded traffic against our OpenAPI document, and that one against InfluxData's.

InfluxData's two documents lie in `../shared/contract` beside the checkout, or where the environment variable
INFLUXDB3_CONTRACT says; they are not part of the project.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from simulator.core import Product
from simulator.models import rfc3339
from simulator.openapi import document
from simulator.recording import Request

_CHECKOUT = Path(__file__).parents[2]
_PREFIX = "/api/v0"

formats = FormatChecker()


@formats.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or bool(rfc3339(value))


def folder() -> Path | None:
    """Return the directory of the official documents, None where they aren't there."""
    place = Path(os.environ.get("INFLUXDB3_CONTRACT") or _CHECKOUT.parent / "shared" / "contract")
    return place if (place / "clustered-management-openapi.yml").is_file() else None


@cache
def official(product: Product) -> dict[str, Any]:
    """Return InfluxData's document. Raises FileNotFoundError without it: callers look at `folder()` before."""
    place = folder()
    if place is None:
        raise FileNotFoundError("the official OpenAPI documents are not there; set INFLUXDB3_CONTRACT")
    with (place / f"{product}-management-openapi.yml").open() as stream:
        content: dict[str, Any] = yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return content


def check(requests: Iterable[Request]) -> list[str]:
    """Return a line for each point in which API requests or answers differ from our document of their URL form.

    Answers that a fault has made aren't checked, but their requests are.
    """
    return [f"{r.method} {r.raw_path}: {text}" for r in requests if r.kind == "api" for text in _check(r)]


def _check(request: Request) -> Iterator[str]:
    path = request.raw_path.removeprefix(_PREFIX)
    product: Product = "dedicated" if path.startswith("/accounts/") else "clustered"
    spec = document(product)
    found = _operation(spec, request.method.lower(), path)
    if found is None:
        yield "the document has no such operation"
        return
    operation, params = found
    for parameter in operation.get("parameters", []):
        yield from _errors(spec, parameter["schema"], _typed(parameter["schema"], params[parameter["name"]]))
    body = operation.get("requestBody")
    if body is None and request.body is not None:
        yield "the document has no body here"
    if body is not None:
        yield from _errors(spec, body["content"]["application/json"]["schema"], request.body)
    if request.status is not None and request.fault is None:
        yield from _check_answer(spec, operation, request)


def _operation(spec: dict[str, Any], method: str, path: str) -> tuple[dict[str, Any], dict[str, str]] | None:
    for template, methods in spec["paths"].items():
        match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
        if match and method in methods:
            return methods[method], {name: unquote(text) for name, text in match.groupdict().items()}
    return None


def _typed(schema: dict[str, Any], text: str) -> str | int:
    """A path parameter has no type of its own."""
    return int(text) if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text) else text


def _check_answer(spec: dict[str, Any], operation: dict[str, Any], request: Request) -> Iterator[str]:
    answer = operation["responses"].get(str(request.status))
    if answer is None:
        yield f"status {request.status} is not declared"
        return
    if "$ref" in answer:
        answer = spec["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    if "content" not in answer:
        if request.answer:
            yield f"status {request.status} has a body"
    elif request.answer_type != "application/json":
        yield f"status {request.status} has the content type {request.answer_type}"
    else:
        yield from _errors(spec, answer["content"]["application/json"]["schema"], json.loads(request.answer))


def _errors(spec: dict[str, Any], schema: dict[str, Any], value: object) -> Iterator[str]:
    """Yield a line for each error of a value, without the value itself, which may hold a secret."""
    validator = Draft202012Validator({**schema, "components": spec["components"]}, format_checker=formats)
    for error in validator.iter_errors(value):
        yield f"{error.json_path} fails `{error.validator}`"


# A line for each fact that a document states, such as `POST /databases body .name.maxLength: 64`.
Statements = set[str]
# Keys that say nothing about the form of a body.
_SILENT = ("title", "description", "default", "example", "examples", "discriminator", "format", "additionalProperties")


def statements(spec: dict[str, Any]) -> Statements:
    """Return what a document states of its operations: parameters, bodies, answers; types, required fields, limits."""
    found: Statements = set()
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            if method == "parameters":
                continue
            where = f"{method.upper()} {path}"
            found.add(where)
            for parameter in (*methods.get("parameters", ()), *operation.get("parameters", ())):
                place = f"{where} {parameter['in']} {parameter['name']}"
                found |= {place, *_stated(spec, parameter["schema"], place)}
            body = {"body": operation["requestBody"]} if "requestBody" in operation else {}
            for name, part in {**body, **operation["responses"]}.items():
                found.add(f"{where} {name}")
                content = _resolved(spec, part).get("content", {})
                if content:
                    found |= _stated(spec, content["application/json"]["schema"], f"{where} {name} ")
    return found


def _resolved(spec: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A part with its references replaced by the parts that they name."""
    while "$ref" in part:
        target: Any = spec
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
    return part


def _stated(spec: dict[str, Any], schema: dict[str, Any], place: str) -> Statements:
    """Return the statements of a schema, each with its place.

    The keys beside a reference add to the part that it names.
    """
    return {fact for key in schema if key not in _SILENT for fact in _facts(spec, key, schema[key], place)}


def _facts(spec: dict[str, Any], key: str, value: Any, place: str) -> Iterator[str]:
    if key == "$ref":
        yield from _stated(spec, _resolved(spec, {"$ref": value}), place)
    elif key == "properties":
        for name, inner in value.items():
            yield f"{place}.{name}"
            yield from _stated(spec, inner, f"{place}.{name}")
    elif key == "items":
        yield from _stated(spec, value, f"{place}[]")
    elif key in ("allOf", "anyOf", "oneOf"):
        for inner in value:
            yield from _stated(spec, inner, f"{place}{_kind(spec, inner)}")
    elif key == "required":
        yield from (f"{place}.{name} required" for name in value)
    elif key in ("const", "enum"):
        yield f"{place} one of {sorted(value) if key == 'enum' else [value]}"
    else:
        yield f"{place} {key}: {value}"


def _kind(spec: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return a mark for the kind of a partition template's part, an empty text for any other schema."""
    kind = _resolved(spec, _resolved(spec, schema).get("properties", {}).get("type", {}))
    values = kind.get("enum") or ([kind["const"]] if "const" in kind else [])
    return f"<{values[0]}>" if values else ""
