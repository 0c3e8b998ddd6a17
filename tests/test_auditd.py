"""The audit trail: the fast reader against a slow one, planted text, and events whatever the order of lines."""

import hashlib
import itertools
import random
import re
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
from audit_definition import by_definition
from audit_definition import told as said
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.core import auditfields, auditlayout, lines
from forensics.core.model import spans_of
from forensics.core.schema import extended
from forensics.core.tables import FILE, SHA256
from forensics.formats import auditd
from forensics.readings import auditd as reading

ROOT = Path(__file__).parents[1]
UPSTREAM = ROOT.parent / "shared" / "samples"
INCIDENTS = sorted((ROOT / "sample_logs" / "incidents").glob("*/evidence/login01/var/log/audit/audit.log"))
SAMPLES = sorted((ROOT / "sample_logs" / "formats" / "auditd").iterdir())
FEW = settings(max_examples=examples(40), deadline=None)


def fast(data):
    parsed = auditd.parse(data, 0)
    return said(parsed.records), parsed.rejected.to_pylist(), parsed.ignored.to_pylist()


@pytest.mark.parametrize("log", INCIDENTS, ids=lambda p: p.parts[-7])
def test_agrees_with_the_definition_on_incidents(log):
    """Every column of every line."""
    data = log.read_bytes()
    assert fast(data) == by_definition(data)
    assert not fast(data)[1]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
def test_agrees_with_the_definition_on_samples(sample):
    data = sample.read_bytes()
    assert fast(data) == by_definition(data)


@pytest.fixture(params=[1, auditlayout.LEAST_LINES], ids=["every line by layout", "few lines by rule"])
def least(request, monkeypatch):
    """How many lines are worth a layout of their own: what is read hangs on it nowhere."""
    monkeypatch.setattr(auditlayout, "LEAST_LINES", request.param)
    monkeypatch.setattr(auditfields, "LEAST_LINES", 1)
    monkeypatch.setattr(auditfields, "BLOCK_LINES", 7)


@pytest.mark.usefixtures("least")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
def test_ways_of_reading_agree(sample):
    data = sample.read_bytes()
    assert fast(data) == by_definition(data)


NOISE = st.binary(max_size=8) | st.sampled_from(
    [
        b'"',
        b"\x1d",
        b"msg='",
        b"'",
        b" auid=0",
        b"=",
        b"\n",
        b"\r\n",
        b" ",
        b" msg=audit(",
        b"a0=",
        b" old auid=7",
    ]
)


@pytest.mark.usefixtures("least")
@settings(FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sample=st.sampled_from(SAMPLES),
    places=st.lists(st.integers(0, 4000), min_size=2, max_size=2),
    noise=st.lists(NOISE, max_size=4),
)
def test_agrees_with_the_definition_on_damage(sample, places, noise):
    data = sample.read_bytes()
    start, stop = sorted(min(place, len(data)) for place in places)
    stop = min(stop, start + 40)
    damaged = data[:start] + b"".join(noise) + data[stop:]
    assert fast(damaged) == by_definition(damaged)


def upstream():
    found = [
        *UPSTREAM.glob("go-libaudit/aucoalesce/testdata/*.yaml"),
        *UPSTREAM.glob("audit-userspace/auparse/test/*"),
    ]
    return sorted([*found, *UPSTREAM.glob("beats/filebeat/module/auditd/log/test/*.log")])


def test_reads_what_other_projects_read():
    """Records of old and new kernels; the indent of the files that hold them is taken off."""
    if not upstream():
        pytest.skip("the samples of other projects are not here")
    read = 0
    for path in upstream():
        data = b"".join(line.lstrip() for line in path.read_bytes().splitlines(keepends=True))
        assert fast(data) == by_definition(data)
        records, files = evidence({f"login01/{path.name}": data})
        told = reading.read(records, files, zone="UTC", anchor_ns=None)["event"].to_pylist()
        assert sum(len(event["citations"]) for event in told) >= len(spans_of(records)[0])
        read += records.num_rows
    assert read > 40


