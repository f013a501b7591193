# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves on a host that a database token works there: by a query, or by a write without a line. Keeps no data.

Pure functions choose the request and read the answer; `prove` alone sends and waits.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Callable, NamedTuple
from urllib.parse import urlencode

from .._core import errors, interface, regular_file
from .._core.addresses import parse_host
from .._core.durations import parse_instant
from .._core.token_values import PERMISSIONS_OPTION
from . import secret_text

# A host where nothing is due sends nothing, and most runs find nothing due.
if TYPE_CHECKING:
    from .._api.data_plane import Answer, DataPlane

# The suboptions of a module's option `prove`; `delay` and `timeout` are in seconds.
PROVE: interface.Spec = {
    "host": {"type": "str", "required": True},
    "database": {"type": "str"},
    "permissions": PERMISSIONS_OPTION,
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "retries": {"type": "int", "default": 30},
    "delay": {"type": "float", "default": 10},
    "timeout": {"type": "float", "default": 30},
}
_LONGEST = 86_400
# The codes of errors that stay the same at every attempt.
_FINAL = ("tls", "redirect")
# A clock that is off by less isn't named, because an answer may take a minute.
_SKEW = timedelta(minutes=5)


class Probe(NamedTuple):
    """The request that a token is tried with: `action` is `read` or `write`."""

    action: str
    database: str

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "GET" if self.action == "read" else "POST"

    @property
    def path(self) -> str:
        """The path with its parameters, of a query or of a write without a line (facts.md#queries, #writes)."""
        if self.action == "read":
            from .._api.data_plane import harmless_query

            return harmless_query(self.database)
        return "/api/v2/write?" + urlencode({"bucket": self.database, "precision": "ns"})

    @property
    def doing(self) -> str:
        """The action in words."""
        what = "query" if self.action == "read" else "send a write without a line to"
        return f"{what} database {self.database!r} with the token"


class Trial(NamedTuple):
    """How a token is tried.

    `base_url`, `verify` and `timeout` are those of `DataPlane`. `probe` is the request, `retries` how often it is sent
    again, and `delay` the seconds before each further attempt.
    """

    base_url: str
    verify: bool | str
    timeout: float
    probe: Probe
    retries: int
    delay: float

    @property
    def plane(self) -> DataPlane:
        """Where the data plane is."""
        from .._api.data_plane import DataPlane

        return DataPlane(self.base_url, self.verify, self.timeout)

    @property
    def patience(self) -> float:
        """The seconds for which a token is tried that doesn't work."""
        return self.retries * self.delay


def trial_of(options: Mapping[str, Any]) -> Trial:
    """Return the trial that the options `PROVE` describe. Raises OptionError."""
    try:
        base_url = parse_host(options["host"])
    except ValueError as error:
        raise errors.OptionError(f"prove.host: {error}.") from None
    if not 0 < options["timeout"] <= _LONGEST:
        raise errors.OptionError(f"prove.timeout: must be more than 0 and at most {_LONGEST} seconds.")
    if options["retries"] < 0 or not 0 <= options["delay"] <= _LONGEST:
        raise errors.OptionError(
            f"prove.retries, prove.delay: must be 0 or more, and the delay at most {_LONGEST} seconds."
        )
    verify = options["validate_certs"] and (options["ca_path"] or True)
    if isinstance(verify, str) and base_url.startswith("https:"):
        regular_file.check_readable("prove.ca_path", verify)
    probe = probe_of(options["database"] or None, options["permissions"])
    return Trial(base_url, verify, options["timeout"], probe, options["retries"], options["delay"])


def probe_of(database: str | None, permissions: Sequence[Mapping[str, str]] | None) -> Probe:
    """Return the request that shows that a token works: a query where it may read, else a write.

    A token whose permissions aren't stated is taken for one that may read the database. Raises OptionError where
    nothing can be tried.
    """
    if permissions is None:
        if database is None:
            raise errors.OptionError("prove: name the database that the token may read (database), or its permissions.")
        return Probe("read", database)
    for action in ("read", "write"):
        resources = [one["resource"] for one in permissions if one["action"] == action]
        names = [name for name in resources if name != "*"]
        if database is not None and (database in names or "*" in resources):
            return Probe(action, database)
        if database is None and names:
            return Probe(action, names[0])
    if not permissions:
        raise errors.OptionError(
            "prove.permissions: there are none, so that the token can do nothing that would prove it."
        )
    if database is not None:
        raise errors.OptionError(
            f"prove.database: the permissions allow nothing with {database!r}. Name a database that they do allow."
        )
    raise errors.OptionError(
        "prove.database: the permissions name no database but '*'. Name one to try the token with."
    )


