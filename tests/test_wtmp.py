"""Login records are binary, so what lies in them is checked field by field."""

import ipaddress
import struct
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core.tables import FILE
from forensics.formats import recognise, registry, wtmp
from forensics.readings import wtmp as reading

ROOT = Path(__file__).parents[1]
INCIDENTS = ROOT / "sample_logs" / "incidents"
UPSTREAM = ROOT.parent / "shared" / "samples" / "plaso" / "test_data" / "utmp"
REGISTRY = registry()
SEALED = "a" * 64
S, US = 1_795_446_697, 344_811


def record(kind=7, pid=3077, line=b"pts/1", user=b"mei", remote=b"", s=S, us=US, address=b""):
    return struct.pack(
        "<hxxi32s4s32s256shhiIi16s20x", kind, pid, line, line[-4:], user, remote, 0, 0, 0, s, us, address
    )


def told(data, path="login01/var/log/wtmp"):
    records = wtmp.parse(data, 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    file = {
        "sha256": [SEALED],
        "path": [path],
        "host": ["login01"],
        "bytes": [1],
        "kind": ["file"],
        "held": ["copied"],
    }
    counts = {name: [0] for name in ("parsed", "rejected", "ignored")}
    files = FILE.build(file | counts | {"format": ["wtmp"], "domain": ["login01:root"]})
    return reading.read(sealed, files, zone="UTC", anchor_ns=None)["event"].to_pylist()


def test_a_login_says_who_where_from_and_when():
    (e,) = told(record(remote=b"10.0.0.11", address=bytes([10, 0, 0, 11])))
    assert (e["verb"], e["outcome"], e["account"], e["pid"], e["tty"]) == (
        "login",
        "success",
        "mei",
        3077,
        "pts/1",
    )
    assert (e["address"], e["host"]) == ("10.0.0.11", "login01")
    assert (e["earliest_ns"], e["latest_ns"]) == (S * 10**9 + US * 1000, S * 10**9 + US * 1000 + 999)


def test_a_logout_needs_no_name():
    (e,) = told(record(8, user=b""))
    assert (e["verb"], e["account"], e["account_absence"], e["tty"]) == (
        "logout",
        None,
        "not_recorded",
        "pts/1",
    )


@pytest.mark.parametrize(
    ("kind", "verb"), [(1, "other"), (2, "other"), (3, "clock_change"), (4, "clock_change"), (6, "other")]
)
def test_what_is_no_entry_has_no_account(kind, verb):
    (e,) = told(record(kind, line=b"~", user=b"reboot"))
    assert (e["verb"], e["account"], e["account_absence"], e["tty"]) == (verb, None, "not_applicable", None)


@pytest.mark.parametrize("kind", [6, 7])
def test_a_name_typed_at_a_refused_entry_is_no_account(kind):
    (e,) = told(record(kind, user=b"hunter2"), "login01/var/log/btmp-20261101")
    assert (e["verb"], e["outcome"], e["account"]) == ("login_failed", "failure", None)
    assert "hunter2" in e["text"]


def test_a_boot_among_refusals_is_no_refusal():
    assert told(record(2, line=b"~", user=b"reboot"), "login01/var/log/btmp")[0]["verb"] == "other"


@settings(max_examples=30, deadline=None)
@given(st.ip_addresses())
def test_addresses_are_written_as_everybody_writes_them(address):
    raw = address.packed if address.version == 6 else address.packed + bytes(12)
    (e,) = told(record(address=raw))
    if not any(raw):
        assert e["address"] is None
    elif any(raw[4:]):
        assert ipaddress.ip_address(e["address"]) in {address, getattr(address, "ipv4_mapped", None)}
    else:
        assert e["address"] == str(ipaddress.IPv4Address(raw[:4]))


def test_the_stored_address_counts_before_the_written_one():
    (e,) = told(record(remote=b"10.0.0.12", address=bytes([10, 0, 0, 11])))
    assert e["address"] == "10.0.0.11"
    assert "remote=10.0.0.12" in e["text"]


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        (b"10.0.0.13", "10.0.0.13"),
        (b"2001:db8::1", "2001:db8::1"),
        (b":0", None),
        (b"tmux(1).%0", None),
        (b"ws-mei", None),
    ],
)
def test_a_written_origin_counts_where_it_is_an_address(remote, address):
    assert told(record(remote=remote))[0]["address"] == address


