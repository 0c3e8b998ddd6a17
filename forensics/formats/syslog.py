r"""System log: one line for each message that a program or the kernel gave to the host's logger.

    Nov 23 15:11:37 login01 sshd[3077]: Accepted publickey for mei from 127.0.0.11 port 49063 ssh2: ED25519 SHA256:HIer…

Shape   <stamp> <host> <program>[<pid>]: <message>, in rsyslog's traditional layout or its RFC 3339 one;
        of programs that matter for who did what, the fields of the message
Source  rsyslog, RSYSLOG_TraditionalFileFormat and RSYSLOG_FileFormat; RFC 3164, 4.1; OpenSSH auth.c, session.c;
        Linux-PAM pam_unix; sudo lib/eventlog; cron log_it(); the kernel
Time    traditional: local wall clock to the second, with neither year nor zone. RFC 3339: with its own offset
Who     the program that wrote it, as far as its name can be trusted: `logger -t` lets any account write under
        any name, also with a made-up pid. What sshd or cron wrote without a pid, they did not write
Open    sudo sets no mark around the folder or the command: where either holds ` ; USER=`, nothing but the
        caller is read. `message repeated N times: […]` is one record. Continuation lines have no shape
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import LONGEST_LINE_BYTES, cut, shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NOT_SAID = "this message says none"
TABLE = Table(
    "syslog",
    "a line of the host's log",
    (
        Column("wall", pa.string(), "time as written"),
        Column("stamp", pa.string(), "how it is written: `traditional` (no year, no zone) or `rfc3339`"),
        Column("host", pa.string(), "host that logged it", None, "not in this line"),
        Column("program", pa.string(), "program, by its own word", None, "the line names none"),
        Column("pid", pa.int64(), "its process", None, "the line names none"),
        Column("message", pa.string(), "everything after the program, as written"),
        Column("kind", pa.string(), "which of the known messages it is", None, "none of those known"),
        Column("service", pa.string(), "PAM service", None, _NOT_SAID),
        Column("account", pa.string(), "account that the program speaks of", None, _NOT_SAID),
        Column("uid", pa.int64(), "its uid", None, _NOT_SAID),
        Column("caller", pa.string(), "account that asked for it", None, _NOT_SAID),
        Column("caller_uid", pa.int64(), "uid that asked for it", None, _NOT_SAID),
        Column("target", pa.string(), "account whose rights were asked for", None, _NOT_SAID),
        Column("typed", pa.string(), "name that somebody typed and no account has", None, _NOT_SAID),
        Column("method", pa.string(), "how entry was asked for", None, _NOT_SAID),
        Column("address", pa.string(), "address of the other end", None, _NOT_SAID),
        Column("port", pa.int64(), "port there", None, _NOT_SAID),
        Column("credential", pa.string(), "fingerprint of the key, `SHA256:…`", None, _NOT_SAID),
        Column("tty", pa.string(), "terminal as written", None, _NOT_SAID),
        Column("cwd", pa.string(), "working directory", None, _NOT_SAID),
        Column("command", pa.string(), "command: typed by a user", None, _NOT_SAID),
        Column("refusal", pa.string(), "the program's words of refusal", None, _NOT_SAID),
        Column("operation", pa.string(), "what was done to the object", None, _NOT_SAID),
        Column("object", pa.string(), "whose crontab, which account or which file", None, _NOT_SAID),
        Column("child", pa.int64(), "pid of another process that it names", None, _NOT_SAID),
        Column("job", pa.string(), "scheduler's job id in a control group's path", None, _NOT_SAID),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_TRADITIONAL = r"[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}"
_RFC3339 = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
_LINE = (
    rf"^(?:<[0-9]{{1,3}}>)?(?P<wall>{_TRADITIONAL}|{_RFC3339})(?: (?P<host>[^ ]*[^ :])|:)? (?P<rest>(?s:.*))$"
)
_HOUR = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_TIME = (
    rf"^(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?: [1-9]|{_DAY}) {_HOUR}$"
    rf"|....-(?:0[1-9]|1[0-2])-{_DAY}T{_HOUR})"
)
_TAG = (
    r"^(?P<program>[^ \[\]:<>]+)\]?(?:\[(?P<pid>[0-9]{1,18})\])?(?: <[A-Za-z]+>)?:(?: (?P<message>(?s:.*)))?$"
)
_FIRST = re.compile(
    rf"(?:<\d{{1,3}}>)?(?:{_TRADITIONAL}|{_RFC3339}) [^ ]*[^ :] [^ \[\]:<>]+\]?(?:\[\d+\])?:(?: |$)".encode()
)


class _Shape(NamedTuple):
    """A message that we know: its name, which programs write it, and where in it the fields are.

    Each pattern is anchored where the program's own words begin, and at the end of the line where
    something typed stands in between, so that nothing typed can take the place of a field.
    """

    kind: str
    programs: tuple[str, ...]
    pattern: str
    needs_pid: bool = True


_SSHD = ("sshd", "sshd-session", "sshd-auth")
_CRON = ("CRON", "CROND", "cron", "crond")
_SUDO, _SU, _RUNUSER, _LOGIN, _KERNEL = ("sudo",), ("su",), ("runuser",), ("login",), ("kernel",)
_SYSTEMD, _LOGIND = ("systemd", "(systemd)"), ("systemd-logind",)
_CLOCKS = ("chronyd", "ntpd", "ntpdate", "systemd-timesyncd", "systemd-timedated")
_ACCOUNTS = (
    "useradd",
    "userdel",
    "usermod",
    "groupadd",
    "groupdel",
    "groupmod",
    "gpasswd",
    "chage",
    "adduser",
)
_AUDIT = ("auditd", "augenrules", "auditctl")
_FROM = r"from (?P<address>[^ ]+) port (?P<port>[0-9]{1,5})"
_PEER = r"(?P<address>[^ ]+) port (?P<port>[0-9]{1,5})"
_METHOD = r"(?P<method>[a-z-]+(?:/[a-z-]+)?)"
_KEY = r"(?P<credential>SHA256:[A-Za-z0-9+/]{43})"
_ACCOUNT = r"(?P<account>.+?)"
_TYPED = r"(?:invalid|illegal) user (?P<typed>.*)"
_EARLY = r"(?: \[preauth\])?$"
_GONE = r"^(?:Disconnected from|Connection (?:closed|reset) by)"
_STAMPED = r"^(?:\[ *[0-9]+\.[0-9]+\] ?)?"
_SUDO_CALL = r"^ *(?P<caller>[^ ]+) : (?:HOST=[^ ;]+ ; )?(?:(?P<refusal>[A-Za-z0-9 ,.'()/-]+) ; )?(?:TTY=(?P<tty>[^ ;]+) ; )?PWD="
_CGROUP = r"(?:/slurm[^/,]*/uid_[0-9]+|/system\.slice/(?:[^/,]*_)?slurmstepd\.scope)/job_(?P<job>[0-9]+)"


def _pam(services: str, programs: tuple[str, ...], *, needs_pid: bool = True) -> Iterable[_Shape]:
    """What pam_unix writes in the name of the program that asks it, for that program's own services."""
    start = rf"^pam_unix\((?P<service>{services}):session\): session"
    opened = rf"{start} opened for user (?P<account>[^ (]+)(?:\(uid=(?P<uid>[0-9]{{1,10}})\))? by (?P<caller>[^ (]*)(?:\(uid=(?P<caller_uid>[0-9]{{1,10}})\))?$"
    yield _Shape("pam_opened", programs, opened, needs_pid)
    yield _Shape("pam_closed", programs, rf"{start} closed for user (?P<account>[^ (]+)$", needs_pid)
    refused = (
        rf"^pam_unix\((?P<service>{services}):auth\): authentication failure; logname=[^ ]* uid=(?P<caller_uid>[0-9]{{1,10}}) "
        r"euid=[0-9]+ tty=(?P<tty>[^ ]*) ruser=(?P<caller>[^ ]*) rhost=(?P<address>[^ ]*) *(?: user=(?P<account>[^ ]+))?$"
    )
    yield _Shape("pam_refused", programs, refused, needs_pid)


