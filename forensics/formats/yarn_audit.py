"""YARN ResourceManager audit log: what was asked of the cluster, by which user from which address, and whether it did.

    2026-11-23 15:11:53,686 INFO resourcemanager.RMAuditLogger: USER=kai<TAB>IP=192.0.2.12<TAB>OPERATION=Kill Application Request<TAB>…

Shape   <wall clock> <level> <class>RMAuditLogger[ (<thread, or place in the source>)]: then <KEY>=<value>, a tab between
Source  Apache Hadoop 2.7 to 3.4: RMAuditLogger.java; log4j.properties RMAUDIT
Time    wall clock of the ResourceManager's host, to the millisecond, no zone
Who     USER is whom the ResourceManager authenticated: by Kerberos; where `hadoop.security.authentication` is
        `simple`, it is the name that the client gave, and nothing vouches for it. IP is the peer's
Open    CALLERCONTEXT and QUEUENAME are typed by clients, line ends too, so that a whole line can be. A line that says one key twice says two things, and is
        rejected. The summary of an application that is over is read; other lines of the same file, where it is the
        ResourceManager's own, are kept as messages
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "not in this line"
_UNSUMMED, _MS = "not a summary of an application", "ms since 1970-01-01T00:00:00Z"
_KEYS = {
    "user": "USER", "address": "IP", "operation": "OPERATION", "target": "TARGET", "result": "RESULT",
    "application": "APPID", "attempt": "APPATTEMPTID", "container": "CONTAINERID", "queue": "QUEUENAME",
    "description": "DESCRIPTION", "permissions": "PERMISSIONS", "context": "CALLERCONTEXT",
}  # fmt: skip
TABLE = Table(
    "yarn_audit",
    "a request to a YARN ResourceManager, or another line of its log",
    (
        Column("wall", pa.string(), "local wall clock as written"),
        Column("level", pa.string(), "INFO, WARN and others"),
        Column("user", pa.string(), "who asked, as authenticated", None, _NONE),
        Column("address", pa.string(), "address that it was asked from", None, "asked by the cluster itself"),
        Column("operation", pa.string(), "what was asked", None, "not an audit line"),
        Column("target", pa.string(), "part of the ResourceManager that was asked", None, _NONE),
        Column("result", pa.string(), "SUCCESS or FAILURE", None, _NONE),
        Column(
            "application",
            pa.string(),
            "application, `application_<start of the cluster>_<number>`",
            None,
            _NONE,
        ),
        Column("attempt", pa.string(), "attempt of it", None, _NONE),
        Column("container", pa.string(), "container of it", None, _NONE),
        Column("queue", pa.string(), "queue: typed by the client", None, _NONE),
        Column("description", pa.string(), "why it was refused, or what ended", None, _NONE),
        Column("permissions", pa.string(), "rights that were missing", None, _NONE),
        Column("context", pa.string(), "what the client says of itself", None, _NONE),
        Column("owner", pa.string(), "account that owns the application", None, _UNSUMMED),
        Column("name", pa.string(), "name of the application: typed by the client", None, _UNSUMMED),
        Column("state", pa.string(), "the application's last state", None, _UNSUMMED),
        Column("final_status", pa.string(), "SUCCEEDED, FAILED, KILLED or UNDEFINED", None, _UNSUMMED),
        Column("submitted_ms", pa.int64(), "submitted", _MS, "no summary, or not in this version"),
        Column("started_ms", pa.int64(), "taken up by the ResourceManager", _MS, _UNSUMMED),
        Column(
            "launched_ms",
            pa.int64(),
            "its first container started",
            _MS,
            "no summary, or not in this version",
        ),
        Column("finished_ms", pa.int64(), "finished", _MS, _UNSUMMED),
        Column("message", pa.string(), "everything after the class, as written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "yarn:admin"

_WHERE = r"(?: \((?:[^()]|\([0-9]+\))+\))?(?::| -)"
"""Which thread it was, or the place in the source, as `%t` or `%F:%M(%L)` of log4j's layout has it."""
_LINE = (
    r"^(?P<wall>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3}) (?P<level>[A-Z]{4,5}) +"
    rf"(?P<class>[A-Za-z0-9_.$]{{1,200}}){_WHERE} (?P<message>(?s:.*))$"
)
_FIRST = re.compile(
    rb"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8},[0-9]{3} [A-Z]{4,5} +[A-Za-z0-9_.$]*"
    rb"(?:RMAuditLogger%b USER=|RMAppManager\$ApplicationSummary%b appId=)"
    % (_WHERE.encode(), _WHERE.encode()),
    re.MULTILINE,
)
_OWN, _SUMMED = r"(?:^|\.)RMAuditLogger$", r"(?:^|\.)RMAppManager\$ApplicationSummary$"
_V = r"(?:[^,\\]|\\.)*"
_SUMMARY = (
    rf"^appId=(?P<application>application_[0-9]+_[0-9]+),name=(?P<name>{_V}),user=(?P<owner>{_V}),queue=(?P<queue>{_V})"
    rf",state=(?P<state>[A-Z_]+),trackingUrl={_V},appMasterHost={_V}(?:,submitTime=(?P<submitted_ms>[0-9]{{1,15}}))?"
    r",startTime=(?P<started_ms>[0-9]{1,15})(?:,launchTime=(?P<launched_ms>[0-9]{1,15}))?,finishTime=(?P<finished_ms>[0-9]{1,15})"
    r",finalStatus=(?P<final_status>[A-Z]+)(?P<rest>,.*)?$"
)
"""The line of an application that is over. A comma that a client typed stands behind a backslash."""
_TIMES = ("submitted_ms", "started_ms", "launched_ms", "finished_ms")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a line of the audit logger, or of the one that sums applications up."""
    named = b"RMAuditLogger" in head or b"RMAppManager$ApplicationSummary" in head
    return 92 if named and _FIRST.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    told = lines.told(data, base)
    found = pc.extract_regex(told.text, pattern=_LINE)
    torn = lines.unended(told, data)
    message = pc.struct_field(found, "message")
    audit = pc.fill_null(pc.match_substring_regex(pc.struct_field(found, "class"), _OWN), False)
    twice = pc.equal(told.text, "\x00never")
    for key in _KEYS.values():
        count = pc.count_substring_regex(message, rf"(?:^|\t){key}=")
        twice = pc.or_(twice, pc.and_(audit, pc.fill_null(pc.greater(count, 1), False)))
    idle = pc.and_not(pc.and_not(told.blank, torn), told.long)
    read = pc.and_not(pc.and_not(pc.and_not(pc.is_valid(found), twice), torn), idle)
    why = pc.if_else(torn, Why.TRUNCATED.value, pc.if_else(twice, Why.VALUE.value, Why.SHAPE.value))
    kept, audited = found.filter(read), audit.filter(read)
    fields = {name: pc.struct_field(kept, name) for name in ("wall", "level", "message")}
    for name, key in _KEYS.items():
        shaped = pc.extract_regex(fields["message"], pattern=rf"(?:^|\t){key}=(?P<value>[^\t]*)")
        value = pc.struct_field(shaped, "value")
        fields[name] = pc.if_else(pc.and_(audited, pc.not_equal(value, "")), value, None)
    summed = pc.fill_null(pc.match_substring_regex(pc.struct_field(found, "class"), _SUMMED), False).filter(
        read
    )
    shaped = pc.extract_regex(pc.if_else(summed, fields["message"], None), pattern=_SUMMARY)
    # No version writes a second owner; one that stands there was typed, whatever went before it.
    twice = pc.fill_null(pc.match_substring(pc.struct_field(shaped, "rest"), ",user="), False)
    shaped = pc.if_else(twice, pa.scalar(None, shaped.type), shaped)
    for field in (f for f in shaped.type if f.name != "rest"):
        value = pc.struct_field(shaped, field.name)
        value = pc.if_else(pc.equal(value, ""), None, value)
        value = value.cast(pa.int64()) if field.name in _TIMES else value
        fields[field.name] = pc.coalesce(fields[field.name], value) if field.name in fields else value
    return told.sorted_out(TABLE, fields, read=read, idle=idle, why=why)
