r"""Apache's error log: refused logins of HTTP, requests that a rule forbids, and what programs behind it, such as git-http-backend, complain of.

    [Mon Nov 23 15:11:48.120345 2026] [auth_basic:error] [pid 711:tid 140] [client 10.0.0.7:51234] AH01617: user kai: authentication failure for "/git/llm.git/info/refs": Password Mismatch

Shape   [<stamp>] [[<module>:]<level>] [[pid <process>[:tid <thread>]]] [(<number>)<system's words>: ] [[client <address>[:<port>]]] [<code>: ]<message>
Source  Apache 2.2 and 2.4: ErrorLogFormat, server/log.c, modules/aaa (mod_auth_basic, mod_authn_*, mod_authz_core), mod_cgi, mod_cgid
Time    the server's wall clock, to the second or the microsecond, with no zone: the caller's has it
Who     nobody: a user is what a client typed. Of a login that succeeded, the access log says whose
Open    Apache escapes what clients send, so that none of it ends a line or a quoted text; what a program behind it prints can look like anything
        but a new line, and stands behind the client. That a request was refused does not say that a later one was
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import forge, hostevents
from forensics.core.lines import told
from forensics.core.messagetext import filled
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("apache_error", "a line of Apache's error log", forge.COLUMNS)
CUT = "line"
DOMAIN = "{host}:web server"

_LINE = (
    r"^\[(?P<time>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-3][0-9] "
    r"[0-2][0-9]:[0-5][0-9]:[0-6][0-9](?:\.[0-9]{6})? [0-9]{4})\] \[(?P<status>(?:[a-z0-9_]{1,40}:)?(?:emerg|alert|crit|error|warn|notice|info|debug|trace[1-8]))\] "
    r"(?:\[pid (?P<pid>[0-9]{1,10})(?::tid (?P<tid>[0-9]{1,20}))?\] )?(?P<system>\([0-9]{1,6}\)[A-Z][^\[\]]{0,200}: )?"
    r"(?:\[(?:client|remote) (?P<client>[0-9A-Fa-f.:]{2,45}|[^ \]]{1,255})\] )?(?P<action>.*)$"
)
_FIRST = re.compile(_LINE.encode())
_FOUR = r"^(?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::[0-9]{1,5})?$"
_SIX = r"^(?P<address>[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f]*)$"
_PORT = r":[0-9]{1,5}$"
_REFUSED = (
    r"^(?:AH[0-9]{5}: )?(?:user `?(?P<asserted>.*?)'?(?:: authentication failure for \"| not found: | in realm `.*' not found: )"
    r"|auth_ldap authenticate: user (?P<directory>.*) authentication failed; URI )(?P<uri>[^ \"]*)"
)
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
    action = pc.struct_field(kept, "action")
    refused = pc.extract_regex(action, pattern=_REFUSED)
    address = _address(kept)
    paths = filled(pc.struct_field(refused, "uri")).to_pylist()
    named = [None if path is None else forge.http(f"GET {path}", None) for path in paths]
    more = {"client": pc.if_else(pc.is_null(address), filled(pc.struct_field(kept, "client")), _NOTHING)}
    more |= {name: filled(pc.struct_field(kept, name)) for name in ("pid", "tid")}
    records = {
        "time": pc.struct_field(kept, "time"),
        "action": action,
        "asserted": pc.coalesce(
            *(filled(pc.struct_field(refused, name)) for name in ("asserted", "directory"))
        ),
        "repository": pa.array([None if found is None else found[1] for found in named], pa.string()),
        "address": address,
        "status": pc.struct_field(kept, "status"),
        "rest": hostevents.pairs({**more, " ": filled(pc.struct_field(kept, "system"))}),
    }
    why = pa.array([Why.SHAPE.value] * len(lines.text), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)


def _address(found: pa.Array) -> pa.Array:
    """The address of each client. Version 2.4, which tells microseconds, has its port behind it, which looks like a part of a longer address."""
    client = filled(pc.struct_field(found, "client"))
    newer = pc.match_substring(pc.struct_field(found, "time"), ".")
    bare = pc.if_else(newer, pc.replace_substring_regex(client, _PORT, "", max_replacements=1), client)
    told = [pc.extract_regex(texts, pattern=shape) for texts, shape in ((client, _FOUR), (bare, _SIX))]
    return pc.coalesce(*(pc.struct_field(one, "address") for one in told))
