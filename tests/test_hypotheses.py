"""The scoring model: intervals hold for every choice of numbers, dependence is not counted twice, and nobody is spared."""

import itertools
from dataclasses import replace
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import KERNEL, Stage, roster

from forensics.analysis import blind, hypotheses, standings
from forensics.analysis.findings import findings
from forensics.analysis.hypotheses import Group, Rival, issued, likelihood, weigh
from forensics.analysis.parameters import LEVELS, parameters, parse
from forensics.core.roster import Claim, Question

GIT, SLURM = "git:server", "slurm:admin"
NUMBERS = parameters()
PEOPLE = ("kai", "lin", "mei")
says = st.sets(st.sampled_from(PEOPLE), min_size=1).map(frozenset)
groups = st.lists(
    st.builds(
        Group, st.sampled_from(["account", "key", "device"]), st.sampled_from([KERNEL, GIT, SLURM]), says
    ),
    min_size=1,
    max_size=5,
)
rivals = st.builds(
    Rival,
    st.sampled_from(["lin", "mei"]),
    st.sets(st.sampled_from([KERNEL, GIT, SLURM])).map(frozenset),
    st.sampled_from(["absent", "present", "active"]),
)


def plain_ratio(person, found, rival, number):
    """The model written out once more, slowly, for one choice of every number."""

    def own(who, g):
        hit = number[f"hit.{g.tells}"]
        return hit if who in g.says else 1 - hit

    def borrowed(g):
        if g.tells == "device" and person in g.says:
            return number["hit.device"] if rival.who in g.says else number["credential.device"]
        return own(rival.who if g.tells == "device" else person, g)

    def forged(g):
        if person not in g.says:
            return own(person, g)
        if g.domain in rival.holds:
            return number["forge.held"]
        return number["forge.host" if g.domain.endswith(":root") else "forge.server"]

    framed = (
        number["world.framed_by_holder"] * number[f"trace.{rival.presence}"]
        if rival.holds
        else number["world.framed_by_peer"]
    )
    against = (
        prod(own(rival.who, g) for g in found)
        + number["world.credential"] * prod(map(borrowed, found))
        + framed * prod(map(forged, found))
    )
    return prod(own(person, g) for g in found) / against


@settings(max_examples=60, deadline=None)
@given(groups, rivals, st.lists(st.sampled_from(LEVELS), min_size=20, max_size=20))
def test_no_choice_of_numbers_leaves_the_interval(found, rival, levels):
    chosen = {
        n.id: n.at(level) for n, level in zip(NUMBERS.numbers.values(), itertools.cycle(levels), strict=False)
    }
    (weighed,) = weigh("kai", found, [rival], NUMBERS)
    low, _, high = weighed.ratio
    assert low * (1 - 1e-9) <= plain_ratio("kai", found, rival, chosen) <= high * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(groups, rivals)
def test_the_central_ratio_is_the_plain_one(found, rival):
    central = {n.id: n.central for n in NUMBERS.numbers.values()}
    (weighed,) = weigh("kai", found, [rival], NUMBERS)
    assert weighed.ratio[1] == pytest.approx(plain_ratio("kai", found, rival, central))


@settings(max_examples=40, deadline=None)
@given(groups, rivals)
def test_renaming_everybody_changes_no_number(found, rival):
    other = {"kai": "A", "lin": "B", "mei": "C"}
    renamed = [replace(g, says=frozenset(other[p] for p in g.says)) for g in found]
    (a,), (b,) = (
        weigh("kai", found, [rival], NUMBERS),
        weigh("A", renamed, [replace(rival, who=other[rival.who])], NUMBERS),
    )
    assert a.ratio == pytest.approx(b.ratio)


def test_a_forgeable_record_moves_next_to_nothing():
    """A field that its user writes is forged nine times in ten: it can contribute 1.25 at most."""
    firm = [Group("account", KERNEL, frozenset({"kai"})), Group("key", KERNEL, frozenset({"kai"}))]
    typed = Group("account", "git:objects", frozenset({"kai"}))
    framer = Rival("lin", frozenset({KERNEL}), "active")
    (without,), (with_it,) = (
        weigh("kai", firm, [framer], NUMBERS),
        weigh("kai", [*firm, typed], [framer], NUMBERS),
    )
    assert with_it.ratio[1] / without.ratio[1] < 1.25


