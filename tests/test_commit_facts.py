"""Author, committer, signer and pusher are four columns; what is unlike the rest is a fact with its events."""

import subprocess

import pyarrow as pa
import pytest
from repositories import Repository
from stage import analysed

from forensics.analysis import evidence, histories, oddities
from forensics.core import gitsignature, roster
from forensics.core.schema import extended
from forensics.core.tables import EVENT, FILE, SHA256
from forensics.formats import registry
from forensics.readings import registry as readings

QUESTION = roster.Question("", "", "UTC", None, (), ())
NOBODY = roster.Roster((), ())


def collected(*files, named=NOBODY, zone="UTC"):
    """Everything that the given (format, path, bytes) tell, as the analysis sees it."""
    forms, rows, events, copies, jobs, raw = registry(), [], [], [], [], {}
    for i, (form, path, data) in enumerate(files):
        sha256 = f"{i:016x}" * 4  # events are named by its beginning
        held = {
            "sha256": sha256,
            "path": path,
            "host": path.split("/")[0],
            "bytes": len(data),
            "kind": "file",
        }
        held["origin"] = "/" + path.split("/", 1)[1]
        held |= {"held": "copied", "format": form, "domain": forms[form].DOMAIN.replace("{host}", "x")}
        rows.append(held | dict.fromkeys(("parsed", "rejected", "ignored"), 0))
        records = forms[form].parse(data, 0).records
        columns = [pa.array([sha256] * records.num_rows, pa.string()), *records.columns]
        sealed = pa.Table.from_arrays(columns, schema=extended(forms[form].TABLE, SHA256).schema())
        raw.setdefault(form, []).append(sealed)
        own = FILE.build({c: [rows[-1].get(c)] for c in FILE.names})
        told = readings()[form].read(sealed, own, zone=zone, anchor_ns=None)
        events.append(told["event"])
        copies += [told["copy"]] if "copy" in told else []
        jobs += [told["job_record"]] if "job_record" in told else []
    tables = {form: pa.concat_tables(found) for form, found in raw.items()}
    tables["file"] = FILE.build({c: [row.get(c) for row in rows] for c in FILE.names})
    tables["event"] = pa.concat_tables([EVENT.empty(), *events])
    if jobs:
        tables["job_record"] = pa.concat_tables(jobs)
    if copies:
        tables["copy"] = pa.concat_tables(copies)
    return evidence.assemble(tables, named, QUESTION)


def examined(*files, named=NOBODY):
    rejects = evidence.frame(pa.table({c: pa.array([], t) for c, t in (("why", pa.string()), ("sha256", pa.string()), ("start", pa.int64()))}))  # fmt: skip
    return analysed(collected(*files, named=named), rejects)


def of(made, *more, named=NOBODY, root="git/srv/llm.git"):
    """A repository as it is collected: its pack, its refs, its reflogs, and files of the server."""
    git, files = made.root / ".git", []
    files.append(("git_pack", f"{root}/objects/pack/p.pack", made.packed().read_bytes()))
    refs = sorted(p for p in (git / "refs").rglob("*") if p.is_file())
    files += [("git_ref", f"{root}/{path.relative_to(git)}", path.read_bytes()) for path in refs]
    tables = examined(*files, *more, named=named).tables()
    return {name: tables[name].to_pylist() for name in ("history", "oddity")}


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "llm")
    for step in range(6):
        made.commit(f"Step {step}", name="lin", train=f"SEED = {step}\n")
    return made


def facts(found, fact):
    return [row for row in found["oddity"] if row["fact"] == fact]


def committed(made, seconds, zone, author_seconds=None, name="lin"):
    who = f"{name} <lin@lab.example>"
    tree, parent = (made.git("rev-parse", at).decode().strip() for at in ("HEAD^{tree}", "HEAD"))
    text = (
        f"tree {tree}\nparent {parent}\nauthor {who} {author_seconds or seconds} {zone}\n"
        f"committer {who} {seconds} {zone}\n\nOdd\n"
    )
    oid = made.git("hash-object", "-t", "commit", "-w", "--stdin", given=text.encode()).decode().strip()
    made.git("update-ref", "refs/heads/main", oid)
    return oid


def test_a_history_keeps_the_four_apart(repository):
    new, old = (repository.git("rev-parse", at).decode().strip() for at in ("main", "main~2"))
    log = (
        f"2026-11-23.15:11:47\t7\tssh\tARGV=kai\tSOC=git-receive-pack 'llm'\tFROM=10.0.0.7\n"
        f"2026-11-23.15:11:48\t7\tupdate\tllm\tkai\tW\trefs/heads/main\t{old}\t{new}\trefs/.*\n"
    )
    found = of(repository, ("gitolite", "git/var/log/gitolite.log", log.encode()))
    by_oid = {row["oid"]: row for row in found["history"]}
    assert len(by_oid) == 6
    row = by_oid[new]
    assert (row["author"], row["committer"], row["pusher"]) == ("lin <lin@lab.example>",) * 2 + ("kai",)
    assert row["received_earliest_ns"] // 10**9 == 1795446708
    assert (row["signer"], row["signature"], row["signer_checked"]) == (None, None, None)
    assert (row["author_zone"], row["changed"], row["lacking"], row["reached_by"]) == ("+0130", 1, [], "ref")
    assert len(row["events"]) == 2
    assert by_oid[old]["pusher"] is None
    assert [r["oid"] for r in found["history"] if r["pusher"]] == sorted(
        repository.git("rev-list", f"{old}..{new}").decode().split()
    )


