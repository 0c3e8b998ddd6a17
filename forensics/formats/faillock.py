r"""Failed logins that PAM counts, as `faillock` and `pam_tally2` print them: at which account, when, from where.

    kai:
    When                Type  Source                                           Valid
    2026-11-23 16:11:48 RHOST 10.0.0.9                                         V

Shape   faillock: the account with a colon, a header, a line for each failure, `V` where it counts and `I` where it no longer does.
        `faillock --legacy-output`, pam_tally2: <account> <count> <time of the last> <source>, under one header
Source  Linux-PAM 1.3 to 1.7: modules/pam_faillock/main.c, modules/pam_tally2/pam_tally2.c
Time    wall clock of the host that ran it, to the second, no zone; pam_tally2 writes month, day and two digits of the year
Who     nobody: the account is the one that was tried, by whom is what is asked; and a text that whoever ran the program, or an editor, wrote
Open    the source is the host that the client came from as the service knew it (RHOST), else its terminal (TTY) or its name (SVC), cut at
        52 characters. In the form with one line for each account its name is cut at 15, and only the last failure is told. A login
        that succeeds, and an administrator, empty the list
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "faillock",
    "a login that failed, or the last of several",
    (
        Column("user", pa.string(), "account that was tried, perhaps cut short"),
        Column("cut_short", pa.bool_(), "whether the name fills its column, so that it may be longer"),
        Column("wall", pa.string(), "when, as written"),
        Column("kind", pa.string(), "what the source is: RHOST, TTY or SVC", None, "not said"),
        Column("source", pa.string(), "where from", None, "empty"),
        Column("counts", pa.bool_(), "whether it still counts towards a lock", None, "not said"),
        Column("failures", pa.int64(), "failures that count, this the last", None, "each is told by itself"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:user"

_USER = re.compile(r"(?P<user>[^\s:][^:]{0,255}):")
_HEAD = re.compile(r"When +Type +Source +Valid *")
_TOTALS = re.compile(r"Login +Failures +Latest failure +From")
_ISO, _US = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", r"[0-9]{2}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"  # fmt: skip
_ROW = re.compile(rf"(?P<wall>{_ISO}) (?P<kind>RHOST|TTY|SVC) +(?P<source>.*?) +(?P<valid>[VI]) *")
_TOTAL = re.compile(
    rf"(?P<user>\S.{{14}}) +(?P<count>[0-9]{{1,5}})(?: +(?P<wall>{_ISO}|{_US})(?: +(?P<source>.*?))?)? *"
)
_FIRST = re.compile(rb"[^\s:][^:\n]{0,255}:\r?\nWhen +Type +Source +Valid *\r?(?:\n|$)|Login +Failures +Latest failure +From\r?(?:\n|$)")  # fmt: skip
_NAME_COLUMN = 15


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a header."""
    return 92 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a listing."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """Each line, and what it says under the header above it."""
    user: str | None = None
    totals = False
    for line, below in _pairs(data, base):
        text = rowwise.shown(line.raw)
        torn = line.stop == base + len(data) and not data.endswith(b"\n")
        named = _USER.fullmatch(text)
        if not line.raw.strip():
            yield [line], None
        elif torn or rowwise.too_long([line]):
            yield [line], Why.TRUNCATED if torn else Why.TOO_LONG
        elif named and _HEAD.fullmatch(below):
            user, totals = named["user"], False
            yield [line], None
        elif _HEAD.fullmatch(text) or _TOTALS.fullmatch(text):
            totals = totals or _TOTALS.fullmatch(text) is not None
            yield [line], None
        else:
            said = _total(text) if totals else _row(text, user)
            # Of whom what follows is, a line that is no row leaves open.
            user = None if said is Why.SHAPE else user
            yield [line], said


def _pairs(data: bytes, base: int) -> Iterator[tuple[rowwise.Line, str]]:
    """Each line, and what the next one says."""
    held: rowwise.Line | None = None
    for line in rowwise.each(data, base):
        if held is not None:
            yield held, rowwise.shown(line.raw)
        held = line
    if held is not None:
        yield held, ""


def _row(text: str, user: str | None) -> dict[str, object] | Why:
    found = _ROW.fullmatch(text)
    if found is None or user is None:
        return Why.SHAPE
    return {
        "user": user,
        "cut_short": False,
        "wall": found["wall"],
        "kind": found["kind"],
        "source": found["source"] or None,
        "counts": found["valid"] == "V",
    }


def _total(text: str) -> dict[str, object] | Why | None:
    found = _TOTAL.fullmatch(text)
    if found is None:
        return Why.SHAPE
    if found["wall"] is None:
        return None  # none failed
    user = found["user"].rstrip()
    return {
        "user": user,
        "cut_short": len(user) == _NAME_COLUMN,
        "wall": found["wall"],
        "source": found["source"] or None,
        "failures": int(found["count"]),
    }
