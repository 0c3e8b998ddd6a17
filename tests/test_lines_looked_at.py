"""Files of very many short lines: what each line is looked at for, counted; what they hold is held by the samples beside them."""

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


def test_a_listing_without_days_is_gone_through_twice(counted):
    """Once for whether its numbers rise, and once for its commands; a third time for times, where there can be any."""
    calls = counted(rowwise, "each")
    assert told(history_listing, b"    1  ls\n    2  id\n") == (2, 0, 0)
    assert calls["each"] == 2
    dated = b"    1  2026-11-23 15:11:42 ls\n    2  ?? id\n"
    assert history_listing.parse(dated, 0).records["number"].to_pylist() == [1, 2]
    rows = history_listing.parse(dated, 0).records.to_pylist()
    assert [(r["wall"], r["command"]) for r in rows] == [("2026-11-23 15:11:42", "ls"), (None, "id")]
    assert calls["each"] == 2 + 2 * 3


def test_lines_without_a_number_are_looked_at_for_it_once(counted):
    calls = counted(history_listing, "_number")
    assert told(history_listing, b"\n" * LINES) == (0, 0, LINES)
    assert calls["_number"] == LINES + 1
    assert told(history_listing, b"x\n" * 3) == (0, 3, 0)


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


def test_blank_lines_of_a_listing_are_no_entries(counted):
    calls = counted(ls_listing, "_entry")
    assert told(ls_listing, b"\n" * LINES + b"total 4K\nx\n") == (0, 1, LINES + 1)
    assert calls["_entry"] == 0


@pytest.mark.parametrize("most", [1, 7, 100])
def test_portions_hold_as_many_rows_as_they_may(monkeypatch, most):
    monkeypatch.setattr(rowwise, "MOST_ROWS", most)
    held = [sum(map(len, part)) for part in shell_startup.portions(b"a\n\n" * 50, 0)]
    assert held == [most] * (100 // most) + [100 % most]


@pytest.mark.parametrize("data", [b"", b"\n", b"a", b"a\n", b"a\r\n\r\n", b"\r", b"a\r\r\nb\r", b"\n\n\\"])
def test_each_line_stands_where_it_does(data):
    found = rowwise.cut(data, 10)
    assert b"".join(data[line.start - 10 : line.stop - 10] for line in found) == data
    bare = [part.removesuffix(b"\r") for part in data.split(b"\n")]
    bare = bare[:-1] if data.endswith(b"\n") or not data else bare
    assert [line.raw for line in found] == bare
    assert rowwise.backslashed(b"a\\") != rowwise.backslashed(b"a\\\\")
