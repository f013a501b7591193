# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that this collection raises, and the masking of secrets in their texts.

Everything below the modules raises an `Influxdb3Error`; only `results.py` turns one into `fail_json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypedDict

MASK = "********"

# Shapes of token strings, facts.md sections A.7 (database tokens) and C.2 (management tokens). A management token's
# first nine characters are public: `influxctl management list` prints them for everybody as the token's prefix.
_DB_TOKEN = re.compile(r"apiv\d+_[A-Za-z0-9+/=_-]+")
_MGMT_TOKEN = re.compile(r"(M\.V\d\.[A-Za-z0-9+/=_.-]{4})[A-Za-z0-9+/=_.-]+")


class Failure(TypedDict):
    """The `failure` of a module's result: always all five keys, null where one doesn't apply."""

    status: int | None
    code: str | None
    message: str | None
    method: str | None
    path: str | None


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with the given secrets, and all that looks like a token, masked."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _MGMT_TOKEN.sub(r"\1" + MASK, _DB_TOKEN.sub(MASK, text))


class Influxdb3Error(Exception):
    """Something that the user can act on: `str(error)` is the sentence that Ansible shows.

    `code` is a stable word for programs, for instance `invalid_option` or `not_found`.
    """

    code = "error"

    def __init__(self, text: str, *, code: str | None = None) -> None:
        super().__init__(mask(text))
        if code:
            self.code = code

    def failure(self) -> Failure:
        """Return the structured form of this error."""
        return Failure(status=None, code=self.code, message=str(self), method=None, path=None)


class OptionError(Influxdb3Error):
    """An option's value is wrong; raised before the first request."""

    code = "invalid_option"


class Refused(Influxdb3Error):
    """The module could do what it was told, but it would be dangerous or ambiguous."""

    code = "refused"


class ApiError(Influxdb3Error):
    """A request to the Management API failed.

    `status` is the HTTP status, None without an answer; `server_message` is what the server said, masked. `own` says
    that the answer has the form of the API's errors, so that neither an ingress nor a proxy gave it. `repeated` says
    that it answers a second or later attempt, so that the first may have done the work.
    """

    code = "http_error"
    repeated = False

    def __init__(
        self,
        text: str,
        *,
        method: str,
        path: str,
        status: int | None = None,
        code: str | None = None,
        server_message: str | None = None,
        own: bool = False,
    ) -> None:
        super().__init__(text, code=code)
        self.method, self.path, self.status, self.own = method, path, status, own
        self.server_message = mask(server_message) if server_message else server_message

    def failure(self) -> Failure:
        """Return the structured form of this error."""
        return Failure(
            status=self.status,
            code=self.code,
            message=self.server_message or str(self),
            method=self.method,
            path=self.path,
        )


class NotFound(ApiError):
    """404: the object, or the endpoint, isn't there."""

    code = "not_found"


class AlreadyExists(ApiError):
    """409, or 400 with the gRPC code of that name (facts.md 1.3)."""

    code = "already_exists"


class Ambiguous(ApiError):
    """A POST may or may not have been carried out: the answer got lost after the request was sent."""

    code = "ambiguous"


class SecretFileError(Influxdb3Error):
    """A `secret_file` can't be read or written."""

    code = "secret_file"


class ProfileError(Influxdb3Error):
    """An influxctl `config.toml` can't be read, understood or edited."""

    code = "profile"


class InfluxctlError(Influxdb3Error):
    """The `influxctl` program is missing, too old, failed or printed something that proves nothing."""

    code = "influxctl"
