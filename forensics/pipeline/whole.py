"""The whole way: seal, read, analyse, report."""

from collections.abc import Sequence
from pathlib import Path

from forensics.pipeline import answer, read, take
from forensics.pipeline.files import Tally


def investigate(  # noqa: PLR0913 - the options of the command, each by name
    case: Path,
    evidence: Sequence[Path],
    *,
    roster: Path | None = None,
    about: Path | None = None,
    sigma: Path | None = None,
    reference: bool = False,
    workers: int = 1,
    cluster: str | None = None,
    progress: read.Progress | None = None,
    command: str | None = None,
) -> Tally:
    """Do the main job; run again, it does nothing twice.

    Returns:
        What became of the bytes.
    """
    take.create(case, command=command)
    take.seal(case, evidence, reference=reference, roster=roster, about=about, command=command)
    take.rules_of(case, sigma, command=command)
    tally = read.ingest(case, workers=workers, cluster=cluster, progress=progress, command=command)
    answer.analyse(case, command=command)
    answer.report(case, command=command)
    return tally
