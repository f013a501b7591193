# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for secrets, one for every option that takes one. Pure. Those for host names are in host_names.py.

The `_problem` functions return a phrase that follows the option's name, for callers that list all problems at once. The
`check_` functions raise OptionError. A phrase never repeats a secret.
"""

from __future__ import annotations

import re

from . import errors, printing

# The texts that Ansible and this collection print in place of a secret.
_MASKS = (printing.MASK, "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")
_SCHEME = re.compile(r"(bearer|token|basic)\s", re.IGNORECASE)


def secret_problem(text: str) -> str | None:
    """Return the reason why a text can't be a token of InfluxDB, None where it can (facts.md#token-shapes)."""
    if not text.strip():
        return "is empty; give the token, or leave the option out (a variable or lookup may have found nothing)"
    if _SCHEME.match(text.lstrip()):
        return "begins with the name of an HTTP scheme; give the token alone"
    if any(mask in text for mask in _MASKS):
        return "is the mask that is printed in place of a secret, and not the secret"
    if "{{" in text:
        return "is a template that wasn't filled in"
    if '"' in text or "'" in text:
        return "holds quotes; give the token without them"
    if text != text.rstrip("\r\n"):
        return (
            "holds a blank, a line break or a character outside ASCII: it ends with a line break; use the filter trim"
        )
    if not (text.isascii() and text.isprintable()) or " " in text:
        return "holds a blank, a line break or a character outside ASCII"
    return None


def check_secret(name: str, text: str | None) -> None:
    """Raise OptionError where the text of an option can't be a token. None is an option that isn't given."""
    problem = None if text is None else secret_problem(text)
    if problem:
        raise errors.OptionError(f"{name}: it {problem}.")


def foreign_secret_problem(text: str) -> str | None:
    """Return the problem of a foreign secret of unknown form, such as an identity provider's, None without one."""
    if not text.strip():
        return "is empty; give the secret, or leave it out (a variable or lookup may have found nothing)"
    if any(mask == text for mask in _MASKS):
        return "is the mask that is printed in place of a secret, and not the secret"
    if text != text.strip():
        return "begins or ends with a blank or a line break; use the filter trim"
    return None
