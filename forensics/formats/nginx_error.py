r"""nginx's error log: refused logins of HTTP, requests that a rule forbids, and what programs behind it, such as git-http-backend, complain of.

    2026/11/23 15:11:48 [error] 711#711: *57 user "kai": password mismatch, client: 10.0.0.7, server: git.lab, request: "GET /llm.git/info/refs?service=git-receive-pack HTTP/1.1", host: "git.lab"

Shape   <year>/<month>/<day> <time> [<level>] <process>#<thread>: [*<connection> ]<message>[, client: …, server: …, request: "…", …]
Source  nginx 1.18 to 1.27: src/core/ngx_log.c, src/http/ngx_http_request.c, ngx_http_auth_basic_module.c
Time    the server's wall clock, to the second, with no zone: the caller's has it
Who     nobody. A user is what a client typed and nobody checked; nginx writes names, requests and what programs say as they come, newlines
        and all. So whoever can connect can write any line here, and the log is taken to be of anybody on its host
Open    where a line holds more than one client no address is taken. That a request was refused does not say that a later one was
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import forge, hostevents
from forensics.core.lines import told
from forensics.core.messagetext import filled
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("nginx_error", "a line of nginx's error log", forge.COLUMNS)
CUT = "line"
DOMAIN = "{host}:user"

_LINE = (
    r"^(?P<time>[0-9]{4}/[01][0-9]/[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]) \[(?P<status>emerg|alert|crit|error|warn|notice|info|debug)\] "
    r"(?P<pid>[0-9]{1,10})#(?P<tid>[0-9]{1,20}): (?:\*(?P<connection>[0-9]{1,20}) )?(?P<said>.*)$"
)
_FIRST = re.compile(_LINE.encode())
_ABOUT = (
    r"^(?P<action>.*?), client: (?P<client>[0-9A-Fa-f.:]{2,45}|unix:), server: (?P<server>[^ ,]*)"
    r'(?:, request: "(?P<request>.*?)")?(?P<left>, (?:subrequest|upstream|host|referrer): .*)?$'
)
_USER = r'^user "(?P<asserted>.*)"(?:: password mismatch| was not found in ".*")$'
_CLIENT = ", client: "
_NOTHING = pa.scalar(None, pa.string())


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a whole first line of such a log."""
    return 94 if _FIRST.match(head.split(b"\n", 1)[0].rstrip(b"\r")[:65536]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    said = pc.struct_field(kept, "said")
    once = pc.equal(pc.count_substring(said, _CLIENT), 1)
    about = pc.extract_regex(pc.if_else(once, said, _NOTHING), pattern=_ABOUT)
    action = pc.coalesce(pc.struct_field(about, "action"), said)
    user = pc.extract_regex(action, pattern=_USER)
    request = filled(pc.struct_field(about, "request"))
    more = {"request": request, "server": filled(pc.struct_field(about, "server"))}
    more |= {name: filled(pc.struct_field(kept, name)) for name in ("pid", "connection")}
    named = [None if text is None else forge.http(text, None) for text in request.to_pylist()]
    records = {
        "time": pc.struct_field(kept, "time"),
        "action": action,
        "asserted": filled(pc.struct_field(user, "asserted")),
        "repository": pa.array([None if found is None else found[1] for found in named], pa.string()),
        "address": filled(pc.struct_field(about, "client")),
        "status": pc.struct_field(kept, "status"),
        "rest": hostevents.pairs({**more, " ": filled(pc.struct_field(about, "left"))}),
    }
    why = pa.array([Why.SHAPE.value] * len(lines.text), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)
