# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a connection names, where the module runs: certificates, keys, and the file of a token.

Each is opened here first, because OpenSSL would wait for a FIFO for ever and read a device without end.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .._core import errors, regular_file
from .._core.connection import Connection
from .._core.connection_profile import token_file_of, token_in

# A token has some hundred bytes, a signed one some thousand.
_LONGEST_TOKEN_FILE = 64 * 1024


def check_files(connection: Connection) -> None:
    """Raise Influxdb3Error where a file that the connection will use can't be read."""
    if not connection.base_url.startswith("https:"):
        return
    certificate = connection.client_cert
    pair = certificate if isinstance(certificate, tuple) else (certificate, None)
    for name, path in (("ca_path", connection.verify), ("client_cert", pair[0]), ("client_key", pair[1])):
        if isinstance(path, str):
            regular_file.check_readable(f"{name} (an option, or tls of the influxctl profile)", path)


def with_token(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the profile with the token of its `auth.token.token_file` as its `mgmt_token`, where it has one.

    Raises OptionError and ProfileError.
    """
    path = token_file_of(profile)
    if path is None:
        return dict(profile)
    path = os.path.expanduser(path)
    where = f"auth.token.token_file in the influxctl profile {profile.get('name')!r} names {path!r}, which"
    try:
        token = token_in(regular_file.read_regular(path, most=_LONGEST_TOKEN_FILE))
    except OSError as error:
        raise errors.ProfileError(
            f"{where} can't be read: {regular_file.why_unreadable(error)}. Make it readable where this module runs, or"
            " give management_token.",
            code="token_file",
        ) from None
    except ValueError as error:
        why = "can't be read: the path holds a null character" if "\0" in path else str(error)
        raise errors.ProfileError(f"{where} {why}.", code="token_file") from None
    return {**profile, "mgmt_token": token}
