# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access to the management tokens by influxctl, with an existing profile or a private temporary one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .._core.connection import limits
from .._core.signals import orderly_end
from .._influxctl.influxctl import Influxctl
from .._tokens.influxctl_config import private_config
from .._tokens.mgmt_tokens import InfluxctlTokens
from .connect import CONNECTION_OPTIONS, connection_of, profile_of

# With these options alone, influxctl uses an existing profile: they name it, or say how long to wait.
_NO_CONNECTION = ("config_path", "profile", "timeout", "retries")


@contextmanager
def influxctl_tokens(module: AnsibleModule) -> Iterator[InfluxctlTokens]:
    """Give access to the management tokens, with an existing profile or a private temporary one.

    Signals that end the module also end influxctl, and remove the temporary config.
    """
    params: Mapping[str, Any] = module.params
    timeout, retries = limits(params)
    own_connection = any(params[name] is not None for name in CONNECTION_OPTIONS if name not in _NO_CONNECTION)
    allow_self_revoke, concurrency = bool(params.get("allow_self_revoke")), params.get("concurrency", 1)

    def driver(config_path: str, profile: str | None, own_token: str | None) -> InfluxctlTokens:
        program = Influxctl(
            params["influxctl_path"],
            config_path,
            profile,
            timeout=timeout,
            retries=retries,
            secrets=module.no_log_values,
        )
        return InfluxctlTokens(program, own_token, allow_self_revoke, concurrency)

    if not own_connection:
        path, profile = profile_of(module)
        with orderly_end():
            yield driver(path, params["profile"], profile.get("mgmt_token"))
        return
    connection = connection_of(module)
    with orderly_end(), private_config(connection, module.tmpdir) as path:
        yield driver(path, None, connection.token)