def test_bounds_what_one_line_can_cost():
    """A line longer than any record is rejected; its neighbours are read."""
    line = b'type=CWD msg=audit(1795446841.266:1): cwd="/x"\n'
    long = b"type=EXECVE msg=audit(1795446841.266:1): " + b' a="=' * (10 << 18) + b"\n"
    records, rejected, _ = fast(line + long + line)
    assert [span["start"] for row in records for span in row["spans"]] == [0, len(line) + len(long)]
    assert [row["why"] for row in rejected] == ["too_long"]


def parsed(data, base, sha256):
    records = auditd.parse(data, base).records
    columns = [pa.array([sha256] * records.num_rows, pa.string()), *records.columns]
    return pa.Table.from_arrays(columns, schema=extended(auditd.TABLE, SHA256).schema())


def evidence(contents, *, host="login01"):
    tables, held = [], []
    for path, data in contents.items():
        sha256 = hashlib.sha256(data).hexdigest()
        tables.append(parsed(data, 0, sha256))
        file = {
            "sha256": sha256,
            "path": path,
            "host": host,
            "kind": "file",
            "held": "copied",
            "domain": "login01:root",
        }
        held.append(file | {"format": "auditd", "bytes": len(data), "parsed": 0, "rejected": 0, "ignored": 0})
    return pa.concat_tables(tables), FILE.build({c: [file.get(c) for file in held] for c in FILE.names})


def events(contents, **more):
    records, files = evidence(contents, **more)
    return reading.read(records, files, zone="UTC", anchor_ns=None)["event"].to_pylist()


def told(contents):
    """Events without their places: the lines that each cites stand for those."""
    held = {hashlib.sha256(data).hexdigest(): data for data in contents.values()}
    said = []
    for event in events(contents):
        cited = sorted(held[c["sha256"]][c["start"] : c["stop"]] for c in event["citations"])
        said.append({**event, "citations": cited, **dict.fromkeys(("event_id", "sha256", "start", "stop"))})
    return sorted(said, key=repr)


def some_lines():
    """Events of every kind, two incidents and the samples, one line each."""
    found = b"".join(p.read_bytes() for p in SAMPLES if not p.name.startswith(("crlf", "invalid")))
    for log in INCIDENTS[:2]:
        data = log.read_bytes().splitlines(keepends=True)
        found += b"".join(line for line in data if re.search(rb":(?:79\d\d|88[01]\d)\)", line[:80]))
    starts, stops = spans_of(auditd.parse(found, 0).records)
    return [found[a:b] for a, b in sorted(zip(starts.to_pylist(), stops.to_pylist(), strict=True))]


LINES = some_lines()


@cache
def whole():
    """The events of all lines in one file, and what they tell."""
    contents = {"login01/audit.log": b"".join(LINES)}
    return sorted(events(contents), key=lambda e: e["event_id"]), told(contents)


@settings(max_examples=examples(15), deadline=None)
@given(seed=st.integers(0, 999))
def test_order_and_files_of_lines_change_no_event(seed):
    """Interleaved by two processors, or split by a rotation: the events are the same."""
    chance = random.Random(seed)  # noqa: S311 - hypothesis chooses, so that it can shrink
    shuffled = chance.sample(LINES, len(LINES))
    half = chance.randrange(len(LINES))
    two = {"login01/audit.log.1": b"".join(shuffled[:half]), "login01/audit.log": b"".join(shuffled[half:])}
    assert told({p: data for p, data in two.items() if data}) == whole()[1]


