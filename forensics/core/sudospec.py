r"""The grammar of sudoers, as far as it says who may become whom: one logical line at a time.

Words are split where sudo splits them: not inside quotes or parentheses, and not at a character with a
backslash before it. `visudo` accepts more than this reads in one place only: a regular expression
(`^…$`) is read where a blank stands before it, up to 256 characters.

Source: sudoers(5) 1.9.13, "SUDOERS FILE FORMAT"; plugins/sudoers/gram.y and toke.l.
"""

import re
from typing import NamedTuple

_ALIAS = re.compile(r"(?P<kind>User|Runas|Host|Cmnd|Cmd)_Alias[ \t]+(?P<rest>.*)", re.DOTALL)
_ALIAS_NAME = re.compile(r"\s*(?P<name>[A-Z][A-Z0-9_]*)\s*=\s*(?P<rest>.*)", re.DOTALL)
_DEFAULTS = re.compile(r"Defaults(?P<scope>[@:!>]\s*(?:\"[^\"]*\"|[^\s\"])+)?[ \t]+(?P<rest>\S.*)", re.DOTALL)
_INCLUDE = re.compile(r"[@#](?P<kind>include|includedir)[ \t]+(?P<path>\"[^\"]+\"|(?:\\.|[^\s\\])+)[ \t]*")
_RUNAS = re.compile(r"\((?P<users>[^():]*)(?::(?P<groups>[^():]*))?\)\s*")
_OPTION = re.compile(
    r"(?P<name>ROLE|TYPE|PRIVS|LIMITPRIVS|NOTBEFORE|NOTAFTER|TIMEOUT|CWD|CHROOT|APPARMOR_PROFILE)\s*=\s*"
    r"(?P<value>\"[^\"]*\"|(?:\\.|[^\s,\\])+)\s*"
)
_TAG = re.compile(
    r"(?P<name>(?:NO)?(?:PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|FOLLOW|INTERCEPT))\s*:\s*"
)
_DIGEST = re.compile(r"!?\s*sha(?:224|256|384|512)\s*:\s*[A-Za-z0-9+/=]+\s*,?\s*")
_COMMAND = re.compile(
    r"(?:(?<!\S)\^(?=[^$]{0,256}\$)(?:[^$\\]|\\.|\$(?![\s,]|\Z)){0,256}\$|\"[^\"]*\"|\\.|[^,:\\\"])+",
    re.DOTALL,
)
_ALLOWED = re.compile(r"!*\s*(?:ALL\b|/|~|\^/|sudoedit\b|list\b|[A-Z][A-Z0-9_]*\s*\Z)")
_WORD = re.compile(r"(?:\"[^\"]*\"|\\.|[^,\\\"])+", re.DOTALL)
# A `%` before a quote is a character like others: told apart from them, each could be read in two ways.
_USERS = re.compile(
    r"(?:!\s*)*(?:\"[^\"]*\"|\\.|[^\s,=\"\\])+(?:\s*,\s*(?:!\s*)*(?:\"[^\"]*\"|\\.|[^\s,=\"\\])+)*"
)
_INCLUDED = re.compile(r"#include(?:dir)?[ \t]")
_TWO_WORDS = re.compile(r"^(?!\"|[!\s]*%?\").*(?<![!\s\\])\s+\S")
_MARK = re.compile(r'\\.|["#]', re.DOTALL)
_UID = re.compile(r"#-?[0-9]+(?=[\s,:)=]|\Z)")
LONGEST = 65_536
MOST = 10_000


class Grant(NamedTuple):
    """One command that users may run, and as whom; None where the line names no such thing."""

    hosts: list[str]
    runas_users: list[str] | None
    runas_groups: list[str] | None
    tags: list[str]
    options: list[str]
    command: str


class Line(NamedTuple):
    """One logical line. `kind` is `grant`, `alias`, `defaults` or `include`."""

    kind: str
    subject: list[str]
    scope: str | None
    grants: list[Grant]
    rest: str | None


