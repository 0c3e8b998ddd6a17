"""The sentence on a job that a federation of clusters took: one submission, and a record of it on each of several.

It is of the same kind as those in `sentences`.
"""

from forensics.render.parts import listed, put, quote
from forensics.render.sentences import Json, Sentence, say


def federation_sentence(job: Json) -> Sentence | None:
    """Which cluster took a job, and what each cluster's records say of it; None of a job of no federation."""
    origin = job.get("federation_origin")
    if origin is None:
        return None
    siblings = listed([quote(told) for told in job["siblings"]]) or put("not told")
    name, cited = quote(job["job"]), job.get("citations", ())
    return say(
        "job_federation", cited, about=f"job {job['job']}", job=name, origin=quote(origin), siblings=siblings
    )
