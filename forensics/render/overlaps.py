"""Sentences on sessions that were open at once: what both have, when, and what speaks against one person having both."""

from collections.abc import Iterable

from forensics.render import phrases
from forensics.render.antecedents import whose
from forensics.render.parts import quote
from forensics.render.phrases import words
from forensics.render.sentences import Json, Sentence, counted, say, stamp

_SHOWN = 20
"""Overlaps that are told one by one."""


def overlap_sentences(found: Iterable[Json]) -> list[list[Sentence]]:
    """The first of them with both sessions, those that cannot be before the others, and how many more there are."""
    ordered = sorted(found, key=lambda o: not o["impossible"])
    told = [[_both(o)] for o in ordered[:_SHOWN]]
    rest = ordered[_SHOWN:]
    if rest:
        spans = [c for o in rest[:1] for side in o["sessions"] for c in side["citations"]]
        told.append([say("overlaps_more", spans, about="overlaps", count=counted(len(rest), "pair"))])
    return told


def _both(overlap: Json) -> Sentence:
    one, other = overlap["sessions"]
    first, last = overlap["when"]
    return say(
        "overlap_impossible" if overlap["impossible"] else "overlap", [*one["citations"], *other["citations"]], about="overlaps",
        first=stamp(first), last=stamp(last), what=words(phrases.OVERLAPS, overlap["kind"]), thing=quote(overlap["thing"]),
        one=whose(one), other=whose(other),
    )  # fmt: skip
