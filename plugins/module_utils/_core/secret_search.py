# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the places of secrets in a text, whatever their notation. Pure, but for a cache of the secrets' pieces.

The search decodes the text (URL, HTML, JSON and the like, also several times over) and leaves out invisible characters
(blanks, line breaks, colours). It looks for pieces of the secrets in the rest, and returns the parts of the original
text from which they come. The time grows with the length of the text, not with the number of secrets.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from . import printing
from .masking import ANSI

# The least number of characters of a piece that is masked as a secret.
PIECE = 12
# A piece holds at least one whole seed of each of its secret's forms, wherever the piece begins.
_SEED, _STRIDE = 8, 5
# A shorter secret is looked for without decoding only: decoded, too many texts hold it by chance.
_SHORTEST = 4
# The number of notations, one within another, that are decoded.
_DEPTH = 3

# Shapes of token strings (facts.md#token-shapes).
# The rest of a token that a program has broken into lines: a long run right after the line break.
_GOES_ON = r"(?:\r?\n(?!\S*(?:apiv\d|M\.V\d))[A-Za-z0-9+/_-]{16,}={0,2})*"
_DB_TOKEN = re.compile(printing.DB_TOKEN + _GOES_ON)
_MGMT_TOKEN = re.compile(rf"M\.V\d\.[.{printing.TOKEN_BODY}]{{4}}(?P<secret>[.{printing.TOKEN_BODY}]+{_GOES_ON})")
_PUBLIC = re.compile(rf"M\.V\d\.[.{printing.TOKEN_BODY}]{{4}}")
_ESCAPE = re.compile(
    r"%[0-9A-Fa-f]{2}"
    r"|&(?:#[xX][0-9A-Fa-f]{1,6};?|#[0-9]{1,7};?|[A-Za-z][A-Za-z0-9]{1,30};)"
    r"|\\(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[0-7]{3}|.)",
    re.DOTALL,
)
_UNSEEN = re.compile(rf"(?:{ANSI}|[\s\x00-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff])+")
_NO_WORD = re.compile(rf"(?:{ANSI}|[\W_])+")
# The two alphabets of base64 are one here.
_ONE_ALPHABET = str.maketrans("-_", "+/")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "b": "\b", "v": "\v", "a": "\a", "e": "\x1b", "0": "\0"}


class _View(NamedTuple):
    """A decoded text and its places in the original: character n stands for `original[starts[n]:ends[n]]`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


class _Form(NamedTuple):
    """A decoded form of a secret. Its first `public` characters aren't secret."""

    secret: str
    text: str
    public: int

    def grams(self) -> dict[str, int]:
        """Return the pieces of the least length, each with how many of its first characters are public."""
        size = min(PIECE, len(self.text))
        return {
            self.text[at : at + size]: max(0, self.public - at)
            for at in range(len(self.text) - size + 1)
            if at + size > self.public
        }


def secret_spans(text: str, wanted: set[str]) -> list[tuple[int, int]]:
    """Return where a text holds a secret, a piece of one, or what looks like one: begin and end of each such part.

    `wanted` are the secrets to look for, none of them empty. Parts may overlap.
    """
    found = [span for secret in wanted if secret in text for span in _plainly(secret, text)]
    for level in _readings(_View(text, range(len(text)), range(1, len(text) + 1))):
        found += _shapes(level)
        if wanted:
            found += _SEEN.found(_without(level, _UNSEEN), wanted)
            found += _WORDS.found(_without(level, _NO_WORD), wanted)
    return found


