"""What is looked up once and asked many times gives what looking through everything gives."""

from types import SimpleNamespace
from unittest import mock

import pandas as pd
import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.analysis import (
    anchors,
    boots,
    by_verb,
    clocks,
    file_acts,
    installers,
    keyed,
    mentions,
    order,
    ties,
    wording,
)
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import picked

FOLDERS = ("/srv/p/a", "/srv/p/a/lib", "/srv/p", "/usr/lib/site-packages", "/usr/lib/site-packages/torch", "")
NAMES = ("train.py", "lib.py", "lib", "model.py", "__init__.py", "conf.yaml", "a.py", "data.yaml", "torch.py")
WORDS = (
    "import lib",
    "from lib import model",
    "import torch.nn",
    "train.py",
    "conf.yaml",
    "my.conf.yaml",
    "import train",
    "x",
)
paths = st.builds("{}/{}".format, st.sampled_from(FOLDERS), st.sampled_from(NAMES))
texts = st.lists(st.sampled_from(WORDS), max_size=5).map("\n".join)


@given(st.lists(paths, unique=True), paths, texts)
def test_a_text_leads_to_the_paths_of_which_the_rule_says_so(every, script, text):
    told = ((path, wording.said(path, script, text, wording.imports(text))) for path in every)
    assert sorted(mentions.Paths(every).said(script, text)) == sorted((p, why) for p, why in told if why)


@given(st.lists(st.tuples(paths, texts), max_size=4), paths)
def test_texts_lead_to_a_path_where_one_of_them_does(scripts, path):
    one = any(wording.said(path, script, text, wording.imports(text)) for script, text in scripts)
    assert mentions.Texts(scripts).lead(path) == one


def test_a_script_imports_from_folders_below_its_own():
    assert mentions.Texts([("/srv/p/train.py", "import lib.model")]).lead("/srv/p/lib/model.py")
    assert not mentions.Texts([("/srv/q/train.py", "import lib.model")]).lead("/srv/p/lib/model.py")


record = st.tuples(
    st.sampled_from(("one", "two")), st.sampled_from(("x", "y")), st.integers(1, 900), st.integers(0, 200), st.sampled_from(("7", "8", None)), st.integers(1, 3)
)  # fmt: skip


def trail(rows):
    columns = ["host", "sha256", "serial", "earliest_ns", "session", "pid"]
    found = pd.DataFrame(rows, columns=columns).astype(
        {"serial": "Int64", "earliest_ns": "Int64", "pid": "Int64"}
    )
    found["earliest_ns"] *= 1_000_000_000
    found["latest_ns"] = found["earliest_ns"] + 1
    told = found["serial"] % 3 == 0
    return found.assign(
        start=range(len(found)),
        verb=["loginuid" if t else "execute" for t in told],
        format="auditd",
        trail=True,
    )


def held(events):
    return SimpleNamespace(events=events, renaming=lambda: events)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(record, max_size=25))
def test_boots_of_several_hosts_are_told_as_each_host_s_alone(rows):
    every = trail(rows)
    evidence = held(every.copy())
    boots.told_apart(evidence)
    for host in ("one", "two"):
        alone = held(every[every["host"] == host].copy())
        boots.told_apart(alone)
        together = evidence.events.loc[alone.events.index, ["session", "mixed"]]
        pd.testing.assert_frame_equal(together, alone.events[["session", "mixed"]])


def test_what_can_be_another_host_s_is_marked_on_its_host_alone():
    """Else the test above could hold where nothing is ever marked."""
    rows = [
        ("one", "x", 9, 10, "7", 1),
        ("one", "x", 12, 20, "7", 2),
        ("two", "y", 9, 10, "7", 1),
        ("two", "y", 800, 20, "8", 2),
        ("two", "y", 3, 50, "8", 3),
    ]
    evidence = held(trail(rows))
    boots.told_apart(evidence)
    assert evidence.events["mixed"].tolist() == [True, True, False, False, False]
    assert evidence.events["session"].tolist() == ["7", "7", "7", "8", "8@1970-01-01T00:00:50.000Z"]


links = st.dictionaries(
    st.sampled_from("abcd"), st.sets(st.tuples(st.sampled_from("rst"), st.sampled_from("abcde"))), min_size=1
)


@given(links, st.sets(st.sampled_from("abcde")), st.lists(st.sampled_from("abcde"), max_size=3))
def test_voices_are_those_counted_anew_each_time(found, known, more):
    voices = clocks._Voices(found, found, known)
    for name in [None, *more]:
        if name is not None:
            known = known | {name}
            voices.known(name)
        anew = {s: len({t for t, o in told if o in known}) for s, told in found.items() if s not in known}
        assert {s: voices.of(s) for s in anew} == anew
        assert voices.best() == max(sorted(anew), key=lambda s: anew[s], default=None)


