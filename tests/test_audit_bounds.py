"""What an audit event may be made to tell: never more than in proportion to its lines, however these were chosen."""

import random

import pytest
from test_auditd import events, line

from forensics.core import auditreceived
from forensics.core.auditevents import _concatenated

PATH = "login01/audit.log"


def by_definition(rows):
    """The arguments, each joined as its pieces come: slow where they are many."""
    whole, last, owner, copies = [], -1, -1, set()
    lines = []
    for row, (places, words) in enumerate(rows):
        held = []
        for place, word in zip(places, words, strict=True):
            if held and place <= held[-1][0]:
                lines.append((row, held))
                held = []
            held.append((place, word))
        lines.append((row, held))
    for row, held in sorted(lines, key=lambda one: [place for place, _ in one[1]][:1]):
        for at, (place, word) in enumerate(held):
            again = (row, place) in copies or whole[-1:] == [word]
            if place > last:
                whole.append(word)
                last, owner = place, row
            elif place == last and at == 0 and (row == owner or not again):
                whole[-1] = whole[-1] + word
            else:
                copies.add((row, place))
    return whole


def test_arguments_in_pieces_are_joined_as_the_definition_joins_them():
    chance = random.Random(3)  # noqa: S311 - the same rows in every run
    several = 0
    for _ in range(3000):
        rows = []
        for _ in range(chance.randrange(1, 6)):
            places = [chance.randrange(3) for _ in range(chance.randrange(1, 5))]
            rows.append((places, [chance.choice(("a", "b", "ab", "aba", "")) for _ in places]))
        found = _concatenated(rows)
        assert found == by_definition(rows), rows
        several += any(len(word) > 3 for word in found)
    assert several > 100


class Counted(str):
    """A text that counts what is copied when another is joined to it, or it to another."""

    __slots__ = ()
    copied = 0

    def __add__(self, other):
        Counted.copied += len(self) + len(other)
        return Counted(str(self) + str(other))

    def __radd__(self, other):
        Counted.copied += len(self) + len(other)
        return Counted(str(other) + str(self))


def test_one_argument_in_very_many_pieces_is_not_copied_for_each():
    """Of a file in which an event's argument goes on in every line, 24 MB took 47 seconds, each line more than the one before."""
    words = [Counted("ab"), Counted("cd")] * 2000
    Counted.copied = 0
    assert _concatenated([([0], [word]) for word in words]) == ["abcd" * 2000]
    assert Counted.copied <= 4 * sum(map(len, words))


def signalled(count, more=b""):
    sent = line("CWD", 'cwd="/srv"') + line("SYSCALL", 'syscall=62 a0=ffffffff a1=9 uid=4102 comm="kill"')
    hit = [line("OBJ_PID", f'opid={pid} oauid=-1 ouid=4101 ocomm="python3"') for pid in range(70, 70 + count)]
    return sent + more + b"".join(hit)


def cited(data, event):
    spans = [(span["start"], span["stop"]) for span in event["citations"]]
    return [data[start:stop] for start, stop in spans]


def test_each_receiver_of_a_small_group_is_told_with_all_lines():
    data = signalled(20)
    got = events({PATH: data})
    assert len(got) == 20
    assert all(b"".join(cited(data, event)) == data for event in got)
    assert {event["cwd"] for event in got} == {"/srv"}


@pytest.mark.parametrize("files", [1, 2])
def test_each_receiver_of_a_very_large_group_is_told_with_its_own_line(files):
    """The first event cites every line; the others what they say: what is told grows as what was logged does."""
    data = signalled(3000)
    middle = data.index(b"\n", len(data) // 2) + 1
    parts = {"login01/audit.log": data} if files == 1 else {"login01/audit.log.1": data[:middle], "login01/audit.log": data[middle:]}  # fmt: skip
    got = events(parts)
    held = {e["sha256"] for e in got}
    assert (len(got), len({e["event_id"] for e in got}), len(held)) == (3000, 3000, 1)
    assert {(e["signal"], e["uid"], e["target_uid"], e["verb"]) for e in got} == {(9, 4102, 4101, "signal")}
    assert sorted(e["target_pid"] for e in got) == list(range(70, 3070))
    whole = [e for e in got if len(e["citations"]) == 3002]
    assert len(whole) == 1
    assert sum(len(e["citations"]) for e in got) <= 3002 + 3 * 2999
    texts = {} if files == 2 else {e["target_pid"]: cited(data, e) for e in got if e not in whole}
    for pid, lines in texts.items():
        assert [b"type=CWD" in lines[0], b"type=SYSCALL" in lines[1], f"opid={pid} ".encode() in lines[2]] == [True] * 3  # fmt: skip
    assert {e["cwd"] for e in got if e not in whole} == {None}


@pytest.mark.parametrize("where", ["argv", "exe"])
def test_long_words_are_not_told_again_for_each_receiver(where):
    """One long word and many receivers would be told as often as there are receivers."""
    word = "x" * 9000
    data = signalled(60, line("EXECVE", f'argc=1 a0="{word}"'))
    if where == "exe":
        data = signalled(60).replace(b'comm="kill"', f'exe="/{word}"'.encode())
    got = events({PATH: data})
    assert len(got) == 60
    assert sum(str(e[where]).count(word) for e in got) == 1
    assert sum(len(str(e)) for e in got) < 4 * auditreceived.MOST_COPIED_BYTES