def doubt(probe: Probe, answer: Answer) -> errors.ApiError | None:
    """Return why an answer to the probe doesn't show that the token works, None where it does.

    To a write without a line, 204 and 400 are answers of a server that has accepted the token, or hasn't looked at it
    (facts.md#writes).
    """
    content = _json(answer)
    good = (200,) if probe.action == "read" else (200, 201, 204, 400)
    if answer.status in good and (probe.action == "write" or _is_result(content)):
        return None
    message = content.get("message") if isinstance(content, dict) else None
    text = message if isinstance(message, str) else " ".join(answer.body[:2000].decode("utf-8", "replace").split())
    answer_text = errors.quoted(text)[:200]
    code, remedy = _meaning(probe, answer)
    return errors.ApiError(
        f"Can't {probe.doing}: the data plane answered {answer.status} {answer_text!r}. {remedy}".strip(),
        method=probe.method, path=probe.path, status=answer.status, code=code, server_message=answer_text,
    )  # fmt: skip


def _is_result(content: Any) -> bool:
    """Return whether an answer's content is a result in InfluxQL's form that holds no error."""
    results = content.get("results") if isinstance(content, dict) else None
    return isinstance(results, list) and not any(isinstance(one, dict) and "error" in one for one in results)


def _meaning(probe: Probe, answer: Answer) -> tuple[str, str]:
    """Return the code of an answer that doesn't prove the token, and what to do."""
    status = answer.status
    if status in (401, 403):
        return (
            "unauthorized" if status == 401 else "forbidden",
            f"It is not active yet (a new token takes seconds to minutes), it was revoked or has ended, or it may not"
            f" {probe.action} this database: look for its ID with db_token_info.",
        )
    if status == 404:
        return "not_found", "The database is not to be seen there, or prove.host is not where the data plane is."
    if 300 <= status < 400:
        where = answer.headers.get("Location")
        return "redirect", f"The server redirects to {where}; set prove.host to where the data plane is."
    if 200 <= status < 300:
        return "bad_answer", "That is no result of a query: check prove.host, and proxies."
    return "http_error", "The data plane has trouble, or prove.host is not where it is: run again later."


def _json(answer: Answer) -> Any:
    from .._api import answers

    try:
        return answers.parse_json(answer.body)
    except ValueError:
        return None


def skew(date: str | None, at: datetime) -> str:
    """Return how far this host's clock is off the server's as a sentence, empty for less than five minutes.

    `date` is the header of that name, None where there is none. `at` is the time by this host's clock.
    """
    from email.utils import parsedate_to_datetime

    try:
        off = at - parsedate_to_datetime(date or "")
    except (TypeError, ValueError, IndexError):
        return ""
    if abs(off) < _SKEW:
        return ""
    span = timedelta(seconds=abs(round(off.total_seconds())))
    return (
        f"This host's clock is {span} {'ahead of' if off > timedelta(0) else 'behind'} the data plane's: set it right."
    )


def prove(trial: Trial, secret: secret_text.Secret, now: Callable[[], datetime]) -> tuple[bool | None, list[str]]:
    """Try a token until it works, for as long as its activation may take (facts.md#activation).

    Returns True where it is proved, or None where this cluster's answers don't tell, and the warnings. Raises the
    ApiError of the last attempt.
    """
    from .._api.data_plane import ask

    plane, probe = trial.plane, trial.probe
    for attempt in range(trial.retries + 1):
        clock = ""
        try:
            answer = ask(plane, probe.method, probe.path, str(secret["token"]), doing=probe.doing)
            clock, problem = skew(answer.headers.get("Date"), now()), doubt(probe, answer)
        except errors.ApiError as error:
            problem = error
        if problem is None:
            break
        if problem.code in _FINAL or attempt == trial.retries:
            tried = f"This was attempt {attempt + 1}, {trial.delay:g} seconds apart." if attempt else ""
            problem.also(" ".join(filter(None, (tried, clock))))
            raise problem
        time.sleep(trial.delay)
    warnings = [clock] if clock else []
    if probe.action == "read" or _refuses_others(plane, probe):
        return True, warnings
    time.sleep(activation_left(secret, now(), trial.patience))
    return None, [
        *warnings,
        f"The token isn't proved: it may only write, and this cluster answers a write without a line to"
        f" {probe.database!r} alike, whatever the token is. Allow it to read a database, or prove it by what uses it.",
    ]


def activation_left(secret: secret_text.Secret, at: datetime, patience: float) -> float:
    """Return the seconds that are left of the time that a token's activation may take.

    `patience` is that time in seconds. All of it is left where the secret doesn't say when the token was made. The
    result is never longer, however wrong a clock is.
    """
    try:
        made = parse_instant(secret["created_at"] or "")
    except ValueError:
        return patience
    return min(patience, max(0.0, patience - (at - made).total_seconds()))


def _refuses_others(plane: DataPlane, probe: Probe) -> bool:
    """Return whether the data plane refuses the same write with a token that doesn't exist (facts.md#writes).

    Only then an accepted write proves the new token.
    """
    import secrets

    from .._api.data_plane import ask

    try:
        answer = ask(plane, probe.method, probe.path, f"apiv1_{secrets.token_hex(32)}", doing=probe.doing)
    except errors.ApiError:
        return False
    return answer.status in (401, 403)