_SHAPES = (
    _Shape("accepted", _SSHD, rf"^Accepted {_METHOD} for {_ACCOUNT} {_FROM} ssh2: [A-Z0-9-]+ {_KEY}(?: ID .*)?$"),
    _Shape("accepted", _SSHD, rf"^Accepted {_METHOD} for {_ACCOUNT} {_FROM} ssh2(?:: .*)?$"),
    _Shape("refused_unknown", _SSHD, rf"^Failed {_METHOD} for {_TYPED} {_FROM} ssh2(?:: [A-Z0-9-]+ {_KEY})?$"),
    _Shape("refused_unknown", _SSHD, r"^Failed [^ ]+ for (?:invalid|illegal) user "),
    _Shape("refused", _SSHD, rf"^Failed {_METHOD} for {_ACCOUNT} {_FROM} ssh2(?:: [A-Z0-9-]+ {_KEY})?$"),
    _Shape("refused_unknown", _SSHD, r"^(?:Invalid|Illegal) user (?P<typed>.*) from (?P<address>[^ ]+)(?: port (?P<port>[0-9]{1,5}))?$"),
    _Shape("refused", _SSHD, r"^User (?P<account>.+?) from (?P<address>[^ ]+) not allowed because "),
    _Shape("refused_unknown", _SSHD, rf"^(?:error: )?maximum authentication attempts exceeded for {_TYPED} {_FROM} ssh2{_EARLY}"),
    _Shape("refused", _SSHD, rf"^(?:error: )?maximum authentication attempts exceeded for (?P<account>[^ ]+) {_FROM} ssh2{_EARLY}"),
    _Shape("key_found", _SSHD, rf"^Accepted key [A-Z0-9-]+ {_KEY} found at (?P<object>.+):[0-9]+$"),
    _Shape("postponed_unknown", _SSHD, rf"^Postponed {_METHOD} for {_TYPED} {_FROM} ssh2{_EARLY}"),
    _Shape("postponed", _SSHD, rf"^Postponed {_METHOD} for {_ACCOUNT} {_FROM} ssh2{_EARLY}"),
    _Shape("child", _SSHD, r"^User child is on pid (?P<child>[0-9]{1,10})$"),
    _Shape("started", _SSHD, rf"^Starting session: .* on (?P<tty>(?:pts/|tty)[^ ']+) for (?P<account>[^ ]+) {_FROM} id [0-9]+$"),
    _Shape("started", _SSHD, rf"^Starting session: .* for (?P<account>[^ ]+) {_FROM} id [0-9]+$"),
    _Shape("connected", _SSHD, rf"^Connection {_FROM} on "),
    _Shape("gone", _SSHD, rf"^Received disconnect {_FROM}:[0-9]+: "),
    _Shape("gone", _SSHD, r"^Received disconnect from (?P<address>[^ ]+): [0-9]+: "),
    _Shape("gone", _SSHD, rf"{_GONE} {_TYPED} {_PEER}{_EARLY}"),
    _Shape("gone", _SSHD, rf"{_GONE}(?: authenticating)? user (?P<account>[^ ]+) {_PEER}{_EARLY}"),
    _Shape("gone", _SSHD, rf"{_GONE} (?P<address>[^ ]+)(?: port (?P<port>[0-9]{{1,5}}))?{_EARLY}"),
    _Shape("gone", _SSHD, r"^(?:Disconnecting|Disconnected|Connection (?:closed|reset)|Timeout, client not responding)\b"),
    *_pam("sshd", _SSHD),
    _Shape("cron_ran", _CRON, r"^\((?P<account>[^()]+)\) CMD \((?P<command>.*)\)$"),
    *_pam("crond?|atd", (*_CRON, "atd")),
    _Shape("crontab", ("crontab",), r"^\((?P<account>[^()]+)\) (?P<operation>REPLACE|DELETE|LIST|BEGIN EDIT|END EDIT) \((?P<object>[^()]+)\)$"),
    _Shape("sudo_unclear", _SUDO, rf"{_SUDO_CALL}.* ; USER=.* ; USER=", False),
    _Shape(
        "sudo", _SUDO,
        rf"{_SUDO_CALL}(?P<cwd>.*) ; USER=(?P<target>[^ ;]+) ; (?:GROUP=[^ ;]+ ; )?(?:TSID=[^ ;]+ ; )?(?:ENV=.* ; )?COMMAND=(?P<command>.*)$", False,
    ),
    *_pam("sudo|sudo-i", _SUDO, needs_pid=False),
    _Shape("su", _SU, r"^(?P<refusal>FAILED SU )?\(to (?P<target>[^ )]+)\) (?P<caller>[^ ]+) on (?P<tty>[^ ]+)$", False),
    _Shape("su", _SU, r"^(?:Successful|(?P<refusal>FAILED)) su for (?P<target>[^ ]+) by (?P<caller>[^ ]+)$", False),
    _Shape("su", _SU, r"^(?:\+|(?P<refusal>-)) (?P<tty>[^ ]+) (?P<caller>[^ :]+):(?P<target>[^ :]+)$", False),
    _Shape("su", _SU, r"^'su (?P<target>[^ ']+)' (?P<refusal>failed) for (?P<caller>[^ ]+) on (?P<tty>[^ ]+)$", False),
    *_pam("su|su-l", _SU, needs_pid=False),
    *_pam("runuser|runuser-l", _RUNUSER, needs_pid=False),
    _Shape("console", _LOGIN, r"^LOGIN ON (?P<tty>[^ ]+) BY (?P<account>[^ ]+)(?: FROM (?P<address>[^ ]+))?$", False),
    _Shape("refused_unknown", _LOGIN, r"^FAILED LOGIN ", False),
    *_pam("login|remote", _LOGIN, needs_pid=False),
    _Shape("fault", _KERNEL, _STAMPED + r"(?:Memory cgroup out of memory|Out of memory)[^:]*: Kill(?:ed)? process (?P<child>[0-9]{1,10}) ", False),
    _Shape("fault", _KERNEL, _STAMPED + rf"oom-kill:constraint=[A-Z_]+,.*,oom_memcg={_CGROUP}[^,]*,task_memcg=[^,]*,task=.*,pid=(?P<child>[0-9]{{1,10}}),uid=[0-9]+$", False),
    _Shape("fault", _KERNEL, _STAMPED + r"oom-kill:constraint=.*,pid=(?P<child>[0-9]{1,10}),uid=[0-9]+$", False),
    _Shape("fault", _KERNEL, _STAMPED + r".{1,16} invoked oom-killer: gfp_mask=", False),
    _Shape("fault", _KERNEL, _STAMPED + r"NVRM: (?:Xid \(PCI:[0-9A-Fa-f:.]+\): [0-9]+|GPU at PCI:[0-9A-Fa-f:.]+ )", False),
    _Shape("fault", _KERNEL, _STAMPED + r"(?:mce: \[Hardware Error\]|\{[0-9]+\}\[Hardware Error\]|\[Hardware Error\]|EDAC [A-Za-z0-9_]+: (?:[0-9]+ )?[CU]E )", False),
    _Shape("fault", _KERNEL, _STAMPED + r"(?:nfs: server [^ ]+ not responding|Lustre(?:Error)?: .*(?:lost|timed out|evicted)|(?:I/O error, dev |blk_update_request: .*error|EXT4-fs error|XFS \([^ ]+\): .*(?:[Ee]rror|shutdown))|Kernel panic)", False),
    _Shape("fault", _KERNEL, _STAMPED + r"(?:[a-z0-9_]+ [0-9a-f:.]+(?: [a-z0-9]+)?: |[a-z0-9]+: )(?:NIC )?[Ll]ink (?:is )?[Dd]own", False),
    _Shape("fault", _KERNEL, _STAMPED + r"(?:INFO: task .* blocked for more than [0-9]+ seconds|watchdog: BUG: soft lockup|rcu: INFO: )", False),
    _Shape("audit_off", _KERNEL, _STAMPED + r"audit: type=1305 audit\(", False),
    _Shape("audit_lost", _KERNEL, _STAMPED + r"audit: (?:audit_lost=|audit_backlog=|backlog limit exceeded|kauditd hold queue overflow|rate limit exceeded)", False),
    _Shape("clock_set", _CLOCKS, r"^(?:System clock wrong by |System clock was stepped by |time reset |time set |step time server |Changed local time to |System clock time unset or jumped backwards)", False),
    _Shape("clock_set", _SYSTEMD, r"^Time has been changed\b", False),
    _Shape("audit_off", _SYSTEMD, r"^(?:Stopp(?:ed|ing)|Start(?:ed|ing)) (?:auditd\.service - )?Security Audit(?:ing| Logging) Service", False),
    *_pam("systemd-user", _SYSTEMD, needs_pid=False),
    _Shape("logind", _LOGIND, r"^New session [^ ]+ of user (?P<account>[^ ]+?)\.$", False),
    _Shape("account_added", _ACCOUNTS, r"^new user: name=(?P<account>[^,]+), UID=(?P<uid>[0-9]{1,10}), ", False),
    _Shape("account_changed", _ACCOUNTS, r"^(?:delete|change|lock|unlock|add) (?:user )?'(?P<object>[^']+)'", False),
    _Shape("audit_off", _AUDIT, r"^(?:The audit daemon is (?:now )?(?:exiting|changing)|Init complete, |Error |Audit daemon (?:is|has|rotating|detected)|.*suspend)", False),
)  # fmt: skip
_NUMBERS = {"uid", "caller_uid", "port", "child"}
_FIELDS = (
    "service", "account", "uid", "caller", "caller_uid", "target", "typed", "method", "address", "port", "credential",
    "tty", "cwd", "command", "refusal", "operation", "object", "child", "job",
)  # fmt: skip

