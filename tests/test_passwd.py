"""An account list names accounts and numbers, each on its own host."""

import pyarrow as pa
import pytest

from forensics.core.tables import FILE
from forensics.formats import passwd, recognise
from forensics.readings import passwd as reading

SEALED = "a" * 64
MEI = b"mei:x:4101:4101::/home/mei:/bin/bash\n"


def told(data, hosts=("login01",)):
    records = passwd.parse(data, 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    files = {
        "path": [f"{h}/etc/passwd" for h in hosts],
        "host": list(hosts),
        "domain": [f"{h}:root" for h in hosts],
    }
    same = {"sha256": SEALED, "bytes": 1, "kind": "file", "held": "copied", "format": "passwd"}
    same |= dict.fromkeys(("parsed", "rejected", "ignored"), 0)
    files |= {name: [value] * len(hosts) for name, value in same.items()}
    return reading.read(sealed, FILE.build(files), zone="UTC", anchor_ns=None)["event"].to_pylist()


def test_an_account_is_a_state_without_a_time():
    (e,) = told(MEI)
    assert (e["verb"], e["account"], e["uid"], e["host"]) == ("enrol_account", "mei", 4101, "login01")
    assert (e["object_kind"], e["object"], e["text"]) == ("account", "mei", "/home/mei:/bin/bash")
    assert (e["earliest_ns"], e["clock"]) == (None, None)


def test_equal_lists_of_two_hosts_are_told_of_both():
    got = told(MEI, ("gpu01", "login01"))
    assert [(e["host"], e["domain"]) for e in got] == [("gpu01", "gpu01:root"), ("login01", "login01:root")]
    assert len({e["event_id"] for e in got}) == 2


def test_two_names_of_one_number_are_two_accounts():
    assert [(e["account"], e["uid"]) for e in told(b"root:x:0:0::/root:\nkai2::0:0::/:\n")] == [
        ("root", 0),
        ("kai2", 0),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"+::::::",
        b"+@users:x:1:1:::",
        b":x:1:1::/:",
        b"mei:x:many:1::/:",
        b"mei:x:4294967295:1::/:",
        b"mei:x::1::/:",
    ],
)
def test_what_names_no_account_is_rejected(line):
    parsed = passwd.parse(line + b"\n" + MEI, 0)
    assert parsed.rejected["why"].to_pylist() == ["value"]
    assert parsed.records["name"].to_pylist() == ["mei"]


def test_too_few_or_too_many_fields_are_no_account():
    assert (
        passwd.parse(MEI[:-11] + b"\n" + MEI[:-1] + b":more\n", 0).rejected["why"].to_pylist()
        == ["shape"] * 2
    )


@pytest.mark.parametrize(
    ("written", "kind"),
    [("x", "shadow"), ("", "none"), ("*", "locked"), ("!$6$a$b", "locked"), ("$6$salt$secret", "hash")],
)
def test_a_password_is_named_and_never_shown(written, kind):
    (row,) = passwd.parse(MEI.replace(b":x:", f":{written}:".encode()), 0).records.to_pylist()
    assert row["password"] == kind
    assert "secret" not in str(row)


def test_known_by_its_lines():
    assert recognise(MEI * 3, "x") == "passwd"
    assert passwd.recognise(b"mei:$6$a$b:19000:0:99999:7:::\n", "etc/shadow") == 0
    assert passwd.recognise(b"sudo:x:27:kai\n", "etc/group") == 0
