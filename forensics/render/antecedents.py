"""Sentences on what came before an act: out of which session, left to run by whom, and who can have been in the account.

They are of the same kind as those in `sentences`, which holds every template.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from forensics.render import phrases, wordings
from forensics.render.parts import Part, Value, clauses, person, put, quote
from forensics.render.phrases import words
from forensics.render.sentences import Basis, Citation, Json, Sentence, counted, missing_parts, say, stamp

Cites = Callable[[Iterable[str]], Sequence[Citation]]
_SHOWN = 4
"""Of more origins, or of more acts that can have left something, so many are told one by one."""


def came_from_sentences(act: Json) -> list[Sentence]:
    """Out of which sessions the session of an act was opened, the nearest first."""
    steps = act.get("came_from") or ()
    found = [sentence for step in steps for sentence in _step(act, step)]
    rules = {str(origin["rule"]) for step in steps for origin in step["origins"]}
    return [
        *found,
        *(say("came_from_rule", basis=Basis.METHOD, rule=words(phrases.LED, r)) for r in sorted(rules)),
    ]


def rights_sentences(act: Json) -> list[Sentence]:
    """Where lines of sudo and su say that the rights were taken with which an act was done."""
    found = []
    for row in act.get("rights") or ():
        asked, effective, tty, host = (quote(row[k] or "?") for k in ("account", "effective", "tty", "host"))
        holder: Value = ""
        why: Value = ""
        if row["missing"] is None:
            key, holder = "rights", put("the session of {entered}", entered=whose(row["sessions"][0]))
        else:
            key, why = "rights_untied", words(phrases.UNTIED, row["missing"])
        found.append(say(
            key, row["citations"], about=act["id"], act=act["id"], asked=asked, effective=effective, tty=tty, host=host,
            entered=holder, why=why,
        ))  # fmt: skip
    return found


def agent_sentences(act: Json) -> list[Sentence]:
    """Through which forwarded agents somebody else could have entered with the key of an act's session."""
    found = []
    for row in act.get("agents") or ():
        first, last = row["when"]
        until: Value = ""
        if first:
            end: Value = stamp(last) if last else put("an end that no record tells")
            until = put(", from {first} until {last}", first=stamp(first), last=end)
        found.append(say(
            "agent", row["citations"], about=act["id"], act=act["id"], credential=quote(row["credential"]),
            host=quote(row["host"] or "?"), account=quote(row["account"] or "?"), entered=whose(row, key=False), until=until,
            why=clauses([words(phrases.FORWARDED, code) for code in row["known_by"]]),
        ))  # fmt: skip
    return found


def _step(act: Json, step: Json) -> Iterable[Sentence]:
    origins, entered = step["origins"], whose(step, key=False)
    own = list(step.get("citations") or ())
    if len(origins) == 1:
        spans = [*origins[0]["citations"], *own]
        yield say(
            "came_from", spans, about=act["id"], act=act["id"], entered=entered,
            origin=put("that of {entered}", entered=whose(origins[0])), why=_borne_out(origins[0]),
        )  # fmt: skip
        return
    yield say(
        "came_from_several", own, about=act["id"], act=act["id"], entered=entered,
        count=counted(len(origins), "session"),
    )  # fmt: skip
    for origin in origins[:_SHOWN]:
        yield say(
            "came_from_origin", origin["citations"], about=act["id"],
            origin=put("that of {entered}", entered=whose(origin)), why=_borne_out(origin),
        )  # fmt: skip


def whose(session: Json, *, key: bool = True) -> Part:
    """`account kai on login01, entered from 10.0.0.7 with the credential SHA256:…`."""
    account, host = session.get("account"), session.get("host")
    on: Value = put(" on {host}", host=quote(host)) if host else ""
    told: list[Part] = []
    if session.get("address"):
        told.append(put(" from {address}", address=quote(session["address"])))
    if key and session.get("credential"):
        told.append(put(" with the credential {key}", key=quote(session["credential"])))
    return put(
        "{account}{host}{entered}",
        account=_account(account),
        host=on,
        entered=put(", entered{how}", how=told) if told else "",
    )


def _account(name: str | None) -> Part:
    return put("account {account}", account=quote(name)) if name else put("an account that no record names")


def _borne_out(origin: Json) -> list[Part]:
    """What bears a step out, in words."""
    return clauses([words(phrases.BORNE_OUT, code) for code in origin.get("borne_out_by") or ()])


