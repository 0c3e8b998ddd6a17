"""Who can have been in a shared account: everybody who could, with what speaks for and against each, and no probability."""

import pytest
from stage import Stage, address, key

from forensics.analysis import candidates, findings

EVERYBODY = ("mei", "kai", "lin", "dao")


def classes(day, job="15"):
    done = day.examined()
    (act,) = [a for a in findings.findings(done)["acts"] if a["act"] == "cancel" and a["job"] == job]
    assert all(set(c["for"]) | set(c["against"]) <= set(candidates.LINKS) for c in act["could_have"].values())
    assert done.tables()["candidate"].num_rows >= len(act["could_have"])
    return act["could_have"]


@pytest.mark.parametrize(
    ("by", "device", "found"),
    [
        ("kai", "kai", {"kai": "pointed_at"}),
        ("lin", "kai", {"kai": "divided", "lin": "divided"}),
        (None, None, dict.fromkeys(EVERYBODY, "allowed")),
        (None, "kai", {"kai": "pointed_at"}),
    ],
    ids=["key_and_device", "borrowed_key", "password_from_elsewhere", "password_from_where_kai_works"],
)
def test_every_holder_is_kept_with_a_class_by_rule(by, device, found):
    """The device of the last case is in no register: kai's own account was entered from there."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    if by is None and device is not None:
        day.login("kai")
    day.submit("mei", mei, "15", seconds=7200)
    ses = day.login("mlteam", by=by or "kai", device=device)
    day.cancel("mlteam", ses, "15", effective="mei")
    moved = {key("kai"): None, address("kai"): "10.7.7.7"} if by is None else {}
    for row in day.rows:
        own = by is None and (row["account"] == "mlteam" or row["address"] == address("kai"))
        for column in ("credential", "address") if own else ():
            row[column] = moved.get(row[column], row[column])
    told = classes(day)
    assert {p: c["class"] for p, c in told.items()} == dict.fromkeys(EVERYBODY, "spoken_against") | found
    if by == "lin":
        assert (told["lin"]["for"], told["lin"]["against"]) == (
            ["member_of_account", "own_key_opens_account", "key_of_session"], ["device_of_session"],
        )  # fmt: skip
        assert told["lin"]["events_for"]
        assert told["lin"]["events_against"]


def test_an_account_of_one_holder_has_no_set():
    day = Stage()
    day.enrol()
    day.submit("mei", day.login("mei"), "15", seconds=7200)
    day.cancel("kai", day.login("kai"), "15", effective="mei")
    assert classes(day) == {}
