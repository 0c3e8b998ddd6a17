"""How much of each attempt was lost, in seconds of its run: by which head, known from what.

An attempt is lost since its last good state where a request or a signal ended it; where it ran on bytes
that somebody else had changed, nothing that it made since it read them is known to be good. A run that
does again what another had done is listed, and counted only where that other's loss is not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from forensics.analysis import checkpoints, impact
from forensics.analysis.acts import Act
from forensics.analysis.allocations import SECOND, Attempt
from forensics.analysis.checkpoints import Saved
from forensics.analysis.examination import Examination
from forensics.analysis.jobs import Job
from forensics.core.ranges import NOTHING, Range, ranged
from forensics.core.rates import Known, Rates, Slowdown

REQUESTS = impact.REQUESTS
_BAD = {"FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "OTHER"}
_SLACK_NS = 5 * SECOND
COLUMNS = {
    "established": "the analysis gives an act as the cause of the job's end or disturbance",
    "possible": "no cause is established, or an act could be one",
    "not_counted": "another cause is established, or the attempt is touched by no act",
}


@dataclass(frozen=True, slots=True)
class Loss:
    """What one attempt lost. Ranges are in seconds of its run; null is not known, never nothing.

    column: of `COLUMNS`; why: the rule.
    head: lost_since_checkpoint, unusable_run, slowdown, rerun or none.
    basis: stated, seen, listed or none: what the last good state is known from.
    good_ns: the last good state, where one is known.
    slow_s: what slower steps took beyond that, in the rest of the run.
    of: the job that this one does again.
    acts, events: the acts that count, and the events that the last good state is known from.
    """

    attempt: Attempt
    column: str
    why: str
    head: str = "none"
    basis: str = "none"
    good_ns: int | None = None
    lost_s: Range | None = None
    slow_s: Range = NOTHING
    of: str | None = None
    acts: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether it belongs to a column of the sum."""
        return self.column != "not_counted"


def of_job(done: Examination, job: Job, attempts: Sequence[Attempt], rates: Rates) -> list[Loss]:
    """The losses of a job, one for each attempt of it."""
    acts = impact.harmful(job, done.acts, done.scene)
    column, why = _column(job, acts)
    kept = checkpoints.saved(job, done.scene.evidence, rates.checkpoints) if attempts else []
    found = []
    for attempt in attempts:
        mine = [a for a in acts if _touches(a, attempt, alone=len(attempts) == 1)]
        if column == "not_counted" or (column == "established" and not mine):
            told = why if column == "not_counted" else "no_act_touches_this_attempt"
            found.append(Loss(attempt, "not_counted", told))
            continue
        if column == "possible" and attempt.outcome not in _BAD:
            found.append(Loss(attempt, "not_counted", "attempt_did_not_end_badly"))
            continue
        found.append(_lost(Loss(attempt, column, why), done, mine, kept, rates))
    return _requeued(found)


def _column(job: Job, acts: Sequence[Act]) -> tuple[str, str]:
    if job.cause == "act":
        return "established", job.why
    if job.cause == "not_established":
        return "possible", job.why
    return ("possible", "act_beside_another_cause") if acts else ("not_counted", job.why)


def _touches(act: Act, attempt: Attempt, *, alone: bool) -> bool:
    """Whether an act can have reached an attempt: a request within its time, a change at any time before its end."""
    if act.earliest_ns is None or act.latest_ns is None or attempt.start_ns is None:
        return alone
    ends = attempt.end_ns is None or act.earliest_ns <= attempt.end_ns + _SLACK_NS
    return ends and (act.act not in REQUESTS or alone or act.latest_ns >= attempt.start_ns - _SLACK_NS)


