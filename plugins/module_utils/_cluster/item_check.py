# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Ansible's own check of options over the items of long lists. It needs no AnsibleModule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from .._core import interface
from .._core.stated import without_nulls


class Checker:
    """Ansible's own check of items, run once for all items of one form, because it would take most of the time.

    The form of an item is the types of its values, and the values themselves where there are choices. The result of the
    check depends on nothing else, where the check returns the values unchanged.
    """

    def __init__(self, spec: interface.Spec, rules: Mapping[str, Any]) -> None:
        self._spec = spec
        self._validator = ArgumentSpecValidator(spec, **rules)
        self._defaults: dict[Any, dict[str, Any]] = {}

    def check(self, item: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """Return the options with their defaults, and Ansible's errors about them."""
        form = _form(item, self._spec)
        if form in self._defaults:
            return {**item, **self._defaults[form]}, []
        stated = without_nulls(item, self._spec)
        if stated != item:
            return self.check(stated)
        checked = self._validator.validate(item)
        options, faults = checked.validated_parameters, list(checked.errors)
        unaltered = all(type(options.get(key)) is type(value) and options[key] == value for key, value in item.items())
        if form is not None and unaltered and not faults:
            self._defaults[form] = {key: value for key, value in options.items() if key not in item}
        return options, faults


def _form(item: Mapping[str, Any], spec: interface.Spec) -> Any:
    """Return the form of an item, None where its check depends on more than types and choices."""
    form: list[tuple[Any, ...]] = []
    for key, value in item.items():
        option = spec.get(key, {})
        kind = option.get("type")
        if kind in ("str", "int", "bool"):
            form.append((key, type(value), value if "choices" in option and isinstance(value, str) else None))
        elif kind == "list" and isinstance(value, list) and all(isinstance(one, dict) for one in value):
            inner = [_form(one, option["options"]) for one in value]
            if None in inner:
                return None
            form.append((key, list, tuple(inner)))
        else:
            return None
    return tuple(form)


def may_be_read(faults: Sequence[Any]) -> bool:
    """Return whether unsupported options are the only errors, so that the values of the others can be parsed."""
    return all(isinstance(fault, UnsupportedError) for fault in faults)


def sentence(error: Any) -> str:
    """Return the text of one of Ansible's errors."""
    return f"unsupported option {error.msg}" if isinstance(error, UnsupportedError) else str(error.msg)
