"""What a job's own processes opened, ran and were given, beside a definition that looks at one event after the other."""

from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import HOST, SECOND, Stage

from forensics.analysis import job_readings
from forensics.analysis.jobs import Job
from forensics.core.roster import Question

A, B, OTHER = "/srv/a.bin", "/srv/b.bin", "/srv/c.bin"
PID = 500
EVENTS = st.tuples(
    st.sampled_from(["read", "open", "execute", "write", "delete"]), st.sampled_from(["success", "failure", None]),
    st.sampled_from([A, B, OTHER, None]), st.sampled_from([None, ["cat", "a.bin"], ["rm", A], ["cat", B, "b.bin"]]), st.sampled_from([PID, 501]),
)  # fmt: skip


def by_definition(rows, start_ns):
    hits = {}
    for r in rows:
        if r["pid"] != PID or r["outcome"] == "failure" or r["earliest_ns"] < start_ns:
            continue
        if r["verb"] in {"read", "open", "execute", "write"} and r["object"] in {A, B}:
            hits.setdefault(r["object"], []).append((0, "opened_by_job", r["earliest_ns"], r["event_id"]))
        words = (r["argv"] or [])[1:] if r["verb"] == "execute" and r["exe"] != "/usr/bin/rm" else []
        for path in {w if w.startswith("/") else f"/srv/{w}" for w in words} & {A, B}:
            hits.setdefault(path, []).append((1, "argument_of_job_process", r["earliest_ns"], r["event_id"]))
    found = []
    for path, of_path in sorted(hits.items()):
        _, why, at, _ = min(of_path)
        found.append((path, why, at, list(dict.fromkeys(event for *_, event in sorted(of_path)))))
    return found


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(EVENTS, max_size=8))
def test_what_a_job_s_processes_opened_ran_and_were_given(told):
    day = Stage()
    for verb, outcome, thing, argv, pid in told:
        day.wait(1)
        program = argv[0] if argv else "cat"
        day.add(verb, outcome=outcome, object=thing, argv=argv, pid=pid, cwd="/srv", exe=f"/usr/bin/{program}", object_kind="path")  # fmt: skip
    job = Job("11", start_ns=day.at - len(told) * SECOND + 2 * SECOND, end_ns=day.at + SECOND)
    job.processes = {(HOST, PID)}
    found = job_readings.readings(job, day.evidence(Question()), {A: [], B: []})
    expected = by_definition(day.rows, job.window()[0])
    assert [(r.path, r.why, r.earliest_ns, list(r.events)) for r in found] == expected


def test_a_job_of_no_processes_read_nothing_of_its_own():
    day = Stage()
    day.add("open", object=A, pid=PID, object_kind="path")
    assert job_readings.readings(Job("11", start_ns=0), day.evidence(Question()), {A: []}) == []


def test_what_a_script_names_is_read_once_the_job_s_first_process_ran():
    day = Stage()
    day.add(
        "command", "bash_history", f"{HOST}:user", account="mei", when=None, text=f"echo 'cat {A}' > run.sh"
    )
    day.wait(30)
    first = day.at
    for word in ("run.sh", "other.sh"):
        day.add("execute", argv=["bash", word], pid=PID, cwd="/srv", exe="/usr/bin/bash", object="/usr/bin/bash", object_kind="path")  # fmt: skip
        day.wait(5)
    job = Job("11", start_ns=first - 20 * SECOND)
    job.processes = {(HOST, PID)}
    found = job_readings.readings(job, day.evidence(Question()), {A: [], B: []})
    assert [(r.path, r.why, r.earliest_ns, r.events) for r in found] == [
        (A, "named_in_script", first, (day.rows[0]["event_id"],))
    ]
