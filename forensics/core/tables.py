"""The tables that stages hand to one another. The same column name means the same thing everywhere."""

import pyarrow as pa

from forensics.core.schema import Column, Table

CITATION = pa.struct([("sha256", pa.string()), ("start", pa.int64()), ("stop", pa.int64())])
CITATIONS = pa.list_(CITATION)
STRINGS = pa.list_(pa.string())

SHA256 = Column("sha256", pa.string(), "SHA-256 of the sealed file, in lower-case hexadecimal")
CITED = (
    SHA256,
    Column("start", pa.int64(), "first byte of the (first) span cited", "bytes"),
    Column("stop", pa.int64(), "byte after the last of the (first) span cited", "bytes"),
)
WHEN = (
    Column(
        "earliest_ns",
        pa.int64(),
        "first moment it can have been",
        "ns since 1970-01-01T00:00:00Z",
        "no time recorded, or none that can be placed",
    ),
    Column(
        "latest_ns",
        pa.int64(),
        "last moment it can have been",
        "ns since 1970-01-01T00:00:00Z",
        "no time recorded, or none that can be placed",
    ),
    Column(
        "clock",
        pa.string(),
        "which clock said so: the source's host (or domain) and format",
        None,
        "no time recorded",
    ),
)

FILE = Table(
    "file",
    "one path under which a sealed file was collected; equal files have one hash and several rows",
    (
        SHA256,
        Column("path", pa.string(), "path as collected, below the evidence argument, `/` between parts"),
        Column(
            "host", pa.string(), "the host whose file system the path shows", None, "the path names no host"
        ),
        Column("origin", pa.string(), "the path on that host, from `/`", None, "the path names no host"),
        Column("bytes", pa.int64(), "size", "bytes"),
        Column(
            "packing",
            pa.string(),
            "how it is compressed, or its text is encoded, by its first bytes: gzip, xz, bzip2, zstd; utf-16, utf-8-bom",
            None,
            "neither compressed nor marked as text of those encodings",
        ),
        Column(
            "unpacked_bytes",
            pa.int64(),
            "size of its content, into which every offset of this file counts: what it decompresses to, or its text as UTF-8, and behind that the sealed bytes that do not decompress",
            "bytes",
            "no packing, or nothing recognised its content",
        ),
        Column(
            "kind",
            pa.string(),
            "file, symlink, hardlink (only in archives: another name of a member), or special (recorded, never opened)",
        ),
        Column("link", pa.string(), "where a symbolic link points, as text", None, "not a symbolic link"),
        Column("held", pa.string(), "copied into the case, or referenced where it lies"),
        Column(
            "archive",
            pa.string(),
            "SHA-256 of the sealed tar or zip archive of which it was a member; its own hash and offsets are of its own bytes",
            None,
            "collected by itself",
        ),
        Column(
            "member_start",
            pa.int64(),
            "where its bytes begin in the archive, or, where that is compressed, in what it decompresses to",
            "bytes",
            "collected by itself, or compressed by itself within the archive",
        ),
        Column("format", pa.string(), "the format it was recognised as", None, "nothing recognised it"),
        Column("domain", pa.string(), "trust domain: who could forge it", None, "nothing recognised it"),
        Column(
            "parsed",
            pa.int64(),
            "bytes that became records; with `rejected` and `ignored` these are all of `unpacked_bytes`, or of `bytes` where that is null",
            "bytes",
        ),
        Column("rejected", pa.int64(), "bytes that should have and could not", "bytes"),
        Column("ignored", pa.int64(), "bytes that hold nothing we read", "bytes"),
    ),
)

REJECT = Table(
    "reject",
    "a span of a sealed file that could not be read",
    (
        *CITED,
        Column("format", pa.string(), "the format that tried"),
        Column("why", pa.string(), "reason, from the closed list `Why`"),
    ),
)

