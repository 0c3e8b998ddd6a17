"""What rows that accounting prints for people are taken to tell: as of other rows of accounting, but for what is cut.

A state that is cut can be the beginning of one state alone; who asked to cancel then stays unsaid.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import jobrecords, loose, padded, sacctjobs
from forensics.core.citation import column

NEEDS_ANCHOR = False
ONCE = True


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job whose times were asked for."""
    told, times = sacctjobs.told(records, zone)
    state = column(records, "state")
    states = [
        word if word is None else padded.whole(word, sacctjobs.STATES) or word for word in state.to_pylist()
    ]
    outcome = jobrecords.outcomes(loose.dictionary(pa.array(states, pa.string())))
    return jobrecords.read(records, files, told, times, "sacct_padded", outcome=outcome)
