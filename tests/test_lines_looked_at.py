"""Files of very many short lines: what each line is looked at for, counted; what they hold is held by the samples beside them."""

import random
import re
from itertools import pairwise

import pytest

from forensics.core import kubewrap, rowwise
from forensics.formats import (
    authorized_keys,
    history_listing,
    k8s_audit,
    ls_listing,
    shell_startup,
    systemd_unit,
)

LINES = 2000


@pytest.fixture
def counted(monkeypatch):
    """How often functions are called, by name."""
    calls = {}

    def watch(module, name):
        real = getattr(module, name)
        calls[name] = 0

        def called(*args, **kwargs):
            calls[name] += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, called)
        return calls

    return watch


def told(form, data):
    """How many lines are records, rejects and ignored."""
    parsed = form.parse(data, 0)
    return len(parsed.records), len(parsed.rejected), len(parsed.ignored)


def test_equal_short_commands_of_a_startup_file_are_read_once(counted):
    shell_startup._short.cache_clear()
    calls = counted(shell_startup, "_said")
    assert told(shell_startup, b"a\nb\n" * LINES) == (2 * LINES, 0, 0)
    assert calls["_said"] == 2
    rows = shell_startup.parse(b"ls\nX=1\n" * 2, 0).records.to_pylist()
    assert [(r["kinds"], r["names"], r["values"], r["text"]) for r in rows] == [
        (["command"], ["ls"], [None], "ls"),
        (["set"], ["X"], ["1"], "X=1"),
    ] * 2


def test_what_is_kept_of_short_commands_is_bounded():
    shell_startup._short.cache_clear()
    lines = b"".join(b"%d\n" % n for n in range(10_000)) + b"x" * (shell_startup._SHORT + 1) + b"\n"
    shell_startup.parse(lines, 0)
    kept = shell_startup._short.cache_info()
    assert kept.currsize == kept.maxsize == 4096
    assert kept.misses == 10_000


def test_a_unit_that_names_no_user_is_gone_through_once(counted):
    calls = counted(rowwise, "each")
    plain = b"[Service]\nExecStart=/bin/true\n"
    assert told(systemd_unit, plain + b"\n" * LINES) == (1, 0, LINES + 1)
    assert calls["each"] == 1
    for user in (b"User=kai\n", b"User \\\n=kai\n", b" User\t=  kai \n"):
        (row,) = (
            r for r in systemd_unit.parse(plain + user, 0).records.to_pylist() if r["key"] == "ExecStart"
        )
        assert row["user"] == "kai"
    assert calls["each"] == 1 + 3 * 2


def test_a_listing_is_gone_through_for_times_only_where_there_can_be_any(counted):
    calls = counted(history_listing, "_one")
    assert told(history_listing, b"    1  ls\n    2  id\n") == (2, 0, 0)
    assert calls["_one"] == 2
    dated = b"    1  2026-11-23 15:11:42 ls\n    2  ?? id\n"
    rows = history_listing.parse(dated, 0).records.to_pylist()
    assert [(r["number"], r["wall"], r["command"]) for r in rows] == [
        (1, "2026-11-23 15:11:42", "ls"),
        (2, None, "id"),
    ]
    assert calls["_one"] == 2 + 2 * 2


def test_lines_below_a_numbered_one_are_not_looked_at_alone(counted):
    calls, lines = counted(history_listing, "_one"), counted(rowwise, "each")
    assert told(history_listing, b"    1  ls\n" + b"\n" * LINES + b"x\n" * LINES) == (1, 0, 0)
    assert (calls["_one"], lines["each"]) == (1, 1)
    assert told(history_listing, b"x\n" * 3 + b"\n" * LINES) == (0, 3, LINES)


NUMBER = re.compile(rb" {0,4}([0-9]{1,9})[ *] ")
ENTRY = re.compile(rb"(?= *[0-9])(?:[ 0-9]{5}|[0-9]{6,9})(?P<changed>[ *]) (?P<rest>.*)", re.DOTALL)


def commands_by_definition(data):
    """Each line's number is asked for, and a line that has not the next one belongs to the command above."""

    def number(raw):
        found = NUMBER.match(raw)
        return int(found[1]) if found and ENTRY.fullmatch(raw) else None

    lines = rowwise.cut(data, 0)
    numbers = [number(line.raw) for line in lines]
    rising = None not in numbers and all(a < b for a, b in pairwise(numbers))
    groups, last = [], None
    for line, own in zip(lines, numbers, strict=True):
        if last is None or rising or own == last + 1:
            groups.append([line])
            last = own
        else:
            groups[-1].append(line)
    for group in groups:
        text = b"\n".join(line.raw for line in group)
        found = ENTRY.fullmatch(text) if number(group[0].raw) is not None else None
        told = (number(group[0].raw), found["changed"] == b"*", found["rest"]) if found else None
        yield group[0].start, group[-1].stop, told


