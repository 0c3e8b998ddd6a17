r"""Gerrit's httpd_log as JSON (`log.jsonLogging`): what was asked of Gerrit over HTTP, git among it.

    {"host":"10.0.0.7","thread":"HTTP-42","user":"kai","timestamp":"2026-11-23T15:11:48.620+0000","method":"POST","resource":"/a/llm/git-receive-pack","protocol":"HTTP/1.1","status":"200","content_length":"96","latency":"210","user_agent":"git/2.39.5"}

Shape   one object a line; Gerrit 3.0 at first ended each with a comma
Source  Gerrit Code Review documentation, "Logs"; Gerrit 3.0 to 3.11, HttpLogJsonLayout and HttpLog
Time    the server's clock, with its offset, to the millisecond; to the second before 3.0.4
Who     the user that Gerrit authenticated; with status 401 what was typed, kept as asserted. No user, or `-`, is nobody. Whoever
        administers the server can forge all
Open    which refs a push moved is not in it, and a push to `refs/for/…` moves no branch. `host` is that of a proxy where there is one
        and Gerrit is not told of it. The resource and the agent are typed by the client
"""

from forensics.core import jsonlines
from forensics.core.forge import COLUMNS
from forensics.core.jsonlines import Object
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("gerrit_httpd_json", "a line of Gerrit's HTTP log as JSON", COLUMNS)
CUT = "line"
DOMAIN = "git:server"

_EACH = ("host", "thread", "timestamp", "method", "resource")
_USED = {"timestamp", "host", "user", "method", "resource", "protocol", "status", "user_agent"}
_REFUSED = "401"


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects that have what each line of the log has."""
    if b'"thread"' not in head:
        return 0
    lines = b"\n".join(line.rstrip().removesuffix(b",") for line in head.split(b"\n", 6)[:6])
    return 90 if jsonlines.has(jsonlines.first_objects(lines), *_EACH) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row, load=_loaded)


def _loaded(line: bytes) -> Object | Why:
    return jsonlines.loaded(line.rstrip().removesuffix(b","))


def _row(found: Object) -> Object | Why:
    time, method, resource = (jsonlines.text(found, key) for key in ("timestamp", "method", "resource"))
    if not time:
        return Why.TIME
    if not method or resource is None:
        return Why.VALUE
    user, protocol = (jsonlines.text(found, key) for key in ("user", "protocol"))
    user = None if user in {"", "-"} else user
    status = jsonlines.written(found, "status")
    typed = status == _REFUSED
    left = {name: value for name, value in found.items() if name not in _USED}
    return {
        "time": time,
        "action": " ".join(word for word in (method, resource, protocol) if word),
        "account": None if typed else user,
        "asserted": user if typed else None,
        "address": jsonlines.text(found, "host") or None,
        "status": status,
        "agent": jsonlines.text(found, "user_agent") or None,
        "rest": jsonlines.compact(left or None),
    }
