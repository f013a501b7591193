# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter mask_config: masks the secrets of a program's message about an influxctl config."""

from __future__ import annotations

DOCUMENTATION = r"""
name: mask_config
short_description: Mask the values of an influxctl config, and tokens, in a text
version_added: 0.1.0
author:
  - influxops contributors (@influxops)
description:
  - Masks a line from an equals sign on that a quotation mark follows, as it does in influxctl's C(config.toml), and
    whatever looks like a management token or a database token. A parser's error quotes the line that it can't read,
    whatever that holds.
  - A line that only continues a value of several lines is masked where it looks like a token, and otherwise not.
  - The text comes back as one line in which nothing steers a terminal. What would is escaped, for instance as V(\x1b).
options:
  _input:
    description: The text, for instance what a program wrote to its standard error.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say why influxctl could not read its config
  ansible.builtin.debug:
    msg: "{{ message | influxops.influxdb3.mask_config }}"
  vars:
    message: 'toml: line 3: client_secret = "p4ssw0rd'
"""

RETURN = r"""
_value:
  description: The text on one line, with V(********) for each secret.
  type: str
"""

import re
from collections.abc import Callable

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import MASK, shown

# To the end of the line: what can't be parsed has its quotation marks in the wrong places.
_VALUE = re.compile(r"""=\s*["'].*""")


def mask_config(text: str) -> str:
    """Return the text on one line, without the values of a config and without what looks like a token."""
    return shown(" ".join(_VALUE.sub(f"= {MASK}", str(text)).split()))


class FilterModule:
    """What Ansible asks for the collection's filters."""

    def filters(self) -> dict[str, Callable[[str], str]]:
        """Return the filter by its name."""
        return {"mask_config": mask_config}
