# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Switches that describe themselves, so that tests can enumerate them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class SwitchInfo:
    """The description of a switch.

    `fact` is the anchor in facts.md that leaves the point open, or `fault`. `values` are all values that are worth a
    test, `about` explains them.
    """

    name: str
    fact: str
    default: Any
    values: tuple[Any, ...]
    about: str


def switch(fact: str, default: T, *others: T, about: str) -> T:
    """Return a field of a dataclass of switches. The default is the likeliest behaviour, `others` are alternatives."""
    result: T = field(default=default, metadata={"fact": fact, "values": (default, *others), "about": about})
    return result


class Catalogue:
    """Base of the dataclasses whose fields are made by `switch`."""

    @classmethod
    def catalogue(cls) -> list[SwitchInfo]:
        return [
            SwitchInfo(f.name, f.metadata["fact"], f.default, f.metadata["values"], f.metadata["about"])
            # Only subclasses have a catalogue, and these are dataclasses.
            for f in fields(cls)  # type: ignore[arg-type]
        ]

    @classmethod
    def values(cls, name: str) -> tuple[Any, ...]:
        """All values of one switch."""
        return next(info.values for info in cls.catalogue() if info.name == name)

    def __post_init__(self) -> None:
        for info in self.catalogue():
            value = getattr(self, info.name)
            if type(value) is not type(info.default):
                raise TypeError(f"{info.name}: {value!r} is not one of {info.values}")
            # An empty default stands for a text that only the caller knows.
            if isinstance(value, str) and info.default and value not in info.values:
                raise ValueError(f"{info.name}: {value!r} is not one of {info.values}")
