"""Which version a job read, its bytes where they are known, what was done beside the content, and what a job was refused."""

import dataclasses
import hashlib

import pandas as pd
import pyarrow as pa
import pytest
from stage import UIDS, Stage, analysed

from forensics.analysis import contents, evidence, gitfound, read_versions, touches
from forensics.core import tables
from forensics.core.roster import Question
from forensics.formats import git_object

TRAIN = "/srv/proj/train.py"
BYTES = hashlib.sha256(b"text").hexdigest()
BLOB, COMMIT = "b" * 40, "c" * 40


def staged(*, between=False, path=TRAIN):
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.change("mei", mei, path, verb="create", program="python3")
    first = day.change("kai", kai, path, program="python3", owner="mei")
    if between:
        day.change("mei", mei, path, program="python3")
    pid = day.submit("mei", mei, "11", argv=("python3", path), outcome="FAILED", code=1)
    day.wait(1)
    return day, first, pid


def examined(day, *, files=(), objects=()):
    case = day.evidence(Question(jobs=("11",)))
    names = tables.FILE.names
    table = tables.FILE.build({n: [f.get(n) for f in files] for n in names})
    raw = {"git_object": pd.DataFrame(list(objects))} if objects else {}
    names = {
        n: pa.array([o[n] for o in objects if o["kind"] == "blob"], pa.string()) for n in gitfound.COLUMNS
    }
    kept = gitfound.Blobs(pa.table(names), lambda _: {})
    case = dataclasses.replace(case, files=evidence.frame(table), raw=raw, blobs=kept)
    return analysed(case)


def collected(path=TRAIN, host="login01", sha256=BYTES):
    same = dict.fromkeys(("bytes", "parsed", "rejected", "ignored"), 0)
    return same | {
        "sha256": sha256,
        "path": host + path,
        "host": host,
        "origin": path,
        "kind": "file",
        "held": "copied",
    }


def rows(done, name, *columns):
    """The rows of one of the two tables, as `Examination.tables` makes them."""
    known = contents.known(done.scene, done.history, done.acts, [TRAIN])
    touched = touches.find(done.scene.evidence)
    made = {
        "version": lambda: contents.table(done.history, known, touched),
        "reading": lambda: read_versions.table(
            read_versions.find(done.scene, done.history, done.readings, known)
        ),
    }
    return [tuple(r[c] for c in columns) for r in made[name]().to_pylist()]


def test_a_reading_names_the_process_the_versions_and_who_wrote_each():
    day, wrote, pid = staged()
    done = examined(day)
    found = rows(
        done,
        "reading",
        "job",
        "path",
        "processes",
        "why_link",
        "version",
        "how",
        "account",
        "writer",
        "content",
    )
    assert [f[5:8] for f in found] == [
        ("create", "mei", "/usr/bin/python3"),
        ("edit", "kai", "/usr/bin/python3"),
    ]
    assert done.tables()["reading"].num_rows == 2
    assert found[1] == (
        "11",
        TRAIN,
        [f"login01 {pid}"],
        "argument_of_job_process",
        wrote,
        "edit",
        "kai",
        "/usr/bin/python3",
        None,
    )


def test_what_may_be_before_or_after_a_reading_is_counted_and_is_no_version_of_it():
    day, _, pid = staged()
    read = next(r for r in day.rows if r["pid"] == pid and r["verb"] == "execute")
    late = day.add("write", account="kai", object_kind="path", object=TRAIN, when=read["earliest_ns"])
    found = rows(examined(day), "reading", "version", "unordered")
    assert late not in {version for version, _ in found}
    assert {n for _, n in found} == {1}


def test_the_last_version_has_the_bytes_that_were_collected():
    day, wrote, _ = staged()
    told = {
        v: (c, by)
        for v, c, by in rows(
            examined(day, files=[collected()]), "version", "event_id", "content", "content_by"
        )
    }
    assert told[wrote] == (BYTES, "collected")
    assert sum(c is not None for c, _ in told.values()) == 1


@pytest.mark.parametrize("why", ["removed_since", "two_copies_differ", "another_host", "two_at_once"])
def test_what_was_collected_is_no_version_s_bytes_where(why):
    day, wrote, _ = staged()
    files = [collected()]
    if why == "removed_since":
        day.add("delete", account="kai", object_kind="path", object=TRAIN)
    elif why == "two_copies_differ":
        files.append(collected(sha256="d" * 64))
    elif why == "two_at_once":
        last = next(r for r in day.rows if r["event_id"] == wrote)
        day.add("write", account="kai", object_kind="path", object=TRAIN, when=last["earliest_ns"])
    else:
        files = [collected(host="gpu09")]
    assert {c for (c,) in rows(examined(day, files=files), "version", "content")} == {None}


