"""Databases of logins and of a shell: what each row is taken to tell, and of whom it is not told."""

import sqlite3
import tempfile
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest

from forensics.core.tables import FILE
from forensics.formats import recognise, registry

SEALED = "a" * 64
S = 1_795_446_697
WTMP = (
    "CREATE TABLE wtmp(ID INTEGER PRIMARY KEY, Type INTEGER, User TEXT NOT NULL, Login INTEGER, Logout INTEGER,"
    " TTY TEXT, RemoteHost TEXT, Service TEXT)"
)
LASTLOG = (
    "CREATE TABLE Lastlog2(Name TEXT PRIMARY KEY, Time INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT)"
)
HISTORY = (
    "create table history (id text primary key, timestamp integer not null, duration integer not null,"
    " exit integer not null, command text not null, cwd text not null, session text not null, hostname text not null)"
)


def database(declared, name, *rows):
    """The bytes of a database with one table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        db = sqlite3.connect(path)
        db.execute(declared)
        for row in rows:
            db.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)
        db.commit()
        db.close()
        return path.read_bytes()


def told(form, data, path):
    assert recognise(data[:65536], "x") == form
    found = registry()[form].parse(data, 0).records
    sealed = found.add_column(0, "sha256", pa.array([SEALED] * found.num_rows, pa.string()))
    file = {"sha256": SEALED, "path": path, "host": "login01", "bytes": 1, "kind": "file", "held": "copied"}
    file |= dict.fromkeys(("parsed", "rejected", "ignored"), 0) | {"domain": "login01:root"}
    files = FILE.build({name: [file.get(name)] for name in FILE.names})
    reading = import_module(f"forensics.readings.{form}")
    events = reading.read(sealed, files, zone="UTC", anchor_ns=None)["event"].to_pylist()
    return sorted(events, key=lambda e: (e["earliest_ns"] or 0, e["event_id"]))


def test_a_row_of_wtmpdb_tells_a_login_and_a_logout():
    data = database(WTMP, "wtmp", (1, 3, "mei", S * 10**6 + 1, S * 10**6 + 9, "pts/1", "10.0.0.11", "sshd"))
    came, left = told("wtmpdb", data, "login01/var/lib/wtmpdb/wtmp.db")
    assert (came["verb"], came["outcome"], came["account"], came["address"], came["tty"]) == (
        "login", "success", "mei", "10.0.0.11", "pts/1",
    )  # fmt: skip
    assert (came["earliest_ns"], came["latest_ns"]) == (S * 10**9 + 1000, S * 10**9 + 1999)
    assert (left["verb"], left["outcome"], left["account"]) == ("logout", None, "mei")
    assert left["event_id"] == came["event_id"] + ".1"
    assert left["citations"] == came["citations"]


def test_a_boot_in_wtmpdb_is_nobodys_login():
    (e,) = told(
        "wtmpdb", database(WTMP, "wtmp", (1, 1, "reboot", S * 10**6, S * 10**6, "~", "6.1", None)), "x"
    )
    assert (e["verb"], e["account"], e["account_absence"], e["tty"]) == (
        "other",
        None,
        "not_applicable",
        None,
    )


def test_lastlog2_tells_the_last_login_of_each_account():
    rows = (("mei", S, "pts/1", "10.0.0.11", "sshd"), ("dao", 0, None, None, None))
    never, came = told(
        "lastlog2", database(LASTLOG, "Lastlog2", *rows), "login01/var/lib/lastlog/lastlog2.db"
    )
    assert (never["verb"], never["account"], never["earliest_ns"]) == ("other", "dao", None)
    assert (came["verb"], came["account"], came["address"], came["earliest_ns"]) == (
        "login",
        "mei",
        "10.0.0.11",
        S * 10**9,
    )


@pytest.mark.parametrize(
    ("hostname", "path", "host", "account"),
    [
        ("login01:mei", "login01/home/mei/.local/share/atuin/history.db", "login01", "mei"),
        ("LOGIN01.cluster:mei", "login01/home/mei/.local/share/atuin/history.db", "login01", "mei"),
        ("gpu01:mei", "login01/home/mei/.local/share/atuin/history.db", None, "mei"),
        ("login01:kai", "login01/home/mei/.local/share/atuin/history.db", "login01", None),
        ("login01", "login01/home/mei/.local/share/atuin/history.db", "login01", None),
        ("login01:kai", "login01/srv/history.db", "login01", None),
    ],
)
def test_a_command_is_of_the_home_it_lies_in_where_the_shell_said_the_same(hostname, path, host, account):
    data = database(HISTORY, "history", ("1", S * 10**9 + 7, 5, 1, "make", "/data", "s", hostname))
    (e,) = told("atuin", data, path)
    assert (e["verb"], e["host"], e["account"], e["outcome"], e["cwd"]) == (
        "command",
        host,
        account,
        "failure",
        "/data",
    )
    assert (e["earliest_ns"], e["latest_ns"]) == (S * 10**9 + 7, S * 10**9 + 7)


def test_a_command_that_has_not_ended_has_no_outcome():
    data = database(HISTORY, "history", ("1", S * 10**9, -1, -1, "vim", "/", "s", "login01:mei"))
    (e,) = told("atuin", data, "login01/home/mei/history.db")
    assert e["outcome"] is None


def test_a_database_of_others_is_none_of_these():
    assert recognise(database("CREATE TABLE history(id, command)", "history", (1, "x")), "history.db") is None
