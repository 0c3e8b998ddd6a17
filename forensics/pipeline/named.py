"""Whether a name that somebody typed is one that the case knows: of a name mistyped, nothing is found, and that reads like innocence."""

from collections.abc import Collection
from pathlib import Path

from forensics.core.errors import NotFoundError
from forensics.pipeline.take import roster_of
from forensics.store import parquet

_SHOWN = 20


def there(case: Path, *, job: str | None = None, person: str | None = None) -> None:
    """See that a job is one that a scheduler tells of, or an act concerns, and that a person is on the roster.

    Raises:
        NotFoundError: it is not, or it was not looked at: then that no act on it is listed says nothing.
    """
    if person is not None and person not in (people := {p.name for p in roster_of(case).persons}):
        raise NotFoundError(f"{person}: nobody of that name is on the roster ({_some(people)})")
    if job is not None and job not in (jobs := _jobs(case)):
        raise NotFoundError(f"job {job}: no record tells of it; the jobs are {_some(jobs)}")
    if job is not None and jobs[job]:
        raise NotFoundError(
            f"job {job}: not looked at, as accounting alone tells of it and no case file names it; name it in case.toml, seal that, and analyse again"
        )


def _jobs(case: Path) -> dict[str, bool]:
    """The jobs that are told of, and whether each is one that was not looked at."""
    tables = case / "tables"
    there = parquet.names(tables)
    acted = parquet.read(tables, "act", ["job"])["job"].to_pylist() if "act" in there else []
    found = dict.fromkeys((job for job in acted if job is not None), False)
    if "job" in there:
        told = parquet.read(tables, "job", ["job", "why"])
        found |= {
            job: why == "not_examined"
            for job, why in zip(*(told[n].to_pylist() for n in told.column_names), strict=True)
        }
    return found


def _some(names: Collection[str]) -> str:
    told = sorted(names)
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return (", ".join(told[:_SHOWN]) or "none") + more
