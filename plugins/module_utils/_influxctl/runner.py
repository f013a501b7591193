# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs influxctl, bounded in time and in output, and says why a run failed.

It is the collection's only code that starts a process. It is apart from influxctl.py, so that a module which only
proves a profile carries no code about tokens to each host.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from typing import Callable, NamedTuple

from .._core import errors
from .._core.masking import without_colours
from .._core.signals import held_back
from .process import MOST, Process, TooMuchOutput
from .program import DIRECTORIES, NAME, find_influxctl

# How gRPC and HTTP say that a credential may not do this (facts.md#how-it-speaks).
_FORBIDDEN = re.compile(r"Unauthenticated|PermissionDenied|\b40[13]\b|unauthorized|forbidden", re.IGNORECASE)
# Seconds for a program that was killed to let go of its output.
_GRACE = 5.0
_NEEDS_LOGIN = re.compile(
    r"browser|user_code|device (?:code|flow|login)|to log ?in|log ?in (?:at|to|with)|authoriz(?:e|ation) (?:url|code)",
    re.IGNORECASE,
)
_LOGIN = (
    " It seems to wait for a login in a browser, which nobody can do here: give it a management token"
    " (management_token, or mgmt_token in the profile)."
)
_MISSING = (
    "The program influxctl was not found{where}. Install it on the machine where this module runs, or set"
    " influxctl_path to it."
)


class Output(NamedTuple):
    """What a run of the program left behind. `code` is None where the runner has killed the program.

    It does so when the time is up, or when the program prints more than it may. The latter is `endless`, and the
    streams are then only the beginnings. Where the program itself had ended, and only a process that it had started
    kept running, `code` is the program's.
    """

    code: int | None
    stdout: str
    stderr: str
    endless: bool = False

    def text(self) -> str:
        """Return the text of both streams; of a long one the beginning and the end, so that a search stays fast."""
        texts = (self.stderr, self.stdout)
        return "\n".join(
            text if len(text) <= errors.LONGEST else f"{text[: errors.LONGEST]}\n{text[-errors.LONGEST :]}"
            for text in texts
        )

    def is_forbidden(self) -> bool:
        """Return whether influxctl says that its credential may not do this."""
        return bool(_FORBIDDEN.search(self.text()))


class Runner:
    """The program with one profile of one config file; several threads may run it at the same time.

    `timeout` is in seconds for each run, and ends the whole process group. Raises InfluxctlError where there is no
    program that can be run.
    """

    def __init__(self, program: str | None, config_path: str, profile: str | None, timeout: float) -> None:
        self._program = find_program(program)
        self._global = ["--config", config_path, *(["--profile", profile] if profile else [])]
        self._timeout = timeout
        self._running: set[Process] = set()
        self._stopped = False

    def run(self, arguments: Sequence[str], timeout: float | None = None) -> Output:
        """Run the program once. `timeout` is in seconds. Raises InfluxctlError where it can't be run at all."""
        process: Process | None = None
        try:
            with held_back():
                process = self._start(arguments)
                self._running.add(process)
            if self._stopped:
                _kill(process)
            return self._finished(process, timeout or self._timeout)
        except BaseException:
            if process is not None:
                _end(process)
            raise
        finally:
            self._running.discard(process)

    def _start(self, arguments: Sequence[str]) -> Process:
        try:
            # In UTF-8 whatever the locale is, because that is what influxctl reads.
            command = [text.encode("utf-8", "surrogateescape") for text in (self._program, *self._global, *arguments)]
            # Not run_command: it knows no timeout, and a process that it has begun outlives the module.
            return Process(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=clean_environment(os.environ),
                start_new_session=True,
            )
        except OSError as error:
            raise errors.InfluxctlError(f"{self._program} can't be run: {error.strerror}.") from None
        except ValueError as error:
            raise errors.InfluxctlError(f"{self._program} can't be run with such an argument: {error}.") from None

    @staticmethod
    def _finished(process: Process, timeout: float) -> Output:
        """Return what the program leaves behind, and end it where it takes too long or prints too much."""
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            return _end(process)
        except TooMuchOutput as much:
            _kill(process)
            process.wait()
            process.let_go()
            return _output(None, much.stdout, much.stderr)._replace(endless=True)
        return _output(process.returncode, stdout, stderr)

    def stop(self) -> None:
        """End all that runs and all that is about to."""
        self._stopped = True
        for process in list(self._running):
            _kill(process)

    def failed(
        self, output: Output, doing: str, secrets: Iterable[str], remedy: Callable[[], str]
    ) -> errors.InfluxctlError:
        """Return the error of a run that failed or took too long: `Can't {doing}: ...`.

        `remedy` gives a sentence, which begins with a blank, for a program that ended by itself and wants no login.
        """
        quote = quote_end(output.stderr or output.stdout, secrets)
        login = _LOGIN if _NEEDS_LOGIN.search(output.text()) else ""
        if output.endless:
            return errors.InfluxctlError(
                f"Can't {doing}: influxctl printed more than {MOST // 1_000_000} MB and was ended. Run it by hand with"
                f" the same profile to see what it prints.{quote}",
                code="bad_answer",
            )
        if output.code is None:
            return errors.InfluxctlError(
                f"Can't {doing}: influxctl did not finish within {self._timeout:g} seconds and was"
                f" ended.{login}{quote}",
                code="influxctl_timeout",
            )
        return errors.InfluxctlError(
            f"Can't {doing}: influxctl failed with exit code {output.code}.{quote}{login or remedy()}"
        )


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for influxctl: ours without what would redirect it or tell it a secret."""
    return {name: value for name, value in environ.items() if not name.startswith(("INFLUXCTL_", "INFLUXDB3_"))}


def find_program(program: str | None) -> str:
    """Return the path of the program. Raises InfluxctlError, with what to do, where there is none that can be run."""
    found = find_influxctl(program, os.environ)
    if found is None:
        wanted = os.path.expanduser(program or NAME)
        if os.path.isfile(wanted):
            raise errors.InfluxctlError(f"{wanted} is not executable.", code="influxctl_missing")
        where = f" at {wanted}" if os.sep in wanted else f" on the PATH, in {' or '.join(DIRECTORIES)}"
        raise errors.InfluxctlError(_MISSING.format(where=where), code="influxctl_missing")
    return found


def quote_end(text: str, secrets: Iterable[str]) -> str:
    """Return the end of what the program printed, masked, as a sentence that begins with a blank; empty for nothing.

    The text is masked before it is cut to its last 500 characters, because a short piece of a secret can't be found.
    """
    words = " ".join(errors.quoted(text[-errors.LONGEST :], secrets).split())
    return f" It said: {words[-500:]!r}." if words else ""


def _kill(process: Process) -> None:
    """Kill the process and all that it started, without waiting for it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: Process) -> Output:
    """End the process and all that it started, and return what it had printed."""
    _kill(process)
    try:
        stdout, stderr = process.communicate(timeout=_GRACE)
    except (subprocess.TimeoutExpired, TooMuchOutput) as late:  # something left the group and keeps the pipes open
        stdout, stderr = late.stdout or b"", late.stderr or b""
        process.let_go()
    code = process.poll()
    return _output(None if code == -signal.SIGKILL else code, stdout, stderr)


def _output(code: int | None, stdout: bytes, stderr: bytes) -> Output:
    """Return what a run left behind as text, without colours and without the mark of its encoding."""
    out, err = (without_colours(stream.decode("utf-8-sig", "replace")) for stream in (stdout, stderr))
    return Output(code, out, err)
