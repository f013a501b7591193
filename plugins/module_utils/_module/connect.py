# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection of the modules that have one: its options, and the way from options, environment and profile to it."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleFallbackNotFound, AnsibleModule

from .._api.endpoints import ManagementApi
from .._api.proxies import logins_in
from .._core import errors, interface
from .._core.addresses import exposed, login_in, parse_host
from .._core.connection import Connection, resolve
from .._core.stated import PRODUCTS
from .entry import run as run_module


def _of_environment(name: str) -> str:
    """Return the value of an environment variable. Raises AnsibleFallbackNotFound where it isn't set, or is empty.

    AWX makes an empty variable of a blank field.
    """
    value = os.environ.get(name)
    if not value:
        raise AnsibleFallbackNotFound
    return value


def _from_environment(name: str) -> dict[str, Any]:
    return {"type": "str", "fallback": (_of_environment, [name])}


# No option has a default here: a profile may state a value that the user doesn't (connection.resolve fills the rest).
CONNECTION_OPTIONS: interface.Spec = {
    "product": {"type": "str", "choices": list(PRODUCTS)},
    "host": _from_environment("INFLUXDB3_HOST"),
    "port": {"type": "int"},
    "management_token": {**_from_environment("INFLUXDB3_MANAGEMENT_TOKEN"), "no_log": True},
    "account_id": _from_environment("INFLUXDB3_ACCOUNT_ID"),
    "cluster_id": _from_environment("INFLUXDB3_CLUSTER_ID"),
    "config_path": {"type": "path"},
    "profile": {"type": "str"},
    "validate_certs": {"type": "bool"},
    "ca_path": {**_from_environment("INFLUXDB3_CA_PATH"), "type": "path"},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path", "no_log": False},
    "timeout": {"type": "float"},
    "retries": {"type": "int"},
}

INFLUXCTL_OPTIONS: interface.Spec = {"influxctl_path": {"type": "path"}}


def run(work: Callable[[AnsibleModule], interface.Result], options: interface.Spec, **rules: Any) -> None:
    """Run a module with a connection, and end it. `options` are those beside the connection's.

    An empty connection option counts as one that isn't stated. The logins of proxies are masked in all messages,
    because servers, proxies and influxctl may repeat them. `rules` are further arguments of `entry.run`.
    """

    def work_with_masked_logins(module: AnsibleModule) -> interface.Result:
        for secret in logins_in(os.environ):
            errors.remember(secret)
        return work(module)

    every = {**CONNECTION_OPTIONS, **options}
    run_module(work_with_masked_logins, every, empty_is_unset=CONNECTION_OPTIONS, **rules)


def profile_of(module: AnsibleModule) -> tuple[str, dict[str, Any]]:
    """Return the path of the influxctl config that the options name, by default influxctl's, and the profile in it.

    Ansible masks the secrets of this profile from now on. The file's other secrets are masked in messages only, because
    influxctl may quote them there; in results, any word may equal them. Raises ProfileError.
    """
    # Imported only where a profile is read, because Python compiles a module's files anew for every task.
    from .._profile import config_file, profile_reader

    path = config_file.locate(module.params["config_path"], os.environ)
    name = module.params["profile"] or "default"
    text = config_file.read(path)
    if text is None:
        raise errors.ProfileError(f"There is no influxctl config at {path}: check config_path.", code="no_config")
    try:
        found = profile_reader.read_profiles(text)
        index = profile_reader.find_profile(found, name)
    except errors.ProfileError as error:
        raise errors.ProfileError(f"The influxctl config {path} can't be used: {error}.", code=error.code) from None
    if index is None:
        raise errors.ProfileError(f"The influxctl config {path} has no profile {name!r}.", code="no_profile")
    module.no_log_values.update(profile_reader.secrets_of(found[index]))
    for secret in (secret for each in found for secret in profile_reader.secrets_of(each)):
        errors.remember(secret)
    return path, found[index]


def connection_of(module: AnsibleModule) -> Connection:
    """Return the connection that the module's options, the environment and the profile describe.

    Raises OptionError and ProfileError.
    """
    params = module.params
    query_host = params.get("query_host")
    # resolve() refuses a login in a host, and Ansible shows the options of a module that fails.
    for host in (params["host"], query_host):
        module.no_log_values.update(login_in(host))
    profile = None
    if params["config_path"] or params["profile"]:
        profile = profile_of(module)[1]
        if not params["management_token"]:
            from .._api.named_files import with_token
            from .._profile import profile_reader

            profile = with_token(profile)
            module.no_log_values.update(profile_reader.secrets_of(profile))
    connection = resolve({name: params[name] for name in CONNECTION_OPTIONS}, profile)
    if isinstance(connection.verify, str) or connection.client_cert:
        from .._api.named_files import check_files

        check_files(connection)
    warnings = [exposed(connection.base_url, "management token")]
    with contextlib.suppress(ValueError):  # the code that uses it refuses a wrong one
        warnings.append(exposed(parse_host(query_host), "new database token") if query_host else None)
    for warning in filter(None, warnings):
        module.warn(warning)
    return connection


def connect(module: AnsibleModule) -> ManagementApi:
    """Return the Management API of the module's connection. Raises OptionError and ProfileError."""
    return ManagementApi(connection_of(module), module.no_log_values.add)
