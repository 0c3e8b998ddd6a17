"""Words and turns that no printed sentence of this program may hold, and the check that finds them.

The program weighs evidence. Whether somebody did something, meant it, and is to answer for it, is
for a court. Evidence text is quoted and is not held to this.
"""

import re

WORDS = {
    "a verdict's word": (
        r"\b(?:prov(?:e|es|ed|en|ing)|proofs?|guilt|guilty|innocent|culprits?|perpetrators?|offenders?|suspects?"
        r"|saboteurs?|attackers?|criminals?|malicious(?:ly)?)\b"
    ),
    "certainty": (
        r"\b(?:certain(?:ly|ty)?|definite(?:ly)?|undoubted(?:ly)?|undeniabl[ey]|obvious(?:ly)?|clearly|conclusively"
        r"|without (?:a )?doubt|no doubt|beyond (?:any |all |reasonable )?doubt)\b"
    ),
    "intent": r"\b(?:intent(?:ion(?:al|ally)?)?|deliberate(?:ly)?|on purpose|knowingly|wilful(?:ly)?|motives?)\b",
    "a probability that somebody did it": (
        r"\b(?:probably|(?:un)?likely(?! to be (?:forged|missing))|presumably)\b"
        r"|(?<!more )(?<!less )\bprobable\b"
        r"|(?<!statement about the )\bprobability (?:that|of)\b"
    ),
    "blame": r"\b(?:is|are|was|were) (?:to blame|responsible|at fault)\b|\bdid it\b|\bcommitted (?:the|a|an) (?:act|offence|crime)\b",
}
"""What is forbidden, by the reason for it."""

CHINESE = {
    "a verdict's word": r"证明|证实|有罪|无罪|罪犯|犯罪分子|嫌疑人|作案|真凶|元凶|攻击者|破坏者|肇事者|恶意",
    "certainty": r"肯定|必然|毫无疑问|无疑|显然|显而易见|明显|排除合理怀疑|铁证",
    "intent": r"故意|蓄意|有意(?!义)|存心|动机|意图",
    "a probability that somebody did it": r"很可能|(?<!为真之)(?<!不表示)概率|或许|多半",
    "blame": r"罪责|应负责任|系其所为|是他干的|难辞其咎",
}
"""The same in Chinese."""

_FOUND_CHINESE = {reason: re.compile(pattern) for reason, pattern in CHINESE.items()}
_SENTENCE_CHINESE = re.compile("(?<=[\u3002\uff01\uff1f])")

_FOUND = {reason: re.compile(pattern, re.IGNORECASE) for reason, pattern in WORDS.items()}
_LIKELIHOOD = re.compile(r"\b(?:likelihood|likely|probab\w+)\b", re.IGNORECASE)
_CONFIDENCE = re.compile(r"\b(?:confiden\w+|sure|reliab\w+)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"`])")


def lint(text: str) -> list[str]:
    """What is wrong with printed prose: one line for each fault, in order; nothing where it may stand.

    Args:
        text: any number of sentences, line breaks as they fall.
    """
    flat = " ".join(text.split())
    faults = []
    for sentence in _SENTENCE.split(flat):
        faults += [
            f"{reason}: “{found.group(0)}” in “{sentence}”"
            for reason, pattern in _FOUND.items()
            for found in pattern.finditer(sentence)
        ]
        if _LIKELIHOOD.search(sentence) and _CONFIDENCE.search(sentence):
            faults.append(f"likelihood and confidence in one sentence: “{sentence}”")
    return faults


def lint_chinese(text: str) -> list[str]:
    """What is wrong with printed Chinese prose, as `lint` has it of English."""
    return [
        f"{reason}: “{found.group(0)}” in “{sentence}”"
        for sentence in _SENTENCE_CHINESE.split(text)
        for reason, pattern in _FOUND_CHINESE.items()
        for found in pattern.finditer(sentence)
    ]