@settings(max_examples=examples(15), deadline=None)
@given(places=st.lists(st.integers(1, len(LINES) - 1), max_size=3), chance=st.randoms())
def test_frames_change_no_event(places, chance):
    """An event whose lines lie in several frames of a file is one event, whatever the order of its records."""
    data, places_of = b"".join(LINES), [0]
    for line in LINES:
        places_of.append(places_of[-1] + len(line))
    edges = [0, *sorted({places_of[place] for place in places}), len(data)]
    sha256 = hashlib.sha256(data).hexdigest()
    parts = [parsed(data[a:b], a, sha256) for a, b in itertools.pairwise(edges)]
    chance.shuffle(parts)
    _, files = evidence({"login01/audit.log": data})
    framed = reading.read(pa.concat_tables(parts), files, zone="UTC", anchor_ns=None)["event"]
    assert framed.sort_by("event_id").to_pylist() == whole()[0]


def test_machines_without_names_are_not_put_together():
    unnamed = b"".join(line for line in LINES if not line.startswith(b"node="))
    got = events({"a.log": unnamed, "b.log": unnamed + b"\n"}, host=None)
    assert got
    assert all(len({c["sha256"] for c in event["citations"]}) == 1 for event in got)


def test_planted_text_names_nobody():
    """Arguments, task names and programs' words imitate fields; who acted is read from its own place."""
    data = (ROOT / "sample_logs" / "formats" / "auditd" / "planted_fields.log").read_bytes()
    assert not {row.get("auid") for row in fast(data)[0]} & {0}
    assert not {row.get("ses") for row in fast(data)[0]} & {1, 7}
    got = events({"login01/audit.log": data})
    assert not [e for e in got if e["account"] == "root" or e["session"] in {"1", "7"} or e["auid"] == 0]


HEADS = {
    "SYSCALL": "arch=c000003e success=yes exit=0 items=0 ppid=1 pid=9 auid=4102 uid=4102 euid=4102 tty=pts3 ses=54"
}


def line(kind, said, serial=1):
    return f"type={kind} msg=audit(1795446841.266:{serial}): {HEADS.get(kind, '')} {said}\n".encode()


def path(item, name, role, inode=None):
    held = f" inode={inode} dev=fe:00 mode=0100644 ouid=4101" if inode else ""
    return line("PATH", f'item={item} name="{name}"{held} nametype={role}')


def one(*said):
    (event,) = events({"login01/audit.log": b"".join(said)})
    return event


WHERE = line("CWD", 'cwd="/srv/llm"')
SAID = [
    ("read", [line("SYSCALL", "syscall=257 a0=ffffff9c a2=80000"), path(0, "t.py", "NORMAL", 5)], "/srv/llm/t.py"),
    ("write", [line("SYSCALL", "syscall=257 a0=ffffff9c a2=1"), path(0, "t.py", "NORMAL", 5)], "/srv/llm/t.py"),
    ("write", [line("SYSCALL", "syscall=2 a1=200"), path(0, "/t", "NORMAL", 5)], "/t"),
    ("create", [line("SYSCALL", "syscall=257 a0=ffffff9c a2=41"), path(0, "/srv/", "PARENT"), path(1, "t", "CREATE", 5)], "/srv/t"),
    ("write", [line("SYSCALL", "syscall=437 a0=ffffff9c"), line("OPENAT2", "oflag=01101 mode=0 resolve=0"), path(0, "t", "NORMAL", 5)], "/srv/llm/t"),
    ("read", [line("SYSCALL", "syscall=437 a0=ffffff9c"), line("OPENAT2", "oflag=0 mode=0"), path(0, "t", "NORMAL", 5)], "/srv/llm/t"),
    ("delete", [line("SYSCALL", "syscall=263 a0=7"), path(0, "/srv/llm", "PARENT"), path(1, "t", "DELETE", 5)], "t"),
    ("delete", [line("SYSCALL", "syscall=87"), path(0, "a/", "PARENT"), path(1, "a/../t", "DELETE", 5)], "/srv/llm/t"),
    ("truncate", [line("SYSCALL", "syscall=76"), path(0, "t", "NORMAL", 5)], "/srv/llm/t"),
    ("attributes", [line("SYSCALL", "syscall=260 a0=ffffff9c"), path(0, "t", "NORMAL", 5)], "/srv/llm/t"),
    ("utimes", [line("SYSCALL", "syscall=280 a0=ffffff9c"), path(0, "t", "NORMAL", 5)], "/srv/llm/t"),
    ("clock_change", [line("SYSCALL", "syscall=227")], None),
    ("connect", [line("SYSCALL", "syscall=42"), line("SOCKADDR", "saddr=0200")], None),
    ("other", [line("SYSCALL", "syscall=43")], None),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "said", "object_"), SAID)
