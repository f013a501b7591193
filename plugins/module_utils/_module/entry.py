# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every module ends: its result, or an error, with secrets only where they are documented.

The only file that calls `exit_json` and `fail_json`. Apart from connect.py, so that the modules that know no connection
don't carry one to every host.
"""

from __future__ import annotations

import gc
from collections.abc import Collection
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values

from .._core.errors import Influxdb3Error, know, shown
from .._core.interface import Result, Spec
from .._core.masking import printables


class _Module(AnsibleModule):
    """Ansible's own, but for two things.

    An error that Ansible finds by itself doesn't show the options. What is secret among them isn't known yet: a
    misspelt option may hold a token, and the values of a free dictionary are registered by `work`. On the target,
    because the result of a task with `async` passes by the action plugin.

    An empty text of an option in `empty_is_unset` is taken away before Ansible looks: it isn't given then, whatever
    type the option has, and its fallback counts.
    """

    def __init__(self, *, empty_is_unset: Collection[str], **kwargs: Any) -> None:
        self._empty_is_unset = empty_is_unset
        super().__init__(**kwargs)

    def _load_params(self) -> None:
        super()._load_params()
        for name in self._empty_is_unset:
            if self.params.get(name) == "":
                del self.params[name]

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """End with an error."""
        if "failure" not in kwargs:
            kwargs.setdefault("invocation", {})
        super().fail_json(msg, **kwargs)


def run(
    work: Callable[[AnsibleModule], Result], options: Spec, *, empty_is_unset: Collection[str] = (), **rules: Any
) -> None:
    """Build the module from its options, do its work, and end it. The only place that turns an error into a failure.

    `empty_is_unset` names the options for which an empty text means that they aren't given.
    """
    # A run is too short to leave much garbage. Looking for it, and through all that is left once more when Python ends,
    # took a quarter of the time that the module `cluster` needs for thousands of items.
    gc.disable()
    module = _Module(empty_is_unset=empty_is_unset, argument_spec=options, supports_check_mode=True, **rules)
    know(module.no_log_values)
    try:
        result = work(module)
    except Influxdb3Error as error:
        module.fail_json(msg=str(error), failure=error.failure())
    for warning in result.warnings:
        module.warn(shown(warning))
    output: dict[str, Any] = {"changed": result.changed, **result.values}
    if (result.before, result.after) != (None, None):
        # Only to be looked at, so escaped; all other values are data and stay as they are.
        output["diff"] = printables({"before": result.before or {}, "after": result.after or {}})
    if result.error:
        output.update(msg=str(result.error), failure=result.error.failure())
    if result.secrets:
        # Masked everywhere else first, because exit_json would mask the documented keys as well.
        output = remove_values(output, module.no_log_values | {place[-1] for place in result.secrets})
    for *steps, key, secret in result.secrets:
        module.no_log_values.discard(secret)
        place = output
        for step in steps:
            place = place[step]
        place[key] = secret
    gc.freeze()
    if result.error:
        module.fail_json(**output)
    module.exit_json(**output)
