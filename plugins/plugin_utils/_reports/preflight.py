# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the report of a preflight: a row for each check of the controller, the issuer and the hosts.

A row about a problem has its remedy. `Seen` is a result of the module preflight_info or preflight_host_info. The result
of a machine that gave no answer lacks `python`, and has a sentence in `msg`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ...module_utils._core.durations import parse_instant
from .expiring import soon_until
from .preflight_host import host_checks
from .preflight_lines import preflight_lines, preflight_stats
from .preflight_rows import (
    CHECKS,
    OLDEST_INFLUXCTL,
    PROBLEM,
    Row,
    Seen,
    dotted,
    machine_checks,
    no_influxctl,
    ok,
    problem,
    skipped,
    version_numbers,
)

CONTROLLER = "controller"
ALL = "all"
# The oldest Pythons of the controller and of another machine that issues tokens.
_OLDEST_CONTROLLER, _OLDEST_ISSUER = (3, 10), (3, 9)
# influxctl with tokens that end (facts.md#versions-of-influxctl).
_EXPIRY_SINCE = (2, 10, 0)
# The seconds by which two clocks may differ. The end of a token is computed from this machine's.
_SKEW = 60


class Plans(NamedTuple):
    """The statements of the roles' variables beside the connection.

    Attributes:
        problems: a sentence for each variable of the role mgmt_token that has to be put right.
        doubts: a sentence for each combination of them that hardly anybody means.
        expires: whether new management tokens end.
        has_requests: whether the controller has something to ask the Management API for.
    """

    problems: Sequence[str] = ()
    doubts: Sequence[str] = ()
    expires: bool = False
    has_requests: bool = True


def preflight(
    controller: Seen | None,
    issuer: Seen | None,
    hosts: Mapping[str, Seen | None],
    plans: Plans,
    issuer_name: str,
    now: datetime,
    expiring_within: str | int,
    fail_on: str | Sequence[str] = ALL,
    file: str | None = None,
) -> dict[str, Any]:
    """Return `rows`, `findings` (places by check), `failing`, `not_asked`, `table`, `brief`, `stats` and `files`.

    `controller`, `issuer` and each of `hosts` are None where the machine was not asked. `expiring_within` is a span of
    time such as `14d`. `failing` are the findings of the checks of `fail_on`, by default of all. `files` are for the
    action fleet_report: one with the report as JSON where a `file` is named. Raises ValueError for a span that can't be
    read, and for the name of a check that doesn't exist.
    """
    decisive = _checks(fail_on)
    soon = soon_until(now, expiring_within)
    rows = [*_variables(plans), *_controller_rows(controller, plans, now, soon)]
    if issuer is not None:
        # By default it is the controller, with the same Python.
        is_controller = issuer_name == "localhost" and controller is not None and "python" in controller
        rows += _issuer_rows(f"issuer {issuer_name}", issuer, plans, now, soon, is_controller=is_controller)
    asked = {host: seen for host, seen in hosts.items() if seen is not None}
    for host, seen in asked.items():
        rows += host_checks(host, seen)
    problems = [row for row in rows if row["state"] == PROBLEM]
    findings: dict[str, list[str]] = {}
    for row in problems:
        findings.setdefault(row["check"], []).append(row["where"])
    not_asked = sorted(set(hosts) - set(asked))
    report = {"rows": rows, "findings": findings, "not_asked": not_asked}
    content = json.dumps(report, indent=4, sort_keys=True) + "\n"
    return {
        **report,
        "files": [{"path": file, "content": content}] if file else [],
        "failing": {check: places for check, places in findings.items() if check in decisive},
        "table": preflight_lines(rows, rows, len(not_asked)),
        "brief": preflight_lines(problems, rows, 0),
        "stats": preflight_stats(rows, CHECKS),
    }


