# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follows a page of the documentation as a reader would: writes its files, types its commands, compares the output.

Of a page in reStructuredText:

- a block with a caption is a file of that name;
- in a block of the language `console`, a line after `$` is a command, and the lines below must appear in its output in
  this order, among others; `...` stands for anything. It must fail if `fatal:` or `ERROR` is shown, and only then;
- a block of the language `yaml` without a caption is a playbook, or the tasks of one;
- a comment `.. world: WORDS` has the test change something around the reader;
- any other block (`text`, `hcl`) is for the eye.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_BLOCK = re.compile(
    r"^\.\. (?:world: (?P<act>.+)\n"
    r"|code-block:: (?P<language>\w+)\n(?:   :caption: (?P<caption>.+)\n)?\n(?P<body>(?:(?:   .*)?\n)+))",
    re.MULTILINE,
)
_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?Z| \d\d:\d\d)?")


@dataclass(frozen=True)
class Block:
    """A block of a page, or with `act` a comment to the test."""

    language: str
    caption: str
    body: str
    act: str

    def __str__(self) -> str:
        return self.act or self.caption or self.body


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page."""
    for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        body = re.sub("^   ", "", found["body"] or "", flags=re.MULTILINE).strip("\n") + "\n"
        yield Block(found["language"] or "", found["caption"] or "", body, found["act"] or "")


def commands(body: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a console's block, each with the lines of output that the page shows."""
    command, shown = "", list[str]()
    for line in body.replace("\\\n", "").splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        else:
            shown.append(line)
    yield command, shown


def missing(output: str, shown: list[str]) -> list[str]:
    """Return the shown lines that don't appear in the output, in their order.

    Times, IDs, blanks and a comma at the end don't count.
    """
    lines = iter([_plain(line) for line in output.splitlines()])
    wanted = [line for line in map(_plain, shown) if line not in ("", "...")]
    patterns = [".*".join(map(re.escape, line.split("..."))) for line in wanted]
    return [
        text
        for text, pattern in zip(wanted, patterns, strict=True)
        if not any(re.fullmatch(pattern, line) for line in lines)
    ]


def _plain(line: str) -> str:
    line = _TIME.sub("TIME", _ID.sub("ID", line))
    return " ".join(re.sub(r"\*{3,}", "***", line).split()).removesuffix(",")


@dataclass
class Reader:
    """Someone at a controller: a directory to work in, an environment, and the local names for those of the page.

    `to_real` turns a page's text into one for this machine, `to_page` back; `acts` are the page's possible events.
    `problems` are the commands that did something else than the page says.
    """

    directory: Path
    environment: Mapping[str, str]
    to_real: Callable[[str], str]
    to_page: Callable[[str], str]
    acts: dict[str, Callable[[], object]]
    defaults: dict[str, Any] = field(default_factory=dict)
    stdin: str = ""
    output: str = ""
    executed: int = 0
    problems: list[str] = field(default_factory=list)

    def follow(self, page: Path) -> None:
        """Do all that a page shows."""
        for block in blocks(page):
            if block.act:
                self.acts[block.act]()
            elif block.caption:
                self.write(block.caption, block.body)
                self.executed += 1
            elif block.language == "console":
                for command, shown in commands(block.body):
                    self.type(command, shown)
                self.executed += 1
            elif block.language == "yaml":
                self.play(block.body)
                self.executed += 1

    def write(self, name: str, body: str) -> None:
        """Write a page's file."""
        home = Path(self.environment["HOME"])
        path = home / name[2:] if name.startswith("~/") else self.directory / self.to_real(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.to_real(body), encoding="utf-8")
        path.chmod(0o600)

    def play(self, body: str) -> None:
        """Run a playbook, or tasks."""
        content = yaml.safe_load(self.to_real(body))
        if "hosts" not in content[0]:
            defaults = {"group/influxops.influxdb3.all": self.defaults}
            play = {"hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": content}
            content = [play]
        path = self.directory / "page.yml"
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        self.type("ansible-playbook page.yml", [])
        path.unlink()

    def type(self, command: str, shown: list[str]) -> None:
        """Run a command in a shell and compare its output."""
        process = subprocess.run(
            ["bash", "-c", self.to_real(command)],
            cwd=self.directory,
            env={**os.environ, **self.environment},
            input=self.stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.output += process.stdout
        fails = any(word in line for line in shown for word in ("fatal:", "ERROR"))
        absent = missing(self.to_page(process.stdout), shown)
        if absent or (process.returncode != 0) != fails:
            self.problems.append(f"$ {command}\nended with {process.returncode}, lacks {absent}:\n{process.stdout}")
