"""Which key opened an account when: by the file that was in force, by what changed it, and by what sshd let in."""

import pytest
from stage import SECOND, T0, Stage, key

from forensics.analysis import identity
from forensics.analysis.evidence import assemble
from forensics.core import tables
from forensics.core.roster import Question, Roster

DAY = 86_400 * SECOND
PATH = "/home/mlteam/.ssh/authorized_keys"
LIN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
LINS = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"


def copy(s, keys, *, text=None, sha="c"):
    """A key file that was collected, from its place or, with another `sha`, from a snapshot."""
    for one in keys:
        s.add(
            "enrol_key",
            "authorized_keys",
            "login01:user",
            account="mlteam",
            credential=one,
            when=None,
            text=text,
        )
        s.rows[-1]["sha256"] = sha * 64


def changed(s, at, verb="write"):
    s.add(verb, when=at, object_kind="path", object=PATH, account="mlteam", session="31", pid=5)


def entered(s, at, by):
    s.add("login", "syslog", when=at, account="mlteam", credential=by, pid=9, address="10.0.0.2", port=7)


def found(s, at, by):
    s.add("other", "syslog", when=at, text=f"Accepted key ED25519 {by} found at {PATH}:2")


def opens(s, *, rejected=0):
    places = {"c": PATH, "b": f"/.snapshots/4{PATH}"}
    files = [
        {"sha256": sha * 64, "path": f"login01{path}", "host": "login01", "origin": path, "bytes": 1, "kind": "file", "held": "copied", "format": "authorized_keys", "parsed": 1, "rejected": rejected, "ignored": 0}
        for sha, path in places.items()
    ]  # fmt: skip
    built = tables.EVENT.build({n: [r.get(n) for r in s.rows] for n in tables.EVENT.names})
    made = tables.FILE.build({n: [f.get(n) for f in files] for n in tables.FILE.names})
    return identity.directory(assemble({"event": built, "file": made}, Roster((), ()), Question()))


def bounds(known, thing):
    return {(e.from_ns, e.until_ns) for e in known.lines("opens", thing)}


def test_a_key_that_was_taken_out_opened_the_account_until_then():
    """It let somebody in, and the collected file lacks it: it went with the file's last change at the latest."""
    s = Stage()
    copy(s, [key("kai")])
    found(s, T0, key("lin"))
    entered(s, T0, key("lin"))
    changed(s, T0 + DAY)
    known = opens(s)
    assert bounds(known, key("kai")) == {(None, None)}
    assert bounds(known, key("lin")) == {(None, T0 + DAY + 999_999)}
    (row,) = known.lines("opens", key("lin"))
    assert (row.basis, row.rule, s.rows[-1]["event_id"] in row.events) == (
        "derived",
        "opened_within_bounds",
        True,
    )
    assert known.lines("opens", key("lin"), T0 + 2 * DAY) == []


@pytest.mark.parametrize("why", ["not_found_there", "used_later", "unreadable_line", "no_change"])
def test_what_the_file_does_not_bound_is_left_open(why):
    s = Stage()
    copy(s, [key("kai")])
    if why != "not_found_there":
        found(s, T0, key("lin"))
    entered(s, T0 + (2 * DAY if why == "used_later" else 0), key("lin"))
    if why != "no_change":
        changed(s, T0 + DAY)
    assert bounds(opens(s, rejected=int(why == "unreadable_line")), key("lin")) == {(None, None)}


def test_a_key_that_a_command_wrote_was_not_there_before():
    s = Stage()
    copy(s, [key("kai"), LINS])
    s.add(
        "execute",
        when=T0,
        account="mlteam",
        effective="mlteam",
        session="31",
        exe="/bin/bash",
        text=f"bash -c echo {LIN} x >> ~/.ssh/authorized_keys",
    )
    changed(s, T0 + SECOND)
    assert bounds(opens(s), LINS) == {(T0, None)}
    entered(s, T0 - DAY, LINS)
    assert bounds(opens(s), LINS) == {(None, None)}


def test_a_key_in_a_file_that_was_made_then_was_not_there_before():
    s = Stage()
    copy(s, [key("kai")])
    changed(s, T0, "create")
    assert bounds(opens(s), key("kai")) == {(T0, None)}
    changed(s, T0 - DAY)
    assert bounds(opens(s), key("kai")) == {(None, None)}


def test_a_snapshot_s_key_was_in_the_file_once():
    s = Stage()
    copy(s, [key("kai")])
    copy(s, [key("kai"), key("dao")], sha="b")
    changed(s, T0)
    assert bounds(opens(s), key("dao")) == {(None, T0 + 999_999)}


def test_who_can_have_entered_is_by_the_keys_of_that_day():
    """A key that was taken out makes its holder nobody's rival afterwards."""
    s = Stage()
    copy(s, [key("kai")])
    found(s, T0, key("lin"))
    changed(s, T0 + DAY)
    entered(s, T0, key("lin"))
    known = opens(s)
    assert [len(list(known.opening("mlteam", T0 + n * DAY))) for n in (0, 2)] == [2, 1]


def test_certificates_open_by_their_authority_and_its_principals():
    s = Stage()
    copy(s, [])
    quoted = 'options: cert-authority,principals="kai,lin" comment: x'
    planted = 'options: command="cert-authority,principals=",restrict comment: cert-authority'
    for text, by in ((quoted, key("mei")), (planted, key("dao"))):
        s.add(
            "other", "authorized_keys", "login01:user", account="mlteam", credential=by, when=None, text=text
        )
    rows = [r for r in opens(s).table().to_pylist() if r["kind"] in {"authority", "principal"}]
    assert {(r["kind"], r["thing"], r["person"]) for r in rows} == {
        ("authority", key("mei"), None), ("principal", "kai", None), ("principal", "lin", None),
    }  # fmt: skip
