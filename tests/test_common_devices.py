"""A device that the register has as one person's, and that others come from too, ties nobody to an entry."""

from dataclasses import replace

import pytest
from stage import Stage, address, claim, roster

from forensics.analysis import common_devices
from forensics.core.roster import Device, Question


def day_of(**other):
    """lin's key opens lin's account from lin's device, and ends mei's job; kai has entered from some device before."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.submit("mei", mei, "15")
    if other:
        day.login(**other)
    day.wait(5)
    ses = day.login("lin")
    day.cancel("lin", ses, "15", effective="mei")
    return day


def told(day, *claims):
    done = day.examined(Question(jobs=("15",), claims=claims))
    (act,) = [a for a in done.acts if a.act == "cancel"]
    return (
        act.person,
        common_devices.MISSING in done.judged[act.act_id].missing,
        [a.status for a in done.answers],
    )


@pytest.mark.parametrize(
    ("other", "common"),
    [
        ({}, False),
        ({"account": "kai"}, False),
        ({"account": "kai", "device": "lin"}, True),
        ({"account": "mlteam", "by": "kai", "device": "lin"}, True),
        # A key of lin's, used from kai's device, says nothing of lin's.
        ({"account": "lin", "by": "lin", "device": "kai"}, False),
        # Whoever enters an account of another's with a key need not be who holds the key.
        ({"account": "dao", "by": "kai", "device": "lin"}, False),
    ],
)
def test_who_else_comes_from_a_device(other, common):
    assert told(day_of(**other))[:2] == ((None, True) if common else ("lin", False))


def test_a_device_that_the_register_has_as_several_people_s_is_not_the_key_s_holder_s():
    day = day_of()
    nat = Device(address("lin"), "office", "register")
    people = tuple(replace(p, devices=(nat,)) if p.name in {"kai", "lin"} else p for p in roster().persons)
    told = day.examined(
        Question(jobs=("15",), claims=(claim("D04", "lin"),)), people=replace(roster(), persons=people)
    )
    assert [a.status for a in told.answers] == ["untestable"]


@pytest.mark.parametrize(
    ("other", "status"), [({}, "contradicted"), ({"account": "kai", "device": "lin"}, "untestable")]
)
def test_a_key_from_such_a_device_is_not_known_to_be_used_from_its_holder_s(other, status):
    assert told(day_of(**other), claim("D04", "lin"))[2] == [status]