def read(text: str) -> Line | None:
    """One logical line without its comment, at most `LONGEST`, or None where it has none of the forms."""
    text = text.strip()
    include = _INCLUDE.fullmatch(text)
    if include:
        return Line("include", [include["path"].strip('"')], include["kind"], [], None)
    defaults = _DEFAULTS.fullmatch(text)
    if defaults:
        return Line("defaults", [], defaults["scope"], [], defaults["rest"])
    alias = _ALIAS.fullmatch(text)
    if alias:
        named = _ALIAS_NAME.fullmatch(alias["rest"])
        return Line("alias", [named["name"]], alias["kind"], [], named["rest"]) if named else None
    return _grants(text)


def comment(text: str, *, quoted: bool) -> tuple[int, bool]:
    """Where the comment of a line begins, or its end where it has none; and whether a quote is open there.

    Args:
        text: one line, of a logical one perhaps a part. A comment ends with the line: no backslash carries it on.
        quoted: whether the line before left a quote open.
    """
    if not text:
        return 0, quoted
    for mark in _MARK.finditer(text):
        if mark[0] == '"':
            quoted = not quoted
        elif mark[0] == "#" and not quoted and not _numbered(text, mark.start()):
            return mark.start(), quoted
    return len(text), quoted


def _numbered(text: str, at: int) -> bool:
    """Whether a `#` begins a number where a user can stand, or an include at the start of the line."""
    if _INCLUDED.match(text, at) and not text[:at].strip():
        return True
    before = text[at - 1] if at else ","
    return before in " \t,!(:%>=" and _UID.match(text, at) is not None


def words(text: str) -> list[str]:
    """A list that commas part."""
    return [word.strip() for word in _WORD.findall(text) if word.strip()]


def _grants(text: str) -> Line | None:
    users = _USERS.match(text)
    if users is None or not text[users.end() :][:1].isspace():
        return None
    grants: list[Grant] = []
    rest: str | None = text[users.end() :]
    while rest is not None:
        hosts, equals, rest = _hosts(rest)
        if not equals or not hosts or any(map(_TWO_WORDS.search, hosts)):
            return None
        rest = _commands(rest, hosts, grants)
        if rest == "" or len(grants) > MOST:
            return None
    return Line("grant", words(users[0]), None, grants, None)


def _hosts(text: str) -> tuple[list[str], str, str]:
    """Hosts, up to the equals sign that no backslash hides."""
    found = re.match(r"(?:\\.|[^=\\])*", text, re.DOTALL)
    end = found.end() if found else 0
    return words(text[:end]), text[end : end + 1], text[end + 1 :]


def _commands(text: str, hosts: list[str], grants: list[Grant]) -> str | None:
    """Read commands into `grants`. What follows a colon is returned; None at the end, empty if unreadable."""
    users: list[str] | None = None
    groups: list[str] | None = None
    tags: dict[str, str] = {}
    options: list[str] = []
    while True:
        text = text.lstrip()
        runas = _RUNAS.match(text)
        if runas:
            users = words(runas["users"])
            groups = words(runas["groups"]) if runas["groups"] is not None else None
            text = text[runas.end() :]
        while found := _OPTION.match(text) or _TAG.match(text):
            if "value" in found.groupdict():
                options = [*options, f"{found['name']}={found['value']}"]
            else:
                tags = {**tags, found["name"].removeprefix("NO"): found["name"]}
            text = text[found.end() :]
        digest = re.match(f"(?:{_DIGEST.pattern})*", text)
        start = digest.end() if digest else 0
        command = _COMMAND.match(text, start)
        if command is None or not _ALLOWED.match(command[0].strip()):
            return ""
        end = command.end()
        grants.append(Grant(hosts, users, groups, list(tags.values()), options, text[:end].strip()))
        if end == len(text):
            return None
        if text[end] == ":":
            return text[end + 1 :] or ""
        text = text[end + 1 :]
        if not text.strip():
            return ""
