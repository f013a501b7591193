# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves a profile: influxctl must list the databases with it. Knows nothing of where the config file lies, or why."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Collection, Iterator
from typing import Callable

from .._core import errors, printing
from .runner import Output, Runner, find_program
from .trials import NotProved, Trials

_COMMAND = ("database", "list")
# What influxctl quotes of a config: the value of a key up to the end of the line, because what can't be parsed has its
# quotation marks in the wrong places; and lines that are comments, which may have the number of the line before them.
_VALUE = re.compile(r"""=[^\S\n]*["'][^\n]*""")
_COMMENT = re.compile(r"^[\s\d|>]*#[^\n]*", re.MULTILINE)
# Words of influxctl and of gRPC by which a failure gets its remedy (facts.md#how-it-speaks).
_CERTIFICATE = re.compile(r"x509|certificate", re.IGNORECASE)
_TLS = re.compile(rf"{_CERTIFICATE.pattern}|handshake|\btls\b", re.IGNORECASE)
_CONFIG = re.compile(r"config file|\btoml:", re.IGNORECASE)
_AWAY = re.compile(r"Unavailable|DeadlineExceeded|\bdial\b|no such host|connection|\bEOF\b|address", re.IGNORECASE)


def check_program(how: Trials) -> None:
    """Raise NotProved (code `influxctl_missing`) where there is no program that can be run."""
    with _as_not_proved():
        find_program(how.program)


@contextlib.contextmanager
def _as_not_proved() -> Iterator[None]:
    """Turn the error of a program that isn't there, or can't be run, into NotProved with the same code."""
    try:
        yield
    except errors.InfluxctlError as error:
        raise NotProved(
            f"{error} The profile can't be proved without it; the role influxops.influxdb3.influxctl installs it.",
            code=error.code,
        ) from None


def prove(
    how: Trials,
    config_path: str,
    profile: str,
    secrets: Collection[str],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Raise NotProved unless influxctl works with the profile of the config; what it printed is in the error, masked.

    A new token may take a while to become active, and a network to come back, so a trial that fails is repeated. A
    trial isn't repeated where the program used up its time, printed without end, or found the server's certificate
    wrong. Where the program can't be run, NotProved has the code of that error, such as `influxctl_missing`.
    """
    trial = 1
    with _as_not_proved():
        runner = Runner(how.program, config_path, profile, how.timeout)
        while (output := runner.run(_COMMAND)).code != 0 and trial <= how.retries and _may_pass(output):
            sleep(how.delay)
            trial += 1
    if output.code == 0:
        return
    shown = output._replace(stdout=without_values(output.stdout), stderr=without_values(output.stderr))
    problem = runner.failed(shown, "list the databases with it", secrets, str)
    times = f" after {trial} trials" if trial > 1 else ""
    raise NotProved(f"influxctl does not work with the profile {profile!r}{times}. {problem} {_remedy(output)}")


def without_values(text: str) -> str:
    """Return what influxctl printed, without the values and comments of the config that it quotes."""
    return _COMMENT.sub(f"# {printing.MASK}", _VALUE.sub(f"= {printing.MASK}", text))


def _may_pass(output: Output) -> bool:
    """Return whether a failure may be over at the next trial."""
    return output.code is not None and not _CERTIFICATE.search(output.text())


def _remedy(output: Output) -> str:
    """Return what to check on the host, by the words of influxctl; all of it where they say nothing."""
    text = output.text()
    if output.endless:
        return "Check that influxctl_path is influxctl."
    if _CONFIG.search(text):
        return "Check the config file, in which influxctl refuses each key that it doesn't know, in any profile."
    if _TLS.search(text):
        return "Check the profile's tls: ca must hold the CA of the server's certificate, and host be a name in it."
    if output.is_forbidden():
        return "Check that mgmt_token is a token of this cluster, and neither expired nor revoked."
    if output.code is None or _AWAY.search(text):
        return "Check that this machine reaches the profile's host and port, and a proxy between them."
    return "Check the profile's host, port, tls.ca and mgmt_token."
