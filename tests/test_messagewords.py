"""Messages told apart by their words are told apart as by the patterns, and words only save time."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.core import cuttings, envelope, messagetext, messagewords, wordmatch, wordpatterns
from forensics.core.programs import PROGRAMS

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "sample_logs" / "formats" / "syslog").iterdir())
UPSTREAM = ROOT.parent / "shared" / "samples" / "loghub" / "OpenSSH" / "OpenSSH_2k.log"
LINES = [line for sample in SAMPLES for line in sample.read_bytes().decode("utf-8", "replace").splitlines()]
WORDS = ["invalid", "user", "", "kai", "10.0.0.12", "port", "49063", "123456", "ssh2", "ssh2:", "[preauth]", "from", "for", ";", "USER=root", "COMMAND=/bin/a", "PWD=/", "TTY=pts/3", "TTY=a=b", ":", "(kai)", "(x)", "CMD", "by", "(uid=0)", "é"]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def every_group_counts():
    least, messagewords._LEAST_ROWS = messagewords._LEAST_ROWS, 1
    yield
    messagewords._LEAST_ROWS = least


def told(lines):
    """What the words of lines tell, and how many they settle; the patterns by themselves tell the same."""
    opened = envelope.opened(cuttings.lying(pa.array(lines, pa.string())))
    said = [opened.columns[name] for name in ("program", "pid", "message")]
    quick = messagetext.fields(*said, words=opened.words)
    slow = messagetext.fields(*said)
    assert {n: c.to_pylist() for n, c in quick.items()} == {n: c.to_pylist() for n, c in slow.items()}
    return quick


def settled(lines):
    """How many messages are settled by words alone."""
    opened = envelope.opened(cuttings.lying(pa.array(lines, pa.string())))
    rows = {name: [n for n, said in enumerate(opened.columns["program"].to_pylist()) if said == name] for name in ("sshd", "sudo", "CRON")}  # fmt: skip
    known = [p for p in PROGRAMS if {"sshd", "sudo", "CRON"} & set(p.names)]
    placed = [messagewords.found(p, pa.array(rows[name], pa.int64()).to_numpy(), opened.words) for p in known for name in p.names if name in rows]  # fmt: skip
    return sum(len(one.rows) for own in placed for one in own)


def test_words_tell_what_patterns_tell_on_samples():
    told(LINES)


@pytest.mark.parametrize(("bound", "most"), [("_MOST_GROUPS", 2), ("_LEAST_ROWS", 3)])
def test_what_is_beyond_a_bound_is_told_all_the_same(bound, most, monkeypatch):
    plain = settled(LINES[::3])
    monkeypatch.setattr(messagewords, bound, most)
    assert told(LINES[::3])
    assert 0 < settled(LINES[::3]) <= plain


def test_words_tell_what_patterns_tell_on_a_log_of_others():
    if not UPSTREAM.exists():
        pytest.skip("the upstream samples are not beside this checkout")
    told(UPSTREAM.read_text().splitlines())


@st.composite
def altered(draw):
    """A line of a sample, some of its words put in, left out or taken for others."""
    words = draw(st.sampled_from(LINES)).split(" ")
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(4, max(4, len(words))))
        words[at : at + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(WORDS), max_size=2))
    return " ".join(words)


CALL = (
    "Nov 23 15:11:37 login01 sudo:     kai : TTY=pts/3 ; PWD=/home/kai ; USER=root ; COMMAND=/usr/bin/id -u"
)


@settings(max_examples=25, deadline=None)
@given(st.lists(altered(), max_size=15))
@example(
    [
        CALL,
        f"{CALL} ; USER=root ; COMMAND=/bin/a",
        CALL.replace("pts/3", "a=PWD=b"),
        CALL.replace("TTY=pts/3 ; ", ""),
    ]
)
@example(
    [CALL.replace("PWD", "x ; PWD"), CALL.replace("COMMAND", "ENV=a ; COMMAND"), CALL.replace("COMMAND=", "")]
)
def test_words_tell_what_patterns_tell_of_anything(lines):
    told(lines)


ODD = [
    "Received disconnect from 10.0.0.12 port :11: x",
    "Received disconnect from 10.0.0.12 port 123456:11: x",
    "Received disconnect from 10.0.0.12 port 1:11:2: x",
    "Server listening on :: port 22.",
    "New session 1.",
    "Failed password for invalid userx admin from 10.0.0.12 port 49063 ssh2",
    "Failed password forinvalid user admin from 10.0.0.12 port 49063 ssh2",
]


@pytest.mark.parametrize("message", ODD)
def test_a_part_of_a_word_that_is_not_as_it_must_be_fits_no_form(message):
    told([f"Nov 23 15:11:37 login01 {tag}: {message}" for tag in ("sshd[5]", "systemd-logind[1]")])


def test_parts_of_a_word_each_end_in_one_place():
    (form,) = wordpatterns.forms("^a (?P<x>[a-y]+)z[0-9]{2}$") or ()
    assert form.words[1].pieces is not None
    (form,) = wordpatterns.forms("^a (?P<x>[a-z]+)z[a-z]*$") or ()
    assert form.words[1].pieces is None


def test_where_a_part_could_end_elsewhere_in_each_choice_the_pattern_says_which():
    (form,) = wordpatterns.forms("^a (?P<x>[a-z]+)(?:b)?$") or ()
    assert form.words[1].pieces is None


def test_digits_are_the_number_that_they_spell():
    said = ["0", "12", "12345678", "123456789", "4294967295", "000000000000000017", "123456789012345678", ""]
    raw, start, stop = cuttings.lying(pa.array(said))
    assert cuttings.number(raw, start, stop).tolist() == [int(text or 0) for text in said]


def test_the_last_part_of_a_word_ends_where_the_word_leaves_room_for_what_follows():
    (form,) = wordpatterns.forms("^a (?P<x>[a-z]+?)z$") or ()
    said = ["z", "az", "zz", "zzz", "a", "az1", "1z", ""]
    raw, start, stop = cuttings.lying(pa.array(said))
    right, fields = wordmatch.fitting(form.words[1], start, stop, raw)
    first, last = fields["x"]
    assert [raw[a:b].tobytes().decode() if ok else None for ok, a, b in zip(right, first, last, strict=True)] == [None, "a", "z", "zz", None, None, None, None]  # fmt: skip


CHOICES = [
    r"(?P<x>[^ (]+)(?:\(uid=(?P<u>[0-9]{1,10})\))?",
    r"(?P<x>[a-z-]+(?:/[a-z-]+)?)",
    r"(?:ab|a(?:c|b)?)(?P<x>[0-9]*)",
    r"(?P<x>[^ ]+?)\.",
    r"a(?P<x>[a-z]{2,3})b",
]


@pytest.mark.parametrize("pattern", CHOICES)
@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(alphabet="abcz-/(uid=12).é", max_size=9), min_size=1, max_size=9))
@example(["kai(uid=1)", "kai", "kai(uid=)", "kai(uid=1)(uid=2)", "(uid=1)", "a/b", "a/", "ab12", "ac1", "a1", "a..", "aabb", "aab"])  # fmt: skip
def test_choices_within_a_word_are_tried_as_the_pattern_tries_them(pattern, said):
    (form,) = wordpatterns.forms(f"^a {pattern}$") or ()
    word = form.words[1]
    assert word.pieces is not None
    raw, start, stop = cuttings.lying(pa.array(said))
    right, fields = wordmatch.fitting(word, start, stop, raw)
    slow = [word.pattern.fullmatch(text.encode()) for text in said]
    assert right.tolist() == [one is not None for one in slow]
    for name, (first, last) in fields.items():
        got = [raw[a:b].tobytes() for a, b in zip(first, last, strict=True)]
        assert [text for text, one in zip(got, slow, strict=True) if one] == [one[name] or b"" for one in slow if one]  # fmt: skip


def test_usual_messages_are_settled_by_words():
    """Were none, the test above would say nothing."""
    key = f"ED25519 SHA256:{'K' * 43}"
    usual = [
        ("sshd[5]", f"Accepted publickey for kai from 10.0.0.12 port 49063 ssh2: {key}"),
        ("sshd[5]", "Failed password for invalid user admin from 10.0.0.12 port 49063 ssh2"),
        ("sshd[5]", "Connection closed by invalid user admin 10.0.0.12 port 49063 [preauth]"),
        ("sshd[5]", "Received disconnect from 10.0.0.12 port 49063:11: disconnected by user"),
        ("sshd[5]", "pam_unix(sshd:session): session opened for user kai(uid=4101) by (uid=0)"),
        ("sudo", "    kai : TTY=pts/3 ; PWD=/home/kai ; USER=root ; COMMAND=/usr/bin/id -u"),
        ("CRON[6]", "(root) CMD (/usr/lib/sysstat/sa1 1 1)"),
    ]
    lines = [f"Nov 23 15:11:37 login01 {tag}: {message}" for tag, message in usual]
    assert settled(lines) == len(lines)
    found = told(lines)
    assert found["port"].to_pylist() == [49063, 49063, 49063, 49063, None, None, None]
    assert found["command"].to_pylist()[5:] == ["/usr/bin/id -u", "/usr/lib/sysstat/sa1 1 1"]


@pytest.mark.parametrize(
    "pattern",
    ["no beginning$", "^ends anywhere", "^two  .* .*?x$", r"^a\bb$", "^a (?P<x>b c)$", "^a (?:b c)*$", "^a [b ]$", "^a [^b]$", "^a|b$", r"^\S+$", "^a [^ b]{2}$"],
)  # fmt: skip
def test_what_is_not_made_of_words_is_left_to_the_pattern(pattern):
    assert wordpatterns.forms(pattern) is None


def test_a_choice_is_tried_in_order_and_a_word_that_may_be_several_is_no_sure_one():
    first, second = wordpatterns.forms("^a (?P<x>.+?)(?: b)?$") or ()
    assert [len(form.words) for form in (first, second)] == [3, 2]
    assert not first.sure
    (tail,) = wordpatterns.forms(r"^a \((?P<x>.*)\)$") or ()
    assert tail.sure
    assert tail.may_have(5)
    assert not tail.may_have(1)
