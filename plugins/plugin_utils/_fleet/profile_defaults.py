# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completes the hosts' profile from the connection, so that users state a cluster once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ...module_utils._core.addresses import parse_host
from ...module_utils._core.stated import CLUSTERED, DEDICATED, stated_values


def complete_profile(profile: Mapping[str, Any], connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return a profile's keys, with those added that are not stated and that follow from the connection.

    `profile` and `connection` have the options of the role's `mgmt_token_profile` and `mgmt_token_connection`. Of a
    Clustered connection the profile takes `product`, `host` and `port`, as influxctl wants them: the host without its
    scheme, and the port as a number; and `tls.disable` where the URL says `http`. Of a Dedicated one it takes
    `product`, `account_id` and `cluster_id`, because the host of the Management API is not that of the data plane
    (facts.md#profile-keys). Nothing is added where the product is not known, as with a connection that is an influxctl
    profile, or where the profile states another product. Raises ValueError, whose text shows no secret.
    """
    stated, reached = stated_values(profile), stated_values(connection)
    product = reached.get("product") or (CLUSTERED if "host" in reached and not _is_a_profile(reached) else None)
    if product is None or stated.get("product", product) != product:
        return dict(profile)
    added: dict[str, Any] = {"product": product}
    if product == DEDICATED:
        added |= {key: reached[key] for key in ("account_id", "cluster_id") if key in reached}
    elif "host" in reached:
        added |= _address(reached, is_host_stated="host" in stated)
    tls = {**added.get("tls", {}), **stated.get("tls", {})}
    return {**profile, **added, **stated, **({"tls": tls} if tls else {})}


def _is_a_profile(connection: Mapping[str, Any]) -> bool:
    return "config_path" in connection or "profile" in connection


def _address(connection: Mapping[str, Any], *, is_host_stated: bool) -> dict[str, Any]:
    """Return `host`, `port` and `tls` of a Clustered connection; of a host that is stated, only a stated port."""
    try:
        number = int(connection["port"]) if "port" in connection else None
        url = urlsplit(parse_host(str(connection["host"]), number))
    except ValueError as error:
        raise ValueError(f"mgmt_token_connection: {error}") from None
    if is_host_stated:
        return {"port": url.port} if url.port else {}
    if url.path:
        raise ValueError(
            f"mgmt_token_connection: host has the path {url.path}, and influxctl has no place for one. State the host"
            " that the fleet's influxctl connects to in mgmt_token_profile."
        )
    is_plain = url.scheme == "http"
    address = {"host": url.hostname, "port": url.port or (80 if is_plain else 443)}
    return {**address, "tls": {"disable": True}} if is_plain else address
