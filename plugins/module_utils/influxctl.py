# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the influxctl program and reads what it prints. The only code that starts a process."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Callable, NamedTuple

from .durations import format_instant
from .entities import MGMT_TOKEN, State
from .errors import InfluxctlError, mask

# `management` came with 2.6.0, `--expires-at` with 2.10.0 (facts.md C.7).
OLDEST = (2, 6, 0)
_EXPIRY_SINCE = "2.10.0"
_VERSION = re.compile(r"(?<![\w.])v?(\d+)\.(\d+)\.(\d+)\b")
_SEPARATORS = re.compile(r"[\s|\"',:\[\]{}]+")
PREFIX_LENGTH = 9
_NEEDS_LOGIN = re.compile(r"device|browser|log ?in|oauth|authoriz(?:e|ation) (?:url|code)", re.IGNORECASE)
_MISSING = (
    "The program influxctl was not found{where}. Install it on the machine where this module runs, or set"
    " influxctl_path to it."
)


class Output(NamedTuple):
    """What a run of the program left behind."""

    code: int
    stdout: str
    stderr: str


def parse_version(text: str) -> tuple[int, int, int] | None:
    """Return the first version number in the text of `influxctl version`."""
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def parse_list(stdout: str) -> list[State]:
    """Return the management tokens of `management list --format json`, revoked ones among them.

    Noise in lines before the JSON is skipped; `null` is an empty list. Raises InfluxctlError.
    """
    lines = stdout.splitlines(keepends=True)
    for start, line in enumerate(lines):
        if line.lstrip().startswith(("[", "null")):
            try:
                items, _end = json.JSONDecoder().raw_decode("".join(lines[start:]).lstrip())
            except (ValueError, RecursionError):
                continue
            # A line such as `[2026] ...` or `null pointer ...` begins like JSON and is none.
            if (items is None and line.strip() != "null") or not all(isinstance(item, dict) for item in items or []):
                continue
            tokens = [MGMT_TOKEN.from_api(item) for item in items or []]
            if all(token.get("id") and token.get("created_at") for token in tokens):
                return tokens
    raise InfluxctlError(
        "influxctl management list --format json printed no list of tokens. Run it by hand with the same profile to see"
        " what it says."
    )


def find_secret(output: Output, prefix: str) -> str | None:
    """Return the one word in a create's output that begins with a token's prefix and is longer.

    It doesn't matter whether the output is a table, bare or JSON of any shape (facts.md C.2). None when there is no
    such word, or more than one.
    """
    for stream in (output.stdout, output.stderr):
        words = {word for word in _SEPARATORS.split(stream) if word.startswith(prefix)}
        words.discard(prefix)
        if words:
            return words.pop() if len(words) == 1 else None
    return None


