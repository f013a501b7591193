# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup secret: what a secret_file holds, for a task that needs the token itself."""

from __future__ import annotations

DOCUMENTATION = r"""
name: secret
short_description: Read a token's secret from its private file
version_added: 0.1.0
author:
  - influxops contributors (@influxops)
description:
  - Returns the secret of a token from the file that M(influxops.influxdb3.db_token) or
    M(influxops.influxdb3.mgmt_token) has written, by their option
    O(influxops.influxdb3.db_token#module:secret_file), or M(influxops.influxdb3.cluster) into its
    O(influxops.influxdb3.cluster#module:secret_dir). Like every lookup it reads on the controller.
  - It fails when there is no such file, when the file isn't private (mode 0600) or belongs to somebody else, when it
    isn't of the form that this collection writes, and when the token in it has ended.
  - Nothing is kept between two lookups, so that a token which a task has just renewed is found.
options:
  _terms:
    description:
      - The paths of the files, or with O(directory) the descriptions of the tokens. A path may begin with C(~). One
        that is relative begins where C(ansible-playbook) was started.
    type: list
    elements: str
    required: true
  directory:
    description:
      - The directory that holds the files of the tokens. Exactly one file there must have the description; what else
        is in the directory is passed over, and so are the directories in it.
    type: path
notes:
  - A lookup can't have its result hidden. Ansible hides it where it becomes the value of an option that is secret, as
    those of this collection's modules are, and shows it wherever else a task's arguments or results are shown, with
    C(-v), in a diff or in an error. Set C(no_log) on each other task that uses it, and don't put it into C(set_fact).
seealso:
  - module: influxops.influxdb3.db_token
  - module: influxops.influxdb3.mgmt_token
  - module: influxops.influxdb3.cluster
"""

EXAMPLES = r"""
- name: Write a token where grafana's provisioning reads it
  ansible.builtin.copy:
    content: "{{ lookup('influxops.influxdb3.secret', '/etc/influxdb3/secrets/grafana.json') }}"
    dest: /etc/grafana/influxdb3-token
    mode: "0600"
  no_log: true

- name: The same, by the token's description
  ansible.builtin.copy:
    content: "{{ lookup('influxops.influxdb3.secret', 'grafana', directory='/etc/influxdb3/secrets') }}"
    dest: /etc/grafana/influxdb3-token
    mode: "0600"
  no_log: true
"""

RETURN = r"""
_raw:
  description: The secrets, one for each of the terms, in their order.
  type: list
  elements: str
"""

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.influxops.influxdb3.plugins.module_utils._core import errors, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.kept_secrets import secret_at, secret_of


class LookupModule(LookupBase):
    """The lookup of this file; Ansible finds it by this class."""

    def run(self, terms: Sequence[Any], variables: Any = None, **options: Any) -> list[str]:
        """Return the secret of each term: a path, or with `directory` a description. Raises AnsibleLookupError."""
        self.set_options(var_options=variables, direct=options)
        directory = self.get_option("directory")
        try:
            return [
                secret_of(str(term), str(directory), interface.now())
                if directory
                else secret_at(str(term), interface.now())
                for term in terms
            ]
        except errors.Influxdb3Error as error:
            raise AnsibleLookupError(f"influxops.influxdb3.secret: {error}") from None
