"""What commits changed is what git says, whichever way the repository is stored and whatever is missing of it."""

import re
import subprocess

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repositories import Repository, entry, packed

from forensics.core import githistory, gitobject, packtrees
from forensics.core.gitobject import name_of
from forensics.core.model import Why
from forensics.formats import git_object, git_pack

NOTHING = "0" * 40


def grown(made):
    """Files that come, change, move to a folder, become a link or a folder, and go; two roots; a merge."""
    made.commit("First", **{"train.py": "SEED = 1\n", "lib/data/load.py": "x\n", "lib/data/a b": "y\n"})
    made.commit("Grow", **{"train.py": "SEED = 2\n", "lib/opt": "z\n", "\N{SNOWMAN}": "w\n"})
    (made.root / "lib" / "opt").unlink()
    made.commit("A folder where a file was", **{"lib/opt/adam.py": "lr\n"})
    (made.root / "train.py").chmod(0o755)
    (made.root / "link").symlink_to("train.py")
    made.commit("Only a mode, and a link")
    made.git("checkout", "-q", "--orphan", "other")
    made.git("rm", "-qrf", ".")
    made.commit("Another root", name="lin", note="n\n")
    made.git("checkout", "-q", "main")
    made.git("merge", "-q", "--no-ff", "--allow-unrelated-histories", "-m", "Merge", "other", name="kai")
    made.git("rm", "-qr", "lib/data")
    made.commit("Less")
    module = made.git("rev-parse", "HEAD").decode().strip()
    made.git("update-index", "--add", "--cacheinfo", f"160000,{module},vendored")
    made.git("commit", "-qm", "A submodule")
    return made


@pytest.fixture
def repository(tmp_path):
    return grown(Repository(tmp_path / "llm"))


def read(data):
    return git_pack.parse(data, 0)


def told(records, nothing=NOTHING):
    """The changes of each commit as `Repository.changes` gives them."""
    found = {}
    for row in records.to_pylist():
        if row["kind"] == "commit" and row["changes"] is not None:
            found[row["oid"]] = sorted(
                (
                    c["path"],
                    *(f"{int(m or '0', 8):06o}" for m in (c["old_mode"], c["new_mode"])),
                    *(o or nothing for o in (c["old_oid"], c["new_oid"])),
                )
                for c in row["changes"]
            )
    return found


def test_every_commit_changed_what_git_log_says(repository):
    records = read(repository.packed().read_bytes()).records
    assert told(records) == repository.changes()
    assert pc.sum(pc.list_value_length(records["lacking"])).as_py() == 0


def test_the_history_alone_says_the_same(repository):
    data = repository.packed().read_bytes()
    alone = git_pack.history(data)
    assert set(alone["kind"].to_pylist()) == {"commit"}
    commits = [row for row in read(data).records.to_pylist() if row["kind"] == "commit"]
    assert alone.to_pylist() == commits


def test_a_repository_of_sha256_names_reads_as_well(tmp_path):
    made = grown(Repository(tmp_path / "llm", "--object-format=sha256"))
    loose = [row for p in made.loose() for row in git_object.parse(p.read_bytes(), 0).records.to_pylist()]
    assert {row["oid_sha256"] for row in loose} == {oid for oid, _, _ in made.listed()}
    assert {row["oid"] for row in loose if row["kind"] == "commit"} == set(made.changes())
    data = made.packed().read_bytes()
    whole = read(data)
    assert not whole.rejected.num_rows
    assert sorted((r["oid"], r["kind"], str(r["size"])) for r in whole.records.to_pylist()) == made.listed()
    assert told(whole.records, "0" * 64) == made.changes()
    torn = read(data[: len(data) - 40]).records
    assert set(torn["oid"].to_pylist()) <= set(whole.records["oid"].to_pylist())


