r"""Git configuration: what a repository, a submodule list or an account tells git to do, some of it to run programs.

    [core]
        repositoryformatversion = 0
        fsmonitor = /tmp/x

Shape   `[section]` or `[section "subsection"]`, then `name = value` or `name` a line; `#` and `;` begin comments, a
        backslash at the end continues a line, double quotes hold blanks and comment marks. `.gitmodules` is the same
Source  git documentation, git-config(1) "CONFIGURATION FILE"
Time    none: it is the state found
Who     nobody is named; `user.name` and `user.email` are what commits are to assert
Open    `include.path` is reported and never followed, so what takes effect may be more than is here. Which names let
        git run a program is a list in the reading; a value that is not read as git reads it is still shown as written
"""

import re

import pyarrow as pa

from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import by_line
from forensics.core.schema import Column, Table

TABLE = Table(
    "git_config",
    "a line of a git configuration",
    (
        Column("section", pa.string(), 'section this line opens, as `section` or `section "subsection"`', None, "no such line"),
        Column("name", pa.string(), "name of the setting, in lower case", None, "the line opens a section, or goes on with a value"),
        Column("value", pa.string(), "value as written, without blanks around it", None, "none written: it is on"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:files"

_SECTION = re.compile(
    rb'[ \t]*\[(?P<section>[A-Za-z0-9.-]+(?:[ \t]+"(?:[^"\\\n]|\\.)*")?)\][ \t]*(?P<rest>.*)', re.DOTALL
)
_SETTING = re.compile(rb"[ \t]*(?P<name>[A-Za-z][A-Za-z0-9-]*)[ \t]*(?:=[ \t]*(?P<value>.*))?", re.DOTALL)
"""A setting without the blanks at its end: a pattern that took them off would look through a line of blanks from each of them."""
_FIRST = re.compile(
    rb'(?:[ \t]*(?:[#;][^\n]*)?\r?\n)*[ \t]*\[(?:(?i:core|user|remote|branch|include|includeif|submodule|filter|diff|gpg|alias|'
    rb'extensions|receive|http|url|credential|lfs|safe|log|merge|init|gc|pack|transfer|uploadpack)(?:[ \t]+"[^"\n]*")?)\][ \t]*'
    rb'(?:[#;][^\n]*)?\r?\n(?:[ \t]*[#;][^\n]*\n)*[ \t]+[A-Za-z][A-Za-z0-9-]*[ \t]*(?:=[^\n]*)?(?:\n|$)'
)  # fmt: skip
_NAMED = re.compile(r"(?:^|/)(?:config(?:\.worktree)?|\.?gitconfig|\.gitmodules)$")


def recognise(head: bytes, path: str) -> int:
    """A section that git knows and a setting below it; surer where the path says whose configuration it is."""
    return (80 if _NAMED.search(path) else 35) if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, one at a time: such a file is small. Which section a setting is in, the reading finds."""
    return by_line(data, base, TABLE, _line)


def _line(raw: bytes) -> dict[str, object] | Why | None:
    text = raw.rstrip(b"\r\n")
    if text.lstrip()[:1] in {b"#", b";", b""}:
        return None
    opened = _SECTION.fullmatch(text)
    section = opened["section"].decode("utf-8", "backslashreplace") if opened else None
    rest = opened["rest"] if opened else text
    if opened and rest[:1] in {b"", b"#", b";"}:
        return {"section": section}
    setting = _SETTING.fullmatch(rest.rstrip(b" \t"))
    if setting is None:
        return Why.SHAPE
    value = setting["value"]
    return {
        "section": section,
        "name": setting["name"].decode().lower(),
        "value": None if value is None else value.decode("utf-8", "backslashreplace"),
    }
