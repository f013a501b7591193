# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Property tests find the same examples in every run and on every machine: a failure is never a matter of luck."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("influxdb3", derandomize=True, database=None, deadline=None, max_examples=100)
settings.load_profile("influxdb3")