def left_sentences(act: Json) -> list[Sentence]:
    """What left an act to run, by which rule, or why that cannot be told."""
    row: Json = act.get("left_to_run") or {}
    if not row:
        return []
    cited = [*row.get("citations", ()), *act.get("citations", ())]
    why = words(phrases.LEFT, row.get("rule"))
    if row.get("rule") in {"typed_through_multiplexer", "reached_by_tracer", "outlived_login"}:
        return _typed(act, row, why, cited)
    if row.get("rule") == "client_of_container_daemon" and row.get("sessions"):
        return _contained(act, row, why, cited)
    if row.get("rule") == "ran_what_another_wrote":
        return _of_others(act, row, why, cited)
    how, planted = words(phrases.RUNS, row.get("kind")), row.get("planted") or ()
    if not planted:
        missing = missing_parts([row["missing"]] if row.get("missing") else ())
        return [say("left_unknown", cited, about=act["id"], act=act["id"], how=how, missing=missing)]
    spans = [*cited, *(c for p in planted for c in p["citations"])]
    if len(planted) == 1:
        head = say("left", spans, about=act["id"], act=act["id"], how=how, thing=_plant(planted[0]), why=why)
    else:
        count = counted(len(planted), "act")
        head = say("left_several", spans, about=act["id"], act=act["id"], how=how, count=count, why=why)
    return [head, *(_left_by(act, p) for p in planted[:_SHOWN])]


def _plant(plant: Json) -> Part:
    """The act that left something, by its id in the findings where it has one, and by what was changed."""
    thing = quote(plant["object"])
    if plant.get("act"):
        return put("act {act} on {thing}", act=plant["act"], thing=thing)
    return put("an act that is in no finding, on {thing}", thing=thing)


def _left_by(act: Json, plant: Json) -> Sentence:
    account, effective = plant.get("account"), plant.get("effective")
    rights: Value = ""
    if effective and effective != account:
        rights = put(", with the rights of account {account}", account=quote(effective))
    where = put(", in no session that is on record")
    if plant.get("session"):
        where = put(", in a login session that is on record")
    thing = quote(plant["object"])
    name = put("what is changed there, {thing},", thing=thing)
    if plant.get("act"):
        name = put("what act {act} changes, {thing},", act=plant["act"], thing=thing)
    return say(
        "left_by",
        plant["citations"],
        about=act["id"],
        thing=name,
        account=_account(account),
        rights=rights,
        where=where,
    )


def _typed(act: Json, row: Json, why: Value, cited: list[Any]) -> list[Sentence]:
    sessions = row.get("sessions") or ()
    key = {"typed_through_multiplexer": "typed", "reached_by_tracer": "traced"}.get(row["rule"], "outlived")
    found = [say(key, cited, about=act["id"], act=act["id"], why=why)]
    for session in sessions[:_SHOWN] if key != "outlived" else ():
        entered = whose(session)
        found.append(say(f"{key}_by", session["citations"], about=act["id"], entered=entered))
    return found


def _of_others(act: Json, row: Json, why: Value, cited: list[Any]) -> list[Sentence]:
    planted = row.get("planted") or ()
    spans = [*cited, *(c for p in planted for c in p["citations"])]
    if not planted:
        return [say("ran_unknown", spans, about=act["id"], act=act["id"], why=why)]
    head = say(
        "ran_foreign", spans, about=act["id"], act=act["id"], count=counted(len(planted), "act"), why=why
    )
    return [head, *(_left_by(act, p) for p in planted[:_SHOWN])]


def _contained(act: Json, row: Json, why: Value, cited: list[Any]) -> list[Sentence]:
    sessions = row["sessions"]
    count = counted(len(sessions), "session")
    found = [say("contained", cited, about=act["id"], act=act["id"], count=count, why=why)]
    return found + [
        say("contained_by", s["citations"], about=act["id"], entered=whose(s)) for s in sessions[:_SHOWN]
    ]


def candidate_sentences(act: Json, cites: Cites) -> list[Sentence]:
    """Who can have been in the account: everybody who can, by class, with the links for and against."""
    rows: Json = act.get("could_have") or {}
    if not rows:
        return []
    rank = list(wordings.CANDIDATES)
    ordered = sorted(rows, key=lambda name: (_rank(rank, rows[name]), -len(rows[name]["for"]), name))
    found = [_candidate(act, name, rows[name], cites) for name in ordered]
    return [*found, say("candidate_rule", basis=Basis.METHOD)]


def _rank(rank: Sequence[str], row: Json) -> int:
    return rank.index(row["class"]) if row["class"] in rank else len(rank)


def _candidate(act: Json, name: str, row: Json, cites: Cites) -> Sentence:
    spans = cites([*row["events_for"], *row["events_against"]])
    links, links_against = (
        clauses([words(table, code) for code in dict.fromkeys(row[side])])
        for side, table in (("for", wordings.CANDIDATE_LINKS), ("against", wordings.CANDIDATE_LINKS_AGAINST))
    )
    speaks: Value = put("; for it speaks that {links}", links=links) if links else ""
    against: Value = put("; against it that {links}", links=links_against) if links_against else ""
    return say(
        "candidate", spans, basis=Basis.FACT if spans else Basis.ASKED, about=act["id"], act=act["id"],
        person=person(name), cls=words(wordings.CANDIDATES, row["class"]), speaks=speaks, against=against,
    )  # fmt: skip