def test_system_calls_are_taken_to_mean(verb, said, object_):
    event = one(*said, WHERE)
    assert (event["verb"], event["object"], event["auid"]) == (verb, object_, 4102)


def test_a_rename_over_a_file_says_whose_file_went():
    """The kernel may list the file that went before the file that moved."""
    moved, went, came = (
        path(2, "/c/.new", "DELETE", 21),
        path(3, "/c/best", "DELETE", 20),
        path(4, "/c/best", "CREATE", 21),
    )
    for order in ((moved, went), (went.replace(b"item=3", b"item=1"), moved)):
        event = one(line("SYSCALL", "syscall=82"), WHERE, *order, came)
        assert (event["verb"], event["object"], event["object_from"]) == ("rename", "/c/best", "/c/.new")
        assert (event["inode"], event["replaced_inode"], event["object_owner_uid"]) == (
            "fe:00:21",
            "fe:00:20",
            4101,
        )


def test_an_argument_spread_over_records_is_one():
    """Long arguments come in pieces, and the pieces in several records; the last may be any bytes."""
    data = (ROOT / "sample_logs" / "formats" / "auditd" / "hex_and_split_arguments.log").read_bytes()
    event = events({"login01/audit.log": data})[0]
    assert event["argv"] == ["sh", "-c", "echo one two ; rm -rf x", "abc", "\u202e\\xff\n"]
    assert event["text"] == " ".join(event["argv"])


def test_a_signal_to_a_group_is_one_event_for_each_receiver():
    sent = line("SYSCALL", "syscall=62 a0=fffffff6 a1=9 key=(null)")
    hit = [line("OBJ_PID", f'opid={pid} oauid=-1 ouid=4101 oses=-1 ocomm="python3"') for pid in (70, 71)]
    got = events({"login01/audit.log": sent + b"".join(hit)})
    assert [(e["signal"], e["target_pid"], e["target_uid"], e["object"]) for e in got] == [(9, 70, 4101, "python3"), (9, 71, 4101, "python3")]  # fmt: skip
    assert len({e["event_id"] for e in got}) == 2


def test_a_copied_trail_tells_its_signals_once():
    """The same lines collected twice are cited twice, and are still one event."""
    data = line("SYSCALL", "syscall=62 a0=46 a1=9") + line("OBJ_PID", "opid=70 ouid=4101")
    (event,) = events({"login01/audit.log": data, "login01/copy.log": data + b"\n"})
    assert (event["target_pid"], len(event["citations"])) == (70, 4)


@pytest.mark.parametrize(
    "worst", ["every line irregular", "every line a reject", "one long line", "no fields"]
)
def test_worst_layouts_are_accounted_for(worst):
    """Every byte once, and what is read is what the definition reads; the large forms are in `bench`."""
    chance = random.Random(7)  # noqa: S311 - the same lines in every run
    data = b""
    for one_line in LINES[:60]:
        head, _, body = one_line.rstrip(b"\r\n").partition(b"): ")
        words = body.split(b" ")
        chance.shuffle(words)
        data += {
            "every line irregular": head + b"): " + b" ".join(words) + b"\n",
            "every line a reject": one_line.replace(b"msg=", b"mgs=", 1),
            "one long line": one_line,
            "no fields": head + b"):\n",
        }[worst]
    if worst == "one long line":
        data += (
            b"type=EXECVE msg=audit(1795446841.266:1): a0="
            + b"41" * lines.LONGEST_LINE_BYTES
            + b"\n"
            + LINES[0]
        )
    got = auditd.parse(data, 0)
    assert fast(data) == by_definition(data)
    spans = sorted(
        s for table in got for s in zip(*(ends.to_pylist() for ends in spans_of(table)), strict=True)
    )
    assert [start for start, _ in spans] == [0, *(stop for _, stop in spans)][:-1]
    assert spans[-1][1] == len(data)