def test_a_commit_that_was_pushed_away_dangles_and_says_so(repository):
    gone = repository.git("rev-parse", "main").decode().strip()
    data = repository.packed().read_bytes()
    repository.git("update-ref", "refs/heads/main", "main~1")
    files = [("git_pack", "git/srv/llm.git/objects/pack/p.pack", data)]
    head = (repository.root / ".git" / "refs" / "heads" / "main").read_bytes()
    files.append(("git_ref", "git/srv/llm.git/refs/heads/main", head))
    tables = examined(*files).tables()
    reached = {row["oid"]: row["reached_by"] for row in tables["history"].to_pylist()}
    assert {oid for oid, by in reached.items() if by == "nothing"} == {gone}
    assert [row["oid"] for row in tables["oddity"].to_pylist() if row["fact"] == "dangling"] == [gone]
    line = f"{gone} {head.decode().strip()} kai <kai@lab.example> 1795446709 +0000\tpush\n"
    files.append(("git_reflog", "git/srv/llm.git/logs/refs/heads/main", line.encode()))
    reached = {row["oid"]: row["reached_by"] for row in examined(*files).tables()["history"].to_pylist()}
    assert reached[gone] == "reflog"


def test_without_a_ref_nothing_is_said_to_dangle(repository):
    files = [("git_pack", "git/srv/llm.git/objects/pack/p.pack", repository.packed().read_bytes())]
    tables = examined(*files).tables()
    assert {row["reached_by"] for row in tables["history"].to_pylist()} == {None}
    assert not [row for row in tables["oddity"].to_pylist() if row["fact"] == "dangling"]


def test_a_zone_that_nine_in_ten_do_not_share_is_told(repository):
    for step in range(4):
        committed(repository, 1795447000 + step, "+0130")
    odd = committed(repository, 1795447010, "+0800")
    (fact,) = facts(of(repository), "zone_unlike_others")
    assert (fact["oid"], fact["about"]) == (odd, "+0800, where 10 of 11 are in +0130")


def test_a_few_commits_make_no_habit(tmp_path):
    made = Repository(tmp_path / "llm")
    for step in range(2):
        made.commit(f"Step {step}", name="lin", train=f"SEED = {step}\n")
    committed(made, 1795447010, "+0800")
    assert facts(of(made), "zone_unlike_others") == []


def test_times_that_run_backwards_are_told_once_each(repository):
    last = int(repository.git("log", "-1", "--format=%ct", "main"))
    odd = committed(repository, last - 30, "+0130", author_seconds=last)
    found = of(repository)
    assert [(f["oid"], f["about"]) for f in facts(found, "committer_before_author")] == [(odd, "by 30 s")]
    (fact,) = facts(found, "parent_later_than_child")
    assert fact["oid"] == odd
    assert fact["about"].endswith(" by 30 s")


def test_identities_are_joined_by_nothing_but_their_words(repository):
    committed(repository, 1795447010, "+0130", name="Lin Who")
    repository.commit("Map", **{".mailmap": "# ours\nLin <lin@lab.example> <lin@home.example>\nno line\n"})
    found = of(repository)
    (fact,) = facts(found, "address_under_names")
    assert fact["about"] == "lin@lab.example: Lin Who, lin"
    (line,) = facts(found, "joined_by_mailmap")
    assert line["about"] == "Lin <lin@lab.example> <lin@home.example>"


def test_replace_grafts_and_shallow_are_reported_and_not_obeyed(repository):
    tip, base = (repository.git("rev-parse", at).decode().strip() for at in ("main", "main~3"))
    more = [
        ("git_ref", f"git/srv/llm.git/refs/replace/{tip}", f"{base}\n".encode()),
        ("git_layout", "git/srv/llm.git/info/grafts", f"{tip} {base}\n".encode()),
        ("git_layout", "git/srv/llm.git/shallow", f"{base}\n".encode()),
    ]
    found = of(repository, *more)
    told = [(f["fact"], f["oid"]) for f in found["oddity"]]
    assert told == [("cut_by_shallow", base), ("grafted", tip), ("replaced", tip)]
    assert {row["reached_by"] for row in found["history"]} == {"ref"}


