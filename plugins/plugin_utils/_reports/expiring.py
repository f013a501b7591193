# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instant up to which the end of a token or a certificate counts as soon."""

from __future__ import annotations

from datetime import datetime

from ...module_utils._core.durations import after, parse_span


def soon_until(now: datetime, expiring_within: str | int) -> datetime:
    """Return the instant that lies `expiring_within` after `now`: a span of time such as `14d`, or 0.

    Raises ValueError, which names the option, for a span that can't be read, such as a number without a unit.
    """
    try:
        return after(now, parse_span(expiring_within))
    except ValueError as error:
        raise ValueError(f"expiring_within: {error}") from None
