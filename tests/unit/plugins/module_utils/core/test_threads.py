# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on many items: nothing is left out, whoever raises."""

from __future__ import annotations

import time

import pytest

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.threads import for_each


@pytest.mark.parametrize("workers", [1, 2, 50])
def test_no_item_is_left_out_and_the_first_error_is_raised(workers: int) -> None:
    done = []

    def work(item: int) -> None:
        if item in (0, 7):
            raise ValueError(item)
        time.sleep(0.001)  # so that others aren't begun yet when the first one raises
        done.append(item)

    with pytest.raises(ValueError, match=r"^0$"):
        for_each(workers, work, range(40))
    assert sorted(done) == [item for item in range(40) if item not in (0, 7)]