def test_a_text_ends_at_its_first_zero_byte():
    (row,) = wtmp.parse(record(line=b"pts/1\0hidden", user=b"u" * 32), 0).records.to_pylist()
    assert (row["line"], row["user"]) == ("pts/1", "u" * 32)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (record(10), "value"),
        (record(-1), "value"),
        (record(us=1_000_000), "time"),
        (record(us=-1), "time"),
    ],
)
def test_what_cannot_be_is_rejected_and_its_neighbours_are_read(bad, why):
    parsed = wtmp.parse(record() + bad + record(), 384)
    assert parsed.rejected.to_pylist() == [{"start": 768, "stop": 1152, "why": why}]
    assert parsed.records["start"].to_pylist() == [384, 1152]


def test_a_torn_record_is_rejected():
    parsed = wtmp.parse(record() + record()[:383], 0)
    assert parsed.rejected.to_pylist() == [{"start": 384, "stop": 767, "why": "truncated"}]


def test_known_by_its_content():
    assert recognise(record(), "x") == "wtmp"
    assert wtmp.recognise(bytes(3840), "var/log/wtmp") == 0
    assert wtmp.recognise(record(line=b"pts/1\0hidden"), "var/log/wtmp") == 0
    assert recognise(record() * 3 + record(77), "x") == "wtmp"
    assert recognise(record() * 2 + record(77), "x") is None
    assert recognise(bytes(384 * 9) + record(), "x") == "wtmp"


LAYOUTS = {
    "wtmp": "<hxxi32s4s32s256shhiIi16s20x",
    "wtmp_powerpc": ">hxxi32s4s32s256shhiIi16s20x",
    "wtmp_aarch64": "<hxxi32s4s32s256shhqqq16s24x",
    "wtmp_s390": ">hxxi32s4s32s256shhqqq16s24x",
}
FIELDS = (
    "type",
    "pid",
    "line",
    "line_id",
    "user",
    "remote",
    "exit_signal",
    "exit_code",
    "session",
    "epoch_s",
)


def oracle(raw, layout):
    """One record, read as the C structure says."""
    got = struct.unpack(layout, raw)
    named = dict(zip((*FIELDS, "fraction_us"), got[:-1], strict=True))
    texts = {k: v.split(b"\0")[0].decode() or None for k, v in named.items() if isinstance(v, bytes)}
    return named | texts


@pytest.mark.parametrize("name", LAYOUTS)
@settings(max_examples=25, deadline=None)
@given(
    kinds=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    pid=st.integers(0, 2**31 - 1),
    second=st.integers(1, 2**32 - 1),
    us=st.integers(0, 999_999),
    user=st.text("abcxyz09", max_size=32),
)
def test_every_layout_reads_as_its_structure_and_as_no_other(name, kinds, pid, second, us, user):
    pack = LAYOUTS[name]
    texts = b"pts/1", b"ts/1", user.encode(), b"login01"
    data = b"".join(struct.pack(pack, k, pid, *texts, 1, 2, 77, second, us, b"") for k in kinds)
    assert recognise(data, "x") == name
    size = struct.calcsize(pack)
    got = REGISTRY[name].parse(data, 0).records.to_pylist()
    told_by_c = [oracle(data[at : at + size], pack) for at in range(0, len(data), size)]
    assert [{k: row[k] for k in told_by_c[0]} for row in got] == told_by_c


def test_times_past_2038_and_in_1970_are_times():
    first, late, last = told(record(s=0) + record(s=2**31) + record(s=2**32 - 1))
    assert first["earliest_ns"] == US * 1000
    assert late["earliest_ns"] == 2**31 * 10**9 + US * 1000
    assert last["earliest_ns"] == (2**32 - 1) * 10**9 + US * 1000