def test_commands_of_a_listing_are_those_of_the_definition():
    chance = random.Random(6)  # noqa: S311 - the same files in every run
    lines = (
        b"    1  ls",
        b"    2  a",
        b"    3* b",
        b" 1002  c",
        b"1  23* d",
        b"x",
        b"",
        b"    2  ",
        b"\r",
        b"    2 ",
    )
    several = 0
    for _ in range(1500):
        data = b"".join(
            chance.choice(lines) + chance.choice((b"\n", b"\n", b"\r\n", b""))
            for _ in range(chance.randrange(9))
        )
        parsed = history_listing.parse(data, 0)
        got = [
            (r["start"], r["stop"], (r["number"], r["changed"], r["command"].encode()))
            for r in parsed.records.to_pylist()
        ]
        got += [(r["start"], r["stop"], None) for part in parsed[1:] for r in part.to_pylist()]
        expected = list(commands_by_definition(data))
        assert sorted(got, key=lambda row: row[0]) == expected, data
        several += len(expected) < len(rowwise.cut(data, 0))
    assert several > 100


def test_blank_lines_and_comments_are_not_read_as_keys(counted):
    calls = counted(authorized_keys, "_key")
    assert told(authorized_keys, b"\n# x\n \t\n" * LINES + b"y\n") == (0, 1, 3 * LINES)
    assert calls["_key"] == 1


def test_blank_lines_are_not_looked_at_for_a_list(counted):
    calls = counted(kubewrap, "listed")
    assert told(k8s_audit, b"\n" * LINES + b"x\n") == (0, 1, LINES)
    assert calls["listed"] == 1


@pytest.mark.parametrize(("data", "whys"), [(b"x\n\ny", ["shape", "truncated"]), (b"x\ny\n", ["shape"] * 2)])
def test_only_the_last_line_of_an_audit_log_is_torn(data, whys):
    rejected = k8s_audit.parse(data, 100).rejected.to_pydict()
    assert rejected["why"] == whys
    assert rejected["stop"][-1] == 100 + len(data)


def test_lines_too_short_for_an_entry_are_not_read_as_one(monkeypatch):
    read = []
    real = rowwise.shown
    monkeypatch.setattr(rowwise, "shown", lambda raw: read.append(raw) or real(raw))
    assert told(ls_listing, b"\n" * LINES + b"total 4K\nx\n" + b"y\n" * LINES) == (0, LINES + 1, LINES + 1)
    assert read == [b"total 4K"]
    shortest = b"-rwxrwxrwx 1 u g 0 2026-11-23 16:11:37.100000000 +0100 n"
    assert len(shortest) == ls_listing._LEAST_BYTES
    (row,) = ls_listing.parse(shortest, 0).records.to_pylist()
    assert (row["owner"], row["group"], row["name"]) == ("u", "g", "n")
    assert told(ls_listing, shortest[:-1]) == (0, 1, 0)


@pytest.mark.parametrize("most", [1, 7, 100])
def test_portions_hold_as_many_rows_as_they_may(monkeypatch, most):
    monkeypatch.setattr(rowwise, "MOST_ROWS", most)
    held = [sum(map(len, part)) for part in shell_startup.portions(b"a\n\n" * 50, 0)]
    assert held == [most] * (100 // most) + [100 % most]


def test_lines_are_those_that_newlines_end(monkeypatch):
    monkeypatch.setattr(rowwise, "_FIRST_RUN_BYTES", 2)
    monkeypatch.setattr(rowwise, "_RUN_BYTES", 8)
    chance = random.Random(7)  # noqa: S311 - the same files in every run
    for _ in range(2000):
        data = bytes(chance.choice(b"\n\nab\r") for _ in range(chance.randrange(40)))
        bare = data.split(b"\n")
        ends = [len(b"\n".join(bare[: n + 1])) + (n + 1 < len(bare)) for n in range(len(bare))]
        lines = zip([0, *ends], ends, bare, strict=False)
        expected = [(5 + a, 5 + b, raw.removesuffix(b"\r")) for a, b, raw in lines if a < b]
        assert list(rowwise.each(data, 5)) == expected


@pytest.mark.parametrize("data", [b"", b"\n", b"a", b"a\n", b"a\r\n\r\n", b"\r", b"a\r\r\nb\r", b"\n\n\\"])
def test_each_line_stands_where_it_does(data):
    found = rowwise.cut(data, 10)
    assert b"".join(data[line.start - 10 : line.stop - 10] for line in found) == data
    bare = [part.removesuffix(b"\r") for part in data.split(b"\n")]
    bare = bare[:-1] if data.endswith(b"\n") or not data else bare
    assert [line.raw for line in found] == bare
    assert rowwise.backslashed(b"a\\") != rowwise.backslashed(b"a\\\\")
