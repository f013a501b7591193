# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one `Connection` of options, environment and influxctl profile. Pure: reads no file and opens no socket.

The environment's values arrive as options, because Ansible fills an option that isn't given from its fallback. So the
precedence option > environment > profile is the order of the two mappings here. An empty text is nowhere a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .addresses import parse_host
from .credentials import secret_problem
from .errors import OptionError
from .stated import CLUSTERED, DEDICATED, PRODUCTS, stated_values

# InfluxData's own clients send this as account and as cluster of a Clustered installation (facts.md#url-forms).
CLUSTERED_ID = "11111111-1111-1111-1111-111111111111"
DEDICATED_HOST = "console.influxdata.com"

_PROFILE_TEXTS = ("product", "host", "mgmt_token", "account_id", "cluster_id")
_TLS_TEXTS = ("ca", "cert", "key")
_TLS_SWITCHES = ("insecure", "disable")
# An ID is a segment in the path of every request in the long form, so it must not mean another directory.
_ID = re.compile(r"[A-Za-z0-9._~-]{1,128}", re.ASCII)
_PORT = re.compile(r"\d{1,9}", re.ASCII)
_TIMEOUT = 60.0
_RETRIES = 4
# Seconds. The functions that wait for an answer take no number of any size, and nobody waits longer than a day.
_LONGEST_TIMEOUT = 86_400.0


@dataclass(frozen=True)
class Connection:
    """The address of the Management API, and the credentials for it.

    `base_url` is scheme, authority and path prefix, without `/api/v0`. `verify` is True (default CAs), False, or the
    path of a CA bundle. `timeout` is in seconds per request, `retries` counts further attempts after the first.
    """

    product: str
    base_url: str
    token: str = field(repr=False)
    account_id: str | None
    cluster_id: str | None
    verify: bool | str
    client_cert: str | tuple[str, str] | None
    timeout: float
    retries: int


