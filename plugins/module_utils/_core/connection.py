# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one `Connection` of options, environment and influxctl profile. Pure: reads no file and opens no socket.

The environment's values arrive as options, because Ansible fills an option that isn't given from its fallback. So the
precedence option > environment > profile is the order of the two mappings here. An empty text is nowhere a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import errors
from .addresses import parse_host
from .credentials import secret_problem
from .stated import CLUSTERED, DEDICATED, PRODUCTS, stated_values

# InfluxData's own clients send this as account and as cluster of a Clustered installation (facts.md#url-forms).
CLUSTERED_ID = "11111111-1111-1111-1111-111111111111"
DEDICATED_HOST = "console.influxdata.com"

# An ID is a segment in the path of every request in the long form, so it must not mean another directory.
_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}", re.ASCII)
_TIMEOUT = 60.0
_RETRIES = 4
# Seconds. The functions that wait for an answer take no number of any size, and nobody waits longer than a day.
_LONGEST_TIMEOUT = 86_400.0


class Connection(NamedTuple):
    """The address of the Management API, and the credentials for it.

    `base_url` is scheme, authority and path prefix, without `/api/v0`. `verify` is True (default CAs), False, or the
    path of a CA bundle. `timeout` is in seconds per request, `retries` counts further attempts after the first.
    """

    product: str
    base_url: str
    token: str
    account_id: str | None
    cluster_id: str | None
    verify: bool | str
    client_cert: str | tuple[str, str] | None
    timeout: float
    retries: int

    def __repr__(self) -> str:
        return f"Connection({self.base_url!r})"  # without the token


def resolve(options: Mapping[str, Any], profile: Mapping[str, Any] | None = None) -> Connection:
    """Return the connection that the options describe, completed from an influxctl profile.

    `options` has the keys of the doc fragment `management_api`, None where nothing was given. `profile` is one
    `[[profile]]` table as plain data. Raises OptionError, which names all missing and wrong values at once.
    """
    stated, no_login = {}, ""
    if profile is not None:
        # Imported only for a profile, because Python compiles a module's files anew for every task.
        from .connection_profile import from_profile, missing_login, mistyped

        _raise_if_any(mistyped(stated_values(profile)))
        stated, no_login = stated_values(from_profile(profile)), missing_login(profile)
    options = stated_values(options)
    merged = {**stated, **options}
    product = merged.get("product", CLUSTERED)
    host = merged.get("host") or (DEDICATED_HOST if product == DEDICATED else None)
    problems = _missing(merged, product, host, no_login) + _wrong_ids(merged)
    base_url = ""
    try:
        base_url = parse_host(host, merged.get("port")) if host else ""
    except ValueError as error:
        problems.append(str(error))
    certificate, key = merged.get("client_cert"), merged.get("client_key")
    if key and not certificate:
        problems.append("client_key needs client_cert")
    _raise_if_any(problems + _unlimited(options))

    # Whoever names a CA wants it checked, whatever the profile says.
    validate = options.get("validate_certs", "ca_path" in options or stated.get("validate_certs"))
    timeout, retries = limits(options)
    return Connection(
        product=product,
        base_url=base_url,
        token=merged["management_token"],
        account_id=merged.get("account_id"),
        cluster_id=merged.get("cluster_id"),
        verify=False if validate is False else merged.get("ca_path", True),
        client_cert=(certificate, key) if certificate and key else certificate,
        timeout=timeout,
        retries=retries,
    )


def _raise_if_any(problems: list[str]) -> None:
    if problems:
        raise errors.OptionError("The connection is incomplete or wrong: " + "; ".join(problems) + ".")


def _wrong_ids(merged: Mapping[str, Any]) -> list[str]:
    """Return a phrase for each ID that could change the path of a URL."""
    return [
        f"{name} is no ID: it may hold letters, digits and -._~ only, and not dots alone"
        for name in ("account_id", "cluster_id")
        if name in merged and not (_ID.fullmatch(merged[name]) and merged[name].strip("."))
    ]


def limits(options: Mapping[str, Any]) -> tuple[float, int]:
    """Return `timeout` (seconds for one attempt) and `retries` (further attempts), stated or by default.

    Raises OptionError.
    """
    options = stated_values(options)
    problems = _unlimited(options)
    if problems:
        raise errors.OptionError("; ".join(problems) + ".")
    timeout, retries = options.get("timeout"), options.get("retries")
    return _TIMEOUT if timeout is None else timeout, _RETRIES if retries is None else retries


def _unlimited(options: Mapping[str, Any]) -> list[str]:
    """Return a phrase for each of `timeout` and `retries` that is out of its bounds."""
    timeout, retries = options.get("timeout"), options.get("retries")
    problems = []
    if timeout is not None and not 0 < timeout <= _LONGEST_TIMEOUT:
        problems.append(f"timeout must be more than 0 and at most {_LONGEST_TIMEOUT:.0f} seconds")
    if retries is not None and retries < 0:
        problems.append("retries must be 0 or more")
    return problems


def _missing(merged: Mapping[str, Any], product: str, host: str | None, no_login: str) -> list[str]:
    """Return a phrase for each value that the connection lacks. `no_login` is added to the phrase about the token."""
    problems = []
    if product not in PRODUCTS:
        problems.append(f"product {product!r} is neither clustered nor dedicated")
    if not host:
        problems.append("host is missing (option host, INFLUXDB3_HOST, or host in the influxctl profile)")
    if not merged.get("management_token"):
        problems.append(
            "management_token is missing (option management_token, INFLUXDB3_MANAGEMENT_TOKEN, or mgmt_token or"
            f" auth.token.token_file in the influxctl profile){no_login}"
        )
    elif problem := secret_problem(merged["management_token"]):
        problems.append(f"management_token {problem}")
    both = {"account_id", "cluster_id"}
    lacking = sorted(name for name in both if not merged.get(name))
    if lacking and (product == DEDICATED or len(lacking) == 1):
        for name in lacking:
            problems.append(f"{name} is missing (option {name}, INFLUXDB3_{name.upper()}, or the influxctl profile)")
    return problems
