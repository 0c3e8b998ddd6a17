r"""Log of Gitea or Forgejo: requests that its router served, pushes over HTTP and SSH among them, and failed logins.

    2026/11/23 15:11:48 HTTPRequest [I] router: completed POST /kai/llm.git/git-receive-pack for 10.0.0.7:51234, 200 OK in 54.1ms @ repo/githttp.go:492(repo.ServiceReceivePack)

Shape   <date> <time> [<file>:<line>:<function>] [[<level>]] [[<request>]] <message>, each part after the time as it is configured;
        up to 1.8 [<file>:<line> <function>] before the level; of Macaron `[Macaron] <date> <time>: <message>`; a console adds colours.
        The message of a request is `router: completed <method> <path> for <address>, <status> <words> in <time> @ <handler>`, up to
        1.15 `Completed <method> <path> <status> <words> in <time>`; `started`, `slow`, `polling` and `failed` tell of its course
Source  Gitea, "Logging Configuration" (1.9 to 1.26); the layouts of modules/log and modules/web/routing
Time    the server's wall clock, to the second or, where so configured, the microsecond, with no offset
Who     nobody: the router names no account. Over SSH the server asks itself (`/api/internal/serv/command/<key>/…`), with the number
        of the key that it accepted; the database says whose that is. The name of a failed login is typed, and kept as asserted.
        Path and name are typed by the client; whoever administers the server could have forged the file
Open    a request that was served says neither which refs it moved nor whether any. A name that was typed may hold a line end,
        and then makes a line of its own: so no line of this log names an account. Access tokens in a path are left out.
        Which account asked is in the access log (`http_access`), if that was switched on, and in the database (`gitea_database`).
        An address is the last hop that the server saw, or what a proxy that it believes told it
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.forge import COLUMNS
from forensics.core.lines import told
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("gitea_log", "a line of Gitea's or Forgejo's log", COLUMNS)
CUT = "line"
DOMAIN = "git:server"

_COLOUR = r"\x1b\[[0-9;]{0,12}m"
_STAMP = r"[0-9]{4}[/-][0-9]{2}[/-][0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?"
_PLACE = r"[A-Za-z0-9_./-]{1,99}\.go:[0-9]{1,6}"
_LEVEL = r"(?:[TDIWEFC]|TRACE|DEBUG|INFO|WARN|ERROR|FATAL|CRITICAL)"
_LINE = (
    rf"^(?:\[Macaron\] )?(?P<time>{_STAMP}):? (?:\[{_PLACE} [^\]]{{0,99}}\] |{_PLACE}(?::[A-Za-z0-9_.()*-]{{1,99}})? |HTTPRequest )?"
    rf"(?:\[(?P<level>{_LEVEL})\] )?(?:\[(?P<request>[0-9a-f]{{8}}(?:-[0-9]{{1,6}})?|no-gopid)\] )?(?P<said>.*)$"
)
_ROUTER = (
    r"^router: (?P<step>started|slow|polling|failed|completed) +(?P<method>[A-Z]{3,7}) (?P<path>[^ ]+) for (?P<address>[^ ,]+)"
    r"(?:, (?:(?P<status>[0-9]{1,3}) [A-Za-z' -]{0,40} ?in [^ ]+|elapsed [^ ]+|panic in [^ ]+)(?P<left> @ .*)?)?$"
)
_OLDER = (
    r"^(?P<step>Started|Completed) (?P<method>[A-Z]{3,7}) (?P<path>[^ ]+) "
    r"(?:for (?P<address>[^ ]+)|(?P<status>[0-9]{3}) [A-Za-z' -]{0,40} ?in [^ ]+)$"
)
_REFUSED = r"^Failed authentication attempt (?:for (?P<name>.*) )?from (?P<address>[0-9A-Fa-f.:\[\]%]+)(?P<left>: .*)?$"
_FROM = r" from [0-9A-Fa-f.:\[\]%]+(?:$|: )"
_TOKENS = r"([?&](?:access_token|token|sudo_token)=)[^&]*"
_WRITERS = re.compile(
    rf"(?m)^(?:{_COLOUR})*(?:\[Macaron\] )?{_STAMP}.*? (?:router: (?:{_COLOUR})*(?:started|completed|slow|polling|failed)\b|(?:Started|Completed) [A-Z]{{3,7}} /|"
    r"\[[A-Z]+\] (?:\[[0-9a-f]{8}(?:-[0-9]+)?\] )?(?:Starting (?:Gitea|Forgejo) on PID|Git [Vv]ersion: |Gitea v|Forgejo v|Failed authentication attempt ))".encode()
)
_FIRST = re.compile(rf"(?:{_COLOUR})*(?:\[Macaron\] )?{_STAMP}".encode())
_SERVER = re.compile(rb"routing/logger\.go|HTTPRequest|@ [a-z_]+/[a-z_0-9]+\.go:|/api/internal/|Gitea|Forgejo|\[Macaron\]|git-receive-pack|git-upload-pack")  # fmt: skip


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a stamped first line and of a line that only such a server writes."""
    return 90 if _FIRST.match(head) and _WRITERS.search(head) and _SERVER.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time; what a line breaks off into (a stack, a list of values) is left with its reason."""
    lines = told(data, base)
    plain = pc.replace_substring_regex(lines.text, pattern=_COLOUR, replacement="")
    found = pc.extract_regex(plain, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    said = pc.struct_field(kept, "said")
    new, old, refused = (pc.extract_regex(said, pattern=form) for form in (_ROUTER, _OLDER, _REFUSED))
    asked = pc.binary_join_element_wise(_either(new, old, "method"), _either(new, old, "path"), " ")
    step = pc.utf8_lower(_either(new, old, "step"))
    failed = pc.if_else(pc.is_valid(refused), "refused", hostevents.NOTHING)
    # A typed name can hold what follows it: then neither it nor the address is taken.
    once = pc.less_equal(pc.count_substring_regex(said, _FROM), 1)
    refused_from = pc.if_else(once, _some(refused, "address"), hostevents.NOTHING)
    rest = pc.utf8_ltrim(pc.coalesce(_some(new, "left"), _some(refused, "left")), " :")
    left = {
        " ": pc.if_else(pc.or_kleene(once, pc.is_null(refused)), rest, said),
        "level": _some(kept, "level"),
    }
    records = {
        "time": pc.struct_field(kept, "time"),
        "action": pc.coalesce(_masked(asked), pc.if_else(pc.is_valid(refused), "login", _masked(said))),
        "asserted": pc.if_else(once, _some(refused, "name"), hostevents.NOTHING),
        "address": _host(pc.coalesce(_either(new, old, "address"), refused_from)),
        "status": pc.coalesce(_either(new, old, "status"), step, failed),
        "request": _some(kept, "request"),
        "rest": hostevents.pairs(left),
    }
    why = pa.array([Why.SHAPE.value] * len(lines.text), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)


def _either(new: pa.Array, old: pa.Array, name: str) -> pa.Array:
    return pc.coalesce(_some(new, name), _some(old, name))


def _some(found: pa.Array, name: str) -> pa.Array:
    """A named part; an empty one is null."""
    values = pc.struct_field(found, name)
    return pc.if_else(pc.equal(values, ""), hostevents.NOTHING, values)


def _masked(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(text, pattern=_TOKENS, replacement=r"\1*")


def _host(address: pa.Array) -> pa.Array:
    """An address without its port."""
    bare = pc.replace_substring_regex(address, pattern=r"^\[(.*)\](?::[0-9]{1,5})?$", replacement=r"\1")
    return pc.replace_substring_regex(bare, pattern=r"^([0-9.]+):[0-9]{1,5}$", replacement=r"\1")
