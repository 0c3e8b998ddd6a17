"""Settings of OpenSSH, server or client: a keyword and its value on a line, some of them in blocks.

Source: sshd_config(5), ssh_config(5) of OpenSSH 9.2; servconf.c, readconf.c, misc.c (`strdelim`).
"""

import itertools
import re
from collections.abc import Collection, Iterable, Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

_LINE = re.compile(
    rb"[ \t\f]*(?P<keyword>\"?[A-Za-z][A-Za-z0-9]*\"?)(?:[ \t\f]*=[ \t\f]*|[ \t\f]+)(?P<value>\S.*)",
    re.DOTALL,
)
_FIRST = 200
LONGEST_BLOCK = 4096
"""So much is said of the line that begins a block, in characters, by each line in it: very many lines can stand in one."""
_LONG = 9
_KEYWORDS = (
    "include match addressfamily port loglevel logverbose pubkeyauthentication passwordauthentication "
    "kbdinteractiveauthentication challengeresponseauthentication hostbasedauthentication gssapiauthentication "
    "ciphers macs kexalgorithms hostkeyalgorithms pubkeyacceptedalgorithms pubkeyacceptedkeytypes protocol "
    "casignaturealgorithms hostbasedacceptedalgorithms compression tcpkeepalive rekeylimit ipqos gatewayports "
    "streamlocalbindmask streamlocalbindunlink fingerprinthash requiredrsasize gssapidelegatecredentials "
    "gssapikeyexchange syslogfacility securitykeyprovider xauthlocation"
)
SHARED = frozenset(_KEYWORDS.split())
"""Keywords, in lower case, that both server and client know."""


def table(name: str, whose: str) -> Table:
    """The declared table of such a format."""
    return Table(
        name,
        f"a setting of {whose}",
        (
            Column("keyword", pa.string(), "keyword, in lower case: its case means nothing"),
            Column("value", pa.string(), "value as written, quotes and comment included"),
            Column(
                "block",
                pa.string(),
                "keyword and value of the `Host` or `Match` line that it stands below, as far as 4,096 characters",
                None,
                "it stands above all blocks, and holds for all",
            ),
            *SPAN,
        ),
    )


def parse(data: bytes, base: int, declared: Table, blocks: Collection[str]) -> Parsed:
    """Read a whole file. Args as for `portions`."""
    return rowwise.whole(portions(data, base, declared, blocks))


def portions(data: bytes, base: int, declared: Table, blocks: Collection[str]) -> Iterator[Parsed]:
    """The same, some rows at a time.

    Args:
        data: the file.
        base: offset of its first byte, in bytes.
        declared: its table, as `table` makes it.
        blocks: keywords, in lower case, that begin a block.
    """
    yield from rowwise.portions(_said(rowwise.each(data, base), blocks), declared)


def _said(lines: Iterable[Line], blocks: Collection[str]) -> Iterator[Said]:
    """Each line, and what it sets in which block."""
    block: str | None = None
    for line in lines:
        read = _setting(line.raw)
        if isinstance(read, tuple):
            keyword, value = read
            if keyword in blocks:
                block = f"{keyword} {value}"[:LONGEST_BLOCK]
            yield [line], {"keyword": keyword, "value": value, "block": block}
        else:
            yield [line], read


def likeness(head: bytes, own: Collection[str], *, named: bool) -> int:
    """How sure it is that a file holds such settings.

    Args:
        head: its first bytes.
        own: keywords of the program, in lower case, that its counterpart does not know.
        named: whether the path is one where such settings lie.
    """
    fits: list[str] = []
    other = 0
    for line in itertools.islice(rowwise.each(head, 0), _FIRST):
        row = _setting(line.raw)
        if isinstance(row, tuple) and (row[0] in own or row[0] in SHARED):
            fits.append(row[0])
        elif row is not None:
            other += 1
            if 5 * other > _FIRST + 1:
                return 0
    if not fits or len(fits) < 4 * other - 1:
        return 0
    telling = {keyword for keyword in fits if keyword in own}
    if len(telling) > 1:
        return 86
    alone = len(set(fits)) == 1 and not any(len(keyword) >= _LONG for keyword in telling)
    return 60 if telling and not alone else 50 if named else 0


def _setting(raw: bytes) -> tuple[str, str] | Why | None:
    """Keyword and value of a line, why there are none, or nothing for a comment."""
    raw = raw.strip(b" \t\r\f")
    if not raw or raw.startswith(b"#"):
        return None
    if len(raw) > LONGEST_LINE_BYTES:
        return Why.TOO_LONG
    found = _LINE.fullmatch(raw)
    if found is None or found["value"].startswith(b"="):
        return Why.SHAPE  # a rule of udev compares with two of them
    return rowwise.shown(found["keyword"].strip(b'"')).lower(), rowwise.shown(found["value"])
