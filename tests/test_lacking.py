"""What a slice lacks of others is found, one slice at a time, so that slices tell what all records together tell."""

import json
import random
import struct

import pyarrow as pa
import pytest
from drawn import EVERY, some
from test_telling_in_slices import files_of, in_slices, sealed, whole

from forensics import pipeline, readings
from forensics.core import neighbours
from forensics.pipeline import lacking, tell
from forensics.store import parquet

RECEIVED = "PROTOCOL: slurmctld_req: Processing RPC: {} from UID={}"


def controllers(chance, lines):
    """A controller's log of few jobs, uids and threads, so that requests, refusals, receipts and answers often concern one another."""
    for n in range(lines):
        uid, job, thread = chance.choice([4101, 4102]), chance.choice([7, 8]), chance.choice([1, 2, 3])
        said = chance.choice(
            [
                f"_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId={job} uid {uid}",
                f"_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId={job} uid {uid}",
                f"_slurm_rpc_kill_job: job_str_signal() uid={uid} JobId={job} sig=9 returned: Access/permission denied",
                RECEIVED.format("REQUEST_SUBMIT_BATCH_JOB", uid),
                RECEIVED.format("REQUEST_UPDATE_NODE", uid),
                f"_slurm_rpc_submit_batch_job: JobId={job} InitPrio=1 usec=2",
                "_slurm_rpc_update_node complete for gpu01 usec=7",
                chance.choice(["Set debug level to 4", "Processing Reconfiguration Request", "a word"]),
            ]
        )
        yield f"[Nov 23 15:11:{n % 60:02d}.{n:06d} 77 0x{thread:x} thread] {said}\n"


def login(kind, pid, line, second, user=b"mei"):
    moment, shape = 1_795_446_697 + second, "<hxxi32s4s32s256shhiIi16s20x"
    return struct.pack(
        shape, kind, pid, line, line[-4:], user if kind == 7 else b"", b"", 0, 0, 0, moment, 7, b""
    )


def logins(chance, lines):
    """Login records of few terminals and processes, with boots between; some leave no terminal."""
    for n in range(lines):
        kind, pid = chance.choice([7, 7, 7, 8, 8, 8, 8, 2, 5]), chance.choice([0, 7, 7, 8])
        yield login(kind, pid, chance.choice([b"pts/1", b"pts/2", b""]), n, chance.choice([b"mei", b"kai"]))


def nodes(chance, lines):
    """A node's log that seldom says which node it is, now and then another."""
    named = ["gpu07", chance.choice(["gpu07", "gpu08"])]
    for n in range(lines):
        said = chance.choice(["Launching batch job 7 for UID 4101", "a word", f"[7.0] *** STEP 7.0 ON {chance.choice(named)} CANCELLED AT 2026-11-23T15:11:00 ***"])  # fmt: skip
        yield f"[2026-11-23T15:11:{n % 60:02d}.{n:03d}] {said}\n"


def pushes(chance, lines):
    """A git server's log of few processes, whose numbers come round again, in three hours or in a year."""
    for n in range(lines):
        pid, moment = (
            chance.choice([7, 8, 9]),
            f"2026-{chance.choice([11, 11, 11, 12])}-23.{15 + n * 3 // lines}:{n % 60:02d}:00",
        )
        said = chance.choice(
            [
                f"ssh\tARGV=kai\tSOC=git-receive-pack 'llm'\tFROM=10.0.0.{n % 9}",
                "ssh\tARGV=lin\tSOC=git-upload-pack 'llm'\tFROM=10.0.0.7",
                f"pre_git\tllm\tkai\tW\tany\t{chance.choice(['refs/.*', 'W any llm kai DENIED by fallthru'])}",
                f"update\tllm\tkai\tW\trefs/heads/main\t{'1' * 40}\t{'2' * 40}\t{chance.choice(['refs/.*', 'W refs/heads/main llm kai DENIED by refs/heads/main'])}",
                "die\tW any llm kai DENIED by fallthru",
                "system\tgit shell",
                "END",
            ]
        )
        yield f"{moment}\t{pid}\t{said}\n"


