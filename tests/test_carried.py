"""Times that are sums over the lines before: what each slice is handed makes it tell what all lines together tell."""

import json
import random

import pyarrow as pa
import pytest
from drawn import some
from test_telling_in_slices import files_of, in_slices, sealed, whole

from forensics.pipeline import slicing
from forensics.readings import asciicast, script_timing, sudo_timing

LONGEST_S = 9_000_000_000
"""Two such delays are more nanoseconds than a number of 64 bits holds."""


def delay(chance):
    return chance.choice([0, 0.25, 1.5, 0.000001, 3, LONGEST_S])


def recording(chance, lines):
    version = chance.choice([2, 3, 3])
    size = {"width": 80, "height": 24} if version == 2 else {"term": {"cols": 80, "rows": 24}}
    header = json.dumps({"version": version, "timestamp": 1_795_446_697} | size)
    yield header if chance.random() < 0.9 else json.dumps([1, "o", "no header"])
    for n in range(lines):
        yield chance.choice([header, "# a comment", *[json.dumps([delay(chance), "o", f"{n}"])] * 6])


def typescript(chance, lines):
    for n in range(lines):
        heads = (
            ["START_TIME 2026-11-23 15:11:37+00:00", f"TERM xterm{n}"]
            if n < 4 or chance.random() < 0.1
            else []
        )
        said = [
            *(f"H {delay(chance):f} {head}" for head in heads),
            *[f"{chance.choice('OI')} {delay(chance):f} {n}"] * 2,
        ]
        yield chance.choice(said)


def session(chance, lines):
    for n in range(lines):
        yield chance.choice(
            [f"{chance.choice((3, 4))} {delay(chance):.9f} {n}", f"5 {delay(chance):.9f} 24 80"]
        )


MADE = {"asciicast": recording, "script_timing": typescript, "sudo_timing": session}
HANDED = {"asciicast": asciicast, "script_timing": script_timing, "sudo_timing": sudo_timing}


def several(name, chance):
    """Records of some files, as one part holds them, and the rows of `file`."""
    every = []
    for n in range(3):
        data = "".join(line + "\n" for line in MADE[name](chance, chance.randrange(1, 25))).encode()
        every.append(sealed(name, data, f"login01/home/mei/{n}.log"))
    every.sort(key=lambda one: one[1]["sha256"])
    return pa.concat_tables(records for records, _ in every), files_of(*(row for _, row in every))


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("name", MADE)
def test_slices_of_several_files_tell_what_all_their_lines_tell(name, size, tmp_path):
    chance = random.Random(size)  # noqa: S311 - the same lines in every run
    dated, drawn = 0, some(range(10), 4)
    for n in drawn:
        records, files = several(name, chance)
        together = whole(name, records, files)
        (tmp_path / f"{n}").mkdir()
        assert in_slices(name, records, files, size, tmp_path / f"{n}") == together
        dated += len(together)
    assert dated > 20 * len(drawn)


@pytest.mark.parametrize("name", MADE)
def test_a_slice_is_handed_one_row_however_many_lines_lie_before_it(name):
    """They were told whole, each file at once, so that what telling held grew with the file."""
    records, files = several(name, random.Random(1))  # noqa: S311 - the same
    noted = [HANDED[name].noted(records.slice(n, 3)) for n in range(0, len(records), 3)]
    handed = dict(HANDED[name].lacking(noted, files))
    assert slicing.sliceable(name)
    assert len(noted) - 3 <= len(handed) < len(noted)
    assert {len(rows) for rows in handed.values()} == {1}
