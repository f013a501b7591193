# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that database tokens and management tokens share."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of `module_utils/_tokens/wishes.py:TOKEN_OPTIONS`."""

    DOCUMENTATION = r"""
options:
  # texts.yml: token-options
  state:
    description:
      - V(present) makes sure that there is an active token that is as stated; a new one is made if need be.
      - V(absent) revokes the active token. Revoking can't be undone.
    type: str
    choices: [present, absent]
    default: present
  description:
    description:
      - The description that identifies the token. It is case-sensitive and must not be empty.
      - Revoked and expired tokens are never taken for it.
    type: str
  id:
    description:
      - The ID of one active token, where the description doesn't tell enough. The module fails if that token would have
        to be replaced, because a new one has another ID.
    type: str
  expires_at:
    description:
      - When the token ends, as an RFC 3339 time such as V(2027-01-31T12:00:00Z). Without it and O(expires_in) a new
        token doesn't expire.
      - The API can't change this of a token that exists, so a difference of a second or more makes a new token.
    type: str
  expires_in:
    description:
      - How long a new token lives, such as V(90d) or V(1y); units V(s), V(m), V(h), V(d), V(w), V(mo), V(y). A number
        without a unit is refused. A token that exists is not compared with it.
      - The clock that counts is that of the machine where the module runs. Where the new token is dead by the server's
        own, it is revoked again, the task fails with the code C(dead_token), and nothing else is changed.
    type: str
  renew_before:
    description:
      - Makes a new token when the current one ends within this time, such as V(14d), in the units of O(expires_in). The
        old one is left to expire unless O(revoke_superseded=true).
      - It must be shorter than what O(expires_in) or O(expires_at) leave.
    type: str
  max_age:
    description:
      - Makes a new token when the current one is older than this, such as V(90d), in the units of O(expires_in). What
        becomes of the old one is as with O(renew_before).
    type: str
  force:
    description:
      - Whether a new token is made although the current one would do. The task then changes something at every run.
    type: bool
    default: false
  revoke_superseded:
    description:
      - Whether other active tokens of this description are revoked, among them the one that a new token replaces. This
        happens last, after the new secret is in O(secret_file). Without O(secret_file) the new secret is only in the
        module's memory while that happens, and lost with the old tokens if the run is killed then.
      - A database token is proved to work first. Where that isn't possible, nothing is revoked, and a warning says so.
        A management token isn't proved by the module; the role P(influxops.influxdb3.mgmt_token#role) does that on the
        hosts.
    type: bool
    default: false
  all_matching:
    description:
      - Whether O(state=absent) revokes all active tokens of the description. Without it the module refuses to choose
        when there are several.
    type: bool
    default: false
  # texts.yml ends
"""