event = st.tuples(
    st.sampled_from(("h1", "h2.lab", None)), st.booleans(), st.sampled_from(("auditd", "syslog")), st.sampled_from(("h1:root", "slurm:admin:sacct", "git:objects:x")),
    st.one_of(st.none(), st.integers(0, 5)),
)  # fmt: skip


@given(st.lists(event, min_size=1, max_size=8), st.lists(st.integers(0, 9), max_size=5))
def test_machines_of_events_are_those_of_their_own_rows(rows, cited):
    columns = ["host", "trail", "format", "clock", "earliest_ns"]
    events = pd.DataFrame(rows, columns=columns).astype({"earliest_ns": "Int64", "host": object})
    events["host"] = [h if isinstance(h, str) else None for h in events["host"]]
    events = events.assign(sha256="s", event_id=[f"e{n}" for n in range(len(events))]).set_index(
        "event_id", drop=False
    )
    files = pd.DataFrame({"host": ["h9"]}, dtype=object)
    names = [f"e{n}" for n in cited]
    own = picked(events, events["event_id"].isin(names) & events["earliest_ns"].notna())
    hosts = {*events["host"].dropna(), "h9"}
    plain = {
        ties.machine(str(s), str(c), hosts) for s, c in zip(anchors.sources(own), own["clock"], strict=True)
    }
    assert ties.of_events(SimpleNamespace(events=events, files=files, memo={}), names) == plain - {None}


@pytest.mark.parametrize("session", ["7", "8", None])
@pytest.mark.parametrize("at", [5, 15, 25, 35])
def test_the_program_that_changed_a_file_is_the_last_that_its_process_ran_in_its_session(session, at):
    rows = [("h", 1, "7", 10), ("h", 1, "8", 20), ("h", 1, "7", 30), ("h", 2, "7", 12), ("h", 1, None, 14)]
    events = pd.DataFrame(rows, columns=["host", "pid", "session", "earliest_ns"]).assign(verb="execute")
    events["event_id"] = [f"e{n}" for n in range(len(events))]
    events["session"] = events["session"].astype(object).where(events["session"].notna(), None)
    events = events.set_index("event_id", drop=False)
    known = order.Order(events)
    known._places = dict.fromkeys([*events["event_id"], "change"])
    evidence = SimpleNamespace(events=events, memo={"order": known})
    scene = Scene(evidence, None, {}, {}, {})
    change = SimpleNamespace(host="h", pid=1, session=session, earliest_ns=at, event_id="change")
    mine = scene.runs_of("h", 1)
    plain = known.until(picked(mine, mine["session"] == session), change)
    assert file_acts._command(scene, change) == list(plain["event_id"])[-1:]


words = st.sampled_from(
    (
        None,
        ["bash"],
        ["python", "/usr/bin/pip", "install", "x"],
        ["python", "/home/mei/pip"],
        ["python", "-m", "pip"],
        ["python", "train.py"],
    )
)
ran = st.tuples(
    st.sampled_from(("h", "g", None)), st.sampled_from((1, 2, None)), st.sampled_from(("execute", "open")), st.integers(1, 9), words
)  # fmt: skip


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(ran, max_size=8), st.sampled_from(("h", None)), st.sampled_from((1, None)), st.integers(1, 9))
def test_a_change_is_a_package_manager_s_where_what_its_process_ran_last_is_one(rows, host, pid, at):
    assert _by_installer(rows, host, pid, at) == _ran_one(rows, host, pid, at)


def test_what_a_process_ran_later_or_before_last_makes_it_no_package_manager():
    """Else the test above could hold where every answer is no."""
    pip = ["python", "-m", "pip"]
    assert _by_installer([("h", 1, "execute", 3, pip)], "h", 1, 3)
    assert not _by_installer([("h", 1, "execute", 3, pip)], "h", 1, 2)
    assert not _by_installer([("h", 1, "execute", 3, pip), ("h", 1, "execute", 4, ["bash"])], "h", 1, 5)
    assert not _by_installer([("g", 1, "execute", 3, pip), ("h", 2, "execute", 3, pip)], "h", 1, 5)


def _by_installer(rows, host, pid, at):
    events = pd.DataFrame(rows, columns=["host", "pid", "verb", "earliest_ns", "argv"], dtype=object)
    events["event_id"] = [f"e{n}" for n in range(len(events))]
    events = events.set_index("event_id", drop=False)
    known = order.Order(events.assign(latest_ns=events["earliest_ns"]))
    known._places = dict.fromkeys([*events["event_id"], "change"])
    scene = Scene(SimpleNamespace(events=events, memo={"order": known}), None, {}, {}, {})
    change = SimpleNamespace(host=host, pid=pid, earliest_ns=at, event_id="change", exe="/usr/bin/python3")
    return installers._by_installer(scene, change)


