# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Error answers: the API's JSON, or the page of an ingress in front of it."""

from __future__ import annotations

import re
from http import HTTPStatus

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response


def ingress_page(status: int) -> str:
    """Return an HTML page for a status, as nginx makes it."""
    title = f"{status} {HTTPStatus(status).phrase}"
    return f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<h1>{title}</h1>\r\n</body>\r\n</html>\r\n"


def worded(status: int, message: str, wording: str) -> str:
    """The message of an error in one of the wordings of the switch `error_wording`."""
    found = re.search(r"code = (\w+) desc = (.*)", message, re.DOTALL)
    if wording == "grpc" or found is None:
        return message
    code, description = found.groups()
    code_text = f"code = {code} " if (status, code) == (400, "AlreadyExists") else ""
    if wording == "misleading":
        untrue = "it does not exist" if status == 409 or code_text else "it already exists: AlreadyExists, not NotFound"
        return f"{code_text or 'code = Unknown '}desc = {untrue}"
    return (code_text + description if wording == "plain" else code_text).strip()


def error(status: int, message: str, style: str = "json") -> Response:
    """An error answer of a `style`: `json` (the API's own, facts.md#error-form), `text`, `html` or `empty`."""
    if style == "html":
        return HTMLResponse(ingress_page(status), status)
    if style == "text":
        return PlainTextResponse(f"{status} page not found\n" if status == 404 else message, status)
    if style == "empty":
        return Response(status_code=status)
    return JSONResponse({"code": status, "message": message}, status)
