"""What is said of a push certificate beside a push: what its signature is worth, and whether it was made for that push."""

from collections.abc import Mapping
from typing import Any

from forensics.render.dossier import worth
from forensics.render.phrases import words
from forensics.render.sentences import Sentence, say

Json = Mapping[str, Any]

TIES = {
    "tied": "it names the repository, the ref and both objects of this move, which alone is on record in the minutes after its nonce",
    "no_nonce": "it is not tied to this push, because it holds no nonce of git's form and can have been presented at any time",
    "no_repository": "it is not tied to this push, because it names no repository and can have been presented to any",
    "other_repository": "it is not tied to this push, because nothing shows that it is for this repository",
    "no_move": "it is not tied to this push, because no record tells that the ref moved so",
    "other_time": "it is not tied to this push, which is at another time than the minutes after its nonce, so that it can have been presented again",
    "several_moves": "it is not tied to this push, because the ref moved so more than once in the minutes after its nonce",
    "several_certificates": "it is not tied to this push, because another certificate asks for the same move",
}
NONCES = {
    "missing": "it holds no nonce",
    "malformed": "its nonce is not of git's form",
    "not_checked": "whether a server gave its nonce is not known, because no seed is in the evidence",
    "not_made_with_seed": "the seed in the evidence does not give its nonce for a path that is known here",
    "good": "the seed in the evidence gives its nonce for a path of that repository",
    "good_of_any_repository": "the seed in the evidence gives its nonce for the path that every repository has over HTTP",
}


def certificate_sentences(act: Json) -> list[Sentence]:
    """What each certificate that can be thought to be of a push is worth, and why it is taken for this one or is not."""
    return [_sentence(act, found) for found in act.get("certificates") or ()]


def _sentence(act: Json, found: Json) -> Sentence:
    named, result, lists = worth(found)
    tie, nonce = words(TIES, found.get("tie")), words(NONCES, found.get("nonce"))
    return say(
        "certificate", found.get("citations") or (), about=act["id"], act=act["id"], named=named, result=result, lists=lists,
        tie=tie, nonce=nonce,
    )  # fmt: skip
