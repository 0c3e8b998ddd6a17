r"""ClassAds that HTCondor writes as XML: an event log with `log_xml`, `condor_history -xml`.

    <c>
        <a n="EventTypeNumber"><i>9</i></a>
        <a n="Reason"><s>via condor_rm (by user kai)</s></a>
    </c>

An ad begins with `<c>` and ends with its own `</c>`. A value is text `<s>`, a number `<i>` or `<r>`, a truth `<b v="t"/>`, an
expression `<e>`, a time `<at>` or `<rt>`, nothing `<un/>`, an error `<er/>`, or holds others: a list `<l>`, an ad `<c>`. In text
`&lt;`, `&gt;`, `&amp;`, `&quot;`, `&apos;` and numbers of characters stand for characters. No other entity is known and none
is ever declared: this is no parser of XML, and reads only what HTCondor writes.

Source: HTCondor 8.8 to 24.0, src/classad/xmlSink.cpp; src/condor_utils/condor_event.cpp (toClassAd).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.model import Why

_MARK = re.compile(rb"<c>|</c>(?:[ \t\r]*\n)?")
_AROUND = re.compile(
    rb"\s*|<\?xml [^<>\[\]&]{0,200}\?>|<!DOCTYPE classads SYSTEM \"classads\.dtd\">|</?classads>"
)
_BEGINS = re.compile(
    rb"(?:\s|<\?xml [^<>\[\]&]{0,200}\?>|<!DOCTYPE classads SYSTEM \"classads\.dtd\">|<classads>)*<c>\s*<a n=\""
)
_ATTRIBUTE = re.compile(
    r'<a n="(?P<name>[A-Za-z_][A-Za-z0-9_.]{0,127})">\s*(?:<(?P<kind>[a-z]{1,2})(?: v="(?P<truth>[tf])")?(?:/>|>(?P<value>[^<]*)</(?P=kind)>))\s*</a>\s*'
)
_NESTED = re.compile(r'<a n="[^"<>]{1,128}">\s*<(?P<kind>[cl])(?:/>|>)')
_EDGE = re.compile(r"<a n=|</a>")
_ENTITY = re.compile(r"&(?:(?P<name>[a-z]{1,8})|#(?P<number>[0-9]{1,7})|#x(?P<hex>[0-9A-Fa-f]{1,6}));|&")
_KNOWN = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_MOST_CHARACTER = 0x10FFFF
_MOST_ATTRIBUTES = 20_000

Ad = dict[str, list[str]]
"""Attributes in lower case, each with its values as HTCondor's long form writes them: text in quotes."""


class Piece(NamedTuple):
    """A stretch of a file: an ad, why there is none, or None where there is nothing to read."""

    start: int
    stop: int
    ad: Ad | Why | None


def begins(head: bytes) -> bool:
    """Whether a file begins as one of ads in XML."""
    return _BEGINS.match(head) is not None


def pieces(data: bytes, base: int) -> Iterator[Piece]:
    """The stretches of a file, in order; together they are the file."""
    at, depth, start = 0, 0, 0
    for mark in _MARK.finditer(data):
        opens = mark[0] == b"<c>"
        if opens and depth and data[mark.start() - 1 : mark.start()] == b"\n":
            # An ad that never ended: one within another does not stand at the beginning of a line.
            yield Piece(base + start, base + mark.start(), Why.SHAPE)
            at, depth = mark.start(), 0
        if opens and not depth:
            yield from _between(data, at, mark.start(), base)
            start = mark.start()
        depth = max(depth + (1 if opens else -1), 0)
        if not opens and not depth and start >= at:
            yield Piece(base + start, base + mark.end(), _ad(data[start : mark.end()].rstrip()))
            at = mark.end()
            start = -1
    if depth:
        yield Piece(base + start, base + len(data), Why.TRUNCATED)
    else:
        yield from _between(data, at, len(data), base)


def _between(data: bytes, start: int, stop: int, base: int) -> Iterator[Piece]:
    """What stands between ads, line by line: the frame of a document, and blanks."""
    while start < stop:
        end = data.find(b"\n", start, stop)
        after = stop if end < 0 else end + 1
        frame = _AROUND.fullmatch(data[start:after].strip()) is not None
        yield Piece(base + start, base + after, None if frame else Why.SHAPE)
        start = after


def _ad(raw: bytes) -> Ad | Why:
    if len(raw) > LONGEST_LINE_BYTES:
        return Why.TOO_LONG
    text = raw.decode("utf-8", "backslashreplace")
    found: Ad = {}
    at = _blank(text, len("<c>"))
    for _ in range(_MOST_ATTRIBUTES):
        if text.startswith("</c>", at):
            return found
        one = _ATTRIBUTE.match(text, at)
        if one is None or one["kind"] in {"c", "l"}:
            after = _over(text, at)
            if after is None:
                return Why.SHAPE
            at = _blank(text, after)
            continue
        value = _value(one)
        if value is None:
            return Why.VALUE
        found.setdefault(one["name"].lower(), []).append(value)
        at = one.end()
    return Why.TOO_LONG


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _over(text: str, at: int) -> int | None:
    """The place behind an attribute that holds a list or an ad, which are passed over; None where there is none."""
    nested = _NESTED.match(text, at)
    if nested is None:
        return None
    depth = 0
    for mark in _EDGE.finditer(text, at):
        depth += 1 if mark[0] != "</a>" else -1
        if not depth:
            return mark.end()
    return None


def _value(one: re.Match[str]) -> str | None:
    kind, value = one["kind"], one["value"] or ""
    if kind == "b":
        return {"t": "true", "f": "false"}.get(one["truth"] or value)
    if kind in {"un", "er"}:
        return {"un": "undefined", "er": "error"}[kind]
    text = _text(value)
    if text is None or kind not in {"s", "i", "r", "e", "at", "rt", "n"}:
        return None
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if kind in {"s", "at", "rt"} else text


def _text(value: str) -> str | None:
    """Text with the characters that entities stand for; None where one is not known."""
    parts, at = [], 0
    for found in _ENTITY.finditer(value):
        number = int(found["number"]) if found["number"] else int(found["hex"], 16) if found["hex"] else None
        if number is not None and (number > _MOST_CHARACTER or 0xD800 <= number <= 0xDFFF):
            return None
        one = _KNOWN.get(found["name"] or "") if number is None else chr(number)
        if one is None:
            return None
        parts += [value[at : found.start()], one]
        at = found.end()
    return "".join([*parts, value[at:]])
