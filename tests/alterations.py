"""What may be done to collected evidence, by accident or on purpose: content by path in, content by path out."""

import gzip
import hashlib
import random
import re
import zlib
from datetime import datetime, timedelta

LOG = "login01/var/log/"
AUDIT = f"{LOG}audit/audit.log"
LOGINS = (f"{LOG}auth.log", f"{LOG}auth-iso.log")
"""One login log in both its forms."""
ADDRESSES = {"mei": "127.0.0.11", "kai": "127.0.0.12", "lin": "127.0.0.13", "dao": "127.0.0.14"}
ROUND = {"kai": "lin", "lin": "dao", "dao": "mei", "mei": "kai"}
"""Everybody under another's name. All are equally long, so that records of fixed length stay whole."""
_OBJECT = re.compile(r"(.*objects/)([0-9a-f]{2})/([0-9a-f]{38})")
_STAMP = re.compile(rb"^(?:\w{3} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT[\d:.]{15}[+-]\d\d:\d\d)")


def is_log(path):
    """Not one of the small files of a git repository."""
    return not _OBJECT.match(path) and "dot-git" not in path and ".git/" not in path


def is_growing(path):
    """A log that rotation cuts, packs and renames; not a file of keys or of accounts."""
    return path.startswith((LOG, "slurm/", "git/gitolite/logs/"))


def _lines(raw):
    return raw.splitlines(keepends=True)


def _with(collected, changes):
    return {**collected, **{path: change(collected[path]) for path, change in changes.items()}}


def shifted(minutes, logs=LOGINS):
    """The clock of a login log is off."""

    def line(raw):
        stamp = _STAMP.match(raw)
        if stamp is None:
            return raw
        text = stamp[0].decode()
        if text[0].isdigit():
            at = (datetime.fromisoformat(text) + timedelta(minutes=minutes)).isoformat(
                timespec="microseconds"
            )
        else:
            at = datetime.fromisoformat(f"2026-11-{text[4:].replace(' ', 'T')}") + timedelta(minutes=minutes)
            at = at.strftime("%b %d %H:%M:%S")
        return at.encode() + raw[stamp.end() :]

    return lambda collected: _with(
        collected, dict.fromkeys(logs, lambda raw: b"".join(map(line, _lines(raw))))
    )


def thinned(seed):
    """A line in ten of the audit trail is missing."""
    chance = random.Random(seed)  # noqa: S311 - the same lines in every run
    return lambda collected: _with(
        collected, {AUDIT: lambda raw: b"".join(x for x in _lines(raw) if chance.random() >= 0.1)}
    )


def exchanged(raw, pairs):
    """Two texts stand in each other's place, for each pair."""
    for one, other in pairs:
        raw = raw.replace(one, b"\0").replace(other, one).replace(b"\0", other)
    return raw


def swapped(keys, one, other, what=("keys", "addresses"), logs=LOGINS):
    """Somebody edited the login log: two people's keys, or addresses, stand in each other's place.

    Args:
        keys: fingerprint of each person's key.
        one, other: the two.
        what: which of both.
        logs: in which files.
    """
    pairs = [(keys[one], keys[other])] if "keys" in what else []
    pairs += [(ADDRESSES[one], ADDRESSES[other])] if "addresses" in what else []
    told = [(a.encode(), b.encode()) for a, b in pairs]
    return lambda collected: _with(collected, dict.fromkeys(logs, lambda raw: exchanged(raw, told)))


