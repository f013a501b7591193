# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on many items at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, TypeVar

Item = TypeVar("Item")


def for_each(workers: int, work: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Call `work` for each item, with so many at a time, and return when all have ended.

    No item is left out because another one raises: the first error, in the order of the items, is raised at the end.
    """

    def error_of(item: Item) -> Exception | None:
        try:
            work(item)
        except Exception as error:
            return error
        return None

    # A pool's own `map` would cancel what is not begun, as soon as one raises.
    if min(workers, len(items)) <= 1:
        problems = [error_of(item) for item in items]
    else:
        with ThreadPoolExecutor(min(workers, len(items))) as pool:
            problems = list(pool.map(error_of, items))
    for problem in problems:
        if problem is not None:
            raise problem
