# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's clock and certificate, as the head of an answer shows them. Imports no HTTP library."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any


@dataclass(frozen=True)
class Observation:
    """What an answer shows besides its content, each an instant in UTC or None where it isn't shown.

    Attributes:
        at: when the head of the answer was there, by this machine's clock.
        server_time: the server's clock at that time, to the second (header Date).
        certificate_ends: the end of the server's certificate. None over plain http, and where it isn't checked: then
            Python doesn't read it.
    """

    at: datetime
    server_time: datetime | None
    certificate_ends: datetime | None


def observe(answer: Any) -> Observation:
    """Return what an answer of urllib3 shows. Its body must not have been read: then the connection is gone."""
    return Observation(
        at=datetime.now(timezone.utc),
        server_time=parse_date(answer.headers.get("Date")),
        certificate_ends=_certificate_ends(answer),
    )


def parse_date(header: str | None) -> datetime | None:
    """Return the instant of a header Date, None where it is none (RFC 9110 has it in GMT)."""
    try:
        date = parsedate_to_datetime(header or "")
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=timezone.utc) if date.tzinfo is None else date.astimezone(timezone.utc)


def _certificate_ends(answer: Any) -> datetime | None:
    """Return the end of the certificate of the connection that an answer came on.

    urllib3 has no function for it: the connection is an attribute of its answer, in 1.26 as in 2.
    """
    sock: Any = getattr(getattr(answer, "connection", None), "sock", None)
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(sock.getpeercert()["notAfter"]), timezone.utc)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return None
