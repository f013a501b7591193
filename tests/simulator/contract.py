# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks recorded traffic against the official OpenAPI documents, where they are.

They lie in `../shared/contract` beside the checkout, or where the environment variable INFLUXDB3_CONTRACT says.
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
from simulator.recording import Request

_CHECKOUT = Path(__file__).parents[2]
_PREFIX = "/api/v0"

formats = FormatChecker()


@formats.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or bool(rfc3339(value))


def folder() -> Path | None:
    """Where the official documents are, or None."""
    place = Path(os.environ.get("INFLUXDB3_CONTRACT") or _CHECKOUT.parent / "shared" / "contract")
    return place if (place / "clustered-management-openapi.yml").is_file() else None


@cache
def document(product: Product) -> dict[str, Any]:
    """FileNotFoundError where the documents are not: callers skip on `folder() is None`."""
    place = folder()
    if place is None:
        raise FileNotFoundError("the official OpenAPI documents are not there; set INFLUXDB3_CONTRACT")
    with (place / f"{product}-management-openapi.yml").open() as stream:
        content: dict[str, Any] = yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return content


def check(requests: Iterable[Request]) -> list[str]:
    """Everything in which API requests and their answers differ from the document of their URL form.

    Answers that a fault made are left out, the requests before them are not.
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
    numeric = schema.get("type") == "integer" or schema.get("$ref", "").endswith("DatabaseId")
    return int(text) if numeric and re.fullmatch(r"-?\d+", text) else text


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
    """Without the value itself: it may hold a secret."""
    validator = Draft202012Validator({**schema, "components": spec["components"]}, format_checker=formats)
    for error in validator.iter_errors(value):
        yield f"{error.json_path} fails `{error.validator}`"
