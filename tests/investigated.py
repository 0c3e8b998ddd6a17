"""An investigation in memory, for tests that make hundreds: on one desk, so that no bytes are read twice.

`test_incidents.py` and `test_altered.py` show that the answer is the one that `pipeline.analyse` writes.
"""

import hashlib
import json
import tempfile
from pathlib import Path

from forensics.core import canonical
from forensics.pipeline import inmemory

_HELD = tempfile.TemporaryDirectory()
DESK = inmemory.Desk(Path(_HELD.name))
_FOUND = {}


def found(collected, *, roster, about):
    """The findings of what was collected, as `findings.json` holds them; of the same bytes they are made once.

    Args:
        collected: content of each file by its path as collected.
        roster, about: content of `roster.toml` and `case.toml`.
    """
    named = {path: hashlib.sha256(raw).hexdigest() for path, raw in collected.items()}
    asked = canonical.dumps([named, roster.decode(), about.decode()])
    if asked not in _FOUND:
        _FOUND[asked] = canonical.dumps(inmemory.investigated(collected, roster, about, DESK))
    return json.loads(_FOUND[asked])
