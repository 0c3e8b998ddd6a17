"""What a git configuration is taken to tell: settings, and which of them let git run a program or read another file.

Such a setting is a fact about the file and no finding: filters and helpers are used for honest work every day.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from forensics.core import carried, gitevents, hostevents
from forensics.core.tables import EVENT

NOTED = ("sha256", "section")
"""A setting is of the section above it."""
NEEDS_ANCHOR = False

_RUNS = re.compile(
    r"core\.(?:fsmonitor|hookspath|pager|editor|sshcommand|askpass|gitproxy|alternaterefscommand)|pager\..*"
    r"|filter\..*\.(?:clean|smudge|process)|diff\.(?:external|.*\.(?:command|textconv))|merge\..*\.driver"
    r"|gpg\.(?:.*\.)?(?:program|defaultkeycommand)|credential\.(?:.*\.)?helper|alias\..*|sequence\.editor"
    r"|(?:diff|merge)tool\..*\.cmd|remote\..*\.(?:vcs|uploadpack|receivepack|proxy)|submodule\..*\.update"
    r"|uploadpack\.packobjectshook|receive\.procreceiverefs|browser\..*\.cmd|man\..*\.cmd|trailer\..*\.c(?:om)?m(?:an)?d"
)
_READS = re.compile(
    r"include\.path|includeif\..*\.path|core\.(?:attributesfile|excludesfile|worktree)|commit\.template"
)


class _Open(NamedTuple):
    """Behind a row: its file, and the section that is open in it, as far as an event says so much."""

    file: str | None = None
    section: str | None = None


_STATE = pa.schema([("sha256", pa.string()), ("section", pa.string())])
_QUOTED = re.compile(r'(?P<section>[^" ]+)(?: [ \t]*|\t)"(?P<sub>.*)"')


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - no time is written
    anchor_ns: int | None,  # noqa: ARG001 - the same
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each line and path: `object` is the full name of the setting, `text` its value."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    before = _Open(*carried.left(notes, _Open()))
    names, texts = [], []
    for section, name, value in zip(
        _sections(lines, before)[0], *(lines[c].to_pylist() for c in ("name", "value")), strict=True
    ):
        full = ".".join(part for part in (section, name) if part)
        names.append(full[: hostevents.LONGEST_TEXT] or None)
        texts.append(_text(full, name, value))
    event = EVENT.build(
        {
            **hostevents.columns(rows, "git_config"),
            "host": rows.files["host"],
            "verb": pa.array(["setting"] * len(names), pa.string()),
            "account_absence": pa.array(["not_recorded"] * len(names), pa.string()),
            "object_kind": pa.array(["setting"] * len(names), pa.string()),
            "object": pa.array(names, pa.string()),
            "repository": gitevents.by_path(rows.files["path"], _repository),
            "text": hostevents.short(pa.array(texts, pa.string())),
        }
    )
    return {"event": event}


def noted(records: pa.Table) -> pa.Table:
    """What the section of a setting hangs on."""
    return records.select(NOTED)


def lacking(noted: Sequence[pa.Table], files: pa.Table) -> Iterator[tuple[int, pa.Table]]:  # noqa: ARG001 - the records say all
    """The section that the lines before a slice left open in the file that goes on in it."""
    return carried.lacking(noted, _STATE, _Open(), lambda rows, before: _sections(rows, before)[1])


def _sections(lines: pa.Table | pa.RecordBatch, before: _Open) -> tuple[list[str | None], _Open]:
    """The section of each row, and what they leave open. A row stands once for each path, next to itself."""
    found: list[str | None] = []
    file, section = before
    for sha256, opened in zip(*(lines[c].to_pylist() for c in NOTED), strict=True):
        if sha256 != file:
            file, section = sha256, None
        if opened is not None:
            # Of what a section holds each says it: very many settings can stand in one.
            section = _spelled(opened)[: hostevents.LONGEST_TEXT]
        found.append(section)
    return found, _Open(file, section)


def _spelled(section: str) -> str:
    """Section and subsection as git names them: the first in lower case, the second as written."""
    found = _QUOTED.fullmatch(section)
    return f"{found['section'].lower()}.{found['sub']}" if found else section.lower()


def _text(full: str, name: str | None, value: str | None) -> str | None:
    if name is None:
        return None
    says = "" if value is None else f"= {value}"
    if _RUNS.fullmatch(full):
        return f"{says} (git runs what this names)".lstrip()
    return f"{says} (git reads what this names)".lstrip() if _READS.fullmatch(full) else says or "on"


def _repository(path: str) -> str | None:
    root, _, name = path.rpartition("/")
    if name not in {"config", "config.worktree"}:
        return None
    root = re.sub(r"/worktrees/[^/]+$", "", root)
    return gitevents.repository(root)
