# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options, and which keys of a profile, are stated; and the products. Pure.

Apart from connection.py, so that Ansible doesn't copy it to every host for the modules that connect to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CLUSTERED = "clustered"
DEDICATED = "dedicated"
PRODUCTS = (CLUSTERED, DEDICATED)
# In place of the spec of an option that isn't known, which Ansible refuses whatever its value is.
_REFUSED = {"default": None}


def stated_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options, or keys of a profile, that have a value: all but None and the empty text.

    This is the one place that decides it. A template or AWX makes an empty text of a variable that isn't set, and
    influxctl's own sample config writes one for "the default".
    """
    return {name: value for name, value in values.items() if value is not None and value != ""}


def without_nulls(options: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options, and those in them, without what is null, which a template makes of an unset variable.

    Ansible counts a null as stated when it looks for required options, and so a token without a description or a table
    without a name would pass. Null in place of a default is left, for Ansible to refuse.
    """
    return {
        name: _without_nulls_inside(value, spec.get(name, _REFUSED).get("options"))
        for name, value in options.items()
        if value is not None or "default" in spec.get(name, _REFUSED)
    }


def _without_nulls_inside(value: Any, spec: Mapping[str, Any] | None) -> Any:
    if spec and isinstance(value, list):
        return [_without_nulls_inside(one, spec) for one in value]
    return without_nulls(value, spec) if spec and isinstance(value, dict) else value


def without_unset(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested options without what is None. An empty text stays: whoever takes the options decides about it."""
    pruned = {key: without_unset(inner) if isinstance(inner, dict) else inner for key, inner in values.items()}
    return {key: inner for key, inner in pruned.items() if inner is not None and inner != {}}
