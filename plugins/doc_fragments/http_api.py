# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the Python library that modules with HTTP requests need."""

from __future__ import annotations


class ModuleDocFragment:
    """Requirements of `module_utils/_api/transport.py` and `module_utils/_profile/profile_reader.py`."""

    DOCUMENTATION = r"""
options: {}
requirements:
  - requests where the module runs
  - tomlkit >= 0.11.6 where the module runs, if O(profile) or O(config_path) is used
notes:
  - The module talks to the HTTP Management API from where it runs, usually the controller
    (C(delegate_to=localhost) or a play on C(localhost)). Proxies are taken from C(HTTPS_PROXY), C(HTTP_PROXY) and
    C(NO_PROXY) of the environment there.
"""
