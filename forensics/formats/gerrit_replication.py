r"""Gerrit replication_log: what a Gerrit server pushed to its copies, or a copy fetched from it (`pull_replication_log`).

    [2026-11-23 15:11:49,120] [1a2b3c4d] Push to ssh://git@mirror01/srv/git/llm.git references: [RemoteRefUpdate[remoteName=refs/heads/main, …]]

Shape   [<wall clock>] [<task>] <words> to|from <address of the copy><more>; older ones and the API's lines have no task.
        What a push moves is listed as `RemoteRefUpdate[remoteName=<ref>, <state>, <old>...<new>, …]`; an exception's own
        lines follow unstamped
Source  Gerrit Code Review, plugins replication and pull-replication; JGit's RemoteRefUpdate for the list
Time    the server's wall clock, to the millisecond, with no offset: the caller's clock has the zone
Who     nobody: the server does it by itself, after somebody pushed to it
Open    a push that lists several refs names none in `ref`; all of them stay in `rest`. That a copy was asked to move a ref
        is no push to the repository that was copied, so it explains no ref that moved there. The JSON form is not read
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.forge import COLUMNS
from forensics.core.lines import told
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("gerrit_replication", "a line of the log of Gerrit's replication", COLUMNS)
CUT = "line"
DOMAIN = "git:server"

_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3}"
_REAL = r"^.....-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]) (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9],"
_LINE = rf"^\[(?P<time>{_TIME})\] (?:\[(?P<task>[0-9a-f]{{0,16}})\] )?(?P<said>[^ \[].*)$"
# The words are Gerrit's own and hold no typed text, so the first address that follows them is the copy's.
_COPY = r"^(?P<action>[A-Za-z ]+ (?:to|from)) (?P<copy>(?:[a-z+]{2,10}://|[^ @/:]+@[^ @/:]+:|/)[^ ]*[^ .,;:])(?P<left>(?:[ .,;:].*)?)$"
_API = r"^(?P<action>(?:Batch a|A)pply objects? API from) (?P<repository>[^ ]+) for (?P<left>.*)$"
_REF = r"RemoteRefUpdate\[remoteName=(?P<ref>refs/[^ ]+), [A-Z_]+, (?P<old>[^ ]+)\.\.\.(?P<new>[^ ,]+),"
_OID = r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$"
_STATE = r"^(?: replication)? ?(?:was )?(?P<status>started|completed|finished|canceled)"
_PATH = r"^(?:[a-z+]{2,10}://[^/]*/|[^/:]*:)?/*(?P<path>.*?)(?:\.git)?/?$"
_TRACE = r"^\t+(?:at |\.\.\. [0-9]+ more)"
_SAYS = re.compile(
    rb"\[[0-9-]{10} [0-9:]{8},[0-9]{3}\] (?:\[[0-9a-f]{0,16}\] )?"
    rb"(?:Replication |Push to |Rescheduling replication |scheduling |Cannot replicate |Missing repository |Firing pending "
    rb"|Apply object|Batch apply object|[A-Z]+ replication from |Fetch )"
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a first line with the stamp and words of replication."""
    return 90 if _SAYS.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    shaped = pc.is_valid(found)
    read = pc.and_(shaped, pc.match_substring_regex(lines.text, _REAL))
    kept = found.filter(read)
    said = pc.struct_field(kept, "said")
    copy, api = pc.extract_regex(said, pattern=_COPY), pc.extract_regex(said, pattern=_API)
    left = pc.coalesce(pc.struct_field(copy, "left"), pc.struct_field(api, "left"))
    # The pattern finds a first match only, so it is asked where there is one.
    one = pc.equal(pc.count_substring(pc.coalesce(left, ""), "remoteName="), 1)
    moved = pc.extract_regex(pc.if_else(one, left, ""), pattern=_REF)
    state = pc.struct_field(pc.extract_regex(pc.coalesce(left, ""), pattern=_STATE), "status")
    failed = pc.starts_with(said, "Cannot ")
    path = pc.struct_field(pc.extract_regex(pc.struct_field(copy, "copy"), pattern=_PATH), "path")
    nothing = pa.scalar(None, pa.string())
    records = {
        "time": pc.struct_field(kept, "time"),
        "action": pc.coalesce(pc.struct_field(copy, "action"), pc.struct_field(api, "action"), said),
        "repository": _some(pc.coalesce(path, pc.struct_field(api, "repository"))),
        "ref": pc.struct_field(moved, "ref"),
        "old": _oid(pc.struct_field(moved, "old")),
        "new": _oid(pc.struct_field(moved, "new")),
        "status": pc.coalesce(state, pc.if_else(failed, "failed", nothing)),
        "request": _some(pc.struct_field(kept, "task")),
        "rest": _some(pc.utf8_trim(pc.binary_join_element_wise(pc.coalesce(pc.struct_field(copy, "copy"), ""), pc.coalesce(left, ""), ""), " ")),
    }  # fmt: skip
    idle = pc.or_(lines.blank, pc.match_substring_regex(lines.text, _TRACE))
    why = pc.if_else(shaped, Why.TIME.value, Why.SHAPE.value)
    return lines.sorted_out(TABLE, records, read=read, idle=idle, why=why)


def _some(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _oid(values: pa.Array) -> pa.Array:
    """A whole name of an object: an abbreviated one, or `(null)`, is left in `rest`."""
    whole = pc.fill_null(pc.match_substring_regex(values, _OID), False)
    return pc.if_else(whole, values, pa.scalar(None, pa.string()))