def test_a_bundle_names_its_refs_and_holds_its_pack(repository, tmp_path):
    repository.git("bundle", "create", "-q", str(tmp_path / "all.bundle"), "--all")
    data = (tmp_path / "all.bundle").read_bytes()
    assert git_pack.recognise(data[:65536], "x") > 90
    whole = read(data)
    assert not whole.rejected.num_rows
    heads = repository.git("bundle", "list-heads", str(tmp_path / "all.bundle")).decode().splitlines()
    refs = [f"{r['oid']} {r['ref']}" for r in whole.records.to_pylist() if r["kind"] == "ref"]
    assert refs == heads
    assert told(whole.records) == repository.changes()


def test_a_bundle_of_a_range_says_what_it_builds_on_and_what_it_lacks(repository, tmp_path):
    repository.git("bundle", "create", "-q", str(tmp_path / "part.bundle"), "main~1..main")
    records = read((tmp_path / "part.bundle").read_bytes()).records.to_pylist()
    base = repository.git("rev-parse", "main~1").decode().strip()
    assert [(r["oid"], r["message"]) for r in records if r["kind"] == "prerequisite"] == [(base, "Less")]
    assert [(r["changes"], r["lacking"]) for r in records if r["kind"] == "commit"] == [(None, [base])]


def test_a_thin_pack_says_that_a_base_is_missing(repository):
    long = "".join(f"layer {i}: {i * 7919 % 104729}\n" for i in range(500))
    repository.commit("Long", model=long)
    repository.commit("Longer", model=long + "one more\n")
    pack = repository.git("pack-objects", "--thin", "--stdout", "--revs", given=b"main\n^main~1\n")
    thin = read(pack)
    assert set(thin.rejected["why"].to_pylist()) == {Why.MISSING.value}
    assert thin.rejected["stop"][0].as_py() > thin.rejected["start"][0].as_py()


def test_a_tree_that_lists_itself_many_times_over_is_given_up_in_time(tmp_path):
    """Ten entries at each of twelve levels: a million million files from a few hundred bytes."""
    made = Repository(tmp_path / "bomb")
    blob = made.git("hash-object", "-w", "--stdin", given=b"x").decode().strip()
    lines = "".join(f"100644 blob {blob}\tf{i}\n" for i in range(10))
    for _ in range(12):
        tree = made.git("mktree", given=lines.encode()).decode().strip()
        lines = "".join(f"040000 tree {tree}\td{i}\n" for i in range(10))
    commit = made.git("commit-tree", tree, "-m", "Many").decode().strip()
    made.git("update-ref", "refs/heads/main", commit)
    (row,) = (r for r in read(made.packed().read_bytes()).records.to_pylist() if r["kind"] == "commit")
    assert (row["changes"], row["lacking"]) == (None, [])


def test_a_deep_tree_ends_at_the_longest_path():
    """Each tree holds the next: a path of a hundred thousand folders is not put together."""
    trees, name = {}, None
    for _ in range(10_000):
        entry = b"100644 f\0" + bytes(20) if name is None else b"40000 d\0" + name
        name = bytes.fromhex(name_of("tree", entry))
        trees[name] = entry
    assert githistory.Trees(trees.get, 20).changes(None, name) == (None, [])


@pytest.mark.parametrize(
    "content", [b"100644 a\0" + bytes(19), b"100644 a\0" + bytes(20) + b"x", b"100644\0" + bytes(30), b"100644 \0" + bytes(20)]
)  # fmt: skip
def test_a_torn_tree_is_lacking(content):
    name = bytes.fromhex(name_of("tree", content))
    assert githistory.Trees({name: content}.get, 20).changes(None, name) == (None, [name])


def test_two_entries_of_one_name_are_told_in_one_way():
    """Git refuses such a tree; a planted one must read the same every time."""
    content = b"".join(b"100644 a\0" + bytes([i]) * 20 for i in range(9))
    name = bytes.fromhex(name_of("tree", content))
    found, _ = githistory.Trees({name: content}.get, 20).changes(None, name)
    assert [change.new[0] for change in found] == list(range(9))