def steps(chance, lines):
    """Accounting of few jobs, whose lines are of any kind and in no order."""
    for n in range(lines):
        code, job = chance.choice("QSEDAR"), n // 10 + chance.choice([7, 8, 9])
        said = {
            "Q": "queue=gpu",
            "S": f"user=mei jobname=a{n} exec_host=gpu01/0",
            "E": f"user=mei end={1_795_446_697 + n} Exit_status={chance.choice([0, 1, 271])}",
            "D": "requestor=kai@login01",
        }
        yield f"11/23/2026 15:{chance.randrange(60):02d}:53;{code};{job}.pbs01;{said.get(code, 'a word')}\n"


def submissions(chance, lines):
    """Events of few Ray jobs, in no order."""
    for n in range(lines):
        status = chance.choice(["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"])
        data = {
            "submission_job_id": f"raysubmit_{n // 10 + chance.choice([7, 8, 9])}",
            "status": status,
            "entrypoint": f"python {n}.py",
        }
        yield json.dumps({"event_id": f"e{n}", "timestamp": 1_795_446_697 + n, "source_type": "EXPORT_SUBMISSION_JOB", "event_data": data}) + "\n"  # fmt: skip


LOGS = {
    "slurmctld": controllers, "wtmp": logins, "slurmd": nodes, "gitolite": pushes, "pbs_accounting": steps, "ray_event": submissions,
}  # fmt: skip
LACKING = [name for name in LOGS if lacking.lacks(name)]


def log(name, seed, lines=60 if EVERY else 36):
    chance = random.Random(seed)  # noqa: S311 - to draw a log, nothing secret
    return b"".join(one if isinstance(one, bytes) else one.encode() for one in LOGS[name](chance, lines))


@pytest.mark.parametrize("seed", some(range(2), 1))
@pytest.mark.parametrize("name", LOGS)
def test_slices_of_any_size_tell_what_all_records_tell(name, seed, tmp_path):
    records, row = sealed(name, log(name, seed), f"head/var/log/{name}.log")
    assert len(records) > 30
    together = whole(name, records, files_of(row))
    for size in (1, 5, 17):
        assert in_slices(name, records, files_of(row), size, tmp_path) == together


@pytest.mark.parametrize("name", LOGS)
def test_two_files_keep_what_is_theirs(name, tmp_path):
    one, first = sealed(name, log(name, 5), f"head/var/log/{name}.log")
    two, second = sealed(name, log(name, 6), f"head/var/log/{name}.log.1")
    records = pa.concat_tables([one, two]).sort_by([("sha256", "ascending"), ("start", "ascending")])
    files = files_of(first, second)
    together = whole(name, records, files)
    for size in some((7, 1, 90), 2):
        assert in_slices(name, records, files, size, tmp_path) == together


def tables(case):
    folder = case / "tables"
    return {
        name: parquet.read(folder, name).to_pylist()
        for name in ("event", "job_record")
        if (folder / name).exists()
    }


@pytest.mark.parametrize("name", LACKING)
def test_no_more_than_a_slice_and_what_it_lacks_is_held(name, tmp_path, monkeypatch):
    """Counted in rows; and what is written is what telling all rows at once writes."""
    folder = tmp_path / "evidence" / "head" / "var" / "log"
    folder.mkdir(parents=True)
    for n in range(2):
        (folder / f"{name}.log.{n}").write_bytes(log(name, n, 160))
    cases = []
    for size in (16, parquet.GROUP_ROWS):
        most, handed = [], []
        with monkeypatch.context() as patch:
            plain = tell.made

            def made(form, records, files, *rest, plain=plain, most=most, handed=handed):
                notes = rest[3] if len(rest) > 3 else None
                most.append(len(records))
                handed.append(0 if notes is None else len(notes))
                return plain(form, records, files, *rest)

            patch.setattr(parquet, "GROUP_ROWS", size)
            patch.setattr(tell, "made", made)
            case = tmp_path / f"case-{size}"
            pipeline.create(case)
            pipeline.seal(case, [tmp_path / "evidence"])
            pipeline.ingest(case)
        cases.append(tables(case))
        if size == 16:
            assert max(most) <= size + size // 2
            assert 0 < max(handed) <= 6 * size
        else:
            assert not any(handed)
    assert cases[0] == cases[1]
    assert len(cases[0]["event"]) > 160