VERBS = {
    "login": "entry into an account succeeded",
    "login_failed": "entry into an account was refused",
    "logout": "a login ended (wtmp)",
    "disconnect": "a connection ended",
    "loginuid": "the kernel was told which account a process acts for (audit LOGIN)",
    "session_open": "PAM opened a session",
    "session_close": "PAM closed a session",
    "session_start": "sshd started a shell or a command for a connection",
    "sudo": "a command was run, or refused, under another account",
    "execute": "a program was executed",
    "read": "a file was opened for reading",
    "open": "a file was opened; whether to read it or to write to it is not on record",
    "write": "an existing file was opened for writing, or its content changed",
    "create": "a file came into being",
    "rename": "a file was renamed, perhaps over another",
    "link": "a link was made",
    "delete": "a file was removed",
    "truncate": "a file was cut",
    "attributes": "mode, owner or extended attributes of a file changed",
    "utimes": "the times of a file were set",
    "signal": "a process was sent a signal",
    "keystrokes": "what was typed at a terminal, as the kernel kept it for a login account",
    "trace": "a process was attached to by another, or its memory or open files were taken",
    "connect": "a process asked for a connection",
    "identity": "a process changed whose rights it has",
    "module": "a kernel module was loaded or removed",
    "mount": "a file system was mounted, moved or unmounted",
    "cron_run": "cron started an entry",
    "cron_edit": "a crontab was replaced, edited or removed",
    "command": "a shell history holds a command line",
    "audit_config": "the audit rules, or the daemon itself, changed",
    "audit_lost": "the kernel or the daemon says that audit records were lost",
    "clock_change": "a system clock was set",
    "submit": "the scheduler received a job",
    "start": "the scheduler or a node started a job or step",
    "end": "a job or step ended",
    "kill_request": "the scheduler was asked to end or signal a job",
    "job_update": "the scheduler was asked to change a job",
    "job_enter": "a program was asked to run inside a running job or its container",
    "scheduler_edit": "the scheduler was asked to change a node, a queue, a reservation, a limit or a right",
    "job_signal": "the scheduler or a node daemon signalled a job",
    "task_start": "a node started a task, with its pid",
    "task_exit": "a task ended, with its pid",
    "push": "a git server accepted a change of a ref",
    "push_request": "a git server served a push; which refs it moved, and whether any, it does not say",
    "push_denied": "a git server refused a change of a ref",
    "fetch": "a git server was read from",
    "commit": "a commit object exists; who and when are only asserted in it",
    "ref_update": "a reflog says that a ref moved",
    "enrol_account": "a file says that an account exists",
    "account_edit": "an account, its password or a group was changed or removed",
    "service": "a service of the host was started, stopped or loaded again",
    "enrol_key": "a file says that a key opens an account",
    "package": "a package manager says that it installed, changed or removed something",
    "expected": "package metadata says what an installed file should hold; a state, not a change",
    "listed": "a listing says that a file existed, with these times; they can be set at will, but for ctime",
    "reported": "a sensor or a file system reported an operation, named first in `text`; an audit record of the same moment may tell the same act",
    "enrol_group": "a file says that an account is in a group",
    "enrol_sudo": "a file says that an account may act as another",
    "enrol_task": "a file says that a command is to be run, when, and under which account",
    "setting": "a file says how a program is set",
    "fault": "a host or a node reported trouble of its own (out of memory, device, network)",
    "other": "read, and of no verb above; kept so that nothing is lost",
}

EVENT = Table(
    "event",
    "something a log says happened, or a state that a file describes",
    (
        Column(
            "event_id",
            pa.string(),
            "`<first 16 of sha256>.<start>.<stop>` of the first span cited, with `.<n>` where one span says several things",
        ),
        *WHEN,
        Column("format", pa.string(), "the format it was read from"),
        Column("domain", pa.string(), "trust domain of that file"),
        Column("verb", pa.string(), "what happened, from the closed list `VERBS`"),
        Column("outcome", pa.string(), "success, failure, or the source's own word", None, "not recorded"),
        Column("host", pa.string(), "the host it happened on", None, "not recorded"),
        Column(
            "account",
            pa.string(),
            "the account acting, as the source names it: the login account (auid) where there is one",
            None,
            "see account_absence",
        ),
        Column(
            "account_absence",
            pa.string(),
            "why account is null: not_recorded, not_readable, not_applicable, number_only (see auid, uid)",
            None,
            "account is known",
        ),
        Column(
            "effective",
            pa.string(),
            "the account whose rights were used, as the source names it",
            None,
            "not recorded",
        ),
        Column("auid", pa.int64(), "login uid; 4294967295 is read as null", None, "unset or not recorded"),
        Column("uid", pa.int64(), "real uid of the actor", None, "not recorded"),
        Column("euid", pa.int64(), "effective uid", None, "not recorded"),
        Column(
            "session",
            pa.string(),
            "the kernel's audit session (ses), as decimal text",
            None,
            "unset or not recorded",
        ),
        Column("pid", pa.int64(), "process acting", None, "not recorded"),
        Column("ppid", pa.int64(), "its parent", None, "not recorded"),
        Column("tty", pa.string(), "terminal, as `pts/3`", None, "none or not recorded"),
        Column("address", pa.string(), "network address the actor came from", None, "none or not recorded"),
        Column("port", pa.int64(), "port there", None, "not recorded"),
        Column(
            "credential",
            pa.string(),
            "`SHA256:…` of the key or certificate, or `password`",
            None,
            "none or not recorded",
        ),
        Column("exe", pa.string(), "path of the program acting", None, "not recorded"),
        Column("argv", STRINGS, "its arguments, decoded", None, "not recorded"),
        Column("cwd", pa.string(), "its working directory", None, "not recorded"),
        Column(
            "object_kind",
            pa.string(),
            "path, process, address, job, ref, reflog, commit, account, group, key, crontab, task, setting, package or source",
            None,
            "no object",
        ),
        Column(
            "object",
            pa.string(),
            "what was acted on; a path is absolute and normalised where the log allows",
            None,
            "no object",
        ),
        Column(
            "object_from",
            pa.string(),
            "what it was before: source of a rename, old commit of a ref",
            None,
            "not applicable",
        ),
        Column("inode", pa.string(), "`device:inode` of the object", None, "not recorded"),
        Column(
            "replaced_inode",
            pa.string(),
            "`device:inode` of the file that a rename removed",
            None,
            "nothing was removed, or not recorded",
        ),
        Column("object_owner_uid", pa.int64(), "owner of the object before the act", None, "not recorded"),
        Column("signal", pa.int64(), "signal number", None, "no signal"),
        Column("target_pid", pa.int64(), "process signalled", None, "not recorded"),
        Column("target_uid", pa.int64(), "uid of the process signalled", None, "not recorded"),
        Column("job", pa.string(), "scheduler's job id, without step", None, "no job named"),
        Column("repository", pa.string(), "git repository, as the source names it", None, "not git"),
        Column("author", pa.string(), "git author, `name <email>`: asserted", None, "not a commit"),
        Column("committer", pa.string(), "git committer, `name <email>`: asserted", None, "not a commit"),
        Column(
            "text",
            pa.string(),
            "command line, message or the line's own words, at most 4,096 characters",
            None,
            "nothing to add",
        ),
        Column("citations", CITATIONS, "every span that says so, in order"),
        *CITED,
    ),
)

