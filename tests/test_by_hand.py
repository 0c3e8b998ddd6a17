"""An act that no line of a history asks for names nobody where its account's startup files were not collected."""

from types import SimpleNamespace

import pandas as pd
import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.analysis import by_hand, history_lines
from forensics.pipeline import inmemory, rehearse
from forensics.render import sentences
from forensics.simulation import incident, judging

SECOND = 1_000_000_000
TRAIN = "/srv/proj/train.py"
SED = ("sed", "-i", "s/1/2/", "train.py")
LOGIN = ("-bash",)
START, DONE = 100 * SECOND, 160 * SECOND
HOST = "login01"


def run(*argv, exe=None):
    name = exe or f"/usr/bin/{argv[0].lstrip('-')}"
    return SimpleNamespace(exe=name, argv=list(argv), cwd="/srv/proj", earliest_ns=DONE)


def told(fmt, lines):
    """Events of lines of lin's, each a text or a text and a moment."""
    timed = [(line, 130) if isinstance(line, str) else line for line in lines]
    return [{"format": fmt, "account": "lin", "text": text, "earliest_ns": at} for text, at in timed]


def staged(rows, act="modify_file", thing=TRAIN, **session):
    """An act of lin's session, and all that is on record of it."""
    columns = dict.fromkeys(
        ("event_id", "host", "session", "exe", "object", "argv", "account", "text", "verb")
    )
    place = [{"event_id": f"e{n}", "host": "login01", "sha256": "a", "start": n} for n in range(len(rows))]
    rows = [columns | at | row for at, row in zip(place, rows, strict=True)]
    events = pd.DataFrame(rows, columns=[*columns, "sha256", "start", "format", "earliest_ns"])
    at = [None if pd.isna(at) else int(at) * SECOND for at in events["earliest_ns"]]
    events["earliest_ns"] = pd.array(at, "Int64")
    own = SimpleNamespace(**({"start_ns": START, "ses": "7", "tty": "pts0", "account": "lin"} | session))
    done = SimpleNamespace(
        act=act, object=thing, host="login01", account="lin", latest_ns=DONE, session=own, events=[]
    )
    return SimpleNamespace(memo={}, events=events), done


def asked(lines, *runs, any_time=False, **done):
    """Whether lines ask for an act, by what its process and those above it executed."""
    above = [run(*words) for words in (*runs, LOGIN)]
    return by_hand.asked(*staged(told("bash_history", lines), **done), above, any_time=any_time)


@pytest.mark.parametrize(
    ("line", "runs", "found"),
    [
        ("sed -i s/1/2/ train.py", [SED], True),
        ("cd llm && sed -i 's/1/2/' train.py", [SED], True),
        ("sed -i s/1/2/ *.py", [SED], True),
        ('for f in *; do sed -i s/1/2/ "$f"; done', [SED], True),
        ("sudo sed -i s/1/2/ train.py", [SED, ("sudo", *SED)], True),
        ("ll", [SED], False),
        ("used -i s/1/2/ train.py", [SED], False),
        ("sed -i s/3/4/ train.py", [SED], False),
        ("sed -n 1p train.py", [SED], False),
        ("vim train.py", [("vim", "train.py")], True),
        ("vim", [("vim",)], True),
        ("find . -name 'x.pt' -exec rm {} +", [("rm", "./x.pt"), ("find", ".", "-name", "x.pt", "-exec", "rm", "{}", "+")], True),
        # An interpreter, or what one runs, can do what a variable of a startup file has it load.
        ("python3 analyse.py", [("python3", "analyse.py")], False),
        ("python3 fix.py train.py", [("python3", "fix.py", "train.py")], True),
        ("./fix.sh", [SED, ("/bin/sh", "./fix.sh")], False),
        ("./fix.sh train.py", [SED, ("/bin/sh", "./fix.sh", "train.py")], True),
        ("git stash pop", [("git", "stash", "pop")], True),
        ("git stash pop", [SED, ("git", "stash", "pop")], False),
        # What is typed into a shell that was begun by hand is a line of its own.
        ("bash", [SED, ("bash",)], False),
        ("sudo -i", [SED, ("-bash",), ("sudo", "-i")], False),
        ("bash; cat train.py", [SED, ("bash",)], False),
        # What the shell does itself has no process.
        ("cat > train.py", [], True),
        ("cat train.py", [], False),
        ("ll", [], False),
    ],
)  # fmt: skip
def test_a_line_asks_for_an_act_by_the_words_of_what_ran(line, runs, found):
    assert asked([line], *runs) is found


