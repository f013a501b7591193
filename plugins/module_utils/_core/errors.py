# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that this collection raises. No caller can forget to mask and escape what they quote.

Everything below the modules raises an `Influxdb3Error`; only `_module/entry.py` turns one into `fail_json`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypedDict

from .masking import MASK, mask, printable

__all__ = ["MASK", "mask", "printable"]

# A shorter text is a placeholder and no secret; masked, it would also hide the parts of other words that equal it.
SHORTEST_SECRET = 8
# Characters that a message may have. A server may say as much as it likes, and masking that would take minutes.
LONGEST = 20_000


class _Known:
    """The secrets that this process knows: those of the options and profiles, and those that servers have made."""

    def __init__(self) -> None:
        self.given: Collection[str] = ()
        self.made: set[str] = set()


_KNOWN = _Known()


def know(secrets: Collection[str]) -> None:
    """Let no error's text hold one of these from now on, whoever raises it; the collection may grow afterwards.

    A module calls it once, with Ansible's own `no_log_values`. What an earlier run in this process knew is forgotten.
    """
    _KNOWN.given, _KNOWN.made = secrets, set()


def remember(secret: str) -> None:
    """Let no error's text hold this secret from now on; for secrets that a server has just made, or a file held."""
    _KNOWN.made.add(secret)


def quoted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text of somebody else's without any known secret, so that it can be cut; no longer than can be read."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}... and {len(text) - LONGEST} more characters"
    return mask(cut, {*secrets, *_KNOWN.given, *_KNOWN.made})


def shown(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text as an error or a warning may show it: without any known secret, and on one line."""
    return printable(quoted(text, secrets))


class Failure(TypedDict):
    """The `failure` of a module's result: always all five keys, null where one doesn't apply."""

    status: int | None
    code: str | None
    message: str | None
    method: str | None
    path: str | None


class Influxdb3Error(Exception):
    """Something that the user can act on: `str(error)` is the sentence that Ansible shows.

    Whatever its text quotes, no known secret and nothing that steers a terminal is in it. `code` is a stable word for
    programs, for instance `invalid_option` or `not_found`.
    """

    code = "error"

    def __init__(self, text: str, *, code: str | None = None) -> None:
        super().__init__(shown(text))
        if code:
            self.code = code

    def also(self, text: str, code: str | None = None) -> None:
        """Add a sentence, and give the error another code."""
        self.args = (shown(f"{self} {text}"),)
        self.code = code or self.code

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
        self.server_message = shown(server_message) if server_message else server_message

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
    """409, or 400 with the gRPC code of that name (facts.md#already-exists)."""

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
