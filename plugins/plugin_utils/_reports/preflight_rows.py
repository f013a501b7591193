# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a preflight, and the checks that the controller, the issuer and the hosts have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = dict[str, Any]
Seen = Mapping[str, Any]

# All checks, in the order in which they are reported.
CHECKS = (
    *("variables", "renewal", "reach", "python", "library", "api", "certificate", "clock", "influxctl", "token"),
    *("expiry", "user", "file", "keys", "proof"),
)
# influxctl with `management`, and with mgmt_token in a profile (facts.md#versions-of-influxctl).
OLDEST_INFLUXCTL = (2, 6, 0)
OK, PROBLEM, SKIPPED = "ok", "problem", "not checked"


def ok(check: str, where: str, found: str) -> Row:
    """Return a row for a check without a problem; `found` is its finding in a few words."""
    return {"check": check, "where": where, "state": OK, "found": found, "remedy": None}


def problem(check: str, where: str, found: str, remedy: str) -> Row:
    """Return a row for a check with a problem; `remedy` says in sentences what to do."""
    return {"check": check, "where": where, "state": PROBLEM, "found": found, "remedy": remedy}


def skipped(check: str, where: str, found: str) -> Row:
    """Return a row for a check that is impossible or needless; `found` says why."""
    return {"check": check, "where": where, "state": SKIPPED, "found": found, "remedy": None}


def machine_checks(where: str, seen: Seen, oldest: tuple[int, int]) -> Iterator[Row]:
    """Return the rows about a machine itself: whether it answers, its Python, and its libraries."""
    if "python" not in seen:
        yield _silent(where, seen)
        return
    version = seen["python"]["version"]
    if version_numbers(version) < oldest:
        remedy = f"Install Python {dotted(oldest)} or newer there, and set ansible_python_interpreter to its path."
        yield problem("python", where, version, remedy)
    else:
        yield ok("python", where, version)
    for library in seen.get("libraries", ()):
        name = library["name"]
        if library["problem"]:
            yield problem("library", where, f"{name} can't be used", library["problem"])
        else:
            yield ok("library", where, name)


def _silent(where: str, seen: Seen) -> Row:
    """Return the row about a machine on which no module could run."""
    text = str(seen.get("msg") or "it gave no answer")
    if (seen.get("failure") or {}).get("code") == "old_python":
        return problem("python", where, "too old", text)
    if seen.get("unreachable"):
        return problem("reach", where, "unreachable", f"{text} Check how Ansible reaches it: ansible -m ping {where}.")
    return problem("reach", where, "no module runs there", text)


def no_influxctl(where: str, failure: str, variable: str) -> Row:
    """Return the row about a machine whose influxctl can't be run; `variable` names its path to the role mgmt_token."""
    remedy = f"{failure} The role influxops.influxdb3.influxctl installs it; {variable} names one that is elsewhere."
    return problem("influxctl", where, "there is none that can be run", remedy)


def dotted(numbers: Iterable[int]) -> str:
    """Return the text of a version, such as 2.10.0."""
    return ".".join(map(str, numbers))


def version_numbers(text: str | None) -> tuple[int, ...]:
    """Return the numbers of a version, such as (3, 13, 1); empty for none."""
    return tuple(int(number) for number in re.findall(r"\d{1,9}", text or "")[:3])
