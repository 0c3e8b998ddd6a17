"""Who acted in each event of an audit trail, where and when, and every line that says so."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import loose
from forensics.core.auditevents import Scene
from forensics.core.coded import Bools, Coded, Ints, chosen, coded

_NOBODY = re.compile(r"unset|unknown\(-?\d+\)|\(unknown\)|\(unknown user\)|\(invalid user\)|")
_TERMINAL = re.compile(r"(?:/dev/)?(?:pts/?(?P<pts>\d+)|(?P<other>tty\w+|console|hvc\d+))")
_ADDRESS = r"^[0-9A-Fa-f.:]*[.:][0-9A-Fa-f.:%\w]*$"
_NOTHING = pa.scalar(None, pa.string())
_ABSENCE: list[object] = [None, "not_recorded", "number_only", "not_applicable"]


def named(verb: Coded, *names: str) -> Bools:
    """Which events have one of these verbs."""
    return np.isin(np.array([str(value) for value in verb.values]), names)[verb.number]


def where_and_when(scene: Scene, form: str) -> dict[str, pa.Array]:
    """Host, clock and domain of each event, and every line that tells it."""
    site, file = scene.site[scene.begins], scene.file.number[scene.begins]
    clocks: list[object] = [
        f"{d if h is None else h}:{form}" for h, d in zip(scene.hosts, scene.domains, strict=True)
    ]
    begins = pa.array(scene.begins)
    placed = {name: scene.column(name).take(begins) if scene.torn else scene.column(name) for name in ("earliest_ns", "latest_ns", "start", "stop")}  # fmt: skip
    return {
        **placed,
        "sha256": Coded(file, scene.file.values).column(),
        "clock": Coded(site, clocks).column(),
        "format": loose.repeated(form, scene.count),
        "domain": Coded(site, scene.domains).column(),
        "host": Coded(site, scene.hosts).column(),
        "citations": _cited(scene) if scene.torn else scene.column("spans"),
    }


def _cited(scene: Scene) -> pa.Array:
    """Every line of events that several records tell, which may lie in several files; without these where each event lies in one."""
    span, event = scene.listed("spans")
    bounds = np.append(np.searchsorted(event, np.arange(scene.count)), len(event)).astype(np.int32)
    file = scene.file.number
    if (file == file[scene.begins][scene.event]).all():
        return pa.ListArray.from_arrays(pa.array(bounds), span)
    sha256 = scene.column("sha256").take(pc.list_parent_indices(scene.column("spans")))
    cited = pa.StructArray.from_arrays([sha256, *(pc.struct_field(span, n) for n in ("start", "stop"))], ["sha256", "start", "stop"])  # fmt: skip
    return pa.ListArray.from_arrays(pa.array(bounds), cited)


def who(scene: Scene, verb: Coded) -> dict[str, pa.Array]:
    """The login account, and whose rights were used."""
    login, own, real = (_accounts(scene.coded(name)) for name in ("auid_name", "euid_name", "uid_name"))
    typed, resolved = (_accounts(scene.coded(name, leading=True)) for name in ("acct", "id_name"))
    rights, about = own.otherwise(real), typed.otherwise(resolved)
    nobody = Coded(np.zeros(scene.count, np.int64), [None])
    entry, refused, pam = (named(verb, *names) for names in (("login",), ("login_failed",), ("session_open", "session_close")))  # fmt: skip
    account = chosen(entry, about.otherwise(login), login)
    account = chosen(refused, login.otherwise(about), account)
    # sudo names no target in USER_CMD, and the rights of the asker are not those that were used.
    effective = chosen(named(verb, "sudo") | refused, nobody, rights)
    effective = chosen(pam | entry, about.otherwise(account), effective)
    told = account.column()
    print_ = scene.leading("fp")
    return {
        **{name: scene.at(name) for name in ("auid", "uid", "euid", "pid", "ppid")},
        "exe": scene.lightly("exe"),
        "account": told,
        "account_absence": Coded(_absence(scene, told), _ABSENCE).column(),
        "effective": effective.column(),
        "session": scene.at("ses").cast(pa.string()),
        "tty": scene.coded("tty").otherwise(scene.coded("terminal", leading=True)).told(_terminal).column(),
        "address": loose.each(
            scene.lightly("addr", leading=True),
            lambda told: pc.if_else(pc.match_substring_regex(told, _ADDRESS), told, _NOTHING),
        ),
        "port": scene.leading("rport"),
        "credential": pc.if_else(pc.starts_with(print_, "SHA256:"), print_, _NOTHING),
    }


def _absence(scene: Scene, account: pa.Array) -> Ints:
    """Why an account is not there, by its place in `_ABSENCE`."""
    unset = np.asarray(pc.invert(scene.at("auid_set")).fill_null(False))
    numbered = np.where(np.asarray(scene.at("auid").is_valid()), 2, 1)
    return np.where(np.asarray(account.is_valid()), 0, np.where(unset, 3, numbered))


def _accounts(names: Coded) -> Coded:
    """Names of accounts; null where the host could not name the number, or there was none."""
    return names.told(lambda name: None if _NOBODY.fullmatch(str(name)) else name)


def accounts(names: pa.Array) -> pa.Array:
    """The same, as text."""
    return loose.plain(_accounts(coded(names)).column())


def _terminal(name: object) -> object:
    """A terminal by one name: `pts5`, `/dev/pts/5` and `pts/5` are the same. `ssh` or `cron` is none."""
    found = _TERMINAL.fullmatch(str(name))
    return found and (found["other"] or f"pts/{found['pts']}")