JOB_RECORD = Table(
    "job_record",
    "what one source says of one job (steps are rows too)",
    (
        Column("job", pa.string(), "scheduler's job id, without step"),
        Column("step", pa.string(), "step name", None, "the job itself"),
        Column("cluster", pa.string(), "cluster", None, "not recorded"),
        Column("name", pa.string(), "job name: typed by the user", None, "not recorded"),
        Column(
            "owner", pa.string(), "account that owns the job; who may have done nothing", None, "not recorded"
        ),
        Column("owner_uid", pa.int64(), "its uid", None, "not recorded"),
        Column("state", pa.string(), "state as written", None, "not recorded"),
        Column(
            "outcome",
            pa.string(),
            "COMPLETED, FAILED, CANCELLED, TIMEOUT, OUT_OF_MEMORY, NODE_FAIL, PREEMPTED, RUNNING, PENDING or OTHER",
            None,
            "not recorded",
        ),
        Column(
            "ending",
            pa.string(),
            "how it ended, in words common to all schedulers, from the closed list `ENDINGS`",
            None,
            "not recorded, or not ended",
        ),
        Column("exit_code", pa.int64(), "exit code", None, "not recorded"),
        Column("exit_signal", pa.int64(), "signal that ended it; 0 is none", None, "not recorded"),
        Column(
            "submitter",
            pa.string(),
            "account that submitted it, where the source names it beside the owner",
            None,
            "not recorded apart from the owner",
        ),
        Column(
            "requestor",
            pa.string(),
            "account that asked to cancel, as written (name or number)",
            None,
            "nobody, or not recorded",
        ),
        Column(
            "submit_ns", pa.int64(), "submitted, earliest", "ns since 1970-01-01T00:00:00Z", "not recorded"
        ),
        Column(
            "start_ns",
            pa.int64(),
            "started, earliest",
            "ns since 1970-01-01T00:00:00Z",
            "not started, or not recorded",
        ),
        Column(
            "end_ns",
            pa.int64(),
            "ended, latest",
            "ns since 1970-01-01T00:00:00Z",
            "not ended, or not recorded",
        ),
        Column("elapsed_s", pa.int64(), "run time", "s", "not recorded"),
        Column("gpus", pa.int64(), "GPUs allocated", None, "not recorded"),
        Column("nodes", pa.string(), "nodes allocated, as written", None, "not recorded"),
        Column("node_count", pa.int64(), "nodes allocated", None, "not recorded"),
        Column("cpus", pa.int64(), "processors allocated", None, "not recorded"),
        Column(
            "energy_j", pa.int64(), "energy that it used, as metered", "J", "not metered, or not recorded"
        ),
        Column("workdir", pa.string(), "working directory", None, "not recorded"),
        Column(
            "submit_line", pa.string(), "command that submitted it: typed by the user", None, "not recorded"
        ),
        Column("comment", pa.string(), "comment: typed by the user", None, "not recorded"),
        Column(
            "federation_origin", pa.string(), "cluster of a federation that took it", None, "not recorded"
        ),
        Column("format", pa.string(), "the format it was read from"),
        Column("domain", pa.string(), "trust domain of that file"),
        *CITED,
    ),
)

COPY = Table(
    "copy",
    "a copy of a file's content found in the evidence, read without running it",
    (
        SHA256,
        Column("path", pa.string(), "path as collected, or path in the repository"),
        Column("kind", pa.string(), "pickle, torch, script or blob"),
        Column("bytes", pa.int64(), "size of the content", "bytes"),
        Column("blob", pa.string(), "git object id of the content", None, "not known"),
        Column("globals", STRINGS, "names a loader would call, as `module.name`", None, "not a pickle"),
        Column(
            "strings",
            STRINGS,
            "text constants it holds, at most 1,000 of 4,096 characters",
            None,
            "none read",
        ),
        Column("format", pa.string(), "the format it was read from"),
        Column("start", pa.int64(), "first byte of the content in the sealed file", "bytes"),
        Column("stop", pa.int64(), "byte after its last", "bytes"),
    ),
)

CORE = (FILE, REJECT, EVENT, JOB_RECORD, COPY)
