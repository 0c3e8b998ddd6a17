"""A case of which not all events are held: the findings are those of one of which all are."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from drawn import some

from forensics import pipeline
from forensics.analysis import displaced, evidence, file_acts, relevance
from forensics.core.tables import EVENT
from forensics.pipeline import answer, counted, heard, narrowed
from forensics.store import parquet, places

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "bench"))

import both_ways  # noqa: E402 - a script's folder is no package
import cluster  # noqa: E402 - the same

INCIDENT = ROOT / "sample_logs" / "incidents" / "poisoned_checkpoint"
AROUND = 1_000


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A staged incident as it was read, with the events of a busy cluster around it."""
    made = tmp_path_factory.mktemp("narrowed") / "case"
    pipeline.create(made)
    pipeline.seal(
        made, [INCIDENT / "evidence"], roster=INCIDENT / "roster.toml", about=INCIDENT / "case.toml"
    )
    pipeline.ingest(made)
    cluster.written(made / "tables", AROUND)
    return made


def renumbered(trail, more):
    """A trail whose kernel numbers are larger."""
    return re.sub(rb":([0-9]+)\):", lambda m: b":%d):" % (int(m[1]) + more), trail)


LEFT = {
    "login01/home/kai/trail": lambda raw: raw.replace(b"auid=4102", b"auid=4103"),
    "login01/tmp/x/auth.log": None,
    "files/login01/var/log/audit/audit.log": lambda raw: renumbered(raw, 50_000),
    "files/gpu07/var/log/audit/audit.log": lambda raw: raw.replace(b"node=login01", b"node=gpu07"),
    "files/kai/audit.log": lambda raw: b"".join(
        line.replace(b"1795446", b"1795440" if n < 300 else b"1795446")
        for n, line in enumerate(renumbered(raw, -400).splitlines(keepends=True))
    ),
}
"""What somebody left in homes and in shared folders: trails with other numbers and times, and a login log."""


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """The incident with all of these, and the events of a busy cluster around it."""
    folder = tmp_path_factory.mktemp("left")
    shutil.copytree(INCIDENT / "evidence", folder / "evidence")
    logs = folder / "evidence" / "login01" / "var" / "log"
    for path, change in LEFT.items():
        target = folder / "evidence" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        source = logs / ("audit/audit.log" if change else "auth.log")
        target.write_bytes(change(source.read_bytes()) if change else source.read_bytes() + b"\n")
    made = folder / "case"
    pipeline.create(made)
    pipeline.seal(made, [folder / "evidence"], roster=INCIDENT / "roster.toml", about=INCIDENT / "case.toml")
    pipeline.ingest(made)
    cluster.written(made / "tables", AROUND)
    return made


def found(case, least):
    """The findings, and the kernel's number of each event that was held for them."""
    held = []
    whole = answer.examined

    def seen(*given):
        done, names = whole(*given)
        held.append(
            dict(zip(done.scene.events["event_id"], done.scene.events["serial"].fillna(-1), strict=True))
        )
        return done, names

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(answer, "examined", seen)
        patched.setattr(narrowed, "WHOLE_EVENTS", least)
        pipeline.analyse(case)
    return json.loads((case / "findings.json").read_text()), held[0]


@pytest.fixture(scope="module", params=some(["left", "case"], 1))
def both(request):
    """What is found of a case of which all events are held, and of the same of which not all are."""
    made = request.getfixturevalue(request.param)
    return request.param, found(made, 10**9), found(made, 0)


def test_the_findings_are_the_same_and_rest_on_fewer_events(both):
    _, (plain, all_events), (told, held) = both
    assert told == plain
    assert len(held) < len(all_events) * 0.7
    # By these events of one millisecond are put in order, so both ways have to know them.
    assert held.items() <= all_events.items()
    assert sum(number > 0 for number in held.values()) > 100
    assert {a["job"] for a in told["acts"]} & {j["job"] for j in told["jobs"]}
    assert {r["evaluated"] for r in told["rules"]} == {len(all_events)}


def test_logs_where_users_write_do_not_bring_all_events_into_memory(both):
    """Anybody could, with one file in their home, have the analysis of any case hold all of it."""
    name, (plain, all_events), (told, held) = both
    assert told == plain
    assert len(held) < len(all_events) * 0.7
    of_users = {"folders_left_out", "logs_of_no_known_place", "logs_where_users_write"}
    assert of_users & {*plain["limits"]} == (of_users if name == "left" else set())
    assert any(gap["kind"] == "serial_gap" for gap in plain["gaps"]) == (name == "left")


@pytest.mark.parametrize("seed", some([1003, 1026], 1))
def test_a_simulated_incident_is_told_the_same_both_ways(seed):
    """Of thirty that `bench/both_ways.py` compares, those that take the least time."""
    found = both_ways.compared(seed)
    assert found.differs == []
    assert found.held < found.events


