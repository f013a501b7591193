# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends every module with its result or an error, and lets secrets stand only at their documented places.

The only file that calls `exit_json` and `fail_json`. It is apart from connect.py, so that Ansible doesn't copy the code
of connections to every host for the modules that have none.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Sequence
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values

from .._core import errors, interface, printing
from .._core.stated import without_nulls


class _Module(AnsibleModule):
    """Ansible's class with three differences.

    An error shows no options, as every one does before ansible-core 2.21 (`invocation`). What is wrong with them
    may be a secret that the module doesn't know for one: a misspelt option may hold a token, a host a password. The
    module does this on the target, because the result of a task with `async` passes by the action plugin.

    The class removes an empty text of an option in `empty_is_unset` before Ansible checks the options. Ansible then
    uses the option's fallback, whatever type the option has. It also removes what is null (`without_nulls`).
    """

    def __init__(self, *, empty_is_unset: Collection[str], **kwargs: Any) -> None:
        self._empty_is_unset = empty_is_unset
        super().__init__(**kwargs)

    def _load_params(self) -> None:
        super()._load_params()
        self.params: dict[str, Any] = without_nulls(self.params, self.argument_spec)
        for name in self._empty_is_unset:
            if self.params.get(name) == "":
                del self.params[name]

    def fail_json(self, msg: str, **kwargs: Any) -> None:
        """End with an error."""
        super().fail_json(msg, **{**kwargs, "invocation": {}})


def run(
    work: Callable[[AnsibleModule], interface.Result],
    options: interface.Spec,
    *,
    empty_is_unset: Collection[str] = (),
    many_objects: bool = False,
    **rules: Any,
) -> None:
    """Build the module from its options, do its work, and end it. The only place that turns an error into a failure.

    `work` returns the result, or raises Influxdb3Error. `empty_is_unset` names the options for which an empty text
    means that they aren't stated. `many_objects` is for a module that handles thousands of items. The garbage collector
    goes through all of them again and again, and once more when Python ends. Without it, the module `cluster` takes
    three quarters of the time. `rules` are further arguments of AnsibleModule.
    """
    if many_objects:
        gc.disable()
    module = _Module(empty_is_unset=empty_is_unset, argument_spec=options, supports_check_mode=True, **rules)
    errors.register_secrets(module.no_log_values)
    try:
        result = work(module)
    except errors.Influxdb3Error as error:
        module.fail_json(msg=str(error), failure=error.failure())
    for warning in result.warnings:
        module.warn(errors.shown(warning))
    output: dict[str, Any] = {"changed": result.changed, **result.values}
    if (result.before, result.after) != (None, None):
        # People look at the diff, so its texts are escaped. All other values are data and stay as they are.
        output["diff"] = printing.printables({"before": result.before or {}, "after": result.after or {}})
    if result.error:
        output.update(msg=str(result.error), failure=result.error.failure())
    if result.secrets:
        output = _with_secrets(output, result.secrets, module.no_log_values)
    if many_objects:
        gc.freeze()
    if result.error:
        module.fail_json(**output)
    module.exit_json(**output)


def _with_secrets(output: dict[str, Any], secrets: Sequence[tuple[Any, ...]], masked: set[str]) -> dict[str, Any]:
    """Return the output with the secrets at their documented places, and all texts of `masked` masked elsewhere.

    `secrets` are those of a `Result`. They are removed from `masked`, because exit_json would mask the documented
    places as well.
    """
    output = remove_values(output, masked | {secret for *_steps, secret in secrets})
    for *steps, key, secret in secrets:
        masked.discard(secret)
        inner = output
        for step in steps:
            inner = inner[step]
        inner[key] = secret
    return output
