"""A roster of very many persons: the report tells some one by one, says how many it passes over, and leaves out nobody who is named with an act."""

from types import SimpleNamespace

import fixtures_findings as made

from forensics.render import document, persons


def crowded(count):
    """Findings with very many more on the roster, each a rival and another explanation of each act."""
    found = made.findings()
    others = [f"a{n:04d}" for n in range(count)]
    found["persons"] = [*found["persons"], *({"name": name, "role": "", "accounts": []} for name in others)]
    for act in found["acts"]:
        rivals = [{"name": name, "for": [], "against": []} for name in others]
        act["rivals"] = [*(act.get("rivals") or ()), *rivals]
        weak = [{"who": name, "way": "own", "lr": [30.0, 90.0], "against": []} for name in others]
        act["hypotheses"] = [*(act.get("hypotheses") or ()), *weak]
    return found


def words(block):
    """The print of a heading or a paragraph."""
    runs = [*block.get("runs", ()), *(run for sentence in block.get("s", ()) for run in sentence["runs"])]
    texts = [list(run.values())[1] for run in runs]
    return "".join(text if isinstance(text, str) else "".join(text) for text in texts)


def headed(content, name):
    """The headings below one of the first level, and the paragraphs."""
    inside, heads, said = False, [], []
    for block in content["blocks"]:
        if block["t"] == "h" and block["level"] == 1:
            inside = words(block) == name
        elif inside and block["t"] in "hp":
            (heads if block["t"] == "h" else said).append(words(block))
    return heads, said


def built(found):
    return document.build(found, events=made.events(), files=made.files()).content


def test_of_very_many_persons_some_are_told_and_all_are_counted(monkeypatch):
    monkeypatch.setattr(persons, "MOST_PERSONS", 12)
    monkeypatch.setattr(persons, "MOST_RIVALS", 5)
    found = crowded(300)
    every, content = sorted(p["name"] for p in found["persons"]), built(found)
    named = {
        n
        for a in found["acts"]
        for n in [a["person"].get("name"), *(a["person"].get("candidates") or ())]
        if n
    }
    named |= {c[side] for c in found["claims"] for side in ("by", "names") if c.get(side)}
    assert 0 < len(named) < 12
    for section in ("What speaks for each person", "What points at each person"):
        heads, said = headed(content, section)
        assert len(heads) == 12
        assert named <= set(heads)
        assert heads == sorted(heads)
        assert any(
            f"Of {len(every)} persons 12 are told" in text or f"'{len(every)}'" in text for text in said
        )
    assert len(str(content)) < 2 * len(str(built(made.findings())))


def test_nobody_named_with_an_act_is_left_out_of_what_speaks_for_them(monkeypatch):
    monkeypatch.setattr(persons, "MOST_PERSONS", 1)
    found = crowded(20)
    act = next(a for a in found["acts"] if a["person"]["verdict"] == "attributed")
    found["acts"] = [
        act | {"id": f"A{n:04d}", "person": act["person"] | {"name": f"a{n:04d}"}} for n in range(1, 6)
    ]
    heads, _ = headed(built(found), "What speaks for each person")
    assert heads == [f"a{n:04d}" for n in range(1, 6)]


def test_few_persons_are_all_told():
    found = crowded(5)
    heads, said = headed(built(found), "What points at each person")
    assert heads == document._people(found)
    assert not any("one by one" in text for text in said)


def test_the_rivals_told_are_the_strongest_and_those_who_come_into_question(monkeypatch):
    monkeypatch.setattr(persons, "MOST_RIVALS", 2)
    act = {
        "person": {"best_rival": "zoe", "candidates": ["kai", "pia"]},
        "rivals": [{"name": name} for name in ("ada", "bob", "kai", "pia", "zoe")],
        "hypotheses": [{"who": "bob"}, {"who": "unlisted"}, {"who": "ada"}],
    }

    said = []
    pages = SimpleNamespace(para=lambda sentence: said.append(sentence.text))
    assert [r["name"] for r in persons.rivals(pages, act)] == ["bob", "zoe"]
    assert said == [
        "Of 5 others listed 2 are told here, the strongest explanations and those who come into question first; `findings.json` holds them all."
    ]
    monkeypatch.setattr(persons, "MOST_RIVALS", 4)
    assert [r["name"] for r in persons.rivals(pages, act)] == ["ada", "bob", "kai", "zoe"]


def test_who_denies_something_or_comes_into_question_is_told_before_others(monkeypatch):
    said = []
    found = {
        "claims": [{"by": "xeno", "names": "zoe"}],
        "acts": [{"id": "A0001", "person": {"candidates": ["uma"], "best_rival": "vera"}}],
    }
    pages = SimpleNamespace(findings=found, para=lambda sentence: said.append(sentence.text))
    names = ["ada", "bob", "uma", "vera", "xeno", "zoe"]
    for most, told in ((2, ["xeno", "zoe"]), (4, names[2:]), (5, ["ada", *names[2:]])):
        monkeypatch.setattr(persons, "MOST_PERSONS", most)
        assert persons.told(pages, names) == told
    assert len(said) == 3