@pytest.mark.parametrize(
    ("act", "line", "found"),
    [
        ("cancel", "scancel 15", True),
        ("signal", "kill -9 %1", True),
        ("cancel", "squeue", False),
        ("push", "git push -q origin main", True),
        ("push", "git pull", False),
    ],
)
def test_what_has_no_process_is_asked_for_by_the_program_s_name(act, line, found):
    assert asked([line], act=act, thing="15") is found


@pytest.mark.parametrize(
    ("at", "any_time", "found"),
    [(130, False, True), (90, False, False), (170, False, False), (None, False, True), (90, True, True), (170, True, True)],
)  # fmt: skip
def test_a_line_of_another_time_asks_for_nothing(at, any_time, found):
    """But where it has none, or the host's clock was set."""
    assert asked([(" ".join(SED), at)], SED, any_time=any_time) is found


@pytest.mark.parametrize(
    ("line", "startup", "ran", "open_"),
    [
        ("ll", "umask 022", "ls", True),
        ("cd llm; OMP_NUM_THREADS=4 ll | head", "umask 022", "head", True),
        ("ll", "alias ll='ls -la'", "ls", False),
        ("ll", "ll() { ls -la; }", "ls", False),
        ("ls -la", "umask 022", "ls", False),
        ("cd llm", "umask 022", "ls", False),
        ("./ll", "umask 022", "ls", False),
        (("ll", None), "umask 022", "ls", False),  # at what time is on no record
        (("ll", 90), "umask 022", "ls", False),  # in another session
    ],
)
def test_a_word_that_is_no_program_and_has_no_meaning_leaves_open_what_made_the_shell_act(
    line, startup, ran, open_
):
    """The startup files that were collected need not be as they were then."""
    rows = [*told("bash_history", [line]), *told("shell_startup", [(startup, None)])]
    rows += [{"verb": "execute", "exe": f"/usr/bin/{name}", "argv": [name], "session": "7", "earliest_ns": 130} for name in (ran, "sed")]  # fmt: skip
    scene, act = staged(rows)
    by_shell = [run(*SED), run(*LOGIN)]
    found = by_hand.lacking(scene, act, by_shell, [], any_time=False)
    assert found == (["startup_files_of_time"] if open_ else [])
    assert by_hand.lacking(scene, act, by_shell, [], any_time=True) == []
    assert by_hand.lacking(scene, act, by_shell[:1], [], any_time=False) == []


@pytest.mark.parametrize(
    ("start", "tty", "lines", "open_"),
    [(159.5, "pts0", [], True), (150, "pts0", [], False), (159.5, None, [], False), (159.5, "pts0", [(" ".join(SED), 159)], False)],
)  # fmt: skip
def test_what_is_done_sooner_than_anybody_types_was_typed_by_nobody(start, tty, lines, open_):
    scene, act = staged(told("bash_history", lines), start_ns=int(start * SECOND), tty=tty)
    found = by_hand.lacking(scene, act, [run(*SED), run(*LOGIN)], [], any_time=False)
    assert found == (["startup_files_of_time"] if open_ else [])


