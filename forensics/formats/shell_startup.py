r"""What a shell does when it starts: `.bashrc`, `.profile`, `.zshrc` and their kin, and those of the system in /etc.

    export LD_PRELOAD=/srv/proj/.lib/libhook.so

Shape   a command on each line: `export NAME=VALUE`, `NAME=VALUE`, `alias NAME=VALUE`, `source FILE`, and others. A line
        goes on where a quote is open, a backslash ends it, or a here-document (`<<WORD`) follows
Source  bash(1) 5.2, INVOCATION, QUOTING, Here Documents; zshmisc(1) 5.9
Time    none: it says what was so when the file was collected
Who     whoever can write the file: the owner of the home, or root for /etc; every shell of that owner then obeys it
Open    nothing is run: whether an `if` around a line holds, or what a variable in a value is, is not worked out; what
        `eval` makes is not seen. Where a quote is not closed within 500 lines, those stand for themselves
"""

import functools
import itertools
import re
from collections.abc import Iterator, Sequence

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "shell_startup",
    "a command that a shell runs when it starts",
    (
        Column("kinds", pa.list_(pa.string()), "of each thing said: export, set, alias, unset, source, function or command"),
        Column("names", pa.list_(pa.string()), "its name: of the variable, alias, file or function; of a command its first word"),
        Column("values", pa.list_(pa.string()), "its value as written, quotes included; null where it has none"),
        Column("text", pa.string(), "the line, or the lines that belong together, as written"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:user"

MOST_LINES = 500
"""No more lines are taken for one command."""
MOST_SAID = 1 << 16
"""No command line says more: each thing that it sets or runs is an event."""
_HELD_LINES = 2 * MOST_LINES
_FIRST_WORD = re.compile(r"\S+", re.ASCII)
_NAME = re.compile(
    r"(?:^|[/_-])(?:\.?(?:bashrc|bash_profile|bash_login|bash_logout|bash_aliases|zshrc|zshenv|zprofile|zlogin|zlogout|kshrc|mkshrc)|\.profile)(?:[.~-][^/]*)?$"
    # Without its dot the word is a name of other files too, such as `profile.py`.
    r"|(?:^|/)profile(?:~|-|[.-](?:bak|old|orig|save|sh|local|dpkg-[a-z]+|rpm[a-z]+|[0-9]+))?$"
    r"|\.(?:bashrc|bash_profile|bash_login|bash_logout|bash_aliases|profile|zshrc)$|/etc/(?:bash\.bashrc|zsh/\w+|profile\.d/[^/]+)$"
)
_WORD = r"(?:[^\s'\"\\;&|<>()#`$]|(?<=\S)#|\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|\$\([^()]*\)|\$\(\([^()]*\)\)|`[^`]*`|\$)+"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_SETTING = re.compile(
    rf"(?P<name>{_VARIABLE})\+?=(?P<value>(?:{_WORD})?|\([^()]*\))(?=$|[\s;&|)#])", re.DOTALL
)
_NAMED = re.compile(rf"(?P<name>{_VARIABLE})(?=$|[\s;&|)#])")
_ALIAS = re.compile(rf"(?P<name>[^\s=;&|<>()'\"`$\\/]+)=(?P<value>(?:{_WORD})?)(?=$|[\s;&|)#])", re.DOTALL)
_FILE = re.compile(rf"(?P<name>{_WORD})", re.DOTALL)
_EXPORTS = re.compile(
    r"(?:export|(?:declare|typeset|local)(?=[ \t]+-[a-zA-Z]*x)|readonly)(?:[ \t]+-[a-zA-Z]+)*[ \t]+"
)
_LEADS = (
    ("alias", re.compile(r"alias(?:[ \t]+-[a-z]+)*[ \t]+"), _ALIAS),
    ("unset", re.compile(r"un(?:set|alias)(?:[ \t]+-[a-z]+)*[ \t]+"), re.compile(r"(?P<name>[A-Za-z0-9_.-]+)(?=$|[\s;&|)#])")),
    ("source", re.compile(r"(?:source|\.)[ \t]+"), _FILE),
    ("function", re.compile(r"(?:function[ \t]+)?(?=[A-Za-z0-9_.:-]+[ \t]*\(\)|(?<=[ \t])[A-Za-z0-9_.:-]+[ \t]*(?:\{|$))"), re.compile(r"(?P<name>[A-Za-z0-9_.:-]+)")),
)  # fmt: skip
_BLANKS = re.compile(r"[ \t]*")
_Thing = tuple[str, str, str | None]
"""A kind, a name, and a value where there is one."""
_PIECE = re.compile(
    rf"(?P<brace>(?:^|(?<=\s))\{{(?=\s|$))|{_WORD}(?:[ \t]*\(\)|(?<==)\([^()]*\))?|(?P<comment>#[^\n]*)|[0-9]*[<>]+&?|(?P<between>[;&|\n()]+)|[ \t]+",
    re.DOTALL,
)
_LEADING = re.compile(
    r"^(?:\s|(?:then|do|else|elif|if|while|until|time|command|builtin|exec|!|\{)(?=\s|$))*", re.DOTALL
)
_CLOSING = frozenset({"fi", "done", "esac", "}", "in"})
_TOKEN = re.compile(
    rb"\\.|(?P<quote>['\"])|(?P<comment>(?:^|(?<=[\s;&|(]))#)"
    rb"|(?P<here><<(?P<dash>-?)[ \t]*(?P<q>['\"]?)\\?(?P<word>[A-Za-z0-9_.-]+)(?P=q))|<<<|(?P<on>\\$)",
    re.DOTALL,
)
_ENDS = {b"'": re.compile(b"'"), b'"': re.compile(rb"\\.|\"", re.DOTALL)}
"""What ends a quote, and what is passed over in one."""
_MARKED = re.compile(rb"[\\'\"<]")
"""What a line has in it that can go on with the next."""
_SHELL = re.compile(
    rb"^[ \t]*(?:export |alias |source |\. |if |case |fi\b|esac\b|unset |umask |shopt |setopt |[A-Za-z_]\w*=|\[ |\[\[ |#)",
    re.MULTILINE,
)


def recognise(head: bytes, path: str) -> int:
    """By its name, where the text has the words of a shell: any script has those."""
    if _NAME.search(path) is None or b"\0" in head:
        return 0
    return 75 if _SHELL.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_commanded(data, base), TABLE)


def _commanded(data: bytes, base: int) -> Iterator[Said]:
    """Each command, and what it sets and does."""
    for group, own in _groups(rowwise.each(data, base)):
        raw = _joined(group)
        if len(raw) <= _SHORT:
            yield group, _short(raw, raw if own is group else _joined(own))
        elif rowwise.too_long(group):
            yield group, Why.TOO_LONG
        else:
            yield group, _row(raw, raw if own is group else _joined(own))


def _row(raw: bytes, own: bytes) -> dict[str, object] | Why | None:
    """What the lines of a command, and those of them that are no here-document, say."""
    if not (bare := raw.lstrip()) or bare.startswith(b"#"):
        return None
    said = _said(rowwise.shown(own))
    if len(said) > MOST_SAID:
        return Why.TOO_LONG
    kinds, names, values = (list(column) for column in zip(*said, strict=True))
    return {"kinds": kinds, "names": names, "values": values, "text": rowwise.shown(raw)}


_SHORT = 32
"""Of commands of no more bytes, what they say is kept: a file can have the same on every two bytes."""
_short = functools.lru_cache(maxsize=4096)(_row)


def _joined(group: Sequence[Line]) -> bytes:
    return group[0].raw if len(group) == 1 else b"\n".join(line.raw for line in group)


def _groups(found: Iterator[Line]) -> Iterator[tuple[Sequence[Line], Sequence[Line]]]:
    """The lines of each command, and those of them that are no here-document."""
    held, at = list(itertools.islice(found, _HELD_LINES)), 0
    while at < len(held):
        if not _MARKED.search(held[at].raw):
            group = [held[at]]
            yield group, group
            at += 1
        else:
            own = _own(held, at)
            if own is None:  # looked at once, so that no file makes us look at its lines again and again
                window = held[at : at + MOST_LINES]
                yield from ((group := [line], group) for line in window)
                at += len(window)
            else:
                group = held[at : at + len(own)]
                yield group, group if all(own) else list(itertools.compress(group, own))
                at += len(own)
        if len(held) - at < MOST_LINES:
            held, at = [*held[at:], *itertools.islice(found, at)], 0


def _own(held: Sequence[Line], at: int) -> list[bool] | None:
    """Of each line of the command that begins at one, whether it is no here-document; None, where its end does not come."""
    quote, here, own = b"", list[tuple[bytes, bool]](), list[bool]()
    for n in range(at, min(at + MOST_LINES, len(held))):
        line = held[n]
        if not quote and here:
            word, dash = here[0]
            if (line.raw.lstrip(b"\t") if dash else line.raw) == word:
                here.pop(0)
            own.append(False)
            on = False
        else:
            quote, on, more = _scan(line.raw, quote)
            here += more
            own.append(True)
        if not quote and not here and not on:
            return own
    return None


def _scan(raw: bytes, quote: bytes) -> tuple[bytes, bool, list[tuple[bytes, bool]]]:
    """Of a line that begins within a quote or not: the quote it ends in, whether it goes on, and the here-documents begun."""
    here: list[tuple[bytes, bool]] = []
    at = 0
    while True:
        if quote:
            ends = _ENDS[quote].search(raw, at)
            if ends is None:
                return quote, False, here
            at = ends.end()
            quote = quote if ends[0].startswith(b"\\") else b""
            continue
        found = _TOKEN.search(raw, at)
        if found is None or found["comment"]:
            return b"", False, here
        if found["on"]:
            return b"", True, here
        if found["here"]:
            here.append((found["word"], bool(found["dash"])))
        quote, at = found["quote"] or b"", found.end()


def _said(text: str) -> list[_Thing]:
    """What some commands set and do."""
    every = (thing for command in _commands(text) for thing in _of_one(command))
    found = list(itertools.islice(every, MOST_SAID + 1))
    # A shell parts words at fewer bytes than Python does text: a line of no-break spaces alone is a command by that name.
    word = _FIRST_WORD.search(text)
    return found or [("command", word[0] if word else text, None)]


def _commands(text: str) -> Iterator[str]:
    """The commands of a text, without what joins them, the words that lead to them, and comments."""
    begun = at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        stop = found.end() if found else at + 1
        if found and (found["between"] or found["comment"] or found["brace"]):
            yield _LEADING.sub("", text[begun:at]).strip()
            begun = stop
        at = stop
    yield _LEADING.sub("", text[begun:]).strip()


def _of_one(line: str) -> list[_Thing]:
    """What one command sets, or that it is run."""
    if not line or line in _CLOSING:
        return []
    exports = _EXPORTS.match(line)
    forms = (_SETTING, _NAMED) if exports else (_SETTING,)
    settings, stop = _settings(line, exports.end() if exports else 0, forms)
    if settings and (exports or not line[stop:].strip()):
        return [("export" if exports else "set", *setting) for setting in settings]
    for kind, lead, form in _LEADS:
        found = lead.match(line)
        named = _settings(line, found.end(), (form,))[0] if found else []
        if named:
            return [(kind, *one) for one in (named if kind in {"alias", "unset"} else named[:1])]
    word = _FILE.match(line)
    return [("command", word["name"] if word else line.split(maxsplit=1)[0], None)]


def _settings(
    line: str, at: int, forms: Sequence[re.Pattern[str]]
) -> tuple[list[tuple[str, str | None]], int]:
    """The names and values that stand in a row, and where the row ends."""
    found: list[tuple[str, str | None]] = []
    while True:
        match = next((match for form in forms if (match := form.match(line, at))), None)
        if match is None:
            return found, at
        found.append((match["name"], match.groupdict().get("value")))
        blanks = _BLANKS.match(line, match.end())
        at = blanks.end() if blanks else match.end()
