# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Only documentation: the action plugin of this name does the work.

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_step
short_description: Do one step of a role that gives a fleet its tokens
version_added: 0.1.0
description:
  - The roles R(influxops.influxdb3.mgmt_token, ansible_collections.influxops.influxdb3.mgmt_token_role) and
    R(influxops.influxdb3.db_token, ansible_collections.influxops.influxdb3.db_token_role) are made of these steps, and
    their tasks order them. Each takes the role's variables and what the steps before it have registered, so it is of no
    use outside of the roles.
  - V(look) and V(apply) act on a host, with one remote execution of M(influxops.influxdb3.influxctl_profile) or
    M(influxops.influxdb3.db_token_file); a second one looks at a host where that failed. All others only compute, once
    for all hosts of a batch, but for V(offer).
author:
  - influxops contributors (@influxops)
options:
  step:
    description:
      - V(look) finds out what the host holds, and refuses what can't work.
      - V(plan) says which tokens each issuer is asked for.
      - V(ask) makes the tokens of a O(request), or revokes some, on the issuer to which the task is delegated.
      - V(decide) says on which hosts something is due, by the issuers' answers.
      - V(apply) gives a host its token. It never fails, but for a host that can't be reached.
      - V(try_again) and V(decide_again) do the same as V(plan) and V(decide) for hosts whose new token may have been
        revoked by another run.
      - V(offer) gives the user's tasks the token that they are to prove on a host.
      - V(use) says on which hosts what reads the token has to take it up, before old ones are revoked.
      - V(settle) says which tokens may be revoked, and warns of those that stay.
      - V(finish) says what became of each host.
      - V(audit) looks at what a host holds of either kind of tokens. It is no step of a role, and of the audit.
    type: str
    required: true
    choices: [look, plan, ask, decide, apply, try_again, decide_again, offer, use, settle, finish, audit]
  kind:
    description: The kind of tokens, which is also the name of the role.
    type: str
    choices: [mgmt_token, db_token]
    default: mgmt_token
  request:
    description:
      - One of the requests that V(plan), V(try_again) or V(settle) has returned.
      - With V(audit), the options of M(influxops.influxdb3.influxctl_profile_info) in C(profile), and those of
        M(influxops.influxdb3.db_token_file_info) in C(file), empty for a host without such a file.
    type: dict
attributes:
  check_mode:
    description: Can run in check mode and says what would change.
    support: full
  diff_mode:
    description: Shows what has changed in the profile or file, without secrets.
    support: full
notes:
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
  - The results hold secrets and are not shown, but for those of V(apply) and V(finish), which hold none.
seealso:
  - module: influxops.influxdb3.influxctl_profile
  - module: influxops.influxdb3.mgmt_token
  - module: influxops.influxdb3.db_token_file
  - module: influxops.influxdb3.db_token
"""

EXAMPLES = r"""
- name: Give each host of the fleet its token
  ansible.builtin.import_role:
    name: influxops.influxdb3.mgmt_token
"""

RETURN = r"""
held_file:
  description:
    - What M(influxops.influxdb3.db_token_file_info) returned, beside what M(influxops.influxdb3.influxctl_profile_info)
      did. Empty for a host that could not be reached.
  returned: with O(step=audit), where O(request) asks for it
  type: dict
applied:
  description: What came of the step at the host.
  returned: with O(step=apply)
  type: dict
problems:
  description: For each host that fails, by its name, why. A sentence.
  returned: with O(step=decide) and O(step=finish)
  type: dict
progress:
  description: What later batches, and the summary, need of the earlier ones.
  returned: with O(step=decide) and O(step=finish)
  type: dict
"""
