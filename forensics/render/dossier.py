"""Sentences on what an answer rests on: entry, reasons, rivals, cost, gates; and on claims, gaps and sources.

They are of the same kind as those in `sentences`, which holds every template.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from forensics.render import denials, phrases, recounted, wordings
from forensics.render.parts import Part, Value, listed, person, put, quote
from forensics.render.phrases import words
from forensics.render.sentences import (
    Basis,
    Citation,
    Json,
    Sentence,
    act_names,
    counted,
    missing_parts,
    moment,
    say,
)

Cites = Callable[[Iterable[str]], Sequence[Citation]]
"""The spans that events cite, by the events' ids."""
_NO_REASON = "for_no_given_reason"


def entry_sentence(act: Json, cites: Cites) -> Sentence | None:
    """With which key, and from where, the session was entered."""
    key, address = act.get("credential"), act.get("address")
    if not act.get("session") or not (key or address):
        return None
    by: Value = put(" with the credential {key}", key=quote(key)) if key else ""
    at: Value = put(" from the address {address}", address=quote(address)) if address else ""
    told = [
        e
        for r in act.get("reasons") or ()
        if r.get("class") in {"key", "device"}
        for e in r.get("because") or ()
    ]
    spans = cites(told) or act.get("citations", ())
    return say("entry", spans, about=act["id"], act=act["id"], credential=by, address=at)


def _typed(said: Json, role: str) -> Value:
    """A name as it was typed into a commit, with the address beside it."""
    if not said.get(role):
        return put("nobody")
    address = said.get(f"{role}_email")
    return quote(said[role] if address is None else f"{said[role]} <{address}>")


def asserted_sentence(act: Json) -> Sentence | None:
    """What a commit says of its author, and what that is worth."""
    said: Json = act.get("asserted") or {}
    if not any(said.values()):
        return None
    author, committer = (_typed(said, role) for role in ("author", "committer"))
    return say(
        "asserted", act.get("citations", ()), about=act["id"], act=act["id"], author=author, committer=committer
    )  # fmt: skip


def signature_sentence(act: Json) -> Sentence | None:
    """What the signature of a commit is worth, where it has one."""
    found: Json = act.get("signature") or {}
    if not found:
        return None
    named, result, lists = worth(found)
    return say(
        "signature", found.get("citations") or (), about=act["id"], act=act["id"], named=named, result=result, lists=lists
    )  # fmt: skip


def worth(found: Json) -> tuple[Value, Value, Value]:
    """The key that a signature names, what it is worth, and where it is good the lists that have the key."""
    key: Value = put(" with the key {key}", key=quote(found["key"])) if found.get("key") else ""
    good = found.get("result") == "good"
    lists: Value = [Part(" "), quote(", ".join(map(str, found.get("known_by") or ())))] if good else ""
    return key, words(phrases.SIGNATURES, found.get("result") or "unsigned"), lists


def planted_sentence(act: Json) -> Sentence | None:
    """What left the command behind that acts."""
    by = act.get("planted_by") or ()
    return (
        say("planted", act.get("citations", ()), about=act["id"], act=act["id"], acts=act_names(by))
        if by
        else None
    )


def reason_sentences(act: Json, cites: Cites) -> list[Sentence]:
    """What each class of link says, one sentence each."""
    return [_reason(act, r, cites) for r in act.get("reasons") or ()]


def _reason(act: Json, reason: Json, cites: Cites) -> Sentence:
    says = reason.get("says")
    names = [says] if isinstance(says, str) else sorted(says or ())
    domain: Value = ""
    if reason.get("domain"):
        domain = put(" (told in the trust domain {domain})", domain=quote(reason["domain"]))
    label = put(phrases.CLASSES.get(str(reason.get("class")), phrases.OTHER_CLASS))
    if reason.get("account"):
        label = put("Account {account}, which can have had a part in it, is enrolled to", account=quote(reason["account"]))  # fmt: skip
    spans = cites(reason.get("because") or ())
    basis = Basis.FACT if spans else Basis.ASKED
    if not names:
        return say("reason_nobody", spans, basis=basis, about=act["id"], label=label, domain=domain)
    allowed = listed([person(n) for n in names], " or ")
    return say("reason", spans, basis=basis, about=act["id"], label=label, says=allowed, domain=domain)


