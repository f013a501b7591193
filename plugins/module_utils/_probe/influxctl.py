# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs influxctl for a probe, with a private profile of the connection's management token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from .._core import errors
from .._core.connection import Connection
from .._core.durations import format_instant
from .._influxctl.influxctl import find_secret, parse_list
from .._influxctl.runner import Output, Runner
from .._influxctl.version import Version, version_in
from .._tokens.influxctl_config import private_config

_JSON = ("--format", "json")
# Why there is no influxctl, by the code of the error.
_NONE = {
    "influxctl_missing": "influxctl isn't installed where the module runs: set influxctl_path, or install it.",
    "missing_library": "The Python library tomlkit isn't there, with which influxctl's configuration is written.",
    "invalid_option": "influxctl has no place for the path that is behind host.",
}
_OTHERWISE = "influxctl can't be given a private configuration where the module runs."


class Ran(NamedTuple):
    """The outcome of a run: whether it succeeded, whether the server forbade it, and its stdout."""

    success: bool
    forbidden: bool
    stdout: str


class Influxctl:
    """The program with one config. `timeout` is in seconds for each run.

    The constructor, and each function that runs the program, raise InfluxctlError where it can't be run at all.
    """

    def __init__(self, program: str | None, config_path: str, timeout: float, secrets: set[str]) -> None:
        self._runner = Runner(program, config_path, None, timeout)
        self._secrets = secrets

    def _run(self, *arguments: str) -> Ran:
        """Run the program. What is forbidden counts as forbidden where it is so twice, since nothing was done then."""
        ran = self._run_once(arguments)
        return self._run_once(arguments) if ran.forbidden else ran

    def _run_once(self, arguments: Sequence[str]) -> Ran:
        output = self._runner.run(arguments)
        success = output.code == 0
        return Ran(success, not success and output.is_forbidden(), output.stdout)

    @cached_property
    def version(self) -> Version | None:
        """The program's version, None where it can't be read."""
        return version_in(self._runner.run(["version"]))

    def lists_databases(self) -> bool:
        """Return whether the program can list the databases."""
        return self._run("database", "list").success

    def list_tokens(self) -> tuple[Ran, list[dict[str, Any]] | None]:
        """List the management tokens: return the run and the entries, None where they can't be understood."""
        ran = self._run("management", "list", *_JSON)
        if not ran.success:
            return ran, None
        try:
            return ran, parse_list(ran.stdout)
        except errors.InfluxctlError:
            return ran, None

    def create_token(self, description: str, expires_at: datetime, *, as_json: bool) -> Ran:
        """Make a management token that ends. `as_json` asks for the output as JSON (facts.md#output-of-create)."""
        ends = format_instant(expires_at.replace(microsecond=0))
        return self._run(
            *("management", "create", *(_JSON if as_json else ()), f"--description={description}"),
            f"--expires-at={ends}",
        )

    def revoke_token(self, token_id: str) -> Ran:
        """Revoke a management token."""
        return self._run("management", "revoke", "--force", token_id)

    def keep_secret(self, ran: Ran, prefix: str) -> None:
        """Have the secret masked from now on that a creation has printed. `prefix` is the token's."""
        secret = find_secret(Output(0, ran.stdout, ""), prefix)
        if secret:
            self._secrets.add(secret)


@contextmanager
def private_influxctl(
    connection: Connection, program: str | None, tmpdir: str, secrets: set[str]
) -> Iterator[tuple[Influxctl | None, str]]:
    """Give influxctl with a private config of the connection, or None and the sentence that says why there is none.

    The config is removed in any case.
    """
    with ExitStack() as stack:
        try:
            path = stack.enter_context(private_config(connection, tmpdir))
            influxctl: Influxctl | None = Influxctl(program, path, connection.timeout, secrets)
            why_none = ""
        except errors.Influxdb3Error as error:
            influxctl, why_none = None, _NONE.get(error.code, _OTHERWISE)
        yield influxctl, why_none
