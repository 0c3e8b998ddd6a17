"""What a git configuration is taken to tell: settings, and which of them let git run a program or read another file.

Such a setting is a fact about the file and no finding: filters and helpers are used for honest work every day.
"""

import re
from collections.abc import Mapping

import pyarrow as pa

from forensics.core import gitevents, hostevents
from forensics.core.tables import EVENT

WHOLE = "a setting is of the section above it"
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
_QUOTED = re.compile(r'(?P<section>[^" ]+)[ \t]+"(?P<sub>.*)"')


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - no time is written
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each line and path: `object` is the full name of the setting, `text` its value."""
    rows = hostevents.placed(records, files, every_path=True)
    lines, paths = rows.lines, rows.files["path"].to_pylist()
    told = zip(*(lines[c].to_pylist() for c in ("sha256", "section", "name", "value")), paths, strict=True)
    section: dict[tuple[str, str], str] = {}
    names, texts = [], []
    for sha256, opened, name, value, path in told:
        if opened is not None:
            section[sha256, path] = _spelled(opened)
        full = ".".join(part for part in (section.get((sha256, path)), name) if part)
        names.append(full or None)
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