def frame_cost_sentence(act: Json) -> Sentence | None:
    """What somebody would need to fabricate the records."""
    found: Json = act.get("person") or {}
    if found.get("verdict", "not_attempted") == "not_attempted":
        return None
    domains = found.get("frame_cost") or ()
    cited = act.get("citations", ())
    if not domains:
        return say("frame_cost_none", cited, about=act["id"], act=act["id"])
    many = put(
        "{count}: {domains}",
        count=counted(len(domains), "trust domain"),
        domains=listed([quote(d) for d in domains]),
    )
    return say("frame_cost", cited, about=act["id"], act=act["id"], domains=many)


def gate_sentences(act: Json) -> list[Sentence]:
    """Each gate that lowered or bounded the answer, with its reason."""
    found: Json = act.get("person") or {}
    return [
        say(
            "gate",
            basis=Basis.METHOD,
            about=act["id"],
            act=act["id"],
            gate=str(g),
            meaning=words(phrases.GATES, g),
        )
        for g in found.get("gates") or ()
    ]


def missing_sentence(act: Json) -> Sentence | None:
    """What is missing, where the sentence on the person does not say so already."""
    found: Json = act.get("person") or {}
    codes = act.get("missing") or ()
    if not codes or found.get("verdict") == "inconclusive":
        return None
    return say("missing", basis=Basis.ABSENCE, about=act["id"], act=act["id"], missing=missing_parts(codes))


def rival_sentences(act: Json, rival: Json, cites: Cites) -> list[Sentence]:
    """What leaves a rival possible, and what points away from them."""
    who, found = person(rival["name"]), []
    for side in ("for", "against"):
        spans = cites(rival.get(side) or ())
        if spans:
            count = f"{len(rival[side]):,}"
            found.append(say(f"rival_{side}", spans, about=act["id"], act=act["id"], count=count, person=who))
    return found or [say("rival_silent", basis=Basis.ABSENCE, about=act["id"], act=act["id"], person=who)]


def against_sentences(act: Json, cites: Cites) -> list[Sentence]:
    """What speaks against the answer given, each kind with how many records say so."""
    told = []
    for kind, events in _against(act).items():
        cited, count = cites(events), f"{_count(act, kind, events):,}"
        if kind == "session_beside":
            sessions = counted(_count(act, kind, events), "session")
            told.append(say(f"against_{kind}", cited, about=act["id"], act=act["id"], count=sessions, account=quote(act["account"])))  # fmt: skip
        else:
            told.append(say(f"against_{kind}", cited, about=act["id"], act=act["id"], count=count))
    return told


def _count(act: Json, kind: str, events: Sequence[str]) -> int:
    """How many events speak against an answer in one way, those that are not told one by one among them."""
    counts = [
        why["count"] for why in act.get("against_because") or () if why["kind"] == kind and "count" in why
    ]
    return int(counts[0]) if counts else len(events)


def _against(act: Json) -> dict[str, list[str]]:
    """The events against an answer by why they are; a finding of the contract alone says no reason."""
    found = {str(why["kind"]): list(why["because"]) for why in act.get("against_because") or ()}
    rest = list(act.get("against") or ()) if not found else []
    return found | ({_NO_REASON: rest} if rest else {})


def exculpatory_sentences(name: str, findings: Json, cites: Cites) -> list[Sentence]:
    """What speaks for a person: each kind of reason over all acts it holds for, what points away, and the denials that hold."""
    acts = {a["id"]: a for a in findings.get("acts") or ()}
    denied = [c for c in findings.get("claims") or () if c.get("by") == name]
    found = [
        *_reasons_for(name, findings.get("exculpatory") or (), cites),
        *_records_for(name, findings.get("acts") or (), cites),
        *(_claim_result(c, acts) for c in denied if c["status"] in {"supported", "mixed"}),
    ]
    return found or [say("exculpatory_none", basis=Basis.ABSENCE, person=person(name))]