def objects(name="train.py"):
    changes = [
        {"path": name, "old_oid": "a" * 40, "new_oid": BLOB, "old_mode": "100644", "new_mode": "100644"}
    ]
    blank = dict.fromkeys(["sha256", "start", "oid_sha256", *(c.name for c in git_object.COLUMNS)])
    return [
        blank | {"oid": BLOB, "kind": "blob", "content_sha256": BYTES},
        blank | {"oid": COMMIT, "kind": "commit", "parents": [], "changes": changes},
    ]


def committed(day, ses):
    day.add(
        "create",
        account="kai",
        auid=UIDS["kai"],
        session=ses,
        pid=88,
        exe="/usr/bin/git",
        object_kind="path",
        object=f"/srv/proj/.git/objects/{COMMIT[:2]}/{COMMIT[2:]}",
    )
    day.add(
        "commit",
        "git_object",
        "git:objects",
        host=None,
        object_kind="commit",
        object=COMMIT,
        author="kai <k@x>",
    )


@pytest.mark.parametrize(
    ("between", "name", "known"),
    [(False, "train.py", True), (True, "train.py", False), (False, "other.py", False)],
)
def test_a_version_has_the_bytes_of_the_commit_that_its_session_made_next(between, name, known):
    day, wrote, _ = staged(between=between)
    committed(day, "32")
    told = {
        v: (c, by)
        for v, c, by in rows(
            examined(day, objects=objects(name)), "version", "event_id", "content", "content_by"
        )
    }
    assert told[wrote] == ((BYTES, "committed") if known else (None, None))
    assert sum(c is not None for c, _ in told.values()) == known


def test_a_change_that_may_lie_before_the_commit_or_after_it_leaves_the_bytes_open():
    day, _, _ = staged()
    day.add("write", account="mei", object_kind="path", object=TRAIN, when=day.at, pid=5)
    committed(day, "32")
    assert {c for (c,) in rows(examined(day, objects=objects()), "version", "content")} == {None}


def test_what_git_wrote_has_the_bytes_of_the_commit_that_head_came_to():
    day, _, _ = staged()
    wrote = day.change("mei", "31", TRAIN, program="git", verb="create")
    day.add(
        "ref_update",
        "git_reflog",
        "git:objects",
        host="login01",
        object="HEAD",
        object_from="a" * 40,
        text=f"new={COMMIT} old={'a' * 40} pull",
    )
    told = dict(rows(examined(day, objects=objects()), "version", "event_id", "content_by"))
    assert told[wrote] == "checked_out"


def test_mode_and_times_are_listed_and_begin_no_version():
    day, wrote, _ = staged()
    for verb in ("attributes", "utimes"):
        day.add(
            verb,
            account="kai",
            object_kind="path",
            object=TRAIN,
            exe="/usr/bin/chmod",
            when=day.rows[-6]["earliest_ns"],
        )
    done = examined(day)
    assert {h for p, h in rows(done, "version", "path", "how") if p == TRAIN} == {
        "create",
        "edit",
        "attributes",
        "times",
    }
    assert wrote in {v for (v,) in rows(done, "reading", "version")}


@pytest.mark.parametrize(
    ("verb", "who", "late", "linked"),
    [
        ("delete", "kai", 0, True),
        ("attributes", "kai", 0, True),
        ("attributes", "mei", 0, False),
        ("attributes", "kai", 90, False),
        ("write", "kai", 0, False),
    ],
)
def test_a_file_that_was_closed_to_a_job_is_tied_to_it(verb, who, late, linked):
    """The job's own process asks for the path afterwards and is refused."""
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    ses = {"mei": mei, "kai": kai}[who]
    day.add(
        verb,
        account=who,
        auid=UIDS[who],
        session=ses,
        effective=who,
        pid=70,
        exe="/usr/bin/x",
        object_kind="path",
        object="/data/rows.bin",
        object_owner_uid=UIDS["mei"],
        when=day.at + late * 10**9,
    )
    pid = day.submit("mei", mei, "11", outcome="FAILED", code=1)
    day.add(
        "read",
        outcome="failure",
        pid=pid,
        ppid=1,
        uid=UIDS["mei"],
        effective="mei",
        object_kind="path",
        object="/data/rows.bin",
    )
    done = day.examined()
    acts = [(a.account, a.link) for a in done.acts if a.why_link == "refused_to_job"]
    assert acts == ([("kai", "derived")] if linked else [])
    assert (done.jobs[0].why == "job_was_refused_file") == linked
    # Programs try paths and go on: it leaves the cause open, and names nobody for it.
    assert done.jobs[0].cause != "act"
    if verb == "delete":
        day.jobs[0] |= {"outcome": "COMPLETED", "exit_code": 0}
        assert day.examined().jobs[0].cause != "act"