_Rows = npt.NDArray[np.int64]


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content decides
    """Sure where most of the first lines have the stamp, a host and a program."""
    first = [line for line in head[:8192].splitlines()[:20] if line.strip()]
    fits = sum(1 for line in first if _FIRST.match(line))
    return 85 if first and 2 * fits >= len(first) else 55 if fits else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = cut(data, base)
    start, stop = pa.array(lines.start, pa.int64()), pa.array(lines.stop, pa.int64())
    size = pc.binary_length(lines.text)
    blank = pc.equal(size, 0)
    long = pc.greater(size, LONGEST_LINE_BYTES)
    found = pc.extract_regex(shown(pc.if_else(long, pa.scalar(b"", pa.binary()), lines.text)), pattern=_LINE)
    shaped = pc.is_valid(found)
    wall = pc.struct_field(found, "wall")
    read = pc.fill_null(pc.match_substring_regex(wall, _TIME), False)
    bad = pc.and_not(pc.invert(read), blank)
    why = pc.if_else(long, Why.TOO_LONG.value, pc.if_else(shaped, Why.TIME.value, Why.SHAPE.value))
    records = {
        **_line(found.filter(read)),
        "start": start.filter(read),
        "stop": stop.filter(read),
    }
    return Parsed(
        TABLE.build(records),
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why.filter(bad)}),
        IGNORED.build({"start": start.filter(blank), "stop": stop.filter(blank)}),
    )