def _plainly(secret: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of a secret that isn't encoded; it may be all blanks, or too short for the other searches."""
    public = _public(secret)
    at = text.find(secret)
    while at >= 0:
        yield at + public, at + len(secret)
        at = text.find(secret, at + len(secret))


def _public(secret: str) -> int:
    found = _PUBLIC.match(secret)
    return found.end() if found and found.end() < len(secret) else 0


def _shapes(view: _View) -> Iterator[tuple[int, int]]:
    """Yield where something looks like a token, plainly or in base64."""
    for pattern in (_DB_TOKEN, _MGMT_TOKEN, _ENCODED):
        for found in pattern.finditer(view.text):
            start, end = found.span("secret" if pattern is _MGMT_TOKEN else 0)
            yield view.starts[start], view.ends[end - 1]


def _readings(view: _View) -> Iterator[_View]:
    """Yield a text as it is, and as it reads when it is decoded, as often as that changes it."""
    yield view
    for _time in range(_DEPTH):
        decoded = _decoded(view)
        if decoded.text == view.text:
            return
        yield decoded
        view = decoded


def _decoded(view: _View) -> _View:
    """Return the text with each escape replaced by the character that it stands for."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for escape in _ESCAPE.finditer(view.text):
        character = _character(escape[0])
        if character is None:
            continue
        first, after = escape.span()
        parts += [view.text[at:first], character]
        starts += [*view.starts[at:first], *[view.starts[first]] * len(character)]
        ends += [*view.ends[at:first], *[view.ends[after - 1]] * len(character)]
        at = after
    return _View("".join([*parts, view.text[at:]]), [*starts, *view.starts[at:]], [*ends, *view.ends[at:]])


def _character(escape: str) -> str | None:
    """Return the character that an escape stands for, None where it stands for itself."""
    kind, rest = escape[0], escape[1:]
    try:
        if kind == "%":
            return chr(int(rest, 16))
        if kind == "&":
            if rest[0] != "#":
                # Most texts hold none, and every module would wait for the table of all names.
                from html.entities import html5

                return html5.get(rest)
            digits = rest[1:].rstrip(";")
            return chr(int(digits[1:], 16)) if digits[0] in "xX" else chr(int(digits))
        if len(rest) > 1:
            return chr(int(rest, 8)) if rest[0] not in "uUx" else chr(int(rest[1:].strip("{}"), 16))
    except (ValueError, OverflowError):
        return None
    return _LETTERS.get(rest, rest if not rest.isalnum() else None)


def _without(view: _View, dropped: re.Pattern[str]) -> _View:
    """Return the text without the matches of the pattern, in one alphabet of base64."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for gap in dropped.finditer(view.text):
        parts.append(view.text[at : gap.start()])
        starts += view.starts[at : gap.start()]
        ends += view.ends[at : gap.start()]
        at = gap.end()
    if not at:
        return view._replace(text=view.text.translate(_ONE_ALPHABET))
    kept = "".join([*parts, view.text[at:]]).translate(_ONE_ALPHABET)
    return _View(kept, [*starts, *view.starts[at:]], [*ends, *view.ends[at:]])


def _base64_forms(data: bytes) -> Iterator[str]:
    """Yield the base64 text of data after 0, 1 and 2 other bytes, without the characters that depend on these."""
    for before, dependent in ((0, 0), (1, 2), (2, 3)):
        yield base64.b64encode(b"\0" * before + data).decode().rstrip("=")[dependent:]


class _Index:
    """The forms of all secrets that were ever asked for, by their seeds. It only remembers; it decides nothing."""

    def __init__(self, dropped: re.Pattern[str], *, encoded: bool) -> None:
        self._dropped = dropped
        self._encoded = encoded
        self._secrets: set[str] = set()
        self._short: list[_Form] = []
        self._seeds: dict[str, list[_Form]] = {}

    def found(self, view: _View, secrets: set[str]) -> list[tuple[int, int]]:
        """Return which parts of the original say a piece of one of the secrets."""
        for secret in secrets - self._secrets:
            self._add(secret)
        text = view.text
        forms = {form for form in self._short if form.secret in secrets and form.text in text}
        for at in range(len(text) - _SEED + 1) if self._seeds else ():
            for form in self._seeds.get(text[at : at + _SEED], ()):
                if form.secret in secrets:
                    forms.add(form)
        # One search for all forms of a length: a text may quote thousands of secrets.
        pieces: dict[int, dict[str, int]] = {}
        for form in forms:
            for gram, public in form.grams().items():
                same = pieces.setdefault(len(gram), {})
                same[gram] = min(public, same.get(gram, public))
        return [
            (view.starts[at + grams[text[at : at + size]]], view.ends[at + size - 1])
            for size, grams in pieces.items()
            for at in range(len(text) - size + 1)
            if text[at : at + size] in grams
        ]

    def _add(self, secret: str) -> None:
        self._secrets.add(secret)
        for form in {form.text: form for form in self._forms(secret)}.values():
            if len(form.text) >= PIECE:
                seeds = {form.text[at : at + _SEED] for at in range(0, len(form.text) - _SEED + 1, _STRIDE)}
                for seed in seeds:
                    self._seeds.setdefault(seed, []).append(form)
            elif len(form.text) >= _SHORTEST and self._encoded:
                self._short.append(form)

    def _forms(self, secret: str) -> Iterator[_Form]:
        data = secret.encode("utf-8", "surrogatepass")
        units = secret.encode("utf-16-be", "surrogatepass")
        # A character beyond ASCII is several escapes in URLs, and one beyond 16 bits is two of JSON's.
        surrogates = "".join(chr(units[at] * 256 + units[at + 1]) for at in range(0, len(units), 2))
        for written in dict.fromkeys((secret, data.decode("latin-1"), surrogates)):
            for level in _readings(_View(written, range(len(written)), range(1, len(written) + 1))):
                view = _without(level, self._dropped)
                public = _public(secret)
                yield _Form(secret, view.text, sum(end <= public for end in view.ends))
        if self._encoded:
            for text in _base64_forms(data):
                if len(text) >= _SEED:
                    yield _Form(secret, text.translate(_ONE_ALPHABET), 0)


# The base64 beginnings of texts that begin like a token: six characters depend on nothing but its first five.
_BEGINS = (b"%s%d%s" % (head, digit, tail) for head, tail in ((b"apiv", b""), (b"M.V", b".")) for digit in range(10))
HEADS = sorted({text[:6] for begin in _BEGINS for text in _base64_forms(begin)})
_ENCODED = re.compile(rf"(?:{'|'.join(map(re.escape, HEADS))})[{printing.TOKEN_BODY}]{{8,}}{_GOES_ON}")
_SEEN = _Index(_UNSEEN, encoded=True)
_WORDS = _Index(_NO_WORD, encoded=False)
