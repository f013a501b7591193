# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs influxctl's commands with one profile: repeats a read whose failure may be over, and says what helps."""

from __future__ import annotations

import contextlib
import random
import re
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Callable, NamedTuple

from .._core import errors
from .._core.throttle import pause
from .runner import Output, Runner
from .version import Version, version_in, version_text

# `insecure` in `profile.tls` (facts.md#versions-of-influxctl).
_INSECURE_SINCE = (2, 8, 0)
# Seconds for `influxctl version`, which is only asked for when something has failed already.
_VERSION_TIMEOUT = 10.0
# Words of gRPC for a failure that may be over at the next attempt (facts.md#how-it-speaks), and words for a wrong
# certificate, which no attempt mends.
_PASSING = re.compile(r"Unavailable|DeadlineExceeded|\b50[234]\b|\b429\b|\bEOF\b|connection (?:reset|refused)")
_LASTING = re.compile(r"x509|certificate|handshake")
# Words of programs that don't know a command or an option (facts.md#how-it-speaks).
_UNKNOWN = re.compile(
    r"unknown (?:command|flag|option)|not defined|unexpected (?:number of )?arguments|no help topic", re.IGNORECASE
)


class Need(NamedTuple):
    """A feature of influxctl, and the version that it came with; `what` names it in the plural, for a sentence."""

    since: Version
    what: str


def is_passing(output: Output) -> bool:
    """Return whether a failure may be over at the next attempt. A run that used up its time isn't repeated."""
    text = output.text()
    return output.code is not None and bool(_PASSING.search(text)) and not _LASTING.search(text)


class Client:
    """The program with one profile of one config file.

    `timeout` is in seconds for each run, and ends the whole process group. `retries` is how often a read is tried
    again. `secrets` are those that no message may hold, and may grow. The constructor and `read` raise InfluxctlError
    where there is no program that can be run; a run that fails is an Output, of which `failed` makes an error.
    """

    def __init__(
        self,
        program: str | None,
        config_path: str,
        profile: str | None,
        *,
        timeout: float,
        retries: int,
        secrets: set[str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.runner = Runner(program, config_path, profile, timeout)
        self.retries = retries
        self.secrets = secrets
        self._timeout = timeout
        self._sleep = sleep
        self._version: Version | None = None
        self._version_asked = False

    def read(
        self, command: Sequence[str], retries: int | None = None, may_pass: Callable[[Output], bool] = is_passing
    ) -> Output:
        """Run a command that only reads, and repeat it where `may_pass` says so of a failure; return the last output.

        That output may be a failure. Raises InfluxctlError where the program can't be run.
        """
        attempt, most = 1, self.retries if retries is None else retries
        while (output := self.runner.run(command)).code != 0 and attempt <= most and may_pass(output):
            self._sleep(pause(attempt, None, datetime.now(timezone.utc), random.random()))
            attempt += 1
        return output

    def failed(
        self, output: Output, doing: str, needs: Sequence[Need] = (), remedy: Callable[[], str] | None = None
    ) -> errors.InfluxctlError:
        """Return the error of a run that failed or took too long: `Can't {doing}: ...`.

        `needs` are what the command takes of influxctl's versions. `remedy` gives what else may help: a sentence that
        begins with a blank, or an empty text.
        """

        def sentence() -> str:
            return self.lacks(needs, output.text()) or (remedy() if remedy else "") or self._remedy(output)

        return self.runner.failed(output, doing, self.secrets, sentence)

    def version(self) -> Version | None:
        """Return the program's version, None where it can't be read. The program is asked once."""
        if not self._version_asked:
            self._version_asked = True
            with contextlib.suppress(errors.InfluxctlError):
                self._version = version_in(self.runner.run(["version"], min(self._timeout, _VERSION_TIMEOUT)))
        return self._version

    def lacks(self, needs: Sequence[Need], text: str) -> str:
        """Return the sentence about the version that a command needs, where this one is older; empty otherwise.

        `text` is what the program printed. Where the version can't be read, these words tell whether the program knows
        the command.
        """
        version = self.version() if needs else None
        for since, what in needs:
            if version < since if version else _UNKNOWN.search(text):
                number = f" It is version {version_text(version)};" if version else ""
                return f"{number} {what} need influxctl {version_text(since)} or newer."
        return ""

    def _remedy(self, output: Output) -> str:
        version = self.version()
        if version is not None and version < _INSECURE_SINCE and "insecure" in output.stderr:
            return (
                f" It is version {version_text(version)}; validate_certs: false (tls.insecure) needs influxctl 2.8.0 or"
                " newer."
            )
        return (
            " Check the profile: config_path, profile, host, port, mgmt_token and tls; or what stands in its place:"
            " host, port, management_token, ca_path."
        )
