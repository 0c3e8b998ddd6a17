"""One incident, whole: evidence as it was collected, roster, case file, and the sealed truth."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from forensics.core import canonical
from forensics.simulation import cast as casting
from forensics.simulation import evasions, homes, means, moments, reaching, scenery, startups, techniques
from forensics.simulation.cast import Person
from forensics.simulation.plan import COLLECTED, HELD, INDISTINGUISHABLE, Plan
from forensics.simulation.plan import techniques as techniques_of
from forensics.simulation.world import Deed, Script, World

_FIRST_MS = 1_795_000_000_000
_OF_HOST = (startups.SITE, "/etc/bash.bashrc")
_PRELUDE_MS, _END_MS = 8 * 60_000, 115 * 60_000
_DENIALS = ("D01", "D02", "D03", "D04", "D05", "D06", "D07", "D08", "D09", "D11", "D15", "D16")


@dataclass(frozen=True, slots=True)
class Incident:
    """What a case is made of, by path, and what really happened."""

    plan: Plan
    evidence: dict[str, bytes]
    roster: bytes
    about: bytes
    truth: dict[str, Any]

    def files(self) -> dict[str, bytes]:
        """Everything, by path: the evidence below `evidence/`, the rest beside it."""
        inside = {f"evidence/{path}": held for path, held in sorted(self.evidence.items())}
        truth = canonical.dumps(self.truth).encode()
        return {**inside, "roster.toml": self.roster, "case.toml": self.about, "truth.json": truth}


def incident(plan: Plan) -> Incident:
    """Make the incident of a plan."""
    rng = random.Random(f"incident {plan.seed}")  # noqa: S311 - an incident must come out the same each time
    people = casting.cast(rng, plan.people)
    start_ms = _FIRST_MS + rng.randrange(400_000) * 1000
    world = World(rng, people, start_ms, split=plan.split)
    scenery.furnish(world)
    if plan.seed >= COLLECTED:
        homes.furnish(world, plan.seed)
    if plan.technique in reaching.READY:
        reaching.READY[plan.technique](world)
    way = means.means(world, plan)
    _everybody(world, plan, way)
    world.run_until(start_ms + _END_MS)
    _go_home(world)
    if plan.seed >= COLLECTED:  # accounts that were opened since have them too
        homes.furnish(world, plan.seed)
    if plan.evasion == "retention_cut":
        harmful = [deed.ms for deed in world.deeds if deed.harm]
        evasions.rotated_away(
            world, max(harmful, default=start_ms) + world.login.offset_ms - rng.randrange(1_200_000)
        )
    evidence = evasions.thinned(_collected(world, plan), world, plan.coverage, homes=plan.seed >= COLLECTED)
    evidence = {path: held for path, held in evidence.items() if held}
    return Incident(
        plan, evidence, _roster(world), _about(world, plan, start_ms), _truth(world, plan, way, start_ms)
    )


def _everybody(world: World, plan: Plan, way: means.Means) -> None:
    """Set everybody going: the owner first, honest people throughout, whoever acts after a while."""
    people = world.cast
    world.begin(scenery.first_commit(world), 2)
    for n, person in enumerate(people.people if plan.busy else ()):
        world.begin(
            scenery.routine(world, person, busy=n % 2 == 0 or plan.people < 6), world.rng.uniform(60, 400)
        )
    # Who tries something in a branch of their own starts from what the server has.
    if world.rng.random() < 0.5 and plan.technique not in {"T22a", "T22b"}:
        world.begin(scenery.honest_edit(world, people.bystander), world.rng.uniform(120, 1500))
    if plan.actor == "shared" or world.rng.random() < 0.3:
        world.begin(scenery.in_shared_account(world, people.bystander), world.rng.uniform(200, 1500))
    if plan.actor in {"nobody", "automation"} and world.rng.random() < 0.6:
        world.begin(scenery.routine(world, people.insider, busy=True), 300)
    begins = _PRELUDE_MS / 1000 + world.rng.uniform(0, 900)

    def whole() -> Script:
        means.prepare(world, way)
        yield from techniques.script(world, way)

    world.begin(whole(), begins)


def _go_home(world: World) -> None:
    """Who is still there leaves."""
    for session in list(world.sessions):
        world.leave(session)
    for job in world.cluster.jobs.values():
        if job.running:
            world.cluster.exited(world.tick(), job, 0)


def _collected(world: World, plan: Plan) -> dict[str, bytes]:
    """The evidence, by path as collected."""
    layout = ("traditional", "iso", "secure")[plan.seed // 7 % 3]
    found: dict[str, bytes] = {}
    for host in world.hosts:
        found |= {f"{host.name}/{path}": held for path, held in host.files(layout).items()}
        if plan.seed % 3 == 0:  # kernel messages are what many a collection does not have
            found.pop(f"{host.name}/var/log/kern.log", None)
        if world.raw:
            trail = f"{host.name}/var/log/audit/audit.log"
            found[trail] = b"".join(
                line.partition(b"\x1d")[0].rstrip(b"\n") + b"\n"
                for line in found[trail].splitlines(keepends=True)
            )
        found[f"{host.name}/etc/passwd"] = _passwd(world)
        found[f"{host.name}/etc/group"] = _group(world)
        found[f"{host.name}/etc/sudoers"] = _sudoers(world)
    home = f"{world.login.name}/home"
    for account, keys in world.authorized.items():
        found[f"{home}/{account}/.ssh/authorized_keys"] = "".join(f"{key.line}\n" for key in keys).encode()
    for account, typed in world.histories.items():
        lines = sorted(typed)
        found[f"{home}/{account}/.bash_history"] = "".join(
            f"#{ms // 1000}\n{text}\n" for ms, text in lines
        ).encode()
    found |= {
        f"{world.login.name}{path}": c.held
        for path, c in world.files.items()
        if path.endswith(evasions.STARTUP)
        or "/systemd/user/" in path
        or path in _OF_HOST
        or path.startswith("/etc/profile")
    }
    cluster = world.cluster
    found["slurm/slurmctld.log"] = _log(cluster.controller)
    found["slurm/slurmd-gpu01.log"] = _log(cluster.node)
    found["slurm/sacct.psv"] = cluster.sacct().encode()
    found["slurm/jobcomp.log"] = cluster.completed().encode()
    repository = world.repository
    found |= {f"git/{path}": held for path, held in repository.files().items()}
    found[f"git/gitolite/logs/gitolite-{moments.month(world.now)}.log"] = "".join(
        f"{x}\n" for x in repository.gitolite
    ).encode()
    for person in world.cast.people:
        found[f"git/gitolite/keydir/{person.name}.pub"] = f"{person.key.line}\n".encode()
    if scenery.LATEST in world.files:
        found["files/latest.pt"] = world.files[scenery.LATEST].held
    return found


def _log(lines: Iterable[Any]) -> bytes:
    return "".join(f"{line.text}\n" for line in sorted(lines, key=lambda line: line.ms)).encode()


def _passwd(world: World) -> bytes:
    rows = ["root:x:0:0:root:/root:/bin/bash", "slurm:x:64030:64030::/nonexistent:/usr/sbin/nologin"]
    rows += [
        f"{name}:x:{uid}:{uid}::/home/{name}:/bin/bash"
        for name, uid in sorted(world.accounts.items(), key=lambda i: i[1])
        if uid
    ]
    return "".join(f"{row}\n" for row in rows).encode()


def _group(world: World) -> bytes:
    names = ",".join(p.name for p in world.cast.people)
    docker = f"docker:x:998:{','.join(world.docker)}\n" if world.docker else ""
    return f"root:x:0:\nproj:x:{casting.PROJECT_GID}:{names},{casting.SHARED}\nsudo:x:27:{world.cast.ops.name}\n{docker}".encode()


def _sudoers(world: World) -> bytes:
    names = ", ".join(p.name for p in world.cast.people)
    return (
        "Defaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) NOPASSWD: ALL\n"
        f"{names}\tALL=(ALL) NOPASSWD: /usr/bin/scancel, /usr/bin/scontrol, /usr/bin/kill, /usr/bin/pkill\n"
    ).encode()


def _roster(world: World) -> bytes:
    rows = ["# Who could have acted. Every line is an enrolment and says where it was learnt.\n"]
    rows += [
        f'[[person]]\nname = "{p.name}"\nrole = "{p.role}"\n'
        f'accounts = [{{ name = "{p.name}", uid = {p.uid}, source = "account register" }}{"".join(f", {row}" for row in world.terms.get(p.name, ()))}]\n'
        f'keys = [{{ fingerprint = "{p.key.fingerprint}", source = "git server key directory, {p.name}.pub" }}]\n'
        f'devices = [{{ address = "{reaching.NAT if world.door == reaching.NAT else p.address}", name = "ws-{p.name}", source = "asset register" }}]\n'
        for p in world.cast.people
    ]
    members = ", ".join(
        f'{{ name = "{p.name}", until = {world.members[p.name]} }}'
        if p.name in world.members
        else f'"{p.name}"'
        for p in world.cast.people
    )
    rows.append(
        f'[[account]]\nname = "{casting.SHARED}"\nuid = {casting.SHARED_UID}\nshared = true\nmembers = [{members}]\n'
        'source = "authorized_keys of the account"\n'
    )
    return "\n".join(rows).encode()


def _suspect(world: World, plan: Plan) -> Person:
    people = world.cast
    return {"insider": people.insider, "bystander": people.bystander, "ops": people.ops}[plan.suspect]


def _about(world: World, plan: Plan, start_ms: int) -> bytes:
    suspect = _suspect(world, plan)
    other = world.cast.bystander if suspect is not world.cast.bystander else world.cast.insider
    jobs = ", ".join(f'"{job.number}"' for job in world.asked)
    claims = world.rng.sample(_DENIALS, 2)
    if techniques_of()[plan.technique].pointed:  # who is taken for another says so
        claims = ["D01", next(c for c in claims if c != "D01")]
    said = "".join(
        f'\n[[claim]]\nid = "{c}"\nby = "{suspect.name}"\nnames = "{other.name if c in {"D01", "D03"} else ""}"\n'
        for c in claims
    )
    return (
        f'title = "Disturbed training jobs"\ncluster = "mlcluster"\nzone = "Etc/UTC"\n'
        f'window = ["{moments.utc(start_ms)}", "{moments.utc(world.now)}"]\njobs = [{jobs}]\n{said}'
    ).encode()


def _truth(world: World, plan: Plan, way: means.Means, start_ms: int) -> dict[str, Any]:
    people = world.cast
    roles = {
        "victim": people.victim,
        "insider": people.insider,
        "bystander": people.bystander,
        "ops": people.ops,
    }
    return {
        "scenario": plan.technique,
        "seed": plan.seed,
        "plan": {
            "actor": plan.actor, "guise": plan.guise, "evasion": plan.evasion, "coverage": plan.coverage, "framed": plan.framed,
            "people": plan.people, "suspect": _suspect(world, plan).name, "held": list(HELD[plan.guise]),
            "indistinguishable": plan.guise in INDISTINGUISHABLE, "hosts": len(world.hosts),
        },
        "actor": way.actor.name if way.actor is not None else None,
        "framed": way.framed.name if way.framed is not None else None,
        "off_s": max(abs(host.offset_ms) for host in world.hosts) / 1000,
        "pointed_at": sorted(world.pointed),
        "cast": {role: [p.name, p.uid, p.address] for role, p in roles.items()} | {"shared": [casting.SHARED, casting.SHARED_UID, None]},
        "began": start_ms / 1000,
        "ended": world.now / 1000,
        "acts": [_deed(d) for d in sorted(world.deeds, key=lambda d: d.ms) if d.harm or d.what == "own_failure"],
        "honest": [_deed(d) for d in sorted(world.deeds, key=lambda d: d.ms) if not d.harm and d.what != "own_failure"],
        "jobs": [job.number for job in world.asked],
        "gpu_hours": {
            str(job.number): job.nodes * 8 * max(job.end_ms - job.start_ms, 0) / 3_600_000
            for job in world.asked
            if job.start_ms and job.end_ms
        },
    }  # fmt: skip


def _deed(deed: Deed) -> dict[str, Any]:
    found: dict[str, Any] = {
        "what": deed.what,
        "person": deed.person,
        "account": deed.account,
        "at": deed.ms / 1000,
    }
    found["thing"] = deed.thing
    if deed.job is not None:
        found["job"] = deed.job
    if deed.thing.startswith("/"):
        found["path"] = deed.thing
    if deed.claimed is not None:
        found["claimed"] = deed.claimed
    return found
