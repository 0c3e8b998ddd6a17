"""The third step: sealed bytes into records and events."""

from forensics.cli import accounting, options, progress
from forensics.core.loading import uncollected

EXAMPLE = "forensics ingest case --workers 4"
NEEDS = ("",)
WRITES = True


def ingest(
    case: options.Case,
    *,
    workers: options.Workers = 1,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Read what was sealed into records, rejects and ignored spans, and records into events.

    What has been read is not read again, so a run that was broken off is finished by the next.
    Exit status 3 says that some of the evidence could not be read: `forensics status` lists what.
    """
    options.ahead(workers)
    with uncollected():
        from forensics import pipeline
        from forensics.core import tabular

        tabular.not_for_arrow()
        read = pipeline.ingest
    with progress.watched("reading") as moved:
        tally = read(case, workers=workers, cluster=engine, progress=moved, command=options.as_typed())
    accounting.close(tally, {}, as_json=as_json)
