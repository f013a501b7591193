# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that this collection raises. They mask and escape the texts that they quote, so that no caller forgets it.

All code below the modules raises an `Influxdb3Error`; only `_module/entry.py` turns one into `fail_json`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypedDict

from . import printing

# A shorter text is a placeholder and no secret; masked, it would also hide the parts of other words that equal it.
SHORTEST_SECRET = 8
# Characters that a message may have. A server may say as much as it likes, and masking that would take minutes.
LONGEST = 20_000


class _Secrets:
    """The secrets that errors mask: those of options and profiles, and those that servers and files added."""

    def __init__(self) -> None:
        self.of_module: Collection[str] = ()
        self.added: set[str] = set()


_SECRETS = _Secrets()


def register_secrets(secrets: Collection[str]) -> None:
    """Mask these secrets in the text of every error from now on. The collection may grow afterwards.

    A module calls it once, with Ansible's own `no_log_values`. It drops the secrets of an earlier run in this process.
    """
    _SECRETS.of_module, _SECRETS.added = secrets, set()


def remember(secret: str) -> None:
    """Mask this secret, which a server has just made or a file holds, in the text of every error from now on."""
    _SECRETS.added.add(secret)


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the secrets, and without what looks like a token, as masking.py finds them."""
    # Here, because a module that succeeds masks nothing.
    from . import masking

    return masking.mask(text, secrets)


def quoted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a foreign text without any registered secret, so that it can be cut, and no longer than can be read."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}... and {len(text) - LONGEST} more characters"
    return mask(cut, {*secrets, *_SECRETS.of_module, *_SECRETS.added})


def shown(text: str) -> str:
    """Return a text as an error or a warning may show it: without any registered secret, and on one line."""
    return printing.printable(quoted(text))


class Failure(TypedDict):
    """The `failure` of a module's result: always all five keys, null where one doesn't apply."""

    status: int | None
    code: str | None
    message: str | None
    method: str | None
    path: str | None


class Influxdb3Error(Exception):
    """A failure that the user can act on: `str(error)` is the sentence that Ansible shows.

    Its text holds no registered secret and nothing that steers a terminal, whatever it quotes. `code` is a stable word
    for programs, for instance `invalid_option` or `not_found`.
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
    """The task asks for something that the module could do, but that is dangerous or ambiguous."""

    code = "refused"


class ApiError(Influxdb3Error):
    """A request to the Management API failed.

    `status` is the HTTP status, None without an answer; `server_message` is the server's text, masked. `own` says
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