def test_ten_records_of_one_login_are_not_ten_witnesses():
    """Each domain counts once, and a stolen credential turns all that it opens."""
    told = [Group("account", d, frozenset({"kai"})) for d in (KERNEL, SLURM, GIT)]
    (one,), (three,) = (
        weigh("kai", told[:1], [Rival("lin")], NUMBERS),
        weigh("kai", told, [Rival("lin")], NUMBERS),
    )
    assert three.ratio[1] / one.ratio[1] < 1.5


def test_whoever_holds_every_record_and_was_there_is_not_told_apart():
    everything = [Group(t, KERNEL, frozenset({"kai"})) for t in ("account", "key", "device")]
    holder = Rival("dao", frozenset({KERNEL}), "active")
    (weighed,) = weigh("kai", everything, [holder], NUMBERS)
    assert NUMBERS.band(weighed.ratio[0]) in {None, "weak"}


@settings(max_examples=60, deadline=None)
@given(
    groups,
    st.lists(rivals, min_size=1, max_size=3),
    st.sets(st.integers(0, 4)),
    st.sampled_from([(), ("own",), ("framed",)]),
)
def test_groups_that_do_not_count_are_as_if_they_were_not_there(found, others, left_out, without):
    """To the last digit, so that what is found once for all groups is what would be found for each choice of them."""
    own = [n for n in range(len(found)) if n not in left_out]
    beside = hypotheses.Beside("kai", found, others, NUMBERS, without=frozenset(without))
    kept = [found[n] for n in own]
    assert beside.weighed(own) == weigh("kai", kept, others, NUMBERS, without=frozenset(without))


def test_only_persons_have_an_account_of_their_own():
    found = [Group("account", KERNEL, frozenset({"kai", "lin"}))]
    assert hypotheses.ways(Rival("lin"), "kai", found, NUMBERS, "central")["own"] == likelihood(
        "lin", found, NUMBERS, "central"
    )
    assert "own" not in hypotheses.ways(
        Rival(hypotheses.UNLISTED, listed=False), "kai", found, NUMBERS, "central"
    )


@pytest.mark.parametrize(
    ("ratio", "cap", "text"),
    [
        ((13.49, 640.0), 100.0, [13.0, 100.0]),
        ((0.837, 0.952), 100.0, [0.83, 0.96]),
        ((127.0, 12700.0), 333.3, [120.0, 330.0]),
        ((0.0, 9.99), 100.0, [0.0, 10.0]),
    ],
)
def test_ratios_are_rounded_outwards_to_two_digits(ratio, cap, text):
    assert issued(ratio, cap) == text


def test_every_number_has_a_source_and_order():
    assert all(n.source for n in NUMBERS.numbers.values())
    raw = b'version = "1"\n[cap]\ndifferent_actor_cases = 3\n[[number]]\nid = "x"\nlow = 0.5\ncentral = 0.4\nhigh = 0.6\nsource = "s"\nplaceholder = true\n[[band]]\nname = "weak"\nfrom = 2.0\nen = "a"\nzh = "b"\n'
    with pytest.raises(ValueError, match="levels must ascend"):
        parse(raw)
    assert parse(raw.replace(b"central = 0.4", b"central = 0.5")).cap == 1


def edited():
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    ses = day.login("kai")
    return day, mei, ses