def prove_created(before: Sequence[State], after: Sequence[State], description: str, output: Output) -> State | None:
    """Return the token that a create made, with its secret: the proof that design.md 4 asks for.

    It is the one entry that is new in the list, has the description and whose prefix begins a printed string.
    """
    known = {token["id"] for token in before}
    proved = []
    for token in after:
        if token["id"] in known or token.get("description") != description or not token.get("token_prefix"):
            continue
        secret = find_secret(output, token["token_prefix"])
        if secret:
            proved.append({**token, "token": secret})
    return proved[0] if len(proved) == 1 else None


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for influxctl: ours without what would redirect it or tell it a secret."""
    return {name: value for name, value in environ.items() if not name.startswith(("INFLUXCTL_", "INFLUXDB3_"))}


class Influxctl:
    """The program with one profile of one config file.

    `timeout` is in seconds and ends the whole process group. Every function raises InfluxctlError. `on_secret` is
    called with each secret that is printed, before anything else can happen to it.
    """

    def __init__(
        self,
        program: str | None,
        config_path: str | None,
        profile: str | None,
        timeout: float,
        on_secret: Callable[[str], None],
    ) -> None:
        self._program = self._find(program)
        self._global: list[str] = []
        if config_path:
            self._global += ["--config", config_path]
        if profile:
            self._global += ["--profile", profile]
        self._timeout = timeout
        self._on_secret = on_secret

    def list_tokens(self) -> list[State]:
        """Return all management tokens."""
        return parse_list(
            self._checked(["management", "list", "--format", "json"], "list the management tokens").stdout
        )

    def create_token(self, description: str, expires_at: datetime | None, before: Sequence[State]) -> State:
        """Create a management token and return it with its secret, proved by the list after.

        `before` is the list from before. Nothing that isn't proved to be this call's is ever revoked.
        """
        arguments = ["management", "create", f"--description={description}"]
        if expires_at is not None:
            arguments.append(f"--expires-at={format_instant(expires_at.replace(microsecond=0))}")
        doing = f"create the management token {description!r}"
        output = self._run(arguments)
        listed = self.list_tokens() if output.code == 0 else None
        if listed is not None:
            created = prove_created(before, listed, description, output)
            if created is not None:
                self._on_secret(created["token"])
                return created
        appeared = self._appeared(before, description) if listed is None else self._new(before, listed, description)
        hint = (
            f" Tokens of that description that appeared meanwhile: {', '.join(appeared)}. Look at who made them before"
            " you revoke one; none was revoked."
            if appeared
            else ""
        )
        if output.code != 0:
            raise InfluxctlError(str(self._failed(output, doing)) + hint)
        raise InfluxctlError(
            f"Can't {doing}: influxctl reported success, but no new token in its list begins what it printed.{hint}"
        )

    def revoke_tokens(self, ids: Sequence[str]) -> None:
        """Revoke tokens for good."""
        self._checked(["management", "revoke", "--force", *ids], f"revoke the management tokens {', '.join(ids)}")

    def _appeared(self, before: Sequence[State], description: str) -> list[str]:
        try:
            return self._new(before, self.list_tokens(), description)
        except InfluxctlError:
            return []

    @staticmethod
    def _new(before: Sequence[State], listed: Sequence[State], description: str) -> list[str]:
        known = {token["id"] for token in before}
        return [t["id"] for t in listed if t["id"] not in known and t.get("description") == description]

    @staticmethod
    def _find(program: str | None) -> str:
        wanted = os.path.expanduser(program or "influxctl")
        search = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/bin", "/usr/bin"])
        found = shutil.which(wanted, path=search)
        if found is None:
            if os.path.isfile(wanted):
                raise InfluxctlError(f"{wanted} is not executable.", code="influxctl_missing")
            where = f" at {wanted}" if os.sep in wanted else " on the PATH"
            raise InfluxctlError(_MISSING.format(where=where), code="influxctl_missing")
        return found

    def _checked(self, arguments: Sequence[str], doing: str) -> Output:
        output = self._run(arguments)
        if output.code != 0:
            raise self._failed(output, doing)
        return output

    def _run(self, arguments: Sequence[str]) -> Output:
        command = [self._program, *self._global, *arguments]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=clean_environment(os.environ),
                start_new_session=True,
            )
        except OSError as error:
            raise InfluxctlError(f"{self._program} can't be run: {error.strerror}.") from None
        try:
            stdout, stderr = process.communicate(timeout=self._timeout)
        except subprocess.TimeoutExpired:
            stdout, stderr = _end(process)
            raise self._timed_out(stderr.decode(errors="replace")) from None
        except BaseException:
            _end(process)
            raise
        return Output(process.returncode, stdout.decode(errors="replace"), stderr.decode(errors="replace"))

    def _timed_out(self, stderr: str) -> InfluxctlError:
        login = (
            " It seems to wait for a login in a browser, which nobody can do here: give it a management token"
            " (management_token, or mgmt_token in the profile)."
            if _NEEDS_LOGIN.search(stderr)
            else ""
        )
        return InfluxctlError(
            f"influxctl did not finish within {self._timeout:g} seconds and was ended.{login}{_said(stderr)}",
            code="influxctl_timeout",
        )

    def _failed(self, output: Output, doing: str) -> InfluxctlError:
        """Return the error of a run that failed; only now is it worth asking for the version."""
        remedy = "Check the profile: config_path, profile, host, port, mgmt_token and tls."
        try:
            asked = self._run(["version"])
            version = parse_version(asked.stdout + asked.stderr)
        except InfluxctlError:
            version = None
        number = "unknown" if version is None else ".".join(map(str, version))
        if version is not None and version < OLDEST:
            remedy = f"It is version {number}; management tokens need influxctl 2.6.0 or newer."
        elif "expires-at" in output.stderr:
            remedy = f"It is version {number}; an expiry needs influxctl {_EXPIRY_SINCE} or newer."
        said = _said(output.stderr or output.stdout)
        return InfluxctlError(f"Can't {doing}: influxctl failed with exit code {output.code}.{said} {remedy}")


def _said(text: str) -> str:
    """Return the end of what the program said, masked, as part of a sentence."""
    words = " ".join(text.split())
    return f" It said: {mask(words)[-500:]!r}." if words else ""


def _end(process: subprocess.Popen[Any]) -> tuple[bytes, bytes]:
    """End the process and all that it started, and return what it had printed."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        stdout, stderr = process.communicate(timeout=5)
    except subprocess.TimeoutExpired:  # something left the group and keeps the pipes open
        return b"", b""
    return stdout, stderr
