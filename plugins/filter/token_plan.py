# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision about one host's management token, for the role mgmt_token: `plan.plan_token` as a filter."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.influxops.influxdb3.plugins.module_utils.durations import parse_duration, parse_instant
from ansible_collections.influxops.influxdb3.plugins.module_utils.errors import Influxdb3Error
from ansible_collections.influxops.influxdb3.plugins.module_utils.module import now
from ansible_collections.influxops.influxdb3.plugins.module_utils.plan import TokenWish, check_wish, plan_token

DOCUMENTATION = r"""
name: token_plan
short_description: Decide whether a host needs a new management token
version_added: 0.1.0
description:
  - Matches the token that a host holds with the list of all management tokens, by prefix and description.
author: influxops contributors (@influxops)
options:
  _input:
    description: What M(influxops.influxdb3.mgmt_token_info) returned as C(mgmt_tokens).
    type: list
    elements: dict
    required: true
  description:
    description: The description of the host's token.
    type: str
    required: true
  held_prefix:
    description: The first nine characters of the token that the host holds, empty for none.
    type: str
  expires_in:
    description: How long a new token would live, such as V(90d).
    type: str
  renew_before:
    description: Ask for a new token when the held one ends within this time, such as V(14d).
    type: str
  max_age:
    description: Ask for a new token when the held one is older than this.
    type: str
  force:
    description: Ask for a new token in any case.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Decide
  ansible.builtin.set_fact:
    token_plan: >-
      {{ listed.mgmt_tokens | influxops.influxdb3.token_plan(description='influxctl web1', held_prefix='M.V1.a1b2',
                                                             expires_in='90d', renew_before='14d') }}
"""

RETURN = r"""
_value:
  description: The decision.
  type: dict
  contains:
    held:
      description: The active token that the host holds; null for none.
      type: dict
    create:
      description: Why a new token is needed; empty if none is.
      type: str
    superseded:
      description: The IDs of the description's other active tokens, and of the held one if a new one is needed.
      type: list
      elements: str
"""


def token_plan(
    tokens: list[dict[str, Any]],
    description: str,
    held_prefix: str | None = None,
    expires_in: str | None = None,
    renew_before: str | None = None,
    max_age: str | None = None,
    force: bool = False,
) -> dict[str, Any]:
    """Return `{held, create, superseded}` for a host."""
    try:
        at = now()
        wish = TokenWish(
            description=description,
            expires_in=parse_duration(expires_in) if expires_in else None,
            renew_before=parse_duration(renew_before) if renew_before else None,
            max_age=parse_duration(max_age) if max_age else None,
            force=force,
        )
        check_wish(wish, at)
        instants = ("created_at", "expires_at", "revoked_at")
        states = [{**t, **{key: parse_instant(t[key]) for key in instants if t.get(key)}} for t in tokens]
        held = [
            t for t in states if held_prefix and t["token_prefix"] == held_prefix and t["description"] == description
        ]
        change = plan_token(
            states,
            wish,
            at,
            held_id=held[0]["id"] if len(held) == 1 else None,
            need_secret=True,
            on_lost_secret="reissue",
        )
    except (Influxdb3Error, ValueError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"token_plan: {error}") from error
    kept = change.current and not change.create
    return {
        "held": next((t for t in tokens if kept and change.current and t["id"] == change.current["id"]), None),
        "create": change.create,
        "superseded": [token["id"] for token in change.superseded],
    }


class FilterModule:
    """The filter's name, as Ansible looks it up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter."""
        return {"token_plan": token_plan}
