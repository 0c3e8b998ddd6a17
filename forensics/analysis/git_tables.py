"""The tables that tell of repositories, put together: histories, what is odd in them, ways in, and what jobs ran."""

from collections.abc import Collection, Iterable, Sequence

import pyarrow as pa

from forensics.analysis import (
    channels,
    histories,
    job_commits,
    oddities,
    push_certificates,
    signatures,
    symbol_changes,
)
from forensics.analysis.acts import Scene
from forensics.analysis.artefacts import Reading
from forensics.analysis.jobs import Job

TABLES = (
    histories.HISTORY, signatures.SIGNATURE, oddities.ODDITY, channels.CHANNEL, channels.MOVE, job_commits.JOB_COMMIT,
    symbol_changes.SYMBOL_CHANGE, push_certificates.CERTIFICATE,
)  # fmt: skip


def tables(
    scene: Scene,
    jobs: Iterable[Job],
    readings: Sequence[Reading],
    asked: Collection[str],
    signed: Sequence[signatures.Checked],
    certificates: Sequence[push_certificates.Tied],
) -> dict[str, pa.Table]:
    """The tables of `TABLES`, by name.

    Args:
        scene: the case.
        jobs: all jobs.
        readings: what the jobs asked about read.
        asked: names of the commits in question, whose files are compared first.
        signed: the signatures of the case, checked.
        certificates: the push certificates of the case, with the moves that they were made for.
    """
    commits = histories.commits(scene)
    ways = channels.channels(scene)
    ran = job_commits.find(scene, jobs, readings, commits)
    return {
        "history": histories.table(scene, commits, signatures.signers(signed)),
        "signature": signatures.table(signed),
        "push_certificate": push_certificates.table(certificates),
        "oddity": oddities.table(oddities.find(scene, commits)),
        "channel": channels.channel_table(ways),
        "ref_move": channels.move_table(channels.moves(scene, ways)),
        "job_commit": job_commits.table(ran),
        "symbol_change": symbol_changes.table(
            symbol_changes.find(scene, commits, asked, {link.oid for link in ran})
        ),
    }