def split(collected):
    """Every log that grows is cut in three, as its rotation would, the oldest part with the highest number."""
    found = dict(collected)
    for path, raw in collected.items():
        lines = _lines(raw)
        if path.endswith(".log") and len(lines) >= 6:
            ends = [0, len(lines) // 3, len(lines) * 2 // 3 + 1, len(lines)]
            for n, suffix in enumerate((".2", ".1", "")):
                found[path + suffix] = b"".join(lines[ends[n] : ends[n + 1]])
    return found


def concatenated(collected):
    """Each log is put together with itself cut in two, older part first: what `cat audit.log.1 audit.log` makes."""
    parts = split(collected)
    found = {path: raw for path, raw in parts.items() if not path.endswith((".1", ".2"))}
    for path in [p.removesuffix(".2") for p in parts if p.endswith(".2")]:
        del found[path]
        found[f"{path.rpartition('/')[0]}/all-of-{path.rpartition('/')[2]}"] = b"".join(
            parts[path + s] for s in (".2", ".1", "")
        )
    return found


def run_together(collected):
    """The logs of all compute nodes are one file, and so are both forms of the login log."""
    found = {p: raw for p, raw in collected.items() if "slurmd-gpu" not in p and p not in LOGINS}
    found["slurm/slurmd.log"] = b"".join(raw for p, raw in sorted(collected.items()) if "slurmd-gpu" in p)
    found[f"{LOG}auth.log"] = b"".join(collected[p] for p in LOGINS)
    return found


def packed(collected):
    """Every log is compressed."""
    return {
        f"{p}.gz" if is_growing(p) else p: gzip.compress(raw, mtime=0) if is_growing(p) else raw
        for p, raw in collected.items()
    }


def renamed(collected):
    """Every log has a name that says nothing, in its own folder."""
    found = {}
    for n, (path, raw) in enumerate(sorted(collected.items())):
        found[f"{path.rpartition('/')[0]}/x{n}" if is_growing(path) else path] = raw
    return found


def doubled(where):
    """Every log is collected twice, the second time below another folder."""
    return lambda collected: {
        **collected,
        **{f"{where}/{p}": raw for p, raw in collected.items() if is_log(p)},
    }


def doubled_in_place(collected):
    """Every log lies beside a copy of itself."""
    return {**collected, **{f"{p}.copy": raw for p, raw in collected.items() if is_growing(p)}}


def doubled_packed(collected):
    """Every log lies beside a compressed copy of itself, as between two steps of a rotation."""
    return {
        **collected,
        **{f"{p}.gz": gzip.compress(raw, mtime=0) for p, raw in collected.items() if is_growing(p)},
    }


def with_another_host(of_another):
    """The logs of a host that has nothing to do with it, on which people of the same names work."""
    logs = {
        p.replace("login01", "login77"): raw.replace(b"login01", b"login77")
        for p, raw in of_another.items()
        if p.startswith(LOG)
    }
    return lambda collected: {**collected, **logs}


def without(*paths):
    """Files, or all files below a folder, were not collected."""
    return lambda collected: {p: raw for p, raw in collected.items() if not p.startswith(paths)}


def _renewed(collected, commit, blob):
    """A repository's objects after its commits or blobs were changed: new hash and content of each, by its old hash."""
    held = {
        m[2] + m[3]: zlib.decompress(raw).partition(b"\0")[::2]
        for path, raw in collected.items()
        if (m := _OBJECT.match(path))
    }
    found = {}

    def new(sha):
        if sha not in held:
            return sha
        if sha not in found:
            head, body = held[sha]
            kind = head.partition(b" ")[0]
            if kind == b"tree":
                for old in held:
                    if bytes.fromhex(old) in body:
                        body = body.replace(bytes.fromhex(old), bytes.fromhex(new(old)))
            elif kind == b"commit":
                body = re.sub(rb"\b[0-9a-f]{40}\b", lambda m: new(m[0].decode()).encode(), commit(body))
            else:
                body = blob(body)
            whole = b"%s %d\0%s" % (kind, len(body), body)
            found[sha] = (hashlib.sha1(whole).hexdigest(), whole)  # noqa: S324 - git names objects so
        return found[sha][0]

    for sha in held:
        new(sha)
    return found


def _rehashed(collected, commit, other):
    """A repository whose commits say something else, and so have other hashes, wherever these are written.

    Args:
        collected: content by path.
        commit: what becomes of a commit's text.
        other: what becomes of other bytes; asked for blobs, and for files that are no objects.
    """
    objects = _renewed(collected, commit, other)
    moved = [(old, now) for old, (now, _) in objects.items() if old != now]
    found = {}
    for path, raw in collected.items():
        m = _OBJECT.match(path)
        if m:
            now, whole = objects[m[2] + m[3]]
            found[f"{m[1]}{now[:2]}/{now[2:]}"] = zlib.compress(whole, 1)
            continue
        text, is_index = other(raw), path.endswith("/index")
        for old, now in moved:
            text = text.replace(old.encode(), now.encode())
            text = text.replace(f"{old[:2]}/{old[2:]}".encode(), f"{now[:2]}/{now[2:]}".encode())
            text = text.replace(bytes.fromhex(old), bytes.fromhex(now)) if is_index else text
        if is_index:
            text = text[:-20] + hashlib.sha1(text[:-20]).digest()  # noqa: S324 - its own trailer
        found[path] = text
    return found


_NAME = re.compile(rb"(?<![A-Za-z0-9])(?:%s)(?![A-Za-z0-9])" % b"|".join(n.encode() for n in ROUND))
_HEX = re.compile(rb"(?<==)(?:[0-9A-F]{2}){3,}(?=[\s\x1d])")


def _called(raw):
    return _NAME.sub(lambda m: ROUND[m[0].decode()].encode(), raw)


def called_otherwise(raw):
    """Text in which everybody has another's name; in hexadecimal fields of the audit trail too."""
    return _called(_HEX.sub(lambda m: _called(bytes.fromhex(m[0].decode())).hex().upper().encode(), raw))


def people_renamed(collected):
    """Everybody has another's name, in everything that was collected: names of files, accounts, what they typed."""
    found = _rehashed(collected, called_otherwise, called_otherwise)
    for path in [p for p in found if p.endswith("wtmp")]:  # a name begins there where another field ends
        found[path] = re.sub(
            b"|".join(n.encode() for n in ROUND), lambda m: ROUND[m[0].decode()].encode(), collected[path]
        )
    return {called_otherwise(p.encode()).decode(): raw for p, raw in found.items()}


def authors_swapped(collected):
    """Commits carry other people's names: author and committer are what whoever commits typed."""

    def commit(body):
        return re.sub(rb"(?m)^(?:author|committer) .*$", lambda m: _called(m[0]), body)

    return _rehashed(collected, commit, lambda raw: raw)


def made_up(keys, one, other, folder):
    """What users share was collected beside the hosts, and in it lies a trail of somebody's making, with its login log.

    Args:
        keys: fingerprint of each person's key.
        one: who made it: what they did seconds later, under numbers of its own.
        other: whom it puts in their place.
        folder: where it lies.
    """
    uid = {"mei": b"4101", "kai": b"4102", "lin": b"4103", "dao": b"4104"}
    people = [
        (keys[one].encode(), keys[other].encode()),
        (ADDRESSES[one].encode(), ADDRESSES[other].encode()),
        (one.encode(), other.encode()),
        (uid[one], uid[other]),
    ]
    seconds = 3

    def trail(raw):
        raw = re.sub(
            rb"audit\(([0-9.]+):([0-9]+)\)",
            lambda m: b"audit(%.3f:%d)" % (float(m[1]) - seconds, int(m[2]) + 50_000),
            raw,
        )
        raw = re.sub(rb"\bses=([0-9]{1,5})\b", lambda m: b"ses=%d" % (int(m[1]) + 700), raw)
        return re.sub(rb"pid=([0-9]{2,})", lambda m: b"pid=%d" % (int(m[1]) + 20_000), raw)

    def change(collected):
        late = shifted(-seconds / 60)(collected)
        made = {AUDIT: trail(collected[AUDIT])}
        for path in LOGINS:
            made[path] = re.sub(rb"\[([0-9]+)\]:", lambda m: b"[%d]:" % (int(m[1]) + 20_000), late[path])
        left = {folder + path.rpartition("/")[2]: exchanged(raw, people) for path, raw in made.items()}
        return {**collected, **left}

    return change


def left_at_home(keys, one, other):
    """Somebody left logs in their home and in `/tmp` before they were collected: true ones, and some of their own making.

    Args:
        keys: fingerprint of each person's key.
        one: who left them.
        other: whom the edited ones put in their place.
    """
    home = f"login01/home/{one}/"
    uid = {"mei": b"4101", "kai": b"4102", "lin": b"4103", "dao": b"4104"}
    people = [
        (keys[one].encode(), keys[other].encode()),
        (ADDRESSES[one].encode(), ADDRESSES[other].encode()),
    ]
    numbers = [(name + uid[one], name + uid[other]) for name in (b"auid=", b" uid=", b"user ", b"uid:")]

    def change(collected):
        growing = [path for path in sorted(collected) if is_growing(path)]
        copies = {f"{home}{n:02}.log": collected[path] for n, path in enumerate(growing)}
        edited = {path: exchanged(collected[path], people + numbers) for path in growing}
        made = {
            f"login01/tmp/{n:02}.log": raw
            for n, (path, raw) in enumerate(edited.items())
            if raw != collected[path]
        }
        assert made
        return {**collected, **copies, **made}

    return change


def below(folder, hosts=("login01/",)):
    """The folders of hosts lie in a folder of their own."""
    return lambda collected: {
        folder + path if path.startswith(hosts) else path: raw for path, raw in collected.items()
    }


def edit_told_of(raw, one, other, seconds=1, serial=50_000):
    """A trail of a user's making: an edit that somebody made in their session, told of another's.

    Args:
        raw: the host's own trail.
        one: who made the edit, with `sed`.
        other: in whose session, open at the time, it is to have been.
        seconds: how much later.
        serial: how much larger the kernel's numbers are.
    """
    uid = {"mei": b"4101", "kai": b"4102", "lin": b"4103", "dao": b"4104"}
    opened = {
        name: re.search(rb"type=USER_LOGIN .* pid=[0-9]+ uid=0 auid=%s ses=([0-9]+)" % number, raw)[1]
        for name, number in uid.items()
        if name in {one, other}
    }
    numbers = set(re.findall(rb':([0-9]+)\): arch[^\n]* ses=%s [^\n]*exe="/usr/bin/sed"' % opened[one], raw))
    assert numbers
    lines = [x for x in _lines(raw) if (m := re.search(rb":([0-9]+)\):", x)) and m[1] in numbers]
    told = b"".join(lines).replace(b" ses=" + opened[one], b" ses=" + opened[other])
    told = told.replace(uid[one], uid[other]).replace(one.encode(), other.encode())
    told = re.sub(rb"\bpid=([0-9]+)", lambda m: b"pid=%d" % (int(m[1]) + 20_000), told)
    return re.sub(
        rb"audit\(([0-9.]+):([0-9]+)\)",
        lambda m: b"audit(%.3f:%d)" % (float(m[1]) + seconds, int(m[2]) + serial),
        told,
    )
