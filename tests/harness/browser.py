# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The browser that looks at the built documentation. noxfile.py imports this: nothing but constants."""

from __future__ import annotations

# As Debian and others name it; the first that the machine has is taken.
BROWSERS = ("chromium", "chromium-headless-shell", "google-chrome")
# Nothing is asked of any server, neither for the pages nor for the browser itself.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
