"""The timeline."""

from forensics.cli import options

EXAMPLE = "forensics timeline case -o timeline.pdf --job 11"
NEEDS = ("tables/",)
WRITES = False


def timeline(
    case: options.Case,
    *,
    output: options.Output,
    job: options.Job = None,
    person: options.Person = None,
    since: options.Since = None,
    until: options.Until = None,
) -> None:
    """Draw the acts, sessions and jobs in time. PDF, SVG or PNG, by the suffix of FILE."""
    from forensics import pipeline

    pipeline.timeline(case, output, job=job, person=person, since=since, until=until)
