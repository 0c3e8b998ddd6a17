"""What the logs of git servers and forges say alike: who asked what of which repository, from where.

A line that says that a push was served names seldom the refs that it changed, and a forge may still have refused some
of them: such a line is a `push_request`. Only a line that names a ref, and both objects, is a `push`.
"""

import re
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING
from forensics.core.model import SPAN
from forensics.core.schema import Column
from forensics.core.tables import EVENT

_ABSENT = "not in this line"
COLUMNS = (
    Column("time", pa.string(), "when, as written", None, _ABSENT),
    Column("action", pa.string(), "what was asked or done, in the log's own words"),
    Column("account", pa.string(), "account that the server authenticated", None, "none, or not in this line"),
    Column("asserted", pa.string(), "name that nobody checked, as of a refused login", None, _ABSENT),
    Column("repository", pa.string(), "repository, as the log names it", None, _ABSENT),
    Column("ref", pa.string(), "ref concerned", None, _ABSENT),
    Column("old", pa.string(), "object that the ref named", None, _ABSENT),
    Column("new", pa.string(), "object that it names then", None, _ABSENT),
    Column("address", pa.string(), "address the request came from: the last hop that the server saw or believed", None, _ABSENT),
    Column("credential", pa.string(), "key or token that was used, as the log names it", None, _ABSENT),
    Column("agent", pa.string(), "what the client calls itself: typed by the client", None, _ABSENT),
    Column("status", pa.string(), "outcome, in the log's own words", None, _ABSENT),
    Column("request", pa.string(), "the server's own id of the request", None, _ABSENT),
    Column("rest", pa.string(), "what no column holds", None, "nothing"),
    *SPAN,
)  # fmt: skip
_TEXTS = ("action", "ref", "status", "asserted", "agent", "request", "rest")
Verb = Callable[[str, str | None], tuple[str, str | None]]
"""Of an action and a status, the verb and the outcome."""
_HTTP = re.compile(r"(?P<method>[A-Z]{3,7}) (?P<path>[^ ?]*+)(?:\?[^ ]*+)?(?: HTTP/[0-9.]+)?")
_SERVER = re.compile(r"https?://[^/]++")
_ASKED = re.compile(r"(?:\.git)?/(?:info/lfs/|(?P<what>info/refs|git-(?:receive|upload)-pack)\Z)")
_SSH = re.compile(
    r"(?:SSH - )?git[- ](?P<what>receive-pack|upload-pack|upload-archive)[ .]++'?/*+(?P<repository>[^']*?)(?:\.git)?/?'?"
)


def http(request: str, status: str | None) -> tuple[str, str | None] | None:
    """Verb and repository of a request line of git over HTTP; None for any other.

    A push is the POST: what precedes it (`info/refs?service=git-receive-pack`) is asked for also by who may not push.
    """
    found = _HTTP.fullmatch(request)
    asked = found and _asked(found["path"])
    if not found or asked is None:
        return None
    repository, what = asked
    refused = status is not None and not status.startswith("2")
    if what == "git-receive-pack" and found["method"] == "POST":
        return "push_denied" if refused else "push_request", repository
    fetched = what == "git-upload-pack" and found["method"] == "POST" and not refused
    return "fetch" if fetched else "other", repository


def _asked(path: str) -> tuple[str, str | None] | None:
    """The repository of a path, without the slashes that it begins with, and what is asked of it; None where git asks for no such path."""
    server = _SERVER.match(path)
    # One pattern for all of it would try again for each slash: a line of nothing else took hours.
    for start in (server.end(), 0) if server else (0,):
        bare = len(path) - len(path[start:].lstrip("/"))
        for begin in (bare, max(start, bare - 1)):
            if found := _ASKED.search(path, begin):
                return path[begin : found.start()], found["what"]
    return None


def ssh(command: str, *, refused: bool = False) -> tuple[str, str] | None:
    """Verb and repository of a command of git over SSH; None for any other."""
    found = _SSH.fullmatch(command)
    if found is None:
        return None
    if found["what"] == "receive-pack":
        return "push_denied" if refused else "push_request", found["repository"]
    return "other" if refused else "fetch", found["repository"]