def _reasons_for(name: str, items: Sequence[Json], cites: Cites) -> list[Sentence]:
    mine = [i for i in items if i.get("person") == name]
    found = []
    for kind in dict.fromkeys(str(i.get("kind")) for i in mine):
        same = [i for i in mine if i.get("kind") == kind]
        acts = list(dict.fromkeys(str(i["act"]) for i in same if i.get("act")))
        where = act_names(acts) if acts else put("the time in question")
        because = list(dict.fromkeys(e for i in same for e in i.get("because") or ()))
        words_of = words(denials.EXCULPATORY, kind)
        found.append(say("exculpatory", cites(because), about=f"for {name}", acts=where, kind=words_of))
    return found


def _records_for(name: str, acts: Sequence[Json], cites: Cites) -> list[Sentence]:
    """Records that point away from a person, and what speaks against the answer where it names the person."""
    away = [(a, r["against"]) for a in acts for r in a.get("rivals") or () if r["name"] == name]
    named = [(a, _against(a)) for a in acts if (a.get("person") or {}).get("name") == name]
    beside = [(a, why.pop("session_beside", [])) for a, why in named]
    against = [(a, [e for events in why.values() for e in events]) for a, why in named]
    found = []
    for key, rows in (("exculpatory_away", away), ("exculpatory_beside", beside), ("exculpatory_against", against)):  # fmt: skip
        told = [(a["id"], events) for a, events in rows if events]
        if told:
            spans = cites(dict.fromkeys(e for _, events in told for e in events))
            found.append(say(key, spans, about=f"for {name}", acts=act_names([i for i, _ in told]), person=person(name)))  # fmt: skip
    return found


def inculpatory_sentences(name: str, acts: Sequence[Json], cites: Cites) -> list[Sentence]:
    """What points at a person: the acts attributed, the links that say so, and the acts left open."""
    mine = [a for a in acts if (a.get("person") or {}).get("name") == name]
    open_ = [a for a in acts if a not in mine and name in ((a.get("person") or {}).get("candidates") or ())]
    who, found, about = person(name), [], f"against {name}"
    if mine:
        verb = put("is") if len(mine) == 1 else put("are")
        found.append(
            say("inculpatory_acts", _spans(mine), about=about, acts=_ids(mine), verb=verb, person=who)
        )
        found += _inculpatory_reasons(name, mine, cites)
    if open_:
        found.append(say("inculpatory_candidate", _spans(open_), about=about, acts=_ids(open_), person=who))
    return found or [say("inculpatory_none", basis=Basis.ABSENCE, person=who)]


def _spans(acts: Sequence[Json]) -> list[Any]:
    return [c for a in acts for c in a.get("citations", ())]


def _ids(acts: Sequence[Json]) -> list[Part]:
    return act_names([a["id"] for a in acts])


def _inculpatory_reasons(name: str, acts: Sequence[Json], cites: Cites) -> list[Sentence]:
    found = []
    for cls, label in phrases.CLASSES.items():
        told = [
            (a, e) for a in acts for r in a.get("reasons") or () if r.get("class") == cls and _only(r) == name
            for e in r.get("because") or ()
        ]  # fmt: skip
        if told:
            ids = act_names(list(dict.fromkeys(a["id"] for a, _ in told)))
            spans = cites(dict.fromkeys(e for _, e in told))
            plain = put(label[0].lower() + label[1:])
            found.append(
                say(
                    "inculpatory_reason",
                    spans,
                    about=f"against {name}",
                    acts=ids,
                    label=plain,
                    person=person(name),
                )
            )
    return found


def _only(reason: Json) -> str | None:
    """The one person that a reason points at."""
    says = reason.get("says")
    names = [says] if isinstance(says, str) else list(says or ())
    return names[0] if len(names) == 1 else None


def claim_sentences(claim: Json, acts: dict[str, Json]) -> list[Sentence]:
    """A denial, what the evidence says of it, and what would say more."""
    code = str(claim["id"])
    text: Value = put("in the words {text}, ", text=quote(claim["text"])) if claim.get("text") else ""
    by: Value = person(claim["by"]) if claim.get("by") else put("somebody")
    found = [
        say(
            "claim_said",
            basis=Basis.ASKED,
            by=by,
            proposition=words(denials.CLAIMS, code),
            id=code,
            text=text,
        )
    ]
    if claim.get("names"):
        found.append(say("claim_names", basis=Basis.ASKED, names=person(claim["names"])))
    found.append(_claim_result(claim, acts))
    if claim.get("events"):
        cited = claim.get("citations") or ()
        found.append(say("claim_found", cited, about=f"denial {code}", count=f"{len(claim['events']):,}"))
    if code in denials.DENIALS:
        denial = denials.DENIALS[code]
        found.append(
            say("claim_predicts", basis=Basis.METHOD, holds=put(denial.holds), fails=put(denial.fails))
        )
        found.append(say("claim_trap", basis=Basis.METHOD, trap=put(denial.trap)))
    if claim.get("missing"):
        missing = missing_parts(claim["missing"])
        found.append(say("claim_missing", basis=Basis.ABSENCE, id=code, missing=missing))
    return found


