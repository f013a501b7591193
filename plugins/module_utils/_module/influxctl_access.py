# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access to a cluster by influxctl, with an existing profile or a private temporary one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from .._core.connection import Connection, limits
from .._core.signals import orderly_end
from .._core.stated import CLUSTERED
from .._influxctl.client import Client
from .connect import CONNECTION_OPTIONS, connection_of, profile_of

# Imported where it is needed otherwise, because Python compiles a module's files anew for every task.
if TYPE_CHECKING:
    from .._influxctl.lists import Lists

# With these options alone, influxctl uses an existing profile: they name it, or say how long to wait.
_NO_CONNECTION = ("config_path", "profile", "timeout", "retries")


class Access(NamedTuple):
    """influxctl with a profile: the client that runs it, the product, and the token with which it authenticates.

    `own_token` is None for a profile with another kind of authentication.
    """

    client: Client
    product: str
    own_token: str | None


@contextmanager
def influxctl_access(
    module: AnsibleModule,
    connection: Connection | None = None,
    longest: float | None = None,
    *,
    guarded: bool = True,
) -> Iterator[Access]:
    """Give access to the cluster by influxctl, with an existing profile or a private temporary one.

    `connection` is that of the module, where the caller has resolved it already. `longest` is the most seconds that a
    run may take; with it, nothing is tried again. With `guarded`, signals that end the module also end influxctl and
    remove the temporary config; a caller that handles these signals itself passes False. Raises InfluxctlError where
    there is no program, ProfileError, and OptionError for a connection that influxctl can't be given.
    """
    params: Mapping[str, Any] = module.params
    timeout, retries = limits(params)
    ending = orderly_end() if guarded else nullcontext()
    if longest is not None:
        timeout, retries = min(timeout, longest), 0
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
        with ending:
            yield Access(
                client(path, params["profile"]), str(profile.get("product", CLUSTERED)), profile.get("mgmt_token")
            )
        return
    from .._tokens.influxctl_config import private_config

    connection = connection or connection_of(module)
    with ending, private_config(connection, module.tmpdir) as path:
        yield Access(client(path, None), connection.product, connection.token)


@contextmanager
def influxctl_lists(
    module: AnsibleModule,
    connection: Connection | None = None,
    longest: float | None = None,
    *,
    guarded: bool = True,
) -> Iterator[Lists]:
    """Give access to the lists of influxctl. Arguments and errors are those of `influxctl_access`."""
    from .._influxctl.lists import Lists

    with ExitStack() as stack:  # pylint takes a plain `with` here for one that isn't left
        access = stack.enter_context(influxctl_access(module, connection, longest, guarded=guarded))
        yield Lists(access.client, access.product)
