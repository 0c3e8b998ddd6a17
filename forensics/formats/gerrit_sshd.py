r"""Gerrit sshd_log: logins to Gerrit's own SSH server, and each command that was run there.

    [2026-11-23T15:11:48.120+0000] 1a2b3c4d [SSH git-receive-pack /llm (kai)] kai a/1000012 git-receive-pack./llm 5ms 54ms 0 git/2.39

Shape   [<time> <offset>] <session> [<thread>] <user> a/<account id> <command> <wait>ms <run>ms [<figures>] <status> [<agent>];
        in place of command and times LOGIN FROM <address>, LOGOUT, AUTH FAILURE FROM <address> <why>; older ones have no thread
Source  Gerrit Code Review documentation, "Logs": sshd_log
Time    the server's clock, to the millisecond, with its offset
Who     the user whose key Gerrit accepted; of an AUTH FAILURE what was typed, kept as asserted
Open    the thread's name holds the command as it was typed, which can imitate what follows: where a line can be read in two ways
        its user is not taken. A push to `refs/for/…` makes a review and moves no branch; the ref is not in this log.
        The address of a command is in the line that its session began with
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.forge import COLUMNS
from forensics.core.lines import told
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("gerrit_sshd", "a line of Gerrit's SSH log", COLUMNS)
CUT = "line"
DOMAIN = "git:server"

_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}[.,][0-9]{3} ?[+-][0-9]{2}:?[0-9]{2}"
_WHO = r"(?P<user>[^ \]]+) (?P<id>a/[0-9]{1,12}|-)"
_LINE = rf"^\[(?P<time>{_TIME})\] (?P<session>[0-9a-f]{{1,16}}) (?:\[(?P<thread>.*?)\] )?{_WHO} (?P<said>.*)$"
_AGAIN = r"\] [^ \]]+ (?:a/[0-9]{1,12}|-) "
_COMMAND = r"^(?P<command>.*?) [0-9]{1,12}ms [0-9]{1,12}ms(?: '[^']*'| \[[^\]]*\])?(?: (?P<status>-?[0-9]{1,6}|killed))?(?P<left>.*)$"
_LOGIN = r"^(?P<what>LOGIN|AUTH FAILURE) FROM (?P<address>[^ ]+)(?: (?P<why>.*))?$"
_FIRST = re.compile(_LINE.encode().removesuffix(b"$"))


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a whole first line."""
    return 90 if _FIRST.match(head.split(b"\n", 1)[0].rstrip(b"\r")) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept, said = found.filter(read), pc.struct_field(found.filter(read), "said")
    nothing = pa.scalar(None, pa.string())
    command, login = pc.extract_regex(said, pattern=_COMMAND), pc.extract_regex(said, pattern=_LOGIN)
    failed = pc.fill_null(pc.equal(pc.struct_field(login, "what"), "AUTH FAILURE"), False)
    twice = pc.greater(pc.count_substring_regex(lines.text.filter(read), _AGAIN), 1)
    user, nobody = pc.struct_field(kept, "user"), pc.equal(pc.struct_field(kept, "user"), "-")
    typed = pc.or_(failed, twice)
    action = pc.coalesce(pc.struct_field(command, "command"), pc.struct_field(login, "what"), said)
    rest = pc.coalesce(_some(pc.struct_field(command, "left")), _some(pc.struct_field(login, "why")))
    records = {
        "time": pc.struct_field(kept, "time"),
        "action": action,
        "account": pc.if_else(pc.or_(typed, nobody), nothing, user),
        "asserted": pc.if_else(pc.and_not(typed, nobody), user, nothing),
        "address": pc.if_else(twice, nothing, pc.struct_field(login, "address")),
        "status": pc.coalesce(
            _some(pc.struct_field(command, "status")), pc.if_else(failed, "refused", nothing)
        ),
        "request": pc.struct_field(kept, "session"),
        "rest": pc.utf8_trim(rest, " "),
    }
    why = pa.array([Why.SHAPE.value] * len(lines.text), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)


def _some(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