def finish(day, mei, ses):
    day.change("kai", ses, "/srv/proj/train.py", owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")


def judged_edit(done):
    act = next(a for a in done.in_question if a.act == "modify_file")
    return done.judged[act.act_id]


def with_role(person, role):
    people = roster()
    return replace(
        people, persons=tuple(replace(p, role=role) if p.name == person else p for p in people.persons)
    )


def test_an_administrator_who_used_root_at_the_time_is_a_rival_who_leaves_it_open():
    day, mei, ses = edited()
    dao = day.login("dao")
    finish(day, mei, ses)
    quiet = judged_edit(day.examined(people=with_role("dao", "system administrator")))
    assert (quiet.verdict, quiet.person.rival) == ("attributed", "dao")
    day, mei, ses = edited()
    dao = day.login("dao")
    day.run("dao", dao, ["sudo", "bash"], effective="root")
    day.run("dao", dao, ["bash"], effective="root")
    finish(day, mei, ses)
    busy = judged_edit(day.examined(people=with_role("dao", "system administrator")))
    assert (busy.verdict, busy.name, busy.strength) == ("inconclusive", None, "weak")
    assert {"G1"} <= set(busy.gates)
    assert "records_beyond_reach_of_best_rival" in busy.missing
    day, mei, ses = edited()
    dao = day.login("dao")
    day.run("dao", dao, ["systemctl", "status", "slurmctld"], effective="root")
    finish(day, mei, ses)
    told = judged_edit(day.examined(people=with_role("dao", "system administrator")))
    assert (told.verdict, told.person.weighed[0].rival.presence) == ("attributed", "present")
    day, mei, ses = edited()
    dao = day.login("dao")
    day.run("dao", dao, ["sh", "-c", "run-parts /etc/update-motd.d"], effective="root")
    day.run("dao", dao, ["sudo", "scontrol", "show", "job"], effective="root")
    day.run("dao", dao, ["scontrol", "show", "job"], effective="root")
    finish(day, mei, ses)
    told = judged_edit(day.examined(people=with_role("dao", "system administrator")))
    assert told.verdict == "attributed", "what sshd runs as root at a login is not the person's"
    plain = judged_edit(day.examined())
    assert plain.verdict == "attributed", "who has no root and no role cannot have written the host's records"


def test_the_account_is_told_apart_from_the_person():
    """Key and device of two persons: the account stands, the person does not."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    ses = day.login("kai", by="kai", device="lin")
    finish(day, mei, ses)
    found = judged_edit(day.examined())
    assert found.verdict == "inconclusive"
    assert (found.account.name, found.account.strength) == ("kai", "moderate")


def test_missing_records_cap_the_account_too():
    day, mei, ses = edited()
    day.add("audit_lost", when=day.at)
    finish(day, mei, ses)
    found = judged_edit(day.examined())
    assert found.verdict == "inconclusive"
    assert "G3" in found.gates


def test_sensitivity_names_what_each_source_carries():
    day, mei, ses = edited()
    finish(day, mei, ses)
    found = judged_edit(day.examined()).person
    least = {(kind, name): ratio[0] for kind, name, ratio in found.sensitivity}
    assert least["domain", KERNEL] < 2 < least["link", "device"] < found.ratio[0]


def test_names_are_put_back_after_the_lock_and_change_nothing():
    day, mei, ses = edited()
    finish(day, mei, ses)
    question = Question(jobs=("11",), claims=(Claim("D01", "kai", "lin"),))
    hidden = blind.blinded(roster(), question)
    assert not {"mei", "kai", "lin", "dao"} & {p.name for p in hidden.roster.persons}
    open_, closed = day.examined(question), day.examined(hidden.question, hidden.roster)
    found = blind.locked(findings(closed), hidden.names)
    lock = found.pop("lock")
    assert found == findings(open_)
    assert lock["numbers"] == NUMBERS.sha256


def standing(found, people=PEOPLE, holds=()):
    everybody = [Rival(p) for p in people] + [Rival(hypotheses.UNLISTED, listed=False), *holds]
    return {s.who: s for s in standings.standings(everybody, found, NUMBERS)}


def test_everybody_has_a_ratio_and_those_spoken_against_less_than_one():
    found = standing(
        [Group(t, d, frozenset({"kai"})) for t in ("account", "key", "device") for d in (KERNEL, GIT)]
    )
    assert found["kai"].ratio[0] > 1
    assert all(found[p].ratio[2] < 1 and found[p].against == "kai" for p in ("lin", "mei"))
    assert all(low <= middle <= high for low, middle, high in (s.ratio for s in found.values()))


@settings(max_examples=40, deadline=None)
@given(groups, st.permutations(PEOPLE))
def test_renaming_everybody_permutes_the_standings(found, names):
    called = dict(zip(PEOPLE, names, strict=True))
    renamed = [replace(g, says=frozenset(called[p] for p in g.says)) for g in found]
    one, other = standing(found), standing(renamed)
    assert all(one[p].ratio == pytest.approx(other[called[p]].ratio) for p in PEOPLE)


def test_of_those_whom_records_tell_the_same_nobody_stands_before_another():
    found = standing([Group("account", KERNEL, frozenset(PEOPLE))])
    assert len({s.ratio for s in found.values()}) == 1
    assert found["kai"].ratio[0] <= 1 <= found["kai"].ratio[2]


@settings(max_examples=60, deadline=None)
@given(groups, rivals)
def test_taking_away_what_speaks_for_somebody_raises_nobody_s_ratio(found, rival):
    (whole,) = weigh("kai", found, [rival], NUMBERS)
    for g in found:
        if "kai" in g.says:
            (less,) = weigh("kai", [x for x in found if x is not g], [rival], NUMBERS)
            assert less.ratio[1] <= whole.ratio[1] * (1 + 1e-9)


@pytest.mark.parametrize("tells", ["key", "device"])
def test_what_is_enrolled_to_nobody_speaks_against_the_account_s_owner(tells):
    """A key that nobody has, an address that nobody has: then the account was in other hands, as likely as not."""
    account = Group("account", KERNEL, frozenset({"kai"}))
    plain, strange = standing([account]), standing([account, Group(tells, KERNEL, frozenset())])
    assert strange["kai"].ratio[1] < 1 < plain["kai"].ratio[1]
    assert strange["lin"].ratio[1] > plain["lin"].ratio[1]


@pytest.mark.parametrize(
    ("ratio", "cap", "text"),
    [((13.4, 900.0), 100.0, [13.0, 100.0]), ((1e-9, 0.0123), 100.0, [0.01, 0.013]), ((1e-9, 1e-8), 35.7, [0.029, 0.029])],
)  # fmt: skip
def test_a_ratio_is_issued_no_further_below_one_than_above(ratio, cap, text):
    assert hypotheses.within(ratio, cap) == text


def entered(**how):
    """Somebody enters kai's account, by a key and from an address as given, and changes a script."""
    day, mei, _ = edited()
    ses = day.login("kai", **how)
    finish(day, mei, ses)
    done = day.examined()
    act = next(a for a in done.in_question if a.act == "modify_file")
    return {s.who: s.ratio for s in done.judged[act.act_id].standings}


def test_the_staged_standings_follow_account_key_and_device():
    own, lent = entered(), entered(device="lin")
    assert own["kai"][0] > 10
    assert own["lin"][2] < 1
    assert lent["lin"][1] > own["lin"][1]
    assert lent["kai"][1] < own["kai"][1]


def test_an_address_that_nobody_has_is_told_by_a_whole_register_only():
    day, mei, _ = edited()
    day.ses += 1
    stage_address = "10.9.0.77"
    ses = str(day.ses)
    who = {
        "account": "kai",
        "auid": 4102,
        "session": ses,
        "pid": 1000 + day.ses * 10,
        "exe": "/usr/sbin/sshd",
    }
    day.add("loginuid", **who)
    day.add("login", address=stage_address, tty="pts/9", **who)
    finish(day, mei, ses)

    def told(people):
        done = day.examined(people=people)
        act = next(a for a in done.in_question if a.act == "modify_file")
        return next(s.ratio[1] for s in done.judged[act.act_id].standings if s.who == "kai")

    whole = roster()
    partial = replace(
        whole, persons=tuple(replace(p, devices=()) if p.name == "dao" else p for p in whole.persons)
    )
    assert told(whole) < 1 < told(partial)
