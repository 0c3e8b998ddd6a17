"""Texts that the findings hold whole, taken apart again, so that another language can say the words of ours in them.

A text is what a person typed beside words of ours. It is taken apart by the kind of its finding, and only where there is one way
to do so: what an account or a commit is called can hold such words too. Where there is none, or more than one, it is quoted whole.
"""

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from forensics.render.glyphs import quoted
from forensics.render.parts import Part, Tone, Value, put, quote

Json = Mapping[str, Any]

_JOB_OR_SESSION = ("session {session}: {what}", "job {job}: {what}")
_REF = ("repository {repository}: {ref}",)
ABOUT = {
    "sources_disagree": _JOB_OR_SESSION,
    "asserted_author": ("{act}: commit {commit}",),
    "signature_does_not_hold": ("{thing}: signature",),
    "signed_by_another": ("{thing}: signer",),
    "ref_moved_without_push": _REF,
    "ref_not_where_last_push_put_it": _REF,
    "copies_differ": ("copies of {name} of {host}, which share {lines} lines of the time that both cover",),
    "trail_copies_differ": ("two files of the audit trail of {host}, which share {records} records",),
    "records_differ": ("record {number} of the audit trail of {host}",),
    "login_uid_set_without_rights": ("login uid {number} of session {session} of {host}",),
    "rows_of_job_differ": ("rows of job {job} in one file", "records of job {job}"),
    "line_borne_out_by_nothing": ("line of {format} on job {job}", "line of {format}"),
    "register_disagrees": ("who has {thing}",),
    "forge_name_changed": ("account {name} of {source}",),
}
"""What a contradiction is about, by its kind."""

SAYS = {
    "sources_disagree": ("address {value}", "account {value}", "credential {value}", "{format}: {value}"),
    "asserted_author": ("the commit names {name}", "account {account} wrote it"),
    "signature_does_not_hold": (
        "it carries a signature of kind {kind}, key {key}",
        "no signature can be read there",
        "that signature does not hold for these bytes",
    ),
    "signed_by_another": (
        "author {author}, committer {committer}",
        "account {account} pushed {ref}",
        "a good signature by key {key}, which is listed for another person",
    ),
    "ref_moved_without_push": (
        "the reflog moves it to {commit}",
        "no push is told in any log, for none was collected; not collected of that time: {formats}",
        "no push is told in any log, for none was collected",
        "no push is told in {formats}; not collected of that time: {missing}",
        "no push is told in {formats}",
        "a request to push that names no ref is told within a minute, and is counted for another move, push or refusal",
    ),
    "ref_not_where_last_push_put_it": (
        "the ref names {commit}",
        "the last push that {format} tells moves it to {commit}; nothing was collected of {missing}",
        "the last push that {format} tells moves it to {commit}",
    ),
    "copies_differ": ("copy {copy} alone has {lines} lines of it",),
    "trail_copies_differ": (
        "copy {copy} has {records} records between the first and the last of these, of which the other has nothing, or less",
        "copy {copy} has what stands before and after the first of them",
        "copy {copy} has fewer of the records there than it lacks, as what was chosen from a trail has",
        "all that copy {copy} has there has one value of {column}, which nothing has that it lacks, as what was chosen from a trail",
        "what copy {copy} lacks stands in a row, as that of a file left out, or of a time in which nothing was received, does",
    ),
    "records_differ": ("copy {copy}: session {session}, login uid {auid}, process {pid}, {what}",),
    "login_uid_set_without_rights": ("a process with uid {number} set it, without root's rights",),
    "rows_of_job_differ": ("{format}: {value}",),
    "line_borne_out_by_nothing": (
        "trouble of a job",
        "uid {number} asked: {verb}",
        "account {account} asked: {verb}",
        "{format}: {value}",
    ),
    "forge_name_changed": ("number {number} is called {name}", "{name} is changed to {other}"),
    "register_disagrees": (
        "{source} ({domain}): {kind} {thing} is of account {account}",
        "{source} ({domain}): {kind} {thing} is of person {person}",
    ),
}
"""What one source says, by the kind of the contradiction."""

_TRAIL, _LOGINS = "{host}: audit trail", "{host}: login log"
GAPS = {
    "serial_gap": (_TRAIL,),
    "daemon_stop": (_TRAIL,),
    "silence": (_TRAIL, _LOGINS),
    "rotation_hole": ("{host}: {from} to {until}",),
    "clock_step": (
        "{host}: clock",
        "{clock}: clock set by {step}",
        "{clock}: lines go back by {step}",
        "{clock}: zone off by {step}",
        "{clock}: not compared in one file, and off by {step} in another",
    ),
    "missing_source": (
        "audit trail (auditd)",
        "login log (sshd, in syslog)",
        "scheduler controller log (slurmctld)",
        "job accounting (sacct)",
        "git server's push log",
    ),
}
"""The source of a gap, by its kind; of other kinds it is a name alone."""


def about(contradiction: Json) -> Part:
    """What a contradiction is about."""
    return _recounted(str(contradiction.get("about", "")), ABOUT.get(str(contradiction.get("kind")), ()))


def what(contradiction: Json, said: Json) -> Part:
    """What one source of a contradiction says."""
    return _recounted(str(said.get("what", "")), SAYS.get(str(contradiction.get("kind")), ()))


def source(gap: Json, longest: int = 240) -> Part:
    """The source of a gap."""
    return _recounted(str(gap.get("source", "")), GAPS.get(str(gap.get("kind")), ()), longest)


def _recounted(text: str, templates: tuple[str, ...], longest: int = 240) -> Part:
    for template in templates:
        if (values := _apart(text, template)) is not None:
            return Part(quoted(text, longest), Tone.RECOUNTED, {"told": put(template, **values)})
    return quote(text, longest)


def _apart(text: str, template: str) -> dict[str, Value] | None:
    """What stands at the places of a template, or None where the text is not of it, or is in more than one way."""
    greedy, lazy = (_matched(text, template, some) for some in ("(.+)", "(.+?)"))
    if greedy is None or greedy != lazy:
        return None
    names = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    return {name: quote(value) for name, value in zip(names, greedy, strict=True)}


def _matched(text: str, template: str, some: str) -> tuple[str, ...] | None:
    pattern = "".join(
        re.escape(literal) + (some if name is not None else "")
        for literal, name, _, _ in Formatter().parse(template)
    )
    found = re.fullmatch(pattern, text, re.DOTALL)
    return None if found is None else found.groups()