@pytest.mark.parametrize("row", file_acts.COMMANDS, ids=lambda row: f"{row.program} {row.act}")
def test_every_command_that_is_an_act_is_read(row):
    """The pattern by which runs are chosen fits all that the rule's own does, whichever engine reads it."""
    words = {
        "touch": "-d 2026-01-01 x", "date": "-s 10:00", "timedatectl": "set-time 10:00", "hwclock": "--set", "auditctl": "-e 0",
        "systemctl": "stop auditd", "service": "auditd stop", "rm": "-f /var/log/audit/audit.log", "shred": "-u x/auth.log",
        "truncate": "-s0 /srv/slurmé.log", "sed": "-i /x/d /var/log/syslog", "ln": "-sf /dev/null .bash_history",
        "cp": "/dev/null /var/log/wtmp", "journalctl": "--vacuum-time=1s", "visudo": "", "gpasswd": "-a kai sudo", "adduser": "kai sudo",
        "setfacl": "-m u:kai:rw x", "chmod": "u+s /bin/sh", "ssh-copy-id": "host", "usermod": "-aG sudo kai",
    }  # fmt: skip
    said = words.get(row.program, "-c echo x > /var/log/auth.log")
    if row.act == "grant" and row.program not in {
        "visudo",
        "gpasswd",
        "adduser",
        "setfacl",
        "chmod",
        "ssh-copy-id",
        "usermod",
    }:
        said = "/home/kai/.ssh/authorized_keys"
    if row.act == "plant":
        said = (
            "-c echo x >> /home/kai/.bashrc"
            if row.program in {"sh", "bash", "dash"}
            else "-a /home/kai/.bashrc"
        )
    patterns = [pattern for program, pattern in relevance.commands() if program == row.program]
    assert row.program in relevance.PROGRAMS or any(
        pc.match_substring_regex(pa.array([said]), pattern)[0].as_py() for pattern in patterns
    )


def test_numbers_that_jump_are_found_whatever_the_order_and_the_cut():
    runs = [counted._runs(pa.array(part).to_numpy()) for part in ([5, 1, 2, 2], [3, 9], [20, 10, 21])]
    assert counted._between(counted._joined(runs)) == [(3, 5), (5, 9), (10, 20)]
    assert counted._between(counted._joined([counted._runs(pa.array([7]).to_numpy())])) == []
    # One number that is missing is a jump, within a part as well; a run inside another ends nothing.
    within = [counted._runs(np.array(part)) for part in ([1, 2, 3, 4, 6, 7, 8, 9], [7, 8], [11])]
    assert counted._between(counted._joined(within)) == [(4, 6), (9, 11)]


def test_rows_are_read_by_their_places_across_parts(tmp_path):
    base = {
        "latest_ns": [None] * 3,
        "clock": ["c"] * 3,
        "format": ["f"] * 3,
        "domain": ["d"] * 3,
        "citations": [[]] * 3,
        "stop": [1] * 3,
    }
    for part in ("0", "000001"):
        rows = {
            **base,
            "event_id": [f"{part}.{n}" for n in range(3)],
            "verb": ["read", "write", "read"],
            "sha256": [part] * 3,
            "start": [0, 1, 2],
        }
        parquet.write(tmp_path, EVENT, EVENT.build(rows), part)
    # Of one part each row is a group of its own, as in a large part each million is.
    (last,) = tmp_path.glob("event/*1.parquet")
    pq.write_table(pq.read_table(last), last, row_group_size=1)
    with places.opened(tmp_path, "event") as asked:
        read = asked.places("WHERE verb = 'read'")
        assert asked.rows(read, ["event_id"])["event_id"].to_pylist() == [
            "0.0",
            "0.2",
            "000001.0",
            "000001.2",
        ]
        assert len(asked.rows(read[:0], ["event_id"])) == 0


def test_two_ways_of_one_trail_are_all_held(left, tmp_path):
    assert narrowed.large(left / "tables", least=0)
    assert not narrowed.large(left / "tables", least=10**9)
    assert narrowed.trail_of(left / "tables") == "auditd"
    both = tmp_path / "tables"
    shutil.copytree(left / "tables", both)
    other = parquet.read(both, "event").slice(0, 1)
    at = other.schema.get_field_index("format")
    parquet.write(both, EVENT, other.set_column(at, "format", pa.array(["laurel"])), "9")
    assert narrowed.trail_of(both) is None


def test_which_events_are_heard_is_the_same_asked_of_the_table(left):
    """All that `displaced.without` leaves of the table is what is asked of it."""
    files = heard.files_of(left / "tables")
    events = evidence.frame(parquet.read(left / "tables", "event"))
    assert len(displaced.loose(files)) == 1
    assert len(heard.silent(files)) == 4
    whole = displaced.without(events, files)
    with heard.opened(left / "tables", files) as asked:
        rows = asked.rows(asked.places(""), ["event_id"])
    assert sorted(rows["event_id"].to_pylist()) == sorted(whole["event_id"])
    assert 0 < len(whole) < len(events)
    # Of the loose trail the lines of an hour before are heard, and no others.
    (loose,) = displaced.loose(files)
    assert 0 < (whole["sha256"] == loose).sum() < (events["sha256"] == loose).sum()


@pytest.mark.parametrize("seed", range(60))
def test_places_are_merged_and_taken_out_as_sets_are(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.choice([0, 1, 2, 50], 3)
    lists = [np.sort(rng.choice(60, size, replace=False)).astype(np.int64) for size in sizes]
    one, other, third = lists
    assert places.merged(*lists).tolist() == sorted({*one.tolist(), *other.tolist(), *third.tolist()})
    assert places.less(one, other).tolist() == sorted({*one.tolist()} - {*other.tolist()})
    assert places.less(one, one).tolist() == []
    assert places.merged(one, other).dtype == places.less(one, other).dtype == np.int64
    # What a database gives comes in no order, and can come twice.
    assert places.merged(rng.permutation(np.concatenate([one, one]))).tolist() == one.tolist()