def _ran_one(rows, host, pid, at):
    """Told row by row: of the process's executions that are not later, the last in their order."""
    if host is None or pid is None:
        return False
    mine = [r[4] for r in rows if r[:3] == (host, pid, "execute") and r[3] <= at]
    return bool(mine) and mine[-1] in (["python", "/usr/bin/pip", "install", "x"], ["python", "-m", "pip"])


told = st.lists(
    st.tuples(st.sampled_from(("h1", "h2", None)), st.sampled_from((1, 2, None)), st.sampled_from("st"), st.integers(1, 3), st.integers(1, 2)),
    max_size=7,
)  # fmt: skip


def records(rows):
    found = pd.DataFrame(rows, columns=["host", "pid", "source", "start", "earliest_ns"]).astype(
        {"host": object, "pid": "Int64", "source": object, "start": "Int64", "earliest_ns": "Int64"}
    )
    found["host"] = pd.Series([row[0] for row in rows], dtype=object)
    return found.assign(event_id=[f"e{n}" for n in range(len(rows))], latest_ns=found["earliest_ns"] + 1)


def by_definition(rows, key):
    """The records of a key by source, in order of lines; of those that tell it at one moment, the first."""
    own = sorted((start, f"e{n}", at) for n, (h, p, _, start, at) in enumerate(rows) if (h, p) == key)
    of = {f"e{n}": row[2] for n, row in enumerate(rows)}
    found: dict[str, list[tuple[int, str, int]]] = {}
    for start, event, at in own:
        if all(at != other for _, _, other in found.get(of[event], ())):
            found.setdefault(of[event], []).append((start, event, at))
    return found


@pytest.mark.parametrize("few", [0, 4096])
@given(told, told)
def test_records_of_a_key_that_both_sides_have_are_those_of_each(few, first, second):
    with mock.patch.object(keyed, "_FEW", few):
        found = {key: sides for key, *sides in keyed.shared(records(first), records(second), ("host", "pid"))}
    both = {row[:2] for row in first} & {row[:2] for row in second}
    assert found.keys() == {key for key in both if None not in key}
    for key, sides in found.items():
        for rows, side in zip((first, second), sides, strict=True):
            plain = {
                source: [(r.start, r.event_id, r.earliest_ns) for r in of] for source, of in side.items()
            }
            assert plain == by_definition(rows, key)


@pytest.mark.parametrize("kept", [0, 20_000])
@given(st.lists(st.sampled_from(("/bin/ssh", "/opt/ssh", "ssh", "/bin/scp", "/bin/", None)), max_size=6))
def test_runs_of_programs_are_those_whose_own_name_is_asked_for(kept, paths):
    ran = pd.DataFrame(
        {"exe": pd.Series(paths, dtype=object), "verb": "execute", "trail": True, "outcome": None}
    )
    ran["earliest_ns"] = pd.array(range(len(ran)), dtype="Int64")
    case = SimpleNamespace(events=ran, memo={})
    with mock.patch.object(by_verb, "_KEPT", kept):
        for names in ({"ssh"}, {"ssh", "scp"}, {"cat"}):
            own = by_verb.runs_by_name(case, names.__contains__)
            assert list(own.index) == [
                n for n, p in enumerate(paths) if p is not None and p.split("/")[-1] in names
            ]


@given(st.lists(st.sampled_from(("push", "login", "sudo", None)), max_size=7), st.integers(0, 7))
def test_events_of_verbs_are_those_that_have_them(verbs, failed):
    """In their order, however often they are asked for; what else is asked of them is asked of these alone."""
    outcome = ["failure" if n < failed else "success" for n in range(len(verbs))]
    events = pd.DataFrame({"verb": verbs, "outcome": outcome}, dtype=object)
    case = SimpleNamespace(events=events, memo={})
    for wanted in (("push",), ("sudo", "login"), ("cron_edit",), ("cron_edit", "push")):
        whole = [n for n, verb in enumerate(verbs) if verb in wanted]
        for _ in range(2):
            assert list(by_verb.of_verbs(case, *wanted).index) == whole
        of_these = by_verb.of_verbs(case, *wanted, but=lambda e: e["outcome"] != "failure")
        assert list(of_these.index) == [n for n in whole if n >= failed]


@pytest.mark.parametrize(
    ("exe", "believed"),
    [
        ("/usr/bin/pip", True), ("/opt/conda/bin/conda", True), ("/bin/rpm", True), ("pip", True), ("/usr/bin/vim", False),
        ("/home/lin/bin/pip", False), ("/usr/../home/lin/pip", False), ("./pip", False), ("/srv/bin/pip", False), ("/optional/pip", False), (None, False),
    ],
)  # fmt: skip
def test_a_package_manager_is_one_where_an_administrator_puts_programs(exe, believed):
    assert installers.installer(exe) == believed
