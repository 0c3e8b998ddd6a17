"""Sentences on strength: the account, the person beside every rival, what each source carries, who holds which records.

They are of the same kind as those in `sentences`, which holds every template.
"""

from collections.abc import Callable, Iterable, Sequence

from forensics.render import entitlements, persons, phrases
from forensics.render.parts import Part, Value, few, listed, person, put, quote
from forensics.render.phrases import words
from forensics.render.sentences import TEMPLATES, Basis, Citation, Json, Sentence, rival_parts, say

Cites = Callable[[Iterable[str]], Sequence[Citation]]
_DIGITS = 100.0
_MOST_NAMED = 12
_TELLS_APART = 2.0
"""The least ratio that discriminates at all."""


def account_level_sentence(act: Json) -> Sentence | None:
    """How firmly the account is established, apart from who sat there."""
    found: Json = act.get("account_level") or {}
    cited, about = act.get("citations", ()), act["id"]
    if found.get("verdict") == "attributed":
        strength = words(phrases.STRENGTHS, found.get("strength"))
        return say(
            "account_attributed",
            cited,
            about=about,
            act=about,
            account=quote(found["name"]),
            strength=strength,
        )
    if found.get("verdict") == "inconclusive":
        return say("account_inconclusive", cited, about=about, act=about)
    return None


def ratio_sentences(act: Json) -> list[Sentence]:
    """The likelihood ratio, where one is computed, and what it is not."""
    found: Json = act.get("person") or {}
    ratio = found.get("lr")
    if not ratio or found.get("verdict") != "attributed":
        return []
    rival = found.get("best_rival")
    return [
        say(
            "ratio", act.get("citations", ()), about=act["id"], act=act["id"], low=_ratio(ratio[0]), high=_ratio(ratio[1]),
            person=person(found["name"]), rival=rival_parts(rival),
        ),
        say("ratio_is_not", basis=Basis.METHOD),
    ]  # fmt: skip


def _ratio(value: float) -> str:
    """A ratio in figures, as it is issued: two significant digits."""
    return f"{value:,.0f}" if value >= _DIGITS else f"{value:.2g}"


def _interval(low: float, high: float) -> Part:
    """`13 to 35`; where both ends are the cap, above which no ratio is issued, `35 or more`."""
    if low == high:
        return put("{ratio} or more", ratio=_ratio(low))
    return put("{low} to {high}", low=_ratio(low), high=_ratio(high))


def hypothesis_sentences(act: Json) -> list[Sentence]:
    """The person beside everybody else who could have acted, the strongest rival first."""
    found = []
    for h in persons.hypotheses(act):
        low, high = h.get("lr") or (0.0, 0.0)
        trace: Value = ""
        if h.get("presence"):
            trace = put("; {presence}", presence=words(phrases.PRESENCE, h["presence"]))
        found.append(
            say(
                "rival_ratio" if low >= _TELLS_APART else "rival_equal", act.get("citations", ()), about=act["id"],
                rival=rival_parts(str(h.get("who"))), way=words(phrases.WAYS, h.get("way")),
                ratio=_interval(low, high), trace=trace,
            )
        )  # fmt: skip
    return found


def standing_sentence(act: Json, name: str) -> Sentence | None:
    """How far the records speak against a person having acted, where they do by every number within its bounds."""
    found = next((s["lr"] for s in act.get("standings") or () if s["who"] == name), None)
    if found is None or found[1] > 1 / _TELLS_APART:
        return None
    low, high = found
    ratio = put("{ratio} or less", ratio=_ratio(high)) if low == high else _interval(low, high)
    return say(
        "standing_against", act.get("citations", ()), about=act["id"], act=act["id"], person=person(name), ratio=ratio
    )  # fmt: skip


def sensitivity_sentences(act: Json) -> list[Sentence]:
    """What the ratio would be if one trust domain, or one kind of link, told nothing."""
    found = []
    for row in act.get("sensitivity") or ():
        low, high = row.get("lr") or (0.0, 0.0)
        domain = row.get("without") == "domain"
        source = words(phrases.LINKED_BY, row.get("name"))
        if domain:
            source = put("the trust domain {domain}", domain=quote(row.get("name", "")))
        found.append(
            say(
                "sensitivity", act.get("citations", ()), about=act["id"], source=source, tells=put("tells"),
                ratio=_interval(low, high),
            )
        )  # fmt: skip
    return found


def holder_sentences(holders: Iterable[Json], cites: Cites) -> list[Sentence]:
    """Who can write the records of each trust domain."""
    found = []
    for h in holders:
        spans = cites(h.get("because") or ())
        domain = quote(h.get("domain", ""))
        if not h.get("persons"):
            found.append(say("held_by_nobody", basis=Basis.ABSENCE, domain=domain))
            continue
        why = listed([words(entitlements.HOLDS, w) for w in h.get("why") or ()])
        found.append(
            say(
                "held_by", spans, basis=Basis.FACT if spans else Basis.ASKED, domain=domain,
                persons=few(h["persons"]), why=put(", by {why}", why=why) if why else "",
            )
        )  # fmt: skip
    return found


def capability_sentences(act: Json, cites: Cites) -> list[Sentence]:
    """Who has the right to do it as of that time, one sentence for each right: what the roster says apart from what evidence does."""
    rows = act.get("capability") or ()
    alike: dict[tuple[str, bool], list[tuple[str, list[str]]]] = {}
    for row in rows:
        for right in row["rights"]:
            key = (str(right["right"]), bool(right["because"]))
            alike.setdefault(key, []).append((str(row["person"]), right["because"]))
    found = [
        say(
            "capability", cites(e for _, because in told for e in because), basis=Basis.FACT if seen else Basis.ASKED,
            about=act["id"], act=act["id"], persons=_people([name for name, _ in told]), why=words(entitlements.RIGHTS, right),
        )
        for right in entitlements.RIGHTS for seen in (True, False) if (told := alike.get((right, seen)))
    ]  # fmt: skip
    if others := [str(row["person"]) for row in rows if not row["rights"]]:
        found.append(
            say(
                "capability_none",
                basis=Basis.ABSENCE,
                about=act["id"],
                act=act["id"],
                persons=_people(others),
            )
        )
    return found


def _people(names: Sequence[str]) -> list[Part]:
    """Persons in a row; of many, the first few and how many more."""
    more = len(names) - _MOST_NAMED
    shown: list[Value] = [person(name) for name in names[:_MOST_NAMED]]
    return listed([*shown, put("{count} more of those listed", count=str(more))] if more > 0 else shown)


def effect_sentence(act: Json) -> Sentence | None:
    """Whether what was done is shown to have harmed the job that it is linked to."""
    key = "effect_beside" if act["act"] == "run_beside" else f"effect_{act.get('effect')}"
    if key not in TEMPLATES or act.get("job") is None:
        return None
    return say(key, basis=Basis.ABSENCE, about=act["id"], act=act["id"], job=quote(act["job"]))
