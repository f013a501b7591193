# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages tokens with the influxctl program, and reads what it prints.

The output of 2.6 to 2.12 that is read, with other lines around it (facts.md#output-of-create, #output-of-list):

- `management create`, on either stream: the bare secret; `warn` lines and the secret (before 2.11); a bordered table,
  `warn` lines and the secret (since); JSON that holds the secret anywhere, be it a string, an object or a list. The
  form doesn't matter, because the list of tokens says which word the secret is.
- `management list --format json`, on stdout: a list of objects, or `null`. Times are RFC 3339 texts or objects of
  `seconds` and `nanos`, which is left out when it is 0; the beginning of 1970 is no expiry.

The tables of `management list` are not read, because a description may hold whatever separates the cells of a table.
The documents name no version since which the list can be had as JSON, so each version is asked for that.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Callable

from .._core import entities, errors
from .._core.durations import format_instant
from .._core.token_values import can_be_secret
from .client import Client, Need, is_passing
from .runner import Output
from .version import EXPIRY_SINCE, OLDEST, version_text

_NEEDS = (Need(OLDEST, "management tokens"),)
# "Fixed nil pointer when listing management tokens" (facts.md#versions-of-influxctl).
_LIST_FIXED = (2, 7, 0)
_LIST = ("management", "list", "--format", "json")
_SEPARATORS = r"\s|\"',:\[\]{}"
_LIST_BEGINS = re.compile(r"^[^\S\n]*(\[|null[^\S\n]*$)", re.MULTILINE)
# A token has up to four objects; lines of noise that begin like a list are few.
_MOST_OBJECTS = 1_000_000
_MOST_BEGINNINGS = 100
# influxctl revokes one token after another, and the timeout is for the whole run.
REVOKED_AT_ONCE = 50


def parse_list(stdout: str) -> list[entities.State]:
    """Return the management tokens of `management list --format json`, revoked ones among them.

    Noise in lines before the JSON is skipped; `null` is an empty list. Raises InfluxctlError (code `bad_answer`), also
    where a field of an entry can't be a token's: another type than a text, or no time.
    """
    problem = None
    for items in _lists(stdout):
        # A line such as `[2026] ...` begins like JSON and is no list of tokens.
        if all(isinstance(item, dict) for item in items):
            try:
                return [_listed(item) for item in items]
            except errors.Influxdb3Error as error:
                problem = problem or error
    cause = f" ({problem})" if problem else ""
    raise errors.InfluxctlError(
        f"influxctl management list --format json printed no list of tokens{cause}. Run it by hand with the same"
        " profile to see what it says.",
        code="bad_answer",
    )


def _lists(text: str) -> Iterator[list[Any]]:
    """Yield each list of JSON that begins a line, and an empty list for `null`.

    A text with more objects than tokens can have isn't read, and neither are further lines than _MOST_BEGINNINGS, so
    that reading doesn't take minutes.
    """
    decoder = json.JSONDecoder()
    if text.count("{") + text.count("[") > _MOST_OBJECTS:
        return
    for start in itertools.islice(_LIST_BEGINS.finditer(text), _MOST_BEGINNINGS):
        if start[1] == "null":
            yield []
            continue
        with contextlib.suppress(ValueError, RecursionError):
            yield decoder.raw_decode(text, start.start(1))[0]


def _listed(item: Mapping[str, Any]) -> entities.State:
    """Return a listed token. Raises Influxdb3Error where an entry can be none."""
    token = entities.MGMT_TOKEN.from_api(item)
    if not token.get("id") or not token.get("created_at"):
        raise errors.Influxdb3Error("an entry has no id or created_at")
    return token


def find_secret(output: Output, prefix: str) -> str | None:
    """Return the one word in a create's output that begins with a token's prefix and is longer.

    The output may be a table, the bare secret, or JSON of any shape (facts.md#output-of-create). stderr counts where
    stdout has no such word. None where there is no such word, or more than one.
    """
    if re.search(f"[{_SEPARATORS}]", prefix):
        return None
    word = re.compile(rf"(?<![^{_SEPARATORS}]){re.escape(prefix)}[^{_SEPARATORS}]+")
    for stream in (output.stdout, output.stderr):
        words = {found for found in word.findall(stream) if can_be_secret(found)}
        if words:
            return words.pop() if len(words) == 1 else None
    return None


def prove_created(
    before: Sequence[entities.State], after: Sequence[entities.State], description: str, output: Output
) -> entities.State | None:
    """Return the token that a create has provably made, with its secret as `token`; None where nothing proves it.

    It is the one entry that is new in the list and has the description, and whose prefix begins a printed word.
    `before` and `after` are the lists of tokens around the create, `output` is what it printed.
    """
    new = [token for token in _appeared(before, after, description) if token.get("token_prefix")]
    secrets = [(token, find_secret(output, token["token_prefix"])) for token in new]
    proved = [{**token, "token": secret} for token, secret in secrets if secret]
    return proved[0] if len(proved) == 1 else None


def _appeared(
    before: Sequence[entities.State], after: Sequence[entities.State], description: str
) -> list[entities.State]:
    """Return the tokens of a description that only the later list has."""
    earlier_ids = {token["id"] for token in before}
    return [token for token in after if token["id"] not in earlier_ids and token.get("description") == description]


class Influxctl:
    """The management tokens by influxctl's commands. `list_tokens` and `revoke_tokens` raise InfluxctlError.

    The secret of each token that is proved is added to the client's secrets. Of an output that proves no token, no
    message shows stdout.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def list_tokens(self) -> list[entities.State]:
        """Return all management tokens, revoked and expired ones among them. A failure that may pass is tried again."""
        return self._list(self._client.retries, is_passing)

    def create_tokens(
        self, wanted: Sequence[tuple[str, datetime | None]], before: Sequence[entities.State], concurrency: int
    ) -> list[entities.State | errors.InfluxctlError]:
        """Create tokens in parallel, each of its own description, and prove them all by one list afterwards.

        Each of `wanted` is a description and an expiry, None for none; `before` is the list of tokens. The result has
        one entry for each: the token with its secret as `token`, or the error that says why there is none. A token
        counts as created when it is proved, whatever the exit code: its secret is at hand, and would be lost otherwise.
        Nothing is revoked here.
        """
        pool = ThreadPoolExecutor(concurrency)
        try:
            outputs = list(pool.map(lambda one: self._attempt(*one), wanted))
        except BaseException:
            self._client.runner.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        listed = self._listed_after(outputs)
        results: list[entities.State | errors.InfluxctlError] = []
        for (description, _expires_at), output in zip(wanted, outputs):
            created = None
            if isinstance(listed, list) and isinstance(output, Output):
                created = prove_created(before, listed, description, output)
            if created is not None:
                self._client.secrets.add(created["token"])
            results.append(created or self._unproved(description, output, before, listed))
        return results

    def revoke_tokens(self, ids: Sequence[str]) -> None:
        """Revoke tokens for good, in this order, many by one run (facts.md#revoking-several). Raises InfluxctlError.

        A run that fails doesn't keep the later ones from being begun; one that takes too long does.
        """
        failures = []
        for start in range(0, len(ids), REVOKED_AT_ONCE):
            some = ids[start : start + REVOKED_AT_ONCE]
            output = self._client.runner.run(["management", "revoke", "--force", *some])
            if output.code != 0:
                failures.append(self._failed(output, f"revoke the management tokens {entities.listed(some)}"))
            if output.code is None:
                break
        if failures:
            raise failures[0]

    def _list(self, retries: int, may_pass: Callable[[Output], bool]) -> list[entities.State]:
        """Return all management tokens, asked for again where `may_pass` says so of a failure."""
        output = self._client.read(_LIST, retries, may_pass)
        if output.code != 0:
            raise self._failed(output, "list the management tokens")
        return parse_list(output.stdout)

    def _attempt(self, description: str, expires_at: datetime | None) -> Output | errors.InfluxctlError:
        arguments = ["management", "create", f"--description={description}"]
        if expires_at is not None:
            arguments.append(f"--expires-at={format_instant(expires_at.replace(microsecond=0))}")
        try:
            return self._client.runner.run(arguments)
        except errors.InfluxctlError as error:
            return error

    def _listed_after(
        self, outputs: Sequence[Output | errors.InfluxctlError]
    ) -> list[entities.State] | errors.InfluxctlError:
        """Return the list, or the error of reading it.

        Where a create has printed a secret, only the list can prove that one. So any failure is tried again then, at
        least once.
        """
        printed = any(isinstance(output, Output) and output.stdout for output in outputs)
        try:
            return self._list(max(1, self._client.retries), lambda _output: True) if printed else self.list_tokens()
        except errors.InfluxctlError as error:
            return error

    def _unproved(
        self,
        description: str,
        output: Output | errors.InfluxctlError,
        before: Sequence[entities.State],
        listed: list[entities.State] | errors.InfluxctlError,
    ) -> errors.InfluxctlError:
        """Return why a create counts as failed, and what to look at."""
        doing = f"create the management token {description!r}"
        if isinstance(output, errors.InfluxctlError):
            problem = output
        elif output.code == 0:
            cause = "no new token in its list begins what it printed."
            if isinstance(listed, errors.InfluxctlError):
                cause = f"the list that would prove which token it made can't be read. {listed}"
            problem = errors.InfluxctlError(f"Can't {doing}: influxctl reported success, but {cause}", code="unproved")
        else:
            # What a create prints on stdout is a secret.
            problem = self._failed(output._replace(stdout=""), doing)
        if isinstance(listed, errors.InfluxctlError):
            hint = (
                " A token of that description may have been made: look at influxctl management list."
                if isinstance(output, Output) and output.code in (0, None)
                else ""
            )
        else:
            appeared = [token["id"] for token in _appeared(before, listed, description)]
            hint = (
                f" Tokens of that description that appeared meanwhile: {', '.join(appeared)}. Look at who made them"
                " before you revoke one; none was revoked."
                if appeared
                else ""
            )
        return errors.InfluxctlError(f"{problem}{hint}", code=problem.code)

    def _failed(self, output: Output, doing: str) -> errors.InfluxctlError:
        """Return the error of a run that failed or took too long."""
        return self._client.failed(output, doing, _NEEDS, lambda: self._remedy(output))

    def _remedy(self, output: Output) -> str:
        """Return what to do about what only management tokens have; empty where it is something else."""
        version = self._client.version()
        if "expires-at" in output.stderr:
            number = version_text(version) or "unknown"
            return f" It is version {number}; an expiry needs influxctl {version_text(EXPIRY_SINCE)} or newer."
        if version is not None and version < _LIST_FIXED and "nil pointer" in output.stderr:
            return f" It is version {version_text(version)}; influxctl 2.7.0 fixed the list of management tokens."
        return ""
