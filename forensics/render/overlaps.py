"""Sentences on sessions that were open at once: what both have, when, and what speaks against one person having both."""

from collections.abc import Iterable, Sequence

from forensics.render import phrases
from forensics.render.antecedents import whose
from forensics.render.parts import clauses, quote
from forensics.render.phrases import words
from forensics.render.sentences import Json, Sentence, counted, say, stamp

_SHOWN = 20
"""Overlaps that are told one by one."""


def overlap_sentences(found: Iterable[Json]) -> list[list[Sentence]]:
    """The first of them with both sessions, those that cannot be before the others, and how many more there are."""
    ordered = _pairs(sorted(found, key=lambda o: not o["impossible"]))
    told = [[_both(pair)] for pair in ordered[:_SHOWN]]
    rest = ordered[_SHOWN:]
    if rest:
        spans = [c for side in rest[0][0]["sessions"] for c in side["citations"]]
        told.append([say("overlaps_more", spans, about="overlaps", count=counted(len(rest), "pair"))])
    return told


def _pairs(found: Iterable[Json]) -> list[list[Json]]:
    """The overlaps of the same two sessions and one thing together, such as an account that is entered from two addresses and with two keys."""
    pairs: dict[tuple[object, ...], list[Json]] = {}
    for o in found:
        sessions = tuple(side["session"] for side in o["sessions"])
        pairs.setdefault((sessions, o["thing"], tuple(o["when"]), o["impossible"]), []).append(o)
    return list(pairs.values())


def _both(pair: Sequence[Json]) -> Sentence:
    overlap = pair[0]
    one, other = overlap["sessions"]
    first, last = overlap["when"]
    return say(
        "overlap_impossible" if overlap["impossible"] else "overlap", [*one["citations"], *other["citations"]], about="overlaps",
        first=stamp(first), last=stamp(last), what=clauses([words(phrases.OVERLAPS, o["kind"]) for o in pair]),
        thing=quote(overlap["thing"]), one=whose(one), other=whose(other),
    )  # fmt: skip