USER = 'pid=9 uid=0 auid=4102 ses=54 msg=\'op=login acct="kai" exe="/bin/login" addr=10.0.0.7 res=success\'\x1dUID="root"'
CALLED = f'{HEADS["SYSCALL"]} syscall=59 key="run"\x1dARCH=x86_64 AUID="kai"'
REACHED = "saddr=0200001600000000\x1dSADDR={ saddr_fam=inet laddr=10.0.0.7 lport=22 }"
ODD = [
    ("SYSCALL", CALLED, CALLED.replace("\x1d", " ")),
    ("SYSCALL", CALLED, CALLED.replace("ppid=1", "ppid=x")),
    ("SYSCALL", CALLED, CALLED.replace("euid", "egid")),
    ("SYSCALL", CALLED, CALLED.replace('"run"', "72756E")),
    ("SYSCALL", CALLED, CALLED.replace('"run"', "(null)")),
    ("SYSCALL", CALLED, CALLED.replace('"run"', '"ru"n')),
    ("SYSCALL", CALLED, CALLED.replace("key=", "kéy=")),
    ("USER_LOGIN", USER, USER.replace("'\x1d", "\x1d")),
    ("USER_LOGIN", USER, USER.replace(" ses=54 msg='", " ses=54 'msg=")),
    ("USER_LOGIN", USER, USER.replace("success'", "'")),
    ("SOCKADDR", REACHED, REACHED.replace(" }", " }x")),
    ("SOCKADDR", REACHED, REACHED.replace("{ ", '{" ')),
    ("USER_AUTH", "pid=9 au res=1", "pid=9 auid=7 res=1"),
    ("USER_AUTH", "pid=9 odd auid=7 res=1", "pid=9 old auid=7 res=1"),
    ("EXECVE", 'argc=2 a0="a" a1=62', 'argc=2 a0="a" a2=62'),
    ("EXECVE", 'argc=2 a0="a" a1=62', 'argc=2 a0="a" a1[0]=62'),
    ("EXECVE", 'argc=2 a0="a" a1=62', 'argc=2 a0="a"\x1da1=62'),
]


@pytest.mark.parametrize(("kind", "usual", "odd"), ODD)
def test_a_line_unlike_the_others_is_read_as_it_is(kind, usual, odd):
    """Among many of one layout stands one that differs in a single thing."""
    said = [usual] * 40
    said[20] = odd
    stamp = "type={} msg=audit(1795446841.266:{}): {}\n"
    data = b"".join(stamp.format(kind, serial, words).encode() for serial, words in enumerate(said))
    assert fast(data) == by_definition(data)


@pytest.mark.parametrize("first", ["LOGIN", "SYSCALL"])
def test_the_leading_line_fills_a_column_before_others(first):
    """Whichever stands first; what the other says of it is kept as written."""
    two = {
        "LOGIN": "type=LOGIN msg=audit(1795446841.266:{}): pid=9 uid=0 auid=4101 ses=7 res=1\n",
        "SYSCALL": "type=SYSCALL msg=audit(1795446841.266:{}): " + CALLED + "\n",
    }
    rest = next(kind for kind in two if kind != first)
    data = "".join(two[kind].format(serial) for serial in range(40) for kind in (first, rest)).encode()
    records, _, _ = fast(data)
    assert records == by_definition(data)[0]
    assert {(row["type"], row["auid"], row["syscall"]) for row in records} == {("LOGIN", 4101, 59)}
    assert all("auid=4102" in row["more"][0] for row in records)
