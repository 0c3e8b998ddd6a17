"""Federations of Slurm clusters: one submission, and a record of it on every cluster that it was copied to.

A job that a federation takes has a number that no other job of its clusters has: the lower 26 bits count on the cluster
that took it, its origin; the upper 6 are that cluster's number in the federation. The origin copies the job to every
cluster that can run it. The one that starts it first runs it, and the others take their copies back: REVOKED. So it is
with the copies of a job that is cancelled while it waits. What was taken back never ran, and did not fail.

Source: Slurm's guide to federations and src/slurmctld/fed_mgr.c, 17.11 to 26.05; a federation of two clusters, 22.05.
The completion log writes of a copy the state without that flag: CANCELLED, FAILED or COMPLETED, as the job fared elsewhere.
Clusters before 17.11 could be told to count beyond 26 bits: a large number alone makes no federation.
"""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import loose, schedulerevents
from forensics.core.clock import Interval
from forensics.core.schedulerevents import Row

FORMATS = frozenset(
    {
        "sacct",
        "sacct_padded",
        "sacct_json",
        "jobcomp",
        "jobcomp_json",
        "scontrol_job",
        "scontrol_json",
        "squeue",
    }
)
"""Formats whose numbers of jobs are Slurm's."""
BARE_STATE = frozenset({"jobcomp", "jobcomp_json"})
"""Those of them whose state lacks the flag of a copy that was taken back."""
NO_NUMBER = 2**32 - 2
"""What the controller puts in place of the number of a copy that it took back and has not yet forgotten."""

_LOCAL_BITS = 26
_NUMBER = r"^(?P<number>[0-9]{8,10})(?:[^0-9]|$)"


def origin(job: str) -> int | None:
    """The number, within its federation, of the cluster that took a job; None where the job's number has no such part."""
    found = re.match(_NUMBER, job)
    number = int(found["number"]) if found else 0
    return number >> _LOCAL_BITS or None if number < NO_NUMBER else None


def federated(job: pa.Array) -> pa.Array:
    """Which jobs have a number that names an origin, as `origin` reads it of one."""
    number = pc.struct_field(pc.extract_regex(job, pattern=_NUMBER), "number").cast(pa.int64())
    large = pc.and_(pc.greater_equal(number, 1 << _LOCAL_BITS), pc.less(number, NO_NUMBER))
    return pc.fill_null(large, False)


def revoked(state: pa.Array) -> pa.Array:
    """Which states say that a copy was taken back: `REVOKED`, or that word among others."""
    return pc.fill_null(pc.match_substring_regex(state, r"(?:^|,)REVOKED(?:,|$)|^RV$"), False)


def taken_back(told: Mapping[str, pa.Array], nowhere: pa.Array, form: str) -> pa.Array | None:
    """Which rows of a format are of copies that were taken back; None where none is.

    The completion log has no word for it: there it is each job of a federation that never had a node.

    Args:
        told: `state`, `nodes` and `job` of each row, as `job_record` has them.
        nowhere: which `nodes` are a word for none.
        form: name of the format.
    """
    if form not in FORMATS:
        return None
    found = pc.fill_null(loose.each(told["state"], revoked), False)
    if form in BARE_STATE:
        idle = pc.or_(pc.is_null(told["nodes"]), pc.fill_null(nowhere, False))
        found = pc.or_(found, pc.and_(idle, federated(loose.plain(told["job"]))))
    return found if pc.any(found).as_py() else None


def nameless(records: pa.Table, files: pa.Table, form: str, when: Interval) -> pa.Table:
    """Events of copies that a listing shows without their number: they can be of any job, so that no job is named.

    Args:
        records: those rows of a listing of jobs; columns `name`, `user`, `uid`, `state` and `federation_origin`.
        files: schema `file`.
        form: name of the format.
        when: when each was taken back.
    """
    return schedulerevents.told(records, files, form, when, _tell)


def _tell(row: Row) -> Row:
    said = f"{row['state']}: a copy of {row['name']} of {row['user']}, which cluster {row['federation_origin']} took; its number is not kept"
    return {"verb": "other", "text": said, "account_absence": "not_recorded"}
