# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access to a cluster by influxctl, with an existing profile or a private temporary one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from .._core.connection import CLUSTERED, limits
from .._core.signals import orderly_end
from .._influxctl.client import Client
from .._influxctl.influxctl import Influxctl
from .._influxctl.lists import Lists
from .._influxctl.program import find_influxctl
from .._tokens.influxctl_config import private_config
from .._tokens.mgmt_tokens import InfluxctlTokens
from .connect import CONNECTION_OPTIONS, connection_of, profile_of

# With these options alone, influxctl uses an existing profile: they name it, or say how long to wait.
_NO_CONNECTION = ("config_path", "profile", "timeout", "retries")


class Access(NamedTuple):
    """influxctl with a profile: the client that runs it, the product, and the token with which it authenticates."""

    client: Client
    product: str
    own_token: str | None


@contextmanager
def influxctl_access(module: AnsibleModule) -> Iterator[Access]:
    """Give access to the cluster by influxctl, with an existing profile or a private temporary one.

    Signals that end the module also end influxctl, and remove the temporary config.
    """
    params: Mapping[str, Any] = module.params
    timeout, retries = limits(params)
    own_connection = any(params[name] is not None for name in CONNECTION_OPTIONS if name not in _NO_CONNECTION)

    def client(config_path: str, profile: str | None) -> Client:
        return Client(
            params["influxctl_path"],
            config_path,
            profile,
            timeout=timeout,
            retries=retries,
            secrets=module.no_log_values,
        )

    if not own_connection:
        path, profile = profile_of(module)
        with orderly_end():
            yield Access(
                client(path, params["profile"]), str(profile.get("product", CLUSTERED)), profile.get("mgmt_token")
            )
        return
    connection = connection_of(module)
    with orderly_end(), private_config(connection, module.tmpdir) as path:
        yield Access(client(path, None), connection.product, connection.token)


@contextmanager
def influxctl_tokens(module: AnsibleModule) -> Iterator[InfluxctlTokens]:
    """Give access to the management tokens."""
    params: Mapping[str, Any] = module.params
    with influxctl_access(module) as access:
        yield InfluxctlTokens(
            Influxctl(access.client),
            access.own_token,
            bool(params.get("allow_self_revoke")),
            params.get("concurrency", 1),
        )


@contextmanager
def influxctl_lists(module: AnsibleModule) -> Iterator[Lists]:
    """Give access to what influxctl lists."""
    with influxctl_access(module) as access:
        yield Lists(access.client, access.product)


def influxctl_at_hand(module: AnsibleModule) -> bool:
    """Return whether there is an influxctl that can be run, where the module runs."""
    return find_influxctl(module.params["influxctl_path"], os.environ) is not None
