# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The temporary profile that influxctl gets for a connection."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import resolve
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import InfluxctlError, OptionError
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.influxctl_config import (
    as_profile,
    private_config,
)

CLUSTERED = {"name": "default", "product": "clustered", "mgmt_token": "t"}
IDS = {"account_id": "a", "cluster_id": "c"}
DEDICATED = {"name": "default", "product": "dedicated", "mgmt_token": "t", **IDS}
HTTPS = {**CLUSTERED, "host": "db.example", "port": "443"}


@pytest.mark.parametrize(
    ("options", "profile"),
    [
        ({"host": "db.example"}, HTTPS),
        ({"host": "db.example:8443"}, {**HTTPS, "port": "8443"}),
        ({"host": "https://db.example/api/v0/", "port": 1}, {**HTTPS, "port": "1"}),
        ({"host": "http://db.example"}, {**HTTPS, "port": "80", "tls": {"disable": True}}),
        ({"host": "::1", "port": 8443}, {**HTTPS, "host": "::1", "port": "8443"}),
        ({"host": "https://[::1]:8443"}, {**HTTPS, "host": "::1", "port": "8443"}),
        ({"host": "db.example", **IDS}, HTTPS),
        ({"host": "db.example", "ca_path": "/ca"}, {**HTTPS, "tls": {"ca": "/ca"}}),
        ({"host": "db.example", "validate_certs": False, "ca_path": "/ca"}, {**HTTPS, "tls": {"insecure": True}}),
        (
            {"host": "db.example", "client_cert": "/cert", "client_key": "/key"},
            {**HTTPS, "tls": {"cert": "/cert", "key": "/key"}},
        ),
        ({"host": "db.example", "client_cert": "/both"}, {**HTTPS, "tls": {"cert": "/both", "key": "/both"}}),
        ({"product": "dedicated", **IDS}, DEDICATED),
        ({"product": "dedicated", **IDS, "host": "p.example"}, {**DEDICATED, "host": "p.example", "port": "443"}),
    ],
)
def test_a_connection_becomes_a_profile(options: dict[str, Any], profile: dict[str, Any], tmp_path: Path) -> None:
    connection = resolve({"management_token": "t", **options})
    assert as_profile(connection) == profile
    with private_config(connection, str(tmp_path)) as path:
        assert tomllib.loads(Path(path).read_text()) == {"profile": [profile]}
        assert [stat.S_IMODE(one.stat().st_mode) for one in (Path(path), Path(path).parent)] == [0o600, 0o700]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [{"host": "https://db.example/prefix"}, {"product": "dedicated", **IDS, "host": "console.influxdata.com/p"}],
)
def test_a_path_has_no_place_in_a_profile(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"host: .*has the path /p"):
        as_profile(resolve({"management_token": "t", **options}))


def test_the_config_is_removed_with_whatever_error(tmp_path: Path) -> None:
    connection = resolve({"management_token": "t", "host": "db.example"})
    with pytest.raises(KeyboardInterrupt), private_config(connection, str(tmp_path)):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InfluxctlError, match="can't be written") as caught, private_config(connection, "/proc/none"):
        pass
    assert caught.value.code == "unwritable"