def timed_by(records: pa.Table, times: pa.ChunkedArray) -> pa.Table:
    """Records whose log has no written time, with what places them in its column, as text."""
    at = records.schema.get_field_index("time")
    return records.set_column(at, records.schema.field(at), times.cast(pa.string()))


def named_by_folder(records: pa.Table, files: pa.Table, kind: str) -> pa.Table:
    """Records whose answers name no repository, with that of the folders that their file was kept in.

    Args:
        records: a table of `COLUMNS`, perhaps with more, with `sha256` in front.
        files: schema `file`. Where a file was collected in several places that name different ones, none is taken.
        kind: the folder below which an address has the repository, as in `repos/OWNER/REPO/activity`.
    """
    named: dict[str, set[str | None]] = {}
    for sha256, path in zip(files["sha256"].to_pylist(), files["path"].to_pylist(), strict=True):
        _, found, below = f"/{path}".rpartition(f"/{kind}/")
        own, _, _ = below.rpartition("/")
        named.setdefault(sha256, set()).add(own if found and "/" in own else None)
    only = {sha256: next(iter(names)) for sha256, names in named.items() if len(names) == 1}
    folder = pa.array([only.get(sha256) for sha256 in records["sha256"].to_pylist()], pa.string())
    at = records.schema.get_field_index("repository")
    repository = pc.coalesce(records["repository"].cast(pa.string()), folder)
    return records.set_column(at, records.schema.field(at), repository)


def read(
    records: pa.Table,
    files: pa.Table,
    form: str,
    when: Callable[[pa.Array], clock.Interval],
    verb: Verb,
    *,
    merges: frozenset[str] = frozenset(),
    realm: str | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each line.

    Args:
        records: a table of `COLUMNS`, perhaps with more, with `sha256` in front.
        files: schema `file`.
        form: name of the format that read them.
        when: places the written times.
        verb: what each kind of line is taken to tell, asked once for each distinct action and status.
        merges: actions by which the forge itself moved a ref: no `push`, whatever they name, since another can have written what came in.
        realm: what is put behind the accounts of a forge that others run (`kai@github`): whoever opens one chooses its name, which is
            then no account of a host or of the roster that happens to be called the same.
    """
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    both = list(zip(lines["action"].to_pylist(), lines["status"].to_pylist(), strict=True))
    known = {each: verb(*each) for each in set(both)}
    told = pa.array([known[each][0] for each in both], pa.string())
    whole = pc.and_(pc.is_valid(lines["ref"]), pc.is_valid(lines["new"]))
    # Of a repository that is not known, forks have the same refs and objects.
    whole = pc.and_(whole, pc.is_valid(lines["repository"]))
    if merges:
        whole = pc.and_not(whole, pc.is_in(lines["action"], pa.array(sorted(merges), pa.string())))
    told = pc.if_else(pc.and_(pc.equal(told, "push_request"), whole), "push", told)
    account = lines["account"]
    if realm is not None:
        account = pc.binary_join_element_wise(account, realm, "@")
    moved = pc.binary_join_element_wise("new=", lines["new"], "")
    words = [pc.coalesce(pc.binary_join_element_wise(f" {name}=", lines[name], ""), "") for name in _TEXTS]
    text = pc.utf8_ltrim(pc.binary_join_element_wise(pc.coalesce(moved, ""), *words, ""), " ")
    event = EVENT.build(
        {
            **hostevents.columns(rows, form),
            **hostevents.times(when(lines["time"]), rows.files["host"], rows, form),
            "verb": told,
            "outcome": pa.array([known[each][1] for each in both], pa.string()),
            "host": rows.files["host"],
            "account": account,
            "account_absence": hostevents.absence(account),
            "address": hostevents.address(lines["address"]),
            "credential": lines["credential"],
            "object_kind": pc.if_else(pc.is_valid(lines["ref"]), "ref", NOTHING),
            "object": lines["ref"],
            "object_from": lines["old"],
            "repository": lines["repository"],
            "text": hostevents.short(text),
        }
    )
    return {"event": event}