def test_signatures_are_kept_with_the_digest_of_what_they_sign(repository, tmp_path):
    keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")]
    try:
        subprocess.run(keygen, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no ssh-keygen on this machine")
    signs = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={tmp_path / 'key'}")
    repository.git(*signs, "commit", "-qS", "--allow-empty", "-m", "Signed\n\nwith a body")
    repository.git(*signs, "tag", "-s", "v1", "-m", "Signed too")
    rows = read(repository.packed().read_bytes()).records.to_pylist()
    signed = [row for row in rows if row["signed"]]
    assert sorted(row["kind"] for row in signed) == ["commit", "tag"]
    for row in signed:
        assert re.match("-----BEGIN SSH SIGNATURE-----\n[^ ]", row["signature"])
        assert len(row["signed_sha512"]) == 128


MODES, NAMES = (b"40000", b"100644", b"040000", b"120000"), (b"a", b"b", b"a/b", b"train.py")


@st.composite
def histories(draw):
    """Trees of trees, some planted as git makes none, some left out; and commits of them, each on one before."""
    contents, names = [b""], [bytes(20)]
    for _ in range(draw(st.integers(1, 8))):
        entries = draw(
            st.lists(
                st.tuples(st.sampled_from(MODES), st.sampled_from(NAMES), st.integers(0, 20)), max_size=4
            )
        )
        content = b"".join(
            b"%s %s\0%s" % (mode, name, names[i] if i < len(names) else bytes([i]) * 20)
            for mode, name, i in entries
        )
        content += draw(st.sampled_from([b"", b"", b"", b"", b"x"]))
        contents.append(content)
        names.append(bytes.fromhex(name_of("tree", content)))
    left_out = draw(st.sets(st.integers(0, len(contents) - 1), max_size=2))
    trees = {names[i]: content for i, content in enumerate(contents) if i and i not in left_out}
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=6))
    return trees, chosen


@given(histories())
@settings(max_examples=30, deadline=None)
def test_many_commits_at_a_time_say_what_each_alone_says(drawn):
    """The columns against `githistory`, which reads like its docstring; what git never writes among them."""
    trees, chosen = drawn
    commits, before = [], None
    for name in chosen:
        head = b"tree %s\n" % name.hex().encode() + (b"parent %s\n" % before.encode() if before else b"")
        commits.append(head + b"author k <k@x> 1 +0000\ncommitter k <k@x> 1 +0000\n\nm\n")
        before = name_of("commit", commits[-1])
    objects = [(1, content) for content in commits] + [(2, content) for content in trees.values()]
    records = read(packed(len(objects), *(entry(kind, content) for kind, content in objects))).records
    oracle, parent = githistory.Trees(trees.get, 20), None
    rows = [row for row in records.to_pylist() if row["kind"] == "commit"]
    for name, row in zip(chosen, rows, strict=True):
        changes, lacking = oracle.changes(parent, name)
        said = None if changes is None else [tuple(c.values()) for c in row["changes"] or ()]
        want = None if changes is None else [
            (c.path.decode(), *(m and m.decode() for m in c[1:3]), *(o and o.hex() for o in c[3:])) for c in changes
        ]  # fmt: skip
        assert (said, row["lacking"]) == (want, [one.hex() for one in lacking])
        assert (row["changes"] is None) == (changes is None)
        parent = name


def test_an_entry_that_stands_twice_is_there_wherever_it_stands():
    """Trees of as many entries are compared place by place first; git writes none twice."""
    one, other = (b"100644 %s\0%s" % (name, name * 20) for name in (b"a", b"b"))
    trees = {bytes.fromhex(name_of("tree", content)): content for content in (one + one, one + other)}
    commits, parent = [], b""
    for name in trees:
        head = b"tree %s\n%sauthor k <k@x> 1 +0000\ncommitter k <k@x> 1 +0000\n\nm\n"
        commits.append(head % (name.hex().encode(), parent))
        parent = b"parent %s\n" % name_of("commit", commits[-1]).encode()
    objects = [(1, content) for content in commits] + [(2, content) for content in trees.values()]
    rows = read(
        packed(len(objects), *(entry(kind, content) for kind, content in objects))
    ).records.to_pylist()
    changes, _ = githistory.Trees(trees.get, 20).changes(*trees)
    assert [c["path"] for c in rows[1]["changes"]] == [c.path.decode() for c in changes] == ["b"]