def _lost(loss: Loss, done: Examination, acts: Sequence[Act], kept: Sequence[Saved], rates: Rates) -> Loss:
    """The loss with its head, its range and what it is known from."""
    attempt = loss.attempt
    loss = replace(loss, acts=tuple(a.act_id for a in acts))
    if attempt.elapsed_s is None:
        return replace(loss, why="run_time_not_recorded")
    unusable = _stated(rates.unusable, attempt)
    good = _stated(rates.good, attempt)
    requests = [a for a in acts if a.act in REQUESTS]
    changed = [m for a in acts if changes_bytes(a) and (m := _read_ns(a, done, attempt)) is not None]
    head = "lost_since_checkpoint" if requests and not changed else "unusable_run"
    if not acts:
        head = "lost_since_checkpoint"
    if unusable is not None:
        loss = replace(
            loss,
            head="unusable_run",
            basis="stated",
            good_ns=unusable.at_ns,
            lost_s=_since(attempt, unusable.at_ns),
        )
    elif good is not None:
        loss = replace(
            loss, head=head, basis="stated", good_ns=good.at_ns, lost_s=_since(attempt, good.at_ns)
        )
    else:
        loss = _seen(replace(loss, head=head), done, requests, changed, kept)
    return _slowed(loss, [s for s in rates.slowdowns if s.job == attempt.job])


def changes_bytes(act: Act) -> bool:
    """Whether an act changed something that a job read. One that only left behind what later asked or signalled did not."""
    return act.act not in REQUESTS and act.why_link not in impact.CARRIERS


def _stated(found: Iterable[Known], attempt: Attempt) -> Known | None:
    """The last statement about an attempt: of its job, and within its time."""
    first, last = attempt.start_ns, attempt.end_ns
    mine = [
        k for k in found
        if k.job == attempt.job and (first is None or k.at_ns >= first - SECOND) and (last is None or k.at_ns <= last + SECOND)
    ]  # fmt: skip
    return max(mine, key=lambda k: k.at_ns, default=None)


def _read_ns(act: Act, done: Examination, attempt: Attempt) -> int | None:
    """When an attempt first read what an act changed; its start, where only a rule says that it did."""
    start = attempt.start_ns
    read = [
        r.earliest_ns
        for r in done.readings
        if r.job == attempt.job and r.path == act.object and r.link == "observed"
    ]
    inside = [at for at in read if start is not None and at >= start]
    moment = min(inside, default=start)
    if moment is None or act.earliest_ns is None:
        return moment
    return max(moment, act.earliest_ns)


def _since(attempt: Attempt, at_ns: int) -> Range | None:
    """The stretch from a moment to the attempt's end, in seconds of its run."""
    whole = attempt.elapsed_s
    if whole is None or attempt.end_ns is None:
        return None if whole is None else ranged(0, None, whole.high)
    gone = Fraction(attempt.end_ns - at_ns, SECOND)
    best = None if whole.central is None else min(max(gone, Fraction()), whole.central)
    return ranged(max(gone - 1, Fraction()), best, max(gone + 1, Fraction())).within(0, whole.high)


def _seen(
    loss: Loss, done: Examination, requests: Sequence[Act], changed: Sequence[int], kept: Sequence[Saved]
) -> Loss:
    """What checkpoints in the evidence leave: of none, anything from nothing to the whole run."""
    attempt = loss.attempt
    whole = attempt.elapsed_s
    if whole is None or attempt.end_ns is None or attempt.start_ns is None:
        return loss if whole is None else replace(loss, lost_s=ranged(0, None, whole.high))
    end, start = attempt.end_ns, attempt.start_ns
    asked = min((a.earliest_ns for a in requests if a.earliest_ns is not None), default=end + 1)
    inside = [s for s in kept if s.earliest_ns >= start - SECOND]
    ever = checkpoints.before(inside, min(asked, end + 1))
    good = checkpoints.before(inside, min([asked, end + 1, *changed]))
    low, high = _stretch(loss, ever, done)[0], _stretch(loss, good, done)[1]
    if changed and not requests and attempt.outcome not in _BAD:
        low = Fraction()
    sure = bool(good) and good[-1].basis == "seen" and not changed
    best = low + 1 if sure and low > 0 else None
    basis = good[-1].basis if good else "none"
    events = tuple(dict.fromkeys(s.event for s in (*good[-2:], *ever[-1:])))
    made = ranged(min(low, high), None if best is None else min(best, high), high).within(0, whole.high)
    return replace(
        loss, basis=basis, good_ns=good[-1].latest_ns if good else None, lost_s=made, events=events
    )