def test_a_parent_that_is_nowhere_is_told_unless_a_shallow_file_says_so(repository, tmp_path):
    repository.git("bundle", "create", "-q", str(tmp_path / "part.bundle"), "main~1..main")
    tip, base = (repository.git("rev-parse", at).decode().strip() for at in ("main", "main~1"))
    bundle = ("git_pack", "x/part.bundle", (tmp_path / "part.bundle").read_bytes())
    tables = examined(bundle).tables()
    (row,) = tables["history"].to_pylist()
    assert (row["oid"], row["changed"], row["lacking"]) == (tip, None, [base])
    facts_ = [(f["fact"], f["oid"], f["about"]) for f in tables["oddity"].to_pylist()]
    assert facts_ == [("parent_missing", tip, f"parent {base}")]
    shallow = ("git_layout", "git/srv/llm.git/shallow", f"{tip}\n".encode())
    facts_ = [f["fact"] for f in examined(bundle, shallow).tables()["oddity"].to_pylist()]
    assert facts_ == ["cut_by_shallow"]


def test_the_signer_is_the_key_that_the_signature_names(repository, tmp_path):
    key = tmp_path / "key"
    try:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        shown = subprocess.run(
            ["ssh-keygen", "-lf", str(key)], check=True, capture_output=True, text=True
        ).stdout
    except FileNotFoundError:
        pytest.skip("no ssh-keygen on this machine")
    fingerprint = shown.split()[1]
    signs = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}")
    repository.git(*signs, "commit", "-qS", "--allow-empty", "-m", "Signed", name="lin")
    (row,) = (row for row in of(repository)["history"] if row["signature"])
    assert (row["signature"], row["signer"], row["signer_checked"]) == ("ssh", fingerprint, "key_unknown")
    lin = roster.Person("lin", "", (), (roster.Key(fingerprint, "key register"),), ())
    (row,) = (row for row in of(repository, named=roster.Roster((lin,), ()))["history"] if row["signature"])
    assert row["signer_checked"] == "good"


@pytest.mark.parametrize(
    ("armour", "kind", "key"),
    [
        ("-----BEGIN SSH SIGNATURE-----\nnot base64!\n-----END SSH SIGNATURE-----", "ssh", None),
        ("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----", "ssh", None),
        ("-----BEGIN SIGNED MESSAGE-----\nMIIB\n-----END SIGNED MESSAGE-----", "x509", None),
        (
            "-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0WIQ==\n=abcd\n-----END PGP SIGNATURE-----",
            "openpgp",
            None,
        ),
        (
            # A version 4 signature packet with one hashed subpacket: 33, the issuer's fingerprint.
            "-----BEGIN PGP SIGNATURE-----\nVersion: x\n\nwh8EABYKABcWIQQBAgMEBQYHCAkKCwwNDg8QERITFAAA\n=abcd\n-----END PGP SIGNATURE-----",
            "openpgp",
            "0102030405060708090A0B0C0D0E0F1011121314",
        ),
    ],
)
def test_a_signature_says_of_itself_what_it_can(armour, kind, key):
    assert gitsignature.signature(armour) == (kind, key)


def test_facts_and_tables_are_of_their_closed_lists(repository):
    found = of(repository)
    assert {row["fact"] for row in found["oddity"]} <= set(oddities.FACTS)
    assert histories.table.__doc__


def test_who_only_commits_for_others_is_told_once(repository):
    """A forge commits whatever is merged on its pages: one fact for it, and one more for a commit of somebody who also writes."""
    tree = repository.git("rev-parse", "HEAD^{tree}").decode().strip()
    head = "HEAD"
    for author, committer in (*((f"a{n}", "forge") for n in range(5)), ("a0", "lin")):
        raw = (
            f"tree {tree}\nparent {repository.git('rev-parse', head).decode().strip()}\n"
            f"author {author} <{author}@lab.example> 1795446000 +0000\ncommitter {committer} <{committer}@lab.example> 1795446000 +0000\n\nx\n"
        )
        head = (
            repository.git("hash-object", "-t", "commit", "-w", "--stdin", given=raw.encode())
            .decode()
            .strip()
        )
    repository.git("update-ref", "refs/heads/main", head)
    found = facts(of(repository), "committer_is_not_author")
    assert sorted((row["oid"], row["about"], len(row["events"])) for row in found if row["oid"] is None) == [
        (None, "forge@lab.example committed 5 commits of 5 other addresses, and wrote none", 5)
    ]
    assert [row["oid"] for row in found if row["oid"]] == [head]


def test_a_commit_of_sha256_names_whose_tree_is_empty_says_what_it_changed(tmp_path):
    """Nothing in a tree without entries tells how long names are, so it goes by both."""
    made = Repository(tmp_path / "llm", "--object-format=sha256")
    made.git("commit", "-qm", "nothing yet", "--allow-empty")
    made.commit("First", train="SEED = 1\n")
    root, git = "git/srv/llm.git", made.root / ".git"
    files = [("git_object", f"{root}/{p.relative_to(git)}", p.read_bytes()) for p in made.loose()]
    rows = examined(*files).tables()["history"].to_pylist()
    assert sorted((row["changed"], row["lacking"]) for row in rows) == [(0, []), (1, [])]
