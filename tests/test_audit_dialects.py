"""One audit trail told in every dialect: the same verb, account, object and arguments of every event."""

import hashlib
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from urllib.parse import quote_from_bytes

import pyarrow as pa
import pytest
from audit_definition import parts, text

from forensics.core.schema import extended
from forensics.core.tables import FILE, SHA256
from forensics.formats import registry

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_logs" / "formats"
TRAILS = [
    *sorted((SAMPLES / "auditd").glob("[!dio]*.log")),
    *sorted(
        (ROOT / "sample_logs" / "incidents").glob("script_edit/evidence/login01/var/log/audit/audit.log")
    ),
]
ALIKE = (
    "earliest_ns", "latest_ns", "verb", "outcome", "host", "account", "account_absence", "effective", "auid", "uid", "euid", "session", "pid",
    "ppid", "tty", "address", "port", "credential", "exe", "argv", "cwd", "object_kind", "object", "object_from", "inode", "replaced_inode",
    "object_owner_uid", "signal", "target_pid", "target_uid",
)  # fmt: skip
HEAD = re.compile(
    rb"(?:node=(?P<node>[^ ]+) )?type=(?P<type>[A-Z0-9_\[\]]+) msg=audit\((?P<id>(?P<s>\d+)\.(?P<ms>\d+):(?P<serial>\d+))\):"
)


def placed(name, data):
    """The records of a file with its hash, and the file's row."""
    form, sha256 = registry()[name], hashlib.sha256(data).hexdigest()
    records = form.parse(data, 0).records
    columns = [pa.array([sha256] * records.num_rows, pa.string()), *records.columns]
    file = {
        "sha256": sha256,
        "path": "login01/x",
        "host": "login01",
        "kind": "file",
        "held": "copied",
        "format": name,
        "bytes": len(data),
    }
    file |= {"domain": form.DOMAIN.replace("{host}", "login01")} | dict.fromkeys(
        ("parsed", "rejected", "ignored"), 0
    )
    files = FILE.build({c: [file.get(c)] for c in FILE.names})
    return pa.Table.from_arrays(columns, schema=extended(form.TABLE, SHA256).schema()), files


def events(name, data):
    told, files = placed(name, data)
    return (
        import_module(f"forensics.readings.{name}")
        .read(told, files, zone="UTC", anchor_ns=None)["event"]
        .to_pylist()
    )


def alike(told):
    return sorted(({name: event[name] for name in ALIKE} for event in told), key=repr)


def in_syslog(line):
    return b"Nov 23 15:14:01 login01 audispd: " + line.replace(b"\x1d", b"#035") + b"\n"


def percent(raw):
    return quote_from_bytes(raw, safe=bytes(n for n in range(32, 127) if n not in b"%+"))


MOST_BYTES = 250_000
"""Of a trail; the rest holds no other kinds of lines."""
HEX = {"comm", "exe", "key", "name", "cwd", "ocomm"}


def in_laurel(lines):
    """One event as laurel writes it: its documented form, from the slow reader's fields."""
    first = HEAD.match(lines[0])
    told = {"ID": first["id"].decode()} | ({"NODE": first["node"].decode()} if first["node"] else {})
    words = {}
    for line in lines:
        kind, body = HEAD.match(line)["type"].decode(), line[HEAD.match(line).end() :]
        one = fields(kind, body, words)
        if kind in {"SYSCALL", "EXECVE", "CWD", "PROCTITLE"}:
            told.setdefault(kind, one)
        elif kind != "EOE":
            told.setdefault(kind, []).append(one)
    if "EXECVE" in told:
        told["EXECVE"]["ARGV"] = [percent(word) for word in words.values()]
    return json.dumps(told).encode() + b"\n"


def fields(kind, body, words):
    """The members of one line; arguments go into `words`, for they may be spread over lines."""
    message = re.search(rb" msg='(.*?)'(?:\x1d|$)", body)
    one = {"msg": percent(message[1])} if message else {}
    registers = {}
    for where, field in parts(body):
        key, equals, raw = field.partition(b"=")
        key = text(key)
        place = re.fullmatch(r"a(\d+)(\[\d+\])?", key)
        if where == "inner" or not equals:
            continue
        if kind == "EXECVE" and place:
            words[int(place[1])] = words.get(int(place[1]), b"") + decoded(raw)
        elif kind == "SYSCALL" and place:
            registers[key] = "0x" + raw.decode()
        elif key == "proctitle":
            one["ARGV"] = [percent(word) for word in decoded(raw).split(b"\0")]
        else:
            one[key] = raw.decode().strip('"') if where == "names" else said(key, raw)
    return one | ({"ARGV": list(registers.values())} if registers else {})


def laurel_tells(lines):
    """Whether laurel has a form for it: one key twice in a line, or `old auid`, it has none for."""
    for line in lines:
        keys = [field.partition(b"=")[0] for where, field in parts(line) if where != "inner"]
        if len(keys) != len(set(keys)) or b" old auid=" in line:
            return False
    return True