def from_profile(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the connection options that an influxctl profile of the right types states (facts.md#profile-keys).

    A Dedicated profile's `host` and `port` are those of the data plane; the Management API isn't there.
    """
    profile = stated_values(profile)
    tls = stated_values(profile.get("tls") or {})
    dedicated = profile.get("product") == DEDICATED
    host, port = (None, None) if dedicated else (profile.get("host"), profile.get("port"))
    return {
        "product": profile.get("product"),
        "host": f"http://{host}" if host and tls.get("disable") and "://" not in host else host,
        "port": int(port) if port is not None else None,
        "management_token": profile.get("mgmt_token"),
        "account_id": profile.get("account_id"),
        "cluster_id": profile.get("cluster_id"),
        "validate_certs": False if tls.get("insecure") else None,
        "ca_path": tls.get("ca"),
        "client_cert": tls.get("cert"),
        "client_key": tls.get("key"),
    }


def resolve(options: Mapping[str, Any], profile: Mapping[str, Any] | None = None) -> Connection:
    """Return the connection that the options describe, completed from an influxctl profile.

    `options` has the keys of the doc fragment `management_api`, None where nothing was given. `profile` is one
    `[[profile]]` table as plain data. Raises OptionError, which names all missing and wrong values at once.
    """
    problems = _mistyped(stated_values(profile or {}))
    if problems:
        raise OptionError("The connection is incomplete or wrong: " + "; ".join(problems) + ".")
    options = stated_values(options)
    stated = stated_values(from_profile(profile or {}))
    merged = {**stated, **options}
    product = merged.get("product", CLUSTERED)
    host = merged.get("host") or (DEDICATED_HOST if product == DEDICATED else None)

    problems = _missing(merged, product, host, _login(profile))
    for name in ("account_id", "cluster_id"):
        if name in merged and not (_ID.fullmatch(merged[name]) and merged[name].strip(".")):
            problems.append(f"{name} is no ID: it may hold letters, digits and -._~ only, and not dots alone")
    base_url = ""
    if host:
        try:
            base_url = parse_host(host, merged.get("port"))
        except ValueError as error:
            problems.append(str(error))
    if merged.get("client_key") and not merged.get("client_cert"):
        problems.append("client_key needs client_cert")
    problems += _unlimited(options)
    if problems:
        raise OptionError("The connection is incomplete or wrong: " + "; ".join(problems) + ".")

    # Whoever names a CA wants it checked, whatever the profile says.
    validate = options.get("validate_certs", "ca_path" in options or stated.get("validate_certs"))
    certificate = merged.get("client_cert")
    key = merged.get("client_key")
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


def limits(options: Mapping[str, Any]) -> tuple[float, int]:
    """Return `timeout` (seconds for one attempt) and `retries` (further attempts), stated or by default.

    Raises OptionError.
    """
    options = stated_values(options)
    problems = _unlimited(options)
    if problems:
        raise OptionError("; ".join(problems) + ".")
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


def _mistyped(profile: Mapping[str, Any]) -> list[str]:
    """Return a phrase for each key of a profile whose value isn't of its type (facts.md#profile-keys)."""
    tls = profile.get("tls", {})
    if not isinstance(tls, dict):
        return ["tls in the influxctl profile is no table"]
    tls = stated_values(tls)
    wrong = [name for name in _PROFILE_TEXTS if not isinstance(profile.get(name, ""), str)]
    wrong += [f"tls.{name}" for name in _TLS_TEXTS if not isinstance(tls.get(name, ""), str)]
    problems = [f"{name} in the influxctl profile is no text" for name in wrong]
    for name in _TLS_SWITCHES:
        if not isinstance(tls.get(name, False), bool):
            problems.append(f"tls.{name} in the influxctl profile is neither true nor false")
    if not _PORT.fullmatch(str(profile.get("port", 0))):
        problems.append("port in the influxctl profile is no number")
    return problems


def _login(profile: Mapping[str, Any] | None) -> str:
    """Return the reason why a profile that influxctl can use has no token for our requests; empty without a profile."""
    if profile is None:
        return ""
    auth = profile.get("auth")
    if isinstance(auth, dict) and auth.get("oauth2"):
        how = "authenticates by a login (auth.oauth2)"
    else:
        how = "names no way to authenticate, so that influxctl would ask for a login"
    return (
        f"; the influxctl profile {profile.get('name', '')!r} {how}, and a login is something that only influxctl can"
        " do: make a management token with it (influxctl management create)"
    )


def _missing(merged: Mapping[str, Any], product: str, host: str | None, login: str) -> list[str]:
    """Return a phrase for each value that the connection lacks. `login` is added to the phrase about the token."""
    problems = []
    if product not in PRODUCTS:
        problems.append(f"product {product!r} is neither clustered nor dedicated")
    if not host:
        problems.append("host is missing (option host, INFLUXDB3_HOST, or host in the influxctl profile)")
    if not merged.get("management_token"):
        problems.append(
            "management_token is missing (option management_token, INFLUXDB3_MANAGEMENT_TOKEN, or mgmt_token or"
            f" auth.token.token_file in the influxctl profile){login}"
        )
    elif problem := secret_problem(merged["management_token"]):
        problems.append(f"management_token {problem}")
    both = {"account_id", "cluster_id"}
    lacking = sorted(name for name in both if not merged.get(name))
    if lacking and (product == DEDICATED or len(lacking) == 1):
        for name in lacking:
            problems.append(f"{name} is missing (option {name}, INFLUXDB3_{name.upper()}, or the influxctl profile)")
    return problems


def token_file_of(profile: Mapping[str, Any]) -> str | None:
    """Return the file from which influxctl takes a profile's token, None without one (facts.md#profile-keys).

    A `mgmt_token` in the profile goes first. Raises OptionError for a relative path, because it begins in the directory
    in which influxctl is run.
    """
    auth = profile.get("auth")
    token = auth.get("token") if isinstance(auth, dict) else None
    path = token.get("token_file") if isinstance(token, dict) else None
    if profile.get("mgmt_token") or not path or not isinstance(path, str):
        return None
    if not path.startswith(("/", "~")):
        raise OptionError(
            f"auth.token.token_file in the influxctl profile {profile.get('name', '')!r} is the relative path {path!r},"
            " and where it begins depends on where influxctl is run: make it absolute, or give management_token."
        )
    return path


def token_in(content: bytes) -> str:
    """Return the token that a `token_file` holds: the text itself, without the line end that an editor leaves.

    InfluxData calls the file `token.json` and doesn't document its content, so a JSON object with an `access_token` is
    read as well. Raises ValueError, whose text holds nothing of the content.
    """
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise ValueError("holds more than a token: a character outside ASCII") from None
    text = text.rstrip("\r\n")
    if text.lstrip().startswith("{"):
        try:
            token = json.loads(text)["access_token"]
        except (ValueError, RecursionError, KeyError):
            token = None
        if not isinstance(token, str):
            raise ValueError("is JSON without an access_token")
        text = token
    problem = secret_problem(text)
    if problem:
        raise ValueError(problem)
    return text