def _claim_result(claim: Json, acts: dict[str, Json]) -> Sentence:
    because = list(claim.get("because") or ())
    spans = [c for a in because if a in acts for c in acts[a].get("citations", ())]
    where: Value = put(", namely {acts}", acts=act_names(because)) if because else ""
    return say(
        "claim_result", spans, basis=Basis.FACT if spans else Basis.ABSENCE, about=because[0] if because else None,
        status=words(phrases.STATUS, claim["status"]), id=str(claim["id"]), acts=where,
        why=words(denials.CLAIM_WHY, claim["why"]) if claim.get("why") else phrases.NO_RULE,
    )  # fmt: skip


def contradiction_sentences(item: Json, number: int) -> list[Sentence]:
    """A disagreement between sources, side by side; the report does not choose."""
    says: Sequence[Any] = item.get("says") or ()
    every = [c for s in says for c in s.get("citations") or ()]
    about = f"contradiction {number}"
    head = say("contradiction", every, about=about, about_=recounted.about(item))
    # What the register says is no evidence, and cites none.
    basis = [Basis.ASKED if s.get("register") else Basis.FACT for s in says]
    return [head, *(say("contradiction_says", s.get("citations") or (), basis=b, about=about, what=recounted.what(item, s)) for s, b in zip(says, basis, strict=True))]  # fmt: skip


def gap_sentences(gap: Json) -> list[Sentence]:
    """What the evidence is silent on, and for which acts that matters."""
    missing = gap.get("kind") == "missing_source"
    count: Value = ""
    if gap.get("records"):
        count = put(" ({records} by their numbers)", records=counted(int(gap["records"]), "record"))
    spans = gap.get("citations") or ()
    # What was asked for and not given stands in the case file, and in no evidence.
    asked = str(gap.get("kind")).startswith("source_")
    basis = Basis.FACT if spans else Basis.ASKED if asked else Basis.ABSENCE
    found = [
        say(
            "gap", spans, basis=basis, kind=words(phrases.GAPS, gap.get("kind")),
            source=recounted.source(gap), when="" if missing else moment(gap.get("when")), count=count,
        )
    ]  # fmt: skip
    if gap.get("reason"):
        found.append(say("gap_reason", basis=Basis.ASKED, reason=quote(gap["reason"])))
    if gap.get("matters_for"):
        found.append(
            say(
                "gap_matters",
                basis=Basis.ASKED if asked else Basis.ABSENCE,
                acts=act_names(gap["matters_for"], gap.get("matters_for_count")),
            )
        )
    return found


def none_there_sentences(asked: Json) -> list[Sentence]:
    """A file of an account that was looked for and is said not to be there, as the case file has it, and whether that changes anything."""
    found = [
        say("none_there", basis=Basis.ASKED, source=quote(asked["source"]), account=quote(asked["account"]))
    ]
    if asked.get("without_effect"):
        why = words(wordings.IN_VAIN, asked["without_effect"])
        found.append(say("none_there_in_vain", basis=Basis.ABSENCE, why=why))
    if asked.get("reason"):
        found.append(say("gap_reason", basis=Basis.ASKED, reason=quote(asked["reason"])))
    return found


def accounting_sentence(accounting: Json) -> Sentence:
    """Every byte: read, not readable, or holding nothing to read."""
    values = {k: f"{int(accounting.get(k, 0)):,}" for k in ("parsed", "rejected", "ignored")}
    total = f"{int(accounting.get('bytes', 0)):,}"
    return say("accounting", basis=Basis.ABSENCE, total=total, **values)