def _stretch(loss: Loss, found: Sequence[Saved], done: Examination) -> tuple[Fraction, Fraction]:
    """From the last of some checkpoints to the end: at least and at most.

    The last one may have been unfinished where only its opening is on record, and another may have been
    made unseen where the trail has a gap. One that is only listed shortens nothing for certain.
    """
    attempt = loss.attempt
    if attempt.elapsed_s is None or attempt.end_ns is None or not found:
        return Fraction(), attempt.elapsed_s.high if attempt.elapsed_s is not None else Fraction()
    last, end = found[-1], attempt.end_ns
    gaps = any(
        g.kind in {"serial_gap", "silence", "daemon_stop"} and g.touches(last.earliest_ns, end)
        for g in done.gaps
    )
    low = Fraction() if gaps else max(Fraction(end - last.latest_ns, SECOND) - 1, Fraction())
    sure = [s for s in found if s.basis == "seen"]
    sure = sure if sure and sure[-1].whole else sure[:-1]
    high = Fraction(end - sure[-1].earliest_ns, SECOND) + 1 if sure else attempt.elapsed_s.high
    return low, min(high, attempt.elapsed_s.high)


def _slowed(loss: Loss, stated: Sequence[Slowdown]) -> Loss:
    """With what slower steps took, of the rest of the run only: no second is counted twice."""
    whole = loss.attempt.elapsed_s
    if not stated or whole is None or loss.lost_s is None:
        return loss
    slow = NOTHING
    for s in stated:
        slow = slow.plus(s.steps.times(s.observed_s.less(s.control_s)))
    rest = max(whole.high - loss.lost_s.high, Fraction())
    head = "slowdown" if loss.lost_s.high == 0 else loss.head
    return replace(loss, slow_s=slow.within(0, rest), head=head)


def _requeued(found: list[Loss]) -> list[Loss]:
    """An attempt that follows a lost one of its job does its work again: it is named, and not counted for that."""
    made: list[Loss] = []
    for loss in found:
        earlier = [m for m in made if m.counted and m.head != "rerun"]
        if earlier and not loss.counted and loss.why == "no_act_touches_this_attempt":
            loss = rerun(loss, earlier[-1])  # noqa: PLW2901 - the same loss, told more of
        made.append(loss)
    return made


def rerun(again: Loss, first: Loss) -> Loss:
    """A run that does again what another had done.

    Either the first run's loss is counted or the second run is, never both: they pay for one piece of work.
    """
    if first.lost_s is not None or again.attempt.elapsed_s is None:
        return replace(
            again,
            column="not_counted",
            head="rerun",
            of=first.attempt.job,
            why="its_work_is_counted_as_lost_already",
        )
    whole = again.attempt.elapsed_s
    return replace(
        again,
        column=first.column,
        head="rerun",
        of=first.attempt.job,
        why="loss_of_the_first_run_is_not_known",
        lost_s=ranged(0, None, whole.high),
    )


def reruns(found: Sequence[Loss], rates: Rates) -> list[Loss]:
    """The losses with the runs that somebody states to be reruns marked as such."""
    first = {loss.attempt.job: loss for loss in reversed(found) if loss.counted}
    of = {r.job: first[r.of] for r in rates.reruns if r.of in first}
    return [
        rerun(loss, of[loss.attempt.job]) if loss.attempt.job in of and not loss.counted else loss
        for loss in found
    ]


def lost_whole(loss: Loss) -> Range | None:
    """What an attempt lost in all: since its last good state, and by slower steps before."""
    return None if loss.lost_s is None else loss.lost_s.plus(loss.slow_s)