def test_what_is_lacked_is_put_down_when_it_is_much(tmp_path, monkeypatch):
    """However little is gathered in memory, each slice is given the same."""
    records, row = sealed("slurmctld", log("slurmctld", 1), "head/var/log/slurmctld.log")
    files, together = files_of(row), whole("slurmctld", records, files_of(row))
    monkeypatch.setattr(lacking, "MOST_ROWS", 1)
    assert in_slices("slurmctld", records, files, 2, tmp_path) == together


THREADS = [
    (1, RECEIVED.format("REQUEST_SUBMIT_BATCH_JOB", 4101)), (2, "a: b"), (2, RECEIVED.format("REQUEST_PING", 0)), (2, "Set debug level to 4"),
    (2, RECEIVED.format("REQUEST_PING", 0)), (1, "_slurm_rpc_submit_batch_job: JobId=7 InitPrio=1 usec=2"),
]  # fmt: skip


@pytest.mark.parametrize("between", [True, False])
def test_nothing_is_joined_across_a_line_behind_which_receipts_may_be_missing(between, tmp_path):
    """It lies between other lines of its thread, in the slice of the receipt."""
    lines = [one for one in THREADS if between or "Set debug" not in one[1]]
    text = "".join(f"[Nov 23 15:11:00.{n:06d} 77 0x{thread:x} thread] {said}\n" for n, (thread, said) in enumerate(lines))  # fmt: skip
    records, row = sealed("slurmctld", text.encode(), "head/var/log/slurmctld.log")
    told = in_slices("slurmctld", records, files_of(row), len(lines) - 1, tmp_path)
    assert told == whole("slurmctld", records, files_of(row))
    assert sum("'submit'" in text and "'uid': 4101" in text for _, text in told) == (not between)


def test_no_exit_is_of_an_entry_before_a_boot_wherever_the_boot_stands(tmp_path):
    """Here between other records of its line, in the slice of the entry."""
    kinds = [(7, b"pts/1"), (8, b"~"), (2, b"~"), (8, b"~"), (8, b"pts/1")]
    for own, named in ((kinds, 0), ([*kinds[:2], *kinds[3:]], 1)):
        data = b"".join(login(kind, 7, line, 0) for kind, line in own)
        records, row = sealed("wtmp", data, "head/var/log/wtmp")
        told = in_slices("wtmp", records, files_of(row), len(own) - 1, tmp_path)
        assert told == whole("wtmp", records, files_of(row))
        assert sum("'logout'" in text and "'mei'" in text for _, text in told) == named


def test_of_a_slice_no_more_is_noted_than_the_ends_of_each_request_and_each_thread():
    records, _ = sealed("slurmctld", log("slurmctld", 1, 400), "head/var/log/slurmctld.log")
    reading = readings.registry()["slurmctld"]
    assert len(reading.noted(records.select(reading.NOTED))) <= 2 * (4 + 3 + 1)


CALM = "".join(
    f"[2026-11-23T15:11:{n % 60:02d}.{n:03d}] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId={n} uid 4101\n"
    for n in range(64)
)


@pytest.mark.parametrize(("refused", "again"), [(20, 0), (16, 1)], ids=["in one piece", "in two"])
def test_few_records_are_told_twice(refused, again, tmp_path, monkeypatch):
    lines = CALM.splitlines(keepends=True)
    lines[refused] = lines[refused - 1].replace("REQUEST_KILL_JOB", "job_str_signal()").replace(f"JobId={refused - 1} uid 4101", f"uid=4101 JobId={refused - 1} sig=9 returned: Invalid job id specified")  # fmt: skip
    (tmp_path / "slurmctld.log").write_text("".join(lines))
    told, plain = [], tell.tell
    monkeypatch.setattr(tell, "tell", lambda task: told.append(task) or plain(task))
    monkeypatch.setattr(parquet, "GROUP_ROWS", 16)
    pipeline.create(tmp_path / "case")
    pipeline.seal(tmp_path / "case", [tmp_path / "slurmctld.log"])
    pipeline.ingest(tmp_path / "case")
    assert len(told) == again
    events = tables(tmp_path / "case")["event"]
    assert [len(e["citations"]) for e in events if e["outcome"] == "failure" and e["verb"] == "kill_request"] == [2]  # fmt: skip