def decoded(raw):
    bare = not (len(raw) >= 2 and raw.startswith(b'"') and raw.endswith(b'"'))
    return (
        raw[1:-1]
        if not bare
        else bytes.fromhex(raw.decode())
        if re.fullmatch(rb"([0-9A-F]{2})+", raw)
        else raw
    )


def said(key, raw):
    if raw in {b"(null)", b"?"}:
        return None
    if key == "saddr":
        return percent(bytes.fromhex(raw.decode()))
    if key == "oflag":
        return raw.decode() if len(raw) % 2 else percent(bytes.fromhex(raw.decode()))
    if re.fullmatch(rb"-?\d{1,18}", raw) and key not in {"mode", "dev"}:
        return int(raw)
    return ("0x" if key == "arch" else "0o" if key == "mode" else "") + percent(
        decoded(raw) if key in HEX else raw.strip(b'"')
    )


def in_auditbeat(lines):
    first = HEAD.match(lines[0])
    at = f"{moment(int(first['s']))}.{first['ms'].decode()}Z"
    kept = {"original": [line.decode("latin-1") for line in lines]}
    host = {"host": {"name": first["node"].decode()}} if first["node"] else {}
    return (
        json.dumps(
            {"@timestamp": at, "auditd": {"sequence": int(first["serial"])}, "event": kept} | host
        ).encode()
        + b"\n"
    )


def moment(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def grouped(data):
    """The lines of each event, in order of its first."""
    held = {}
    for line in data.splitlines():
        found = HEAD.match(line)
        if found and b" msg=audit(" not in line[found.end() :]:
            held.setdefault((found["node"], found["id"]), []).append(line)
    return list(held.values())


def whole(path):
    """The lines of a trail that its reader takes."""
    data = path.read_bytes()[:MOST_BYTES]
    records = registry()["auditd"].parse(data, 0).records
    spans = sorted((s["start"], s["stop"]) for row in records["spans"].to_pylist() for s in row)
    return b"".join(data[a:b] for a, b in spans)


@pytest.mark.parametrize("path", TRAILS, ids=lambda p: f"{p.parts[-7]}/{p.name}")
def test_the_same_events_in_every_dialect(path):
    data = whole(path)
    want = alike(events("auditd", data))
    assert want
    assert alike(events("audisp_syslog", b"".join(map(in_syslog, data.splitlines())))) == want
    tellable = [lines for lines in grouped(data) if laurel_tells(lines)]
    assert len(tellable) >= len(grouped(data)) - 2
    trail = b"".join(line + b"\n" for lines in tellable for line in lines)
    assert alike(events("laurel", b"".join(map(in_laurel, tellable)))) == alike(events("auditd", trail))
    if max(data) < 128:
        assert alike(events("auditbeat", b"".join(map(in_auditbeat, grouped(data))))) == want


STAGED = [
    ("planted_fields.jsonl", "planted_fields.log"),
    ("encoded_arguments.jsonl", "hex_and_split_arguments.log"),
    ("lost_lines.jsonl", "interleaved_and_torn.log"),
]


@pytest.mark.parametrize(("made", "trail"), STAGED)
def test_what_laurel_itself_made_of_a_trail_tells_the_same(made, trail):
    """The samples were staged with laurel from the trail's samples; it leaves out what it cannot read, and names nobody else."""
    got = alike(events("laurel", (SAMPLES / "laurel" / made).read_bytes()))
    want = alike(events("auditd", (SAMPLES / "auditd" / trail).read_bytes()))
    assert got
    assert [event for event in got if event not in want] == []


@pytest.mark.skipif(shutil.which("ausearch") is None, reason="ausearch is not installed")
def test_what_ausearch_made_of_a_trail_tells_the_same_as_far_as_it_goes(tmp_path):
    """Its CSV keeps verb, account, session and result; `--raw` keeps every line."""
    trail = tmp_path / "audit.log"
    trail.write_bytes(whole(TRAILS[-1]))
    run = ["ausearch", "-if", str(trail)]
    made = subprocess.run([*run, "--format", "csv", "--extra-time"], capture_output=True, check=True).stdout
    raw = subprocess.run([*run, "--raw"], capture_output=True, check=True).stdout
    assert alike(events("auditd", raw)) == alike(events("auditd", trail.read_bytes()))
    rows = registry()["ausearch_csv"].parse(made, 0)
    assert not rows.rejected.num_rows
    serials = rows.records["serial"].to_pylist()
    by_serial = {}
    records = registry()["auditd"].parse(raw, 0).records
    spans = {row["start"]: row["serial"] for row in records.select(["start", "serial"]).to_pylist()}
    for event in events("auditd", raw):
        by_serial[spans[event["start"]]] = event
    compared = 0
    for serial, event in zip(serials, events("ausearch_csv", made), strict=True):
        own = by_serial[serial]
        assert (event["earliest_ns"], event["latest_ns"]) == (own["earliest_ns"], own["latest_ns"])
        if event["verb"] != "other" and own["verb"] != "loginuid":
            assert event["verb"] == own["verb"]
            assert event["outcome"] == own["outcome"]
            assert event["account"] == own["account"]
            compared += 1
    assert compared > 50
