"""Startup files of shells: what they set, for whom, and what only looks so."""

import random
import re

import pytest
from collected import rows, told

from forensics.formats import recognise, registry, shell_startup


def said(data, path="login01/home/kai/.bashrc"):
    return [(e["object"], e["account"]) for e in told("shell_startup", data, path)]


def test_a_home_is_its_owners():
    data = b"export LD_PRELOAD=/x.so\n"
    assert said(data) == [("shell LD_PRELOAD", "kai")]
    assert said(data, "login01/etc/profile.d/x.sh") == [("shell LD_PRELOAD", None)]
    assert said(data, "login01/home/kai/old/.bashrc") == [("shell LD_PRELOAD", None)]
    (event,) = told("shell_startup", data, "login01/root/.profile")
    assert (event["verb"], event["earliest_ns"], event["text"]) == ("setting", None, data.decode().strip())


@pytest.mark.parametrize(
    ("line", "things"),
    [
        (b"A=1 B=2", [("set", "A", "1"), ("set", "B", "2")]),
        (b"A=1 run it", [("command", "A=1", None)]),
        (b"A=", [("set", "A", "")]),
        (b"PATH+=:/x", [("set", "PATH", ":/x")]),
        (b"export -n A", [("export", "A", None)]),
        (b"export A='x;y' B=\"$(z 'q')\"", [("export", "A", "'x;y'"), ("export", "B", "\"$(z 'q')\"")]),
        (b"readonly TMOUT=0", [("export", "TMOUT", "0")]),
        (b"builtin alias sudo=x", [("alias", "sudo", "x")]),
        (b"[ -r x ]&&. x||source y", [("command", "[", None), ("source", "x", None), ("source", "y", None)]),
        (b"f() { alias ls=x; }", [("function", "f", None), ("alias", "ls", "x")]),
        (b"echo 'export A=1'", [("command", "echo", None)]),
        (b"echo a#b; A=2", [("command", "echo", None), ("set", "A", "2")]),
        (b"x 2>&1; A=2", [("command", "x", None), ("set", "A", "2")]),
        (b"fi", [("command", "fi", None)]),
        (b"\x1c", [("command", "\x1c", None)]),
        (b"\xc2\xa0", [("command", "\xa0", None)]),
        (b" \xe2\x80\xa8 \x1f", [("command", "\u2028", None)]),
    ],
)
def test_what_a_line_says(line, things):
    (row,) = rows("shell_startup", line + b"\n")
    assert list(zip(row["kinds"], row["names"], row["values"], strict=True)) == things


def test_a_name_alone_is_not_enough():
    assert recognise(b"\x7fELF\0export A=1\n", "login01/home/kai/.bashrc") != "shell_startup"
    assert registry()["shell_startup"].recognise(b"export A=1\n", "login01/home/kai/run.sh") == 0
    for path in (
        "home/kai/.zshrc",
        "etc/profile",
        "etc/profile.d/lang.sh",
        "root/.bash_profile",
        "etc/bash.bashrc",
    ):
        assert recognise(b"export A=1\n", f"login01/{path}") == "shell_startup", path


def test_a_hostile_file_takes_no_more_time_than_it_has_lines():
    for line in (b"cat <<X\n", b"A='\n" * 3, b"A=\\\n", b"((((((((\n"):
        data = line * 3000
        assert sum(row["stop"] - row["start"] for row in rows("shell_startup", data)) == len(data)


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("login01/etc/profile", True), ("login01/home/kai/.profile.old", True), ("login01/etc/profile.dpkg-dist", True),
        ("login01/usr/lib/python3.11/profile.py", False), ("login01/opt/jdk/lib/jfr/profile.jfc", False),
        ("login01/home/kai/user_profile", False),
    ],
)  # fmt: skip
def test_a_profile_is_known_by_its_name(path, known):
    assert (recognise(b"export A=1\n", path) == "shell_startup") is known


def test_lines_that_are_seen_to_stand_alone_are_grouped_as_those_that_are_looked_at(monkeypatch):
    r"""A line without a quote, a backslash or `<` ends what it begins: it is not looked at further."""
    chance, several = random.Random(9), 0  # noqa: S311 - the same files in every run
    lines = (
        b"ls\n",
        b"\n",
        b"ls \\\n",
        b"a='x\n",
        b"y'\n",
        b'b="\n',
        b"cat <<E\n",
        b"E\n",
        b"# it\n",
        b"x # y\n",
        b"cat <<<w\n",
    )
    for _ in range(400):
        data = b"".join(chance.choice(lines) for _ in range(chance.randrange(9)))
        told = [shell_startup.parse(data, 0)]
        with monkeypatch.context() as slow:
            slow.setattr(shell_startup, "_MARKED", re.compile(b""))
            told.append(shell_startup.parse(data, 0))
        assert [t.to_pylist() for t in told[0]] == [t.to_pylist() for t in told[1]], data
        several += any(b"\n" in data[row["start"] : row["stop"] - 1] for row in told[0].records.to_pylist())
    assert several > 100
