# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access to a cluster's management tokens by influxctl.

Not in `influxctl_access.py`: Ansible sends along what a module may import, and most modules need no management tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .._influxctl.influxctl import Influxctl
from .._tokens.mgmt_tokens import InfluxctlTokens
from .influxctl_access import influxctl_access


@contextmanager
def influxctl_tokens(module: AnsibleModule) -> Iterator[InfluxctlTokens]:
    """Give access to the management tokens. Raises as `influxctl_access` does."""
    params: Mapping[str, Any] = module.params
    with ExitStack() as stack:  # pylint takes a plain `with` here for one that isn't left
        access = stack.enter_context(influxctl_access(module))
        yield InfluxctlTokens(
            Influxctl(access.client),
            access.own_token,
            bool(params.get("allow_self_revoke")),
            params.get("concurrency", 1),
        )