@pytest.mark.parametrize(("technique", "seed"), [("T31a", 20_637), ("T31a", 30_130), ("T31c", 30_136)])
def test_who_typed_a_word_that_an_alias_stands_behind_is_not_named(technique, seed):
    """A home that others can write and no rule watches: its startup files were not collected, or the trap had been taken away again."""
    made = incident.incident(rehearse.planned(seed, technique=technique))
    told_ = inmemory.investigated(made.evidence, made.roster, made.about)
    found = judging.judged(told_, made.truth)
    assert [n["name"] for n in found["named"] if n["how"] == "wrong"] == []
    # Whoever laid the trap is on no record: the report says so beside the one whose session it was.
    said = [
        sentences.candidates_sentence(a) for a in told_["acts"] if a["account"] == made.truth["cast"]["bystander"][0]
        and {"startup_files_of_account", "startup_files_of_time"} & set(a["missing"])
    ]  # fmt: skip
    assert said
    assert all("whom no record names" in one.text for one in said)


PIECES = st.sampled_from(["sed", "python3", "scancel", "git", "push", "x.py", "/srv/p/x.py", "x.py.old", "./x.py", "-i", "a=x.py", "*.py", "$F", "12", "12.0", "é", "g++", ""])  # fmt: skip
LINES = st.lists(PIECES, min_size=1, max_size=4).flatmap(
    lambda words: st.sampled_from([" ", ";", " > ", "/", "'"]).map(lambda by: by.join(words))
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(LINES, max_size=8), st.lists(PIECES, min_size=1, max_size=4), st.sampled_from(["modify_file", "cancel", "push"]))  # fmt: skip
def test_lines_that_ask_are_those_that_looking_through_all_finds(lines, argv, act):
    history = history_lines.History()
    for line in lines:
        history.add(line, HOST, None)
    ran = run(*argv)
    every = list(dict.fromkeys(lines[::-1]))[::-1]
    assert history_lines.asking(history_lines.likely(history, ran), ran) == history_lines.asking(every, ran)
    done = SimpleNamespace(act=act, object=argv[-1])
    likely = by_hand._likely_without_process(history, done)
    assert any(by_hand._without_process(line, done) for line in likely) == any(
        by_hand._without_process(line, done) for line in every
    )


@pytest.mark.parametrize(
    ("lines", "cited"),
    [
        ([], []),
        ([("a", 130)], ["e0"]),
        ([("a", 90), ("b", 120), ("c", 150), ("d", 159), ("e", 170)], ["e1", "e3"]),
        ([("c", 159), ("b", 140), ("a", 101)], ["e2", "e0"]),
        ([("a", 50), ("b", 90), ("c", 170), ("d", 180)], ["e1", "e2"]),
        ([("a", 98), ("b", 99), ("c", 161), ("d", 162)], ["e1", "e2"]),
        ([("a", 98), ("b", 99), ("c", 120), ("d", 162)], ["e1", "e2"]),
        ([("a", 98), ("b", 120), ("c", 161), ("d", 162)], ["e1", "e2"]),
        ([("a", 50), ("b", 90)], ["e1"]),
        ([("c", 170), ("d", 180)], ["e0"]),
        ([("a", None), ("b", None), ("c", None)], ["e0", "e2"]),
        ([("a", None), ("b", 130), ("c", None), ("d", 140)], ["e1", "e3", "e0", "e2"]),
    ],
)
def test_what_was_looked_through_is_cited_by_its_ends(lines, cited):
    scene, done = staged(told("bash_history", lines) + told("shell_startup", [("x", 130)]))
    for other in told("bash_history", [("y", 140), ("z", None)]) if lines else ():
        at = None if other["earliest_ns"] is None else other["earliest_ns"] * SECOND
        new = dict(scene.events.iloc[0]) | other | {"account": "dao", "earliest_ns": at, "event_id": "of dao"}
        scene.events.loc[len(scene.events)] = new
    scene.events = scene.events[::-1]
    assert by_hand.looked_through(scene, done) == cited


