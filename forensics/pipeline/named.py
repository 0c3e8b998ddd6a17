"""Whether a name that somebody typed is one that the case knows: of a name mistyped, nothing is found, and that reads like innocence."""

from pathlib import Path

from forensics.core.errors import NotFoundError
from forensics.pipeline.take import roster_of
from forensics.store import parquet

_SHOWN = 20


def there(case: Path, *, job: str | None = None, person: str | None = None) -> None:
    """See that a job is one that a scheduler tells of, or an act concerns, and that a person is on the roster.

    Raises:
        NotFoundError: it is not.
    """
    if person is not None and person not in (people := {p.name for p in roster_of(case).persons}):
        raise NotFoundError(f"{person}: nobody of that name is on the roster ({_some(people)})")
    if job is not None and job not in (jobs := _jobs(case)):
        raise NotFoundError(f"job {job}: no record tells of it; the jobs are {_some(jobs)}")


def _jobs(case: Path) -> set[str]:
    tables = case / "tables"
    there = [name for name in ("job", "act") if name in parquet.names(tables)]
    return {
        j for name in there for j in parquet.read(tables, name, ["job"])["job"].to_pylist() if j is not None
    }


def _some(names: set[str]) -> str:
    told = sorted(names)
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return (", ".join(told[:_SHOWN]) or "none") + more
