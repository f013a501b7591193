# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that database tokens and management tokens share."""

from __future__ import annotations

from .._core.interface import Spec

SECRET_FILE_OPTIONS: Spec = {
    "secret_file": {"type": "path", "no_log": False},
    "return_secret": {"type": "bool", "default": False, "no_log": False},
    "on_lost_secret": {"type": "str", "choices": ["fail", "reissue", "ignore"], "default": "fail", "no_log": False},
    "owner": {"type": "str"},
    "group": {"type": "str"},
}

TOKEN_OPTIONS: Spec = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "description": {"type": "str"},
    "id": {"type": "str"},
    "expires_at": {"type": "str"},
    "expires_in": {"type": "str"},
    "renew_before": {"type": "str"},
    "revoke_superseded": {"type": "bool", "default": False},
    "all_matching": {"type": "bool", "default": False},
}

TOKEN_INFO_OPTIONS: Spec = {
    "description": {"type": "str"},
    "include_revoked": {"type": "bool", "default": False},
    "expiring_within": {"type": "str"},
}