def test_an_open_session_is_looked_through_to_its_act():
    lines = [("a", 50), ("b", 90), ("c", 170)]
    for known in ({"start_ns": None}, {}):
        scene, done = staged(told("bash_history", lines), **known)
        done.latest_ns = None if not known else DONE
        assert by_hand.looked_through(scene, done) == (["e0", "e1"] if known else ["e2"])
    done.session = None
    assert by_hand.looked_through(scene, done) == ["e0", "e2"]


def test_what_one_act_is_asked_for_by_says_nothing_of_another():
    """What lines ask for is looked up once for acts that ask for the same."""
    scene, done = staged(told("bash_history", ["echo x > train.py", "kill 7", "git commit -a"]))

    def asked_for(act, thing):
        done.act, done.object = act, thing
        return by_hand.asked(scene, done, [run(*LOGIN)], any_time=False)

    asks = [("modify_file", TRAIN), ("modify_file", "/srv/proj/data.py"), ("signal", "7"), ("cancel", "12"), ("commit", "main"), ("push", "main")]  # fmt: skip
    told_of = [asked_for(*one) for one in asks]
    assert told_of == [True, False, True, True, True, False]
    assert [asked_for(*one) for one in asks[::-1]] == told_of[::-1]
    events = scene.events.assign(account="dao", text="echo x > data.py", event_id="of dao")
    scene.events, done.account = pd.concat([scene.events, events]), "dao"
    scene.memo.pop("histories of accounts")
    assert [asked_for(*one) for one in asks[:2]] == [False, True]


def test_of_very_many_lines_those_that_come_last_are_looked_at(monkeypatch):
    monkeypatch.setattr(history_lines, "MOST", 2)
    history = history_lines.History()
    for line in ("a", "b", "a", "c"):
        history.add(line, HOST, None)
    assert list(history.texts) == ["a", "c"]


def test_a_piece_of_a_longer_word_is_not_that_word():
    assert not history_lines.has_all("cat x.py.old", ["x.py"])
    assert not history_lines.has_all("cat old-x.py", ["x.py"])
    assert history_lines.has_all("cat 'x.py'", ["x.py"])
    assert not history_lines.names("sed > x.py.old", "/srv/x.py")
    assert history_lines.names("sed > x.py", "/srv/x.py")
    assert history_lines.names("scancel 12.0", "12")
    history = history_lines.History()
    history.add("git push origin", HOST, None)
    assert list(by_hand._likely_without_process(history, SimpleNamespace(act="push", object="main"))) == ["git push origin"]  # fmt: skip


TIMES = st.none() | st.tuples(st.integers(0, 5), st.integers(0, 5)).map(
    lambda at: (at[0] * SECOND, at[1] * SECOND)
)
ENDS = st.none() | st.integers(0, 5).map(lambda at: at * SECOND)


@settings(max_examples=examples(450), deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["login01", "gpu01"]), TIMES), min_size=1, max_size=4), ENDS, ENDS, st.sampled_from([None, 0, 2 * SECOND, -3 * SECOND]))  # fmt: skip
def test_a_line_is_of_a_time_as_looking_at_each_of_its_times_has_it(lines, first, last, off):
    history = history_lines.History()
    for line in lines:
        history.add(*line)

    def between(at, by=0):
        after = first is None or at >= first + by - SECOND
        return after and (last is None or at <= last + by + SECOND)

    for text in {text for text, *_ in lines}:
        times = [at for other, _, at in lines if other == text]
        expected = None in times or any(between(meant) for meant, _ in times)
        expected |= off is not None and any(between(at[1], off) for at in times if at)
        assert history.has(text, history_lines.When(first, last, off)) is expected
    here = [(at[0], text) for text, host, at in lines if at and host == HOST and between(at[0])]
    assert history.last(HOST, history_lines.When(first, last, off)) == max(here, default=None)