def _line(found: pa.Array) -> dict[str, pa.Array]:
    """Every column but the span, of lines that have the shape."""
    wall, rest = pc.struct_field(found, "wall"), pc.struct_field(found, "rest")
    tag = pc.extract_regex(rest, pattern=_TAG)
    tagged = pc.is_valid(tag)
    message = pc.if_else(tagged, pc.struct_field(tag, "message"), rest)
    program, pid = (_filled(pc.struct_field(tag, name)) for name in ("program", "pid"))
    return {
        "wall": wall,
        "stamp": pc.if_else(pc.match_substring_regex(wall, "^[0-9]"), "rfc3339", "traditional"),
        "host": _filled(pc.struct_field(found, "host")),
        "program": program,
        "pid": pid.cast(pa.int64()),
        "message": message,
        **_fields(program, pid, message),
    }


def _filled(values: pa.Array) -> pa.Array:
    """Text, with null for what is empty: a group of a pattern that took no part."""
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _fields(program: pa.Array, pid: pa.Array, message: pa.Array) -> dict[str, pa.Array]:
    """The fields of each message, by the first shape of its program that fits."""
    left: dict[tuple[tuple[str, ...], bool], _Rows] = {}
    pieces: list[tuple[_Rows, str | None, pa.Array]] = []
    taken = np.zeros(len(message), bool)
    for shape in _SHAPES:
        group = (shape.programs, shape.needs_pid)
        rows = left[group] if group in left else _written_by(program, pid, *group)
        rows = rows[~taken[rows]]
        left[group] = rows
        if not len(rows):
            continue
        found = pc.extract_regex(message.take(pa.array(rows)), pattern=shape.pattern)
        fits = np.asarray(pc.is_valid(found), bool)
        pieces.append((rows[fits], shape.kind, found.filter(pa.array(fits))))
        taken[rows[fits]] = True
    rest = np.flatnonzero(~taken).astype(np.int64)
    pieces.append((rest, None, pa.nulls(len(rest), pa.struct([]))))
    order = pa.array(np.argsort(np.concatenate([rows for rows, _, _ in pieces]), kind="stable"))
    kind = pa.concat_arrays([pa.array([kind] * len(rows), pa.string()) for rows, kind, _ in pieces])
    return {"kind": kind.take(order), **{name: _field(name, pieces).take(order) for name in _FIELDS}}


def _written_by(program: pa.Array, pid: pa.Array, programs: tuple[str, ...], needs_pid: bool) -> _Rows:  # noqa: FBT001 - a field of the shape
    """Rows of the programs; without those that lack a pid, where these programs always log one."""
    own = pc.fill_null(pc.is_in(program, pa.array(programs)), False)
    return np.flatnonzero(np.asarray(pc.and_(own, pc.is_valid(pid)) if needs_pid else own, bool)).astype(
        np.int64
    )


def _field(name: str, pieces: list[tuple[_Rows, str | None, pa.Array]]) -> pa.Array:
    """One field of all messages, in the order of the pieces."""
    own = [
        _filled(pc.struct_field(found, name))
        if found.type.get_field_index(name) >= 0
        else pa.nulls(len(found), pa.string())
        for _, _, found in pieces
    ]
    values = pa.concat_arrays(own)
    return values.cast(pa.int64()) if name in _NUMBERS else values