_ENTRY = st.tuples(
    st.sampled_from([b"40000 d", b"100644 a", b"100644 bb"]), st.sampled_from([b"x", b"y", b"\0"])
)
_TREE = st.tuples(st.lists(_ENTRY, max_size=4), st.sampled_from([b"", b"", b"100644 a\0short", b" ", b"x"]))


@given(st.lists(st.tuples(_TREE, st.integers(-1, 5)), max_size=8), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_trees_read_together_are_the_trees_read_one_by_one(drawn, cut):
    """Damaged ones among them, whose last entry would go on in the next, and ones that build on one of them."""
    contents = [b"".join(head + b"\0" + oid * 20 for head, oid in rows) + tail for (rows, tail), _ in drawn]
    made = [
        packtrees.Made(i, name_of("tree", contents[i]).encode()[:20], contents[i], base if base < i else -1, contents[base] if 0 <= base < i else b"")
        for i, (_, base) in enumerate(drawn)
    ]  # fmt: skip
    trees = packtrees.Trees(20)
    for some in (made[:cut], made[cut:]):
        trees.extend(some)
    entries = trees.entries
    for tree, content in enumerate(contents):
        listed = gitobject.listed(content, 20)
        assert trees.count[tree] == (packtrees.UNREADABLE if listed is None else len(listed))
        if listed:
            numbers, _ = trees.ids(np.array([tree]))
            said = [entries.mode[n].as_py() + b" " + entries.name[n].as_py() + b"\0" + entries.oid[n].tobytes() for n in numbers.tolist()]  # fmt: skip
            assert said == listed
    for one in made:
        first = next(other.i for other in made if other.name == one.name)
        assert (
            trees.one(one.name) == first == trees._found(np.frombuffer(one.name, np.uint8).reshape(1, -1))[0]
        )


def test_names_that_begin_alike_are_told_apart():
    """Whoever makes objects can choose the first bytes of their names."""
    trees = packtrees.Trees(20)
    names = [bytes(8) + bytes([i]) * 12 for i in (3, 1, 2, 1)]
    trees.extend([packtrees.Made(i, name, b"", -1, b"") for i, name in enumerate(names)])
    asked = b"".join([*names, bytes(20)])
    assert trees._found(np.frombuffer(asked, np.uint8).reshape(-1, 20)).tolist() == [0, 1, 2, 1, -1]


def test_a_tree_that_builds_on_another_lists_its_own_entries(tmp_path):
    """Some of a wide folder change, come and go, so that trees differ in one place, in several, and in length."""
    made = Repository(tmp_path / "wide")
    made.commit("Wide", **{f"f{i:03d}": f"{i}\n" for i in range(120)})
    for step in range(8):
        made.commit("One", **{f"f{step * 13:03d}": f"changed {step}\n"})
        made.commit("Two", **{f"f{step:03d}": f"{step} low\n", f"f{119 - step:03d}": f"{step} high\n"})
    (made.root / "f050").unlink()
    made.commit("Less")
    made.commit("Renamed", f05x="0\n")
    records = read(made.packed().read_bytes()).records
    assert told(records) == made.changes()
    for row in (r for r in records.to_pylist() if r["kind"] == "tree"):
        out = made.git("ls-tree", "--format=%(objectname) %(path)", row["oid"]).decode().splitlines()
        assert [f"{e['oid']} {e['name']}" for e in row["entries"]] == out
