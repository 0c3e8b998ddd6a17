"""JSON whose values are of another kind than the program that writes it has them.

Anybody can leave such a file in a home, and every format is asked of it: what one cannot read must end nothing.
"""

import copy
import json

import pytest
from test_formats import REGISTRY, SAMPLES, check_events, evidence, read, tiles

OTHERS = ([], {}, None, True, "", "1e999", 10**30, -0.5)
DEEP = 3


def lines_of(sample):
    """The first objects of a sample, a line each; empty where it holds none."""
    raw = sample.read_bytes()
    lines = raw.split(b"\n")[:3] if raw.lstrip()[:1] == b"{" else []
    try:
        held = [json.loads(line) for line in lines if line.strip()]
    except ValueError:
        return []
    return [one for one in held if isinstance(one, dict)]


def places(value, above=()):
    """The keys that lead to each value, down to a bounded depth."""
    for key in value if isinstance(value, dict) else ():
        yield (*above, key)
        if len(above) + 1 < DEEP:
            yield from places(value[key], (*above, key))


def changed(found, place, other):
    """A copy with one value of another kind."""
    new = copy.deepcopy(found)
    at = new
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = other
    return new


JSON = [
    pytest.param(s, marks=pytest.mark.xdist_group(f"format {s.parent.name}"), id=f"{s.parent.name}/{s.name}")
    for s in SAMPLES
    if s.parent.name in REGISTRY and lines_of(s)
]


@pytest.mark.parametrize("sample", JSON)
def test_a_value_of_another_kind_is_read_or_rejected(sample):
    name, held = sample.parent.name, lines_of(sample)
    form = REGISTRY[name]
    others = [
        json.dumps(changed(one, place, OTHERS[at % len(OTHERS)])).encode()
        for one in held
        for at, place in enumerate(places(one), start=len(held))
    ]
    kinds = [json.dumps(changed(held[0], (key,), other)).encode() for key in held[0] for other in OTHERS]
    for line in [*others, *kinds]:
        assert 0 <= form.recognise(line, "login01/home/kai/x") <= 100
    raw = b"\n".join([json.dumps(held[0]).encode(), *others, *kinds]) + b"\n"
    if form.CUT != "line":
        for line in others:
            tiles(form.parse(line, 0), 0, len(line))
        return
    parsed = form.parse(raw, 0)
    tiles(parsed, 0, len(raw))
    records, files = evidence(name, {"login01/var/log/x": raw}, parsed)
    check_events(read(name, records, files)["event"], records)
