# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the attributes that modules have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes by the kind of module."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    support: full
    description: Can predict the changes without making them.
  diff_mode:
    support: full
    description: Returns what has changed or would change, never a secret.
  platform:
    support: full
    platforms: posix
    description: The operating systems on which it runs.
"""

    INFO = r"""
attributes:
  check_mode:
    support: full
    description: Changes nothing, so it does the same in check mode.
  diff_mode:
    support: N/A
    description: Changes nothing, so there is nothing to compare.
  platform:
    support: full
    platforms: posix
    description: The operating systems on which it runs.
"""

    GROUP = r"""
attributes:
  action_group:
    support: full
    membership:
      - influxops.influxdb3.all
    description: C(module_defaults) for this group set the options of the connection once.
"""