@pytest.mark.parametrize(("second", "why"), [(-1, ["time"]), (2**62, ["time"]), (9_223_372_035, [])])
def test_a_time_of_64_bits_is_one_that_nanoseconds_hold(second, why):
    texts = b"pts/1", b"ts/1", b"mei", b""
    raw = struct.pack(LAYOUTS["wtmp_s390"], 7, 1, *texts, 0, 0, 0, second, 999_999, b"")
    parsed = REGISTRY["wtmp_s390"].parse(raw, 0)
    assert parsed.rejected["why"].to_pylist() == why


def logouts(*records):
    return [(e["account"], len(e["citations"])) for e in told(b"".join(records)) if e["verb"] == "logout"]


END = record(8, user=b"")


@pytest.mark.parametrize(
    ("records", "told_of"),
    [
        ((record(), END), ("mei", 2)),
        ((record(), record(8, user=b"kai")), ("kai", 1)),
        ((record(), record(pid=9, line=b"pts/2", user=b"kai"), END), ("mei", 2)),
        ((record(pid=9), END), (None, 1)),
        ((record(line=b"pts/2"), END), (None, 1)),
        ((record(), record(pid=9, user=b"kai"), END), (None, 1)),
        ((record(), record(2, pid=0, line=b"~", user=b"reboot"), END), (None, 1)),
        ((record(user=b""), END), (None, 1)),
        ((record(pid=0), record(8, pid=0, user=b"")), (None, 1)),
        ((record(line=b""), record(8, user=b"", line=b"")), (None, 1)),
    ],
)
def test_an_end_is_of_the_account_whose_entry_it_plainly_ends(records, told_of):
    assert logouts(*records)[0] == told_of


def test_a_second_end_of_one_entry_names_nobody():
    assert logouts(record(), END, END) == [("mei", 2), (None, 1)]


def test_no_entry_of_another_file_is_ended():
    name = "wtmp"
    contents = {"login01/var/log/wtmp.1": record(), "login01/var/log/wtmp": END}
    rows, files = [], []
    for at, (path, data) in enumerate(contents.items()):
        records = REGISTRY[name].parse(data, 0).records
        rows.append(records.add_column(0, "sha256", pa.array([str(at) * 64], pa.string())))
        files.append({"sha256": str(at) * 64, "path": path, "bytes": 1, "kind": "file", "held": "copied"})
    held = FILE.build(
        {
            c: [f.get(c, 0 if c in {"parsed", "rejected", "ignored"} else None) for f in files]
            for c in FILE.names
        }
    )
    events = reading.read(pa.concat_tables(rows), held, zone="UTC", anchor_ns=None)["event"].to_pylist()
    assert [e["account"] for e in events] == ["mei", None]


def test_a_refusal_without_terminal_is_known_under_any_name():
    (e,) = told(record(6, line=b"ssh:notty", user=b"hunter2"), "carved/0001.bin")
    assert (e["verb"], e["account"]) == ("login_failed", None)


@pytest.mark.parametrize("case", sorted(p.name for p in INCIDENTS.iterdir() if p.is_dir()))
def test_staged_records_are_logins_by_sshd(case):
    data = (INCIDENTS / case / "evidence" / "login01" / "var" / "log" / "wtmp").read_bytes()
    events = [e for e in told(data) if e["verb"] == "login"]
    assert events
    assert all(
        e["account"] and e["address"].startswith("127.0.0.") and e["tty"].startswith("pts/") for e in events
    )


def test_records_of_other_hosts_are_read():
    if not UPSTREAM.exists():
        pytest.skip("the upstream samples are not beside this checkout")
    for path in UPSTREAM.iterdir():
        data = path.read_bytes()
        assert recognise(data[:65536], path.name) == "wtmp"
        parsed = wtmp.parse(data, 0)
        assert (parsed.rejected.num_rows, parsed.records.num_rows) == (0, len(data) // 384)
        for row in parsed.records.to_pylist():
            expected = oracle(data[row["start"] : row["stop"]], LAYOUTS["wtmp"])
            assert {k: row[k] for k in expected} == expected