def _checks(fail_on: str | Sequence[str]) -> Sequence[str]:
    """Return the checks of `fail_on`: a list, or a text with commas, as `-e` on the command line gives it.

    Raises ValueError for a word that is no check.
    """
    words = [word.strip() for word in (fail_on.split(",") if isinstance(fail_on, str) else fail_on)]
    wrong = [word for word in words if word not in ("", ALL, *CHECKS)]
    if wrong:
        raise ValueError(f"fail_on: {wrong[0]!r} is no check. The checks are {', '.join(CHECKS)}, or {ALL}.")
    return CHECKS if ALL in words else words


def _controller_rows(controller: Seen | None, plans: Plans, now: datetime, soon: datetime) -> Iterator[Row]:
    if controller is None:
        return
    yield from machine_checks(CONTROLLER, controller, _OLDEST_CONTROLLER)
    if "python" in controller:
        yield from _api(controller, plans, now, soon)


def _issuer_rows(
    where: str, issuer: Seen, plans: Plans, now: datetime, soon: datetime, *, is_controller: bool
) -> Iterator[Row]:
    """Return the rows of the issuer, without those about the machine where it is the controller, which has them."""
    answered = "python" in issuer
    if not (is_controller and answered):
        yield from machine_checks(where, issuer, _OLDEST_ISSUER)
    if answered:
        yield from _issuer(where, issuer, plans, now, soon)


def _variables(plans: Plans) -> Iterator[Row]:
    """Return the rows of the checks `variables` and `renewal`."""
    for sentence in plans.problems:
        yield problem("variables", CONTROLLER, "can't be meant", sentence)
    if not plans.problems:
        yield ok("variables", CONTROLLER, "as the role mgmt_token takes them")
    if plans.doubts:
        yield problem(
            "renewal", CONTROLLER, "new tokens end, and none is renewed", f"{' '.join(plans.doubts)} Set one of them."
        )
    else:
        yield ok("renewal", CONTROLLER, "stated" if plans.expires else "new tokens don't end")


def _api(controller: Seen, plans: Plans, now: datetime, soon: datetime) -> Iterator[Row]:
    """Return the rows of the checks `api`, `certificate`, `clock` and `token` on the controller."""
    api = controller["api"]
    code = api["failure"]["code"] if api and api["failure"] else None
    if api is None:
        yield skipped("api", CONTROLLER, "nothing that the controller would ask it for is stated")
    elif code == "missing_library":
        yield skipped("api", CONTROLLER, "a library is missing")
    elif not controller["is_stated"] and not plans.has_requests:
        yield skipped("api", CONTROLLER, "cluster_connection is not stated")
    elif code == "tls":
        yield problem("api", CONTROLLER, "TLS fails", "See the check certificate.")
        yield problem("certificate", CONTROLLER, "it is refused", api["problem"])
    else:
        yield from _answer(api, now, soon)


def _answer(api: Mapping[str, Any], now: datetime, soon: datetime) -> Iterator[Row]:
    """Return the rows about the answer of the Management API, or about its failure."""
    failure = api["failure"]
    status = failure["status"] if failure else None
    refused = status in (401, 403)
    if failure and not refused:
        yield problem("api", CONTROLLER, f"no list of databases ({status or failure['code']})", api["problem"])
    else:
        form = f", {api['url_form']} form of the URL" if api["url_form"] else ""
        yield ok("api", CONTROLLER, f"{api['url']}{form}")
    if api["clock_skew"] is not None or not failure:
        yield _clock(api["clock_skew"])
    if api["certificate_ends"] or not failure:
        yield _certificate(api, now, soon)
    if refused:
        yield problem("token", CONTROLLER, f"the API answers {status}", api["problem"])
    elif not failure:
        yield ok("token", CONTROLLER, "the API accepts it")


def _clock(skew: int | None) -> Row:
    if skew is None:
        return skipped("clock", CONTROLLER, "the server doesn't tell its time")
    if abs(skew) <= _SKEW:
        return ok("clock", CONTROLLER, "as the server's")
    return problem(
        "clock",
        CONTROLLER,
        f"{abs(skew)} seconds {'behind' if skew > 0 else 'ahead of'} the server's",
        "Have both machines take their time from the same source, such as NTP: when a token ends is computed here, and"
        " the server judges it.",
    )


