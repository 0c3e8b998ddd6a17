"""How a job ended, in words common to all schedulers.

The scheduler's own word, the exit code and the signal are kept beside it. A signal whose sender is not
in the record is neither the job's own failure nor anybody's act: a record of accounting cannot tell a
crash from a kill.
"""

import pyarrow as pa
import pyarrow.compute as pc

ENDINGS = {
    "completed": "it ran to its own end, with exit code 0",
    "failed_by_itself": "it ended with another exit code, and no signal is told",
    "out_of_memory": "it used more memory than it was given",
    "timed_out": "its time, or its deadline, ran out",
    "node_failure": "the machine under it failed",
    "preempted": "the scheduler took its place away for another job",
    "cancelled": "somebody asked the scheduler to end it: see `requestor`",
    "killed_by_signal": "a signal ended it, and who sent the signal is not in the record; it may be its own",
    "revoked": "it never ran on this cluster of a federation: its copy there was taken back, because another cluster runs it or it was cancelled while it waited",
    "other": "it ended in a way that its source has a word for, and this list has not",
}
"""How jobs end. A record keeps beside it what the log said: `state`, `exit_code`, `exit_signal`."""

REVOKED = "revoked"

_NO_TEXT = pa.scalar(None, pa.string())
_BY_OUTCOME = {
    "COMPLETED": "completed",
    "CANCELLED": "cancelled",
    "TIMEOUT": "timed_out",
    "OUT_OF_MEMORY": "out_of_memory",
    "NODE_FAIL": "node_failure",
    "PREEMPTED": "preempted",
    "OTHER": "other",
}
_SHELL = 128
_MOST_SIGNAL = 64


def told(outcome: pa.Array, *, exit_code: pa.Array, exit_signal: pa.Array, requestor: pa.Array) -> pa.Array:
    """The ending of each job; null where it has not ended, or its source does not say.

    A shell gives a command that a signal ended the exit code 128 and the signal's number. So such a code
    of a failed job is told as a signal too: it can have been either.

    Args:
        outcome: as `job_record.outcome`.
        exit_code: as written there, nullable.
        exit_signal: as written there; 0 is none.
        requestor: who asked to end it.
    """
    known = pa.array(list(_BY_OUTCOME.values())).take(pc.index_in(outcome, pa.array(list(_BY_OUTCOME))))
    by_shell = pc.and_(pc.greater(exit_code, _SHELL), pc.less_equal(exit_code, _SHELL + _MOST_SIGNAL))
    told_signal = pc.fill_null(pc.greater(exit_signal, 0), False)
    by_signal = pc.or_(told_signal, pc.fill_null(by_shell, False))
    failed = pc.if_else(by_signal, "killed_by_signal", "failed_by_itself")
    ending = pc.if_else(pc.fill_null(pc.equal(outcome, "FAILED"), False), failed, known)
    asked = pc.and_(pc.is_valid(requestor), pc.is_in(ending, pa.array(["killed_by_signal"])))
    return pc.if_else(pc.fill_null(asked, False), "cancelled", ending)
