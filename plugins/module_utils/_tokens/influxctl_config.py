# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the private configuration that influxctl gets where a task states a connection instead of a profile."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from .._core import errors
from .._core.connection import DEDICATED_HOST, Connection
from .._core.stated import DEDICATED
from .._profile.toml_writer import new_config


def as_profile(connection: Connection) -> dict[str, Any]:
    """Return the influxctl profile for a connection (keys: facts.md#profile-keys).

    Raises OptionError for a host with a path, for which influxctl has no place.
    """
    url = urlsplit(connection.base_url)
    if url.path:
        raise errors.OptionError(
            f"host: {connection.base_url} has the path {url.path}, and influxctl has no place for one. Name the host"
            " only."
        )
    profile: dict[str, Any] = {"name": "default", "product": connection.product}
    if connection.product != DEDICATED or url.hostname != DEDICATED_HOST:
        profile["host"] = url.hostname
        profile["port"] = str(url.port or (80 if url.scheme == "http" else 443))
    if connection.product == DEDICATED:
        profile["account_id"], profile["cluster_id"] = connection.account_id, connection.cluster_id
    profile["mgmt_token"] = connection.token
    # A file that holds both is named twice: influxctl wants to be told where the key is.
    certificate, key = (
        connection.client_cert if isinstance(connection.client_cert, tuple) else (connection.client_cert,) * 2
    )
    tls = {
        "disable": True if url.scheme == "http" else None,
        "insecure": True if connection.verify is False else None,
        "ca": connection.verify if isinstance(connection.verify, str) else None,
        "cert": certificate,
        "key": key,
    }
    stated = {name: value for name, value in tls.items() if value is not None}
    return {**profile, "tls": stated} if stated else profile


@contextmanager
def private_config(connection: Connection, tmpdir: str) -> Iterator[str]:
    """Give the path of a config (0600 in a directory of 0700), and remove it at the end in any case.

    Raises OptionError as `as_profile` does, ProfileError where tomlkit is missing, and InfluxctlError where the file
    can't be written.
    """
    text = new_config(as_profile(connection))
    directory = ""
    try:
        try:
            directory = tempfile.mkdtemp(prefix="influxdb3-", dir=tmpdir)
            path = os.path.join(directory, "config.toml")
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
                handle.write(text)
        except OSError as error:
            raise errors.InfluxctlError(
                f"The temporary config for influxctl can't be written below {tmpdir}: {error.strerror}.",
                code="unwritable",
            ) from None
        yield path
    finally:
        shutil.rmtree(directory, ignore_errors=True)
