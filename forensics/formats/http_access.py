r"""Web server access log in the common or combined form: Apache, nginx, Gitea and Forgejo; git over HTTP is in it.

    10.0.0.7 - kai [23/Nov/2026:15:11:48 +0000] "POST /llm.git/git-receive-pack HTTP/1.1" 200 412 "-" "git/2.39.5"

Shape   [<site>:<port> ]<address>[:<port>] [[<thread>] ]<ident> <user> [<day>/<month>/<year>:<time> <offset>] "<request>" <status> <bytes>[ "<referer>" "<agent>"][ …]
Source  Apache 2.4, mod_log_config, "Access Log", and Debian's `vhost_combined`; nginx, ngx_http_log_module, `combined`; Gitea, access log
        template; Gerrit's httpd_log, which names a thread and, from 3.2 on, writes times as RFC 3339 has them
Time    the server's clock, to the second (Gerrit's: to the millisecond), with its offset; of the request's beginning (Apache) or end (nginx)
Who     the user of HTTP authentication, as the server accepted it. With status 401 it is what was typed, and is kept as asserted.
        nginx writes whatever name a client sends even where nothing checks it, as in front of a forge that looks at a token alone:
        there the forge's own log tells
        The request, the referer and the agent are typed by the client
Open    a user name that holds brackets and quotes can imitate what follows it: where a line holds more than one time in
        brackets, its user and its status are not taken. Which refs a push moved is not in it. `git-http-backend` serves a
        push in two requests: only the second, a POST, is one
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.forge import COLUMNS
from forensics.core.lines import told
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("http_access", "a line of a web server's access log", COLUMNS)
CUT = "line"
DOMAIN = "{host}:web server"

_STAMP = (
    r"\[(?:[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.,][0-9]{3}(?:Z|[+-][0-9]{2}:?[0-9]{2}))\]"
)
_IP = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
_SITE = r"[A-Za-z0-9_.-]*[A-Za-z][A-Za-z0-9_.-]*:[0-9]{1,5}"
_FROM = (
    rf"(?:(?:(?P<site>{_SITE}) (?P<client>[^ ]+)|(?P<numbered>[^ ]+:[0-9]{{1,5}}) (?P<far>{_IP}))"
    rf"|\[?(?P<near>{_IP})\]?:(?P<port>[0-9]{{1,5}})|(?P<address>[^ ]+))"
)
_LINE = (
    rf"^{_FROM}(?: \[(?P<thread>[^ \[\]]+)\])? (?P<ident>[^ ]+) (?P<user>.*?) \[(?P<time>" + _STAMP[2:-2] + r')\] '
    r'"(?P<action>(?:[^"\\]|\\.)*)" (?P<status>[0-9]{3}) (?P<bytes>[0-9]{1,18}|-)'
    r'(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?P<left>.*)$'
)  # fmt: skip
_FIRST = re.compile(_STAMP.encode() + rb' "')


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a whole first line of such a log."""
    line = head.split(b"\n", 1)[0].rstrip(b"\r")[:65536]
    # By the reader of columns: Python's own looks through a line of colons from each of them.
    return 96 if _FIRST.search(line) and pc.match_substring_regex(pa.array([line]), _LINE)[0].as_py() else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    several = pc.greater(pc.count_substring_regex(lines.text.filter(read), _STAMP), 1)
    status, user = pc.struct_field(kept, "status"), _field(kept, "user")
    nothing = pa.scalar(None, pa.string())
    typed = pc.or_(several, pc.equal(status, "401"))
    more = {"site": _any(kept, "site", "numbered")}
    more |= {name: _field(kept, name) for name in ("port", "thread", "ident", "bytes", "referer", "left")}
    records = {
        "time": pc.struct_field(kept, "time"),
        "action": pc.struct_field(kept, "action"),
        "account": pc.if_else(typed, nothing, user),
        "asserted": pc.if_else(typed, user, nothing),
        "address": _any(kept, "client", "far", "near", "address"),
        "agent": _field(kept, "agent"),
        "status": pc.if_else(several, nothing, status),
        "rest": hostevents.pairs(more),
    }
    why = pa.array([Why.SHAPE.value] * len(lines.text), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)


def _field(found: pa.Array, name: str) -> pa.Array:
    """A named part; empty and `-` are null."""
    values = pc.struct_field(found, name)
    return pc.if_else(pc.is_in(values, pa.array(["", "-"])), pa.scalar(None, pa.string()), values)


def _any(found: pa.Array, *names: str) -> pa.Array:
    """The one of some named parts that took part."""
    return pc.coalesce(*(_field(found, name) for name in names))
