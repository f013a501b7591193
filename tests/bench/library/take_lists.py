#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that takes the same lists as cluster and does nothing: what Ansible itself needs for them."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Return at once; the lists aren't sent back."""
    lists = {name: {"type": "list", "elements": "dict", "no_log": False} for name in ("databases", "db_tokens")}
    AnsibleModule(argument_spec=lists).exit_json(changed=False, invocation={})


if __name__ == "__main__":
    main()