OPENS = "ssh\tARGV=kai\tSOC=git-receive-pack 'llm'\tFROM=10.0.0.7"
MOVES = f"update\tllm\tkai\tW\trefs/heads/main\t{'1' * 40}\t{'2' * 40}\trefs/.*"
REFUSED, DIES = (
    MOVES.replace("refs/.*", "W any llm kai DENIED by fallthru"),
    "die\tW any llm kai DENIED by fallthru",
)
ACROSS = {
    "a refusal behind an end": [[(7, "15:00", OPENS), (7, "15:01", DIES), (7, "15:01", REFUSED), (7, "15:01", MOVES), (7, "15:02", DIES)]],
    "near by the last line alone": [[(7, "15:00", OPENS), (7, "15:50", MOVES)], [(7, "16:30", MOVES), (7, "16:30", MOVES)]],
    "far": [[(7, "15:00", OPENS), (7, "15:20", MOVES)], [(7, "16:30", MOVES), (7, "16:30", MOVES)]],
    "files in order of lines that lie elsewhere": [[(8, "15:00", OPENS), (8, "15:01", "END"), (7, "15:20", OPENS)], [(7, "15:10", MOVES)]],
}  # fmt: skip


@pytest.mark.parametrize("logs", ACROSS.values(), ids=ACROSS)
def test_a_request_goes_on_in_the_next_file(logs, tmp_path):
    """In whichever order their hashes put the files: logs that end in another number, until either order was there."""
    orders = set()
    for salt in range(8):
        if len(orders) == len(logs) and not EVERY:
            break
        made = []
        for n, own in enumerate(logs):
            text = "".join(f"2026-11-23.{clock}:00\t{pid}\t{said}\n" for pid, clock, said in own)
            text += f"2026-11-23.18:00:00\t{salt}\tEND\n"
            made.append(sealed("gitolite", text.encode(), f"git/logs/gitolite-{n}.log"))
        orders.add(made[0][1]["sha256"] < made[-1][1]["sha256"])
        records = pa.concat_tables([one for one, _ in made])
        records = records.sort_by([("sha256", "ascending"), ("start", "ascending")])
        files = files_of(*(row for _, row in made))
        together = whole("gitolite", records, files)
        for size in (1, 2, 3, 4):
            assert in_slices("gitolite", records, files, size, tmp_path) == together
    assert len(orders) == len(logs)


@pytest.mark.parametrize("most", [1, 7])
@pytest.mark.parametrize("name", ["pbs_accounting", "ray_event"])
def test_keys_are_looked_for_some_at_a_time(name, most, tmp_path, monkeypatch):
    monkeypatch.setattr(neighbours, "MOST_KEYS", most)
    records, row = sealed(name, log(name, 3), f"head/var/log/{name}")
    together = whole(name, records, files_of(row))
    assert in_slices(name, records, files_of(row), 9, tmp_path) == together


def test_of_a_key_one_slice_is_given_all_and_the_others_one_row():
    several = [
        pa.table({"job": own, "n": [*range(len(own))]})
        for own in (["a", "b", "a"], ["b", None], ["a", "c"], [])
    ]
    several = [rows.set_column(0, "job", rows["job"].cast(pa.string())) for rows in several]
    several = [rows.append_column("key", neighbours.keyed(rows.select(["job"]))) for rows in several]
    for last, wanted in (
        (False, {0: [("a", 0), ("b", 0)], 1: [("b", 1)], 2: [("a", 0)]}),
        (True, {0: [("a", 0), ("b", 0)], 1: [("b", 1)], 2: [("a", 0), ("a", 2)]}),
    ):
        found: dict[int, list] = {}
        for number, rows in neighbours.gathered(several, ["job"], last=last):
            found.setdefault(number, []).extend((row["job"], row["n"]) for row in rows.to_pylist())
        assert {number: sorted(rows) for number, rows in found.items()} == wanted