def _certificate(api: Mapping[str, Any], now: datetime, soon: datetime) -> Row:
    if api["is_checked"] is None:
        return skipped("certificate", CONTROLLER, "plain HTTP has none")
    if not api["is_checked"]:
        return skipped("certificate", CONTROLLER, "validate_certs is false")
    if api["certificate_ends"] is None:
        return skipped("certificate", CONTROLLER, "its end can't be seen")
    found = _ends(api["certificate_ends"], now)
    if parse_instant(api["certificate_ends"]) > soon:
        return ok("certificate", CONTROLLER, found)
    return problem(
        "certificate",
        CONTROLLER,
        found,
        "Have the server's certificate renewed before that, or nothing reaches the cluster any more.",
    )


def _ends(instant: str, now: datetime) -> str:
    days = (parse_instant(instant) - now).days
    return f"ends {instant[:10]}, in {days} {'day' if days == 1 else 'days'}" if days >= 0 else f"ended {instant[:10]}"


def _issuer(where: str, issuer: Seen, plans: Plans, now: datetime, soon: datetime) -> Iterator[Row]:
    program = _issuers_influxctl(where, issuer["influxctl"], plans)
    yield program
    management = issuer["management"]
    if management is None or (program["state"] == PROBLEM and management["problem"]):
        return
    if management["problem"] and any(library["problem"] for library in issuer["libraries"]):
        yield skipped("token", where, "a library is missing")
        return
    if management["problem"]:
        yield problem("token", where, "influxctl can't list the management tokens", management["problem"])
    else:
        yield ok("token", where, "influxctl lists the management tokens")
        yield _expiry(where, management["own"], now, soon)
    yield _user(where, issuer["users"])


def _issuers_influxctl(where: str, program: Mapping[str, Any], plans: Plans) -> Row:
    version = version_numbers(program["version"])
    if program["problem"]:
        return no_influxctl(where, program["problem"], "mgmt_token_issuer_influxctl_path")
    if version and version < OLDEST_INFLUXCTL:
        return problem("influxctl", where, program["version"], _too_old(OLDEST_INFLUXCTL, "has management tokens"))
    if version and version < _EXPIRY_SINCE and plans.expires:
        return problem("influxctl", where, program["version"], _too_old(_EXPIRY_SINCE, "can make tokens that end"))
    return ok("influxctl", where, program["version"] or "its version can't be read")


def _user(where: str, users: Mapping[str, Any] | None) -> Row:
    """Return the row about the people who belong to the cluster (facts.md#a-user-by-a-login)."""
    if users is None:
        return skipped("user", where, "influxctl can't be asked")
    if users["problem"]:
        return skipped("user", where, "influxctl can't list the users; InfluxData wants one who has logged in")
    if users["number"]:
        return ok("user", where, f"{users['number']} {'user' if users['number'] == 1 else 'users'}")
    return problem(
        "user",
        where,
        "there is none",
        "InfluxData makes management tokens depend on a user who belongs to the cluster by a login: have one log in"
        " once, by influxctl database list with a profile that has auth.oauth2.",
    )


def _too_old(since: tuple[int, ...], what: str) -> str:
    return (
        f"influxctl {what} since {dotted(since)}. Install that or a newer one there, by hand or with the role"
        " influxops.influxdb3.influxctl."
    )


def _expiry(where: str, own: Sequence[Mapping[str, Any]], now: datetime, soon: datetime) -> Row:
    if len(own) != 1:
        many = "several management tokens begin like it" if own else "it is none of the management tokens"
        return skipped("expiry", where, many)
    (token,) = own
    remedy = (
        f"It is {token['id']}, which no playbook renews: make a new one (influxctl management create), and put it where"
        " this one is stated, such as a vault."
    )
    if token["revoked_at"]:
        return problem("expiry", where, f"revoked {token['revoked_at'][:10]}", remedy)
    if not token["expires_at"]:
        return ok("expiry", where, "never ends")
    found = _ends(token["expires_at"], now)
    return (
        ok("expiry", where, found)
        if parse_instant(token["expires_at"]) > soon
        else problem("expiry", where, found, remedy)
    )
