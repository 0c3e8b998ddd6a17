"""What checked signatures say beside acts: whose key signed a commit, and where that does not agree with what is written.

A good signature links a commit to a key that was seen to sign it; the author's name links it to nothing. It changes no
verdict: a key can be used by whoever has it, from anywhere, and long before a push. A certificate of a push stands beside the push
that it was made for; beside one that it can be thought to be of, and is not known to be, it stands with the reason and names nobody.
"""

from collections.abc import Callable, Iterable
from typing import Any

from forensics.analysis import push_certificates
from forensics.analysis.acts import Act
from forensics.analysis.examination import Examination
from forensics.analysis.push_certificates import Tied
from forensics.analysis.signatures import Checked

Json = dict[str, Any]
Cited = Callable[[Iterable[str]], list[Json]]
"""The spans that events cite."""


def teller(done: Examination, cited: Cited) -> Callable[[Act], Json]:
    """What to add to an act of the findings: to a signed commit, what its signature is worth; to a push, its certificates; to others nothing."""
    known: dict[str, Checked] = {}
    for each in done.signed:
        if each.signed.what == "commit":
            known.setdefault(each.signed.object, each)

    of_pushes = push_certificates.by_push(done.certificates)

    def told(act: Act) -> Json:
        if act.act == "push":
            own = [_certificate(one, cited) for one in of_pushes.get(act.events[0], ())]
            return {"certificates": own} if own else {}
        one = known.get(act.object) if act.act == "commit" else None
        return {} if one is None else {"signature": _told(one, cited)}

    return told


def _told(one: Checked, cited: Cited) -> Json:
    return {
        "kind": one.kind,
        "result": one.result,
        "why": one.why,
        "key": one.key,
        "known_by": sorted({each.source for each in one.lists}),
        "person": one.person,
        "citations": cited(one.events),
    }


def _certificate(one: Tied, cited: Cited) -> Json:
    checked = one.checked
    return {
        "tie": one.tie,
        "nonce": one.nonce,
        "result": None if checked is None else checked.result,
        "key": None if checked is None else checked.key,
        "known_by": [] if checked is None else sorted({each.source for each in checked.lists}),
        "person": one.person,
        "citations": cited([one.events[0], *([] if checked is None else checked.events)]),
    }


def contradictions(done: Examination, cited: Cited) -> list[Json]:
    """Signatures that do not hold, and good ones by the key of somebody whom what they sign does not name.

    The same commit in two repositories is told once.
    """
    once = {(each.signed.what, each.signed.object): each for each in reversed(done.signed)}
    found: list[Json] = []
    for (what, name), each in sorted(once.items()):
        thing, spans = f"{what.replace('_', ' ')} {name}", cited(each.events)
        if each.result in {"bad", "malformed"}:
            said = (
                f"it carries a signature of kind {each.kind or 'unknown'}, key {each.key or 'not named'}",
                "no signature can be read there"
                if each.result == "malformed"
                else "that signature does not hold for these bytes",
            )
            says = [{"what": w, "citations": spans} for w in said]
            found.append({"about": f"{thing}: signature", "kind": "signature_does_not_hold", "says": says})
        elif each.person is not None and (typed := _typed(done, each)):
            said = (
                f"author {typed[0]}, committer {typed[1]}",
                f"a good signature by key {each.key}, which is listed for another person",
            )
            says = [{"what": w, "citations": spans} for w in said]
            found.append(
                {
                    "about": f"{thing}: signer",
                    "kind": "signed_by_another",
                    "person": each.person,
                    "says": says,
                }
            )
    return [*found, *_pushed_by_others(done, cited)]


def _pushed_by_others(done: Examination, cited: Cited) -> list[Json]:
    """Pushes of which a certificate is good, by the key of somebody who is not known to have the account that pushed."""
    found: list[Json] = []
    for one in done.certificates:
        push = next((event for event in one.events if event in one.told_by), None)
        if push is None or one.person is None or one.checked is None:
            continue
        event = done.scene.row(push)
        if one.person in done.scene.directory.owners(event.account, event.earliest_ns):
            continue
        says = [
            {"what": f"account {event.account} pushed {one.ref}", "citations": cited([push])},
            {
                "what": f"a good signature by key {one.checked.key}, which is listed for another person",
                "citations": cited(one.checked.events),
            },
        ]
        thing = f"push certificate {one.certificate}"
        found.append(
            {"about": f"{thing}: signer", "kind": "signed_by_another", "person": one.person, "says": says}
        )
    return found


def _typed(done: Examination, each: Checked) -> tuple[object, object] | None:
    """Author and committer as written, where they mean persons and the signer is none of them."""
    row = done.scene.git_objects.get(each.signed.object)
    if row is None or row.kind != "commit":
        return None
    called = done.scene.directory.called
    named = called(row.author) | called(row.committer)
    return (row.author, row.committer) if named and each.person not in named else None
