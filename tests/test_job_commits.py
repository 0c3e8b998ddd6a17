"""From a job to the commit that it ran: by HEAD when it started, by what was typed at submission, by equal content."""

import hashlib

import pytest
from repositories import Repository
from test_commit_facts import collected

from forensics.analysis import git_acts, histories, job_commits
from forensics.analysis.acts import Scene
from forensics.analysis.artefacts import Reading
from forensics.analysis.identity import directory
from forensics.analysis.jobs import Job
from forensics.core import jobenvironment
from forensics.formats import sacct_script

START_NS = 1_795_446_800_000_000_000
TREE = "login01/home/kai/llm/.git"


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "llm")
    for step in range(3):
        made.commit(f"Step {step}", train=f"SEED = {step}\n")
    return made


def found(made, *more, job=None, reads=()):
    pack = ("git_pack", f"{TREE}/objects/pack/p.pack", made.packed().read_bytes())
    evidence = collected(pack, *more)
    scene = Scene(evidence, directory(evidence), {}, {}, git_acts.objects_of(evidence))
    jobs = [job or Job("11", workdir="/home/kai/llm/run", start_ns=START_NS)]
    readings = [Reading("11", path, "derived", "named", START_NS, ()) for path in reads]
    links = job_commits.find(scene, jobs, readings, histories.commits(scene))
    assert job_commits.table(links).num_rows == len(links)
    return [(link.how, link.oid, link.path) for link in links]


def reflog(*moves):
    return "".join(f"{'0' * 40} {new} kai <kai@x> {s} +0000\tcheckout\n" for new, s in moves).encode()


def oids(made):
    return made.git("rev-list", "--reverse", "main").decode().split()


def test_head_at_the_start_and_not_what_came_later(repository):
    one, two, three = oids(repository)
    log = reflog((one, 1795446700), (two, 1795446790), (three, 1795446900))
    assert found(repository, ("git_reflog", f"{TREE}/logs/HEAD", log)) == [
        ("head_at_start", two, "/home/kai/llm")
    ]


def test_a_move_in_the_second_of_the_start_is_open(repository):
    one, two, _ = oids(repository)
    log = reflog((one, 1795446700), (two, 1795446800))
    assert found(repository, ("git_reflog", f"{TREE}/logs/HEAD", log)) == [
        ("head_about_start", two, "/home/kai/llm"),
        ("head_at_start", one, "/home/kai/llm"),
    ]


def test_a_tree_elsewhere_a_branch_or_a_job_without_start_leads_nowhere(repository):
    log = reflog((oids(repository)[0], 1795446700))
    head = ("git_reflog", f"{TREE}/logs/HEAD", log)
    assert found(repository, head, job=Job("11", workdir="/home/kai/llm2", start_ns=START_NS)) == []
    assert found(repository, head, job=Job("11", workdir="/home/kai/llm")) == []
    assert found(repository, ("git_reflog", f"{TREE}/logs/refs/heads/main", log)) == []


def test_a_linked_working_tree_and_one_inside_another_have_their_own_head(repository):
    one, two, three = oids(repository)
    linked = f"{TREE}/worktrees/run"
    files = [
        ("git_reflog", f"{TREE}/logs/HEAD", reflog((one, 1795446700))),
        ("git_reflog", f"{linked}/logs/HEAD", reflog((two, 1795446701))),
        ("git_layout", f"{linked}/gitdir", b"/scratch/run/.git\n"),
        ("git_reflog", "login01/home/kai/llm/run/.git/logs/HEAD", reflog((three, 1795446702))),
    ]
    scratch = Job("11", workdir="/scratch/run", start_ns=START_NS)
    assert found(repository, *files, job=scratch) == [("head_at_start", two, "/scratch/run")]
    assert found(repository, *files) == [("head_at_start", three, "/home/kai/llm/run")]


def test_a_name_in_the_scheduler_s_records_counts_where_it_is_a_commit(repository):
    head = "JobID|JobName|User|State|Submit|Start|End|SubmitLine\n"
    oid = oids(repository)[1]
    rows = [f"11|x|kai|COMPLETED|2026-11-23T15:11:48|2026-11-23T15:11:49|2026-11-23T15:12:00|sbatch --comment={name} run.sh\n"
            for name in (oid, "f" * 40, oid + "0")]  # fmt: skip
    sacct = ("sacct", "login01/var/log/sacct.psv", (head + "".join(rows)).encode())
    assert found(repository, sacct) == [("named_at_submit", oid, None)]


def test_equal_content_leads_to_the_commit_that_put_it_there(repository):
    oid = oids(repository)[1]
    evidence = collected(("git_pack", f"{TREE}/objects/pack/p.pack", repository.packed().read_bytes()))
    row = evidence.files.iloc[0].copy()
    row["sha256"], row["origin"], row["host"] = (
        hashlib.sha256(b"SEED = 1\n").hexdigest(),
        "/home/kai/llm/train",
        "login01",
    )
    evidence.files.loc[1] = row
    scene = Scene(evidence, directory(evidence), {}, {}, git_acts.objects_of(evidence))
    for path, expected in (("/home/kai/llm/train", [oid]), ("/home/kai/llm/other", [])):
        reading = Reading("11", path, "derived", "named", START_NS, ())
        assert [
            link.oid for link in job_commits.find(scene, [], [reading], histories.commits(scene))
        ] == expected


def small(root):
    """The small files of a working tree and of what git keeps of it, as they were collected of a host."""
    named = {"logs/HEAD": "git_reflog", "gitdir": "git_layout", ".git": "git_layout"}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        below = path.relative_to(root).as_posix()
        form = next((named[end] for end in named if below.endswith(f"/{end}")), None)
        if form:
            # Git wrote where the test had put the tree; on the host it lay below the root.
            yield form, f"login01/{below}", path.read_bytes().replace(str(root).encode(), b"")


def test_trees_that_git_itself_made_lead_to_the_commit_that_each_had(tmp_path):
    """A submodule and a linked tree have HEADs of their own; what was pushed over or never committed changes neither."""
    root = tmp_path / "host"
    lib, made = Repository(tmp_path / "lib"), Repository(root / "home/kai/llm")
    lib.commit("One", loader="A = 1\n")
    made.commit("One", train="SEED = 1\n")
    made.commit("Two", train="SEED = 2\n")
    made.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(lib.root), "sub")
    made.git("commit", "-qm", "Three")
    made.git("worktree", "add", "-q", "--detach", str(root / "scratch/run"), "HEAD~2")
    made.git("reset", "-q", "--hard", "HEAD~1")
    (root / "home/kai/llm/train").write_text("SEED = 3\n")
    one, two = (made.git("rev-parse", name).decode().strip() for name in ("HEAD~1", "HEAD"))
    own = lib.git("rev-parse", "HEAD").decode().strip()
    files = list(small(root))
    assert len(files) == 6
    for workdir, oid, tree in (
        ("/home/kai/llm", two, "/home/kai/llm"),
        ("/scratch/run/a", one, "/scratch/run"),
        ("/home/kai/llm/sub", own, "/home/kai/llm/sub"),
    ):
        job = Job("11", workdir=workdir, start_ns=START_NS)
        assert found(made, *files, job=job) == [("head_at_start", oid, tree)]
    # Without the submodule's own log nothing is known of it: it is not at the commit of the tree around it.
    rest = [f for f in files if "modules" not in f[1]]
    assert found(made, *rest, job=Job("11", workdir="/home/kai/llm/sub", start_ns=START_NS)) == []


def test_a_file_that_names_another_s_repository_takes_nothing_from_its_own_tree(repository):
    one = oids(repository)[0]
    log = ("git_reflog", f"{TREE}/logs/HEAD", reflog((one, 1795446700)))
    planted = ("git_layout", "login01/home/lin/x/.git", b"gitdir: /home/kai/llm/.git\n")
    assert found(repository, log, planted) == [("head_at_start", one, "/home/kai/llm")]
    assert found(repository, log, planted, job=Job("11", workdir="/home/lin/x", start_ns=START_NS)) == [
        ("head_at_start", one, "/home/lin/x")
    ]


def test_the_beginning_of_a_name_counts_where_no_other_commit_shares_it():
    digits, first, second, third = known = sorted(
        ["1234567" + "a" * 33, "ab12345" + "0" * 33, "ab12345" + "0" * 32 + "1", "cd56789" + "0" * 33]
    )
    for words, expected in (
        (f"v1-3-g{third[:9]}", [("begun_at_submit", third)]), (first[:12], []), (digits[:7], []), ("cd5678", []),
        (digits[:8], [("begun_at_submit", digits)]), (second, [("named_at_submit", second)]), (third + "0", []),
        (f"x{third[:9]}", []),
    ):  # fmt: skip
        assert job_commits._named(words, known) == expected


def test_a_comment_and_an_archived_environment_name_a_commit(repository):
    one, two, _ = oids(repository)
    head = "JobID|JobName|User|State|Submit|Start|End|Comment\n"
    row = f"11|x|kai|COMPLETED|2026-11-23T15:11:48|2026-11-23T15:11:49|2026-11-23T15:12:00|at {one}\n"
    script = f"Environment used for 11 (must be batch to display)\n{'-' * 80}\nHOME=/home/kai\nGIT_COMMIT={two[:12]}\nCOMMIT_TOKEN={'c' * 40}\n"
    assert found(
        repository,
        ("sacct", "login01/var/log/sacct.psv", (head + row).encode()),
        ("sacct_script", "login01/var/log/env.txt", script.encode()),
    ) == [("begun_at_submit", two, None), ("named_at_submit", one, None)]
    (row,) = sacct_script.parse(script.encode(), 0).records.to_pylist()
    assert row["text"] == f"GIT_COMMIT={two[:12]} HOME COMMIT_TOKEN"


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        *((name, "a" * 40, True) for name in ("GIT_COMMIT", "CI_COMMIT_SHA", "GITHUB_SHA", "WANDB_GIT_COMMIT", "git_rev", "GIT_HEAD", "COMMIT")),
        *((name, "a" * 40, False) for name in ("HOME", "API_KEY_SHA", "COMMIT_AUTHOR", "SHA_SECRET", "MY_GIT_HEAD", "COMMITS")),
        ("GIT_COMMIT", "a" * 64, True), ("GIT_COMMIT", "a" * 65, False), ("GIT_COMMIT", "a" * 7, True), ("GIT_COMMIT", "a" * 6, False),
        ("GIT_COMMIT", "A" * 40, False), ("GIT_COMMIT", "a" * 40 + " x", False), ("GIT_COMMIT", "a" * 64 + "\nX=1", True),
    ],
)  # fmt: skip
def test_of_an_environment_only_a_value_that_is_a_commits_name_is_kept(name, value, kept):
    told = jobenvironment.told(f"PATH=/bin\n{name}={value}\n")
    value = value.partition("\n")[0]
    assert told.split()[:1] == ([f"{name}={value}"] if kept else ["PATH"])
    assert (value in told) is kept


def test_an_environment_of_the_accounting_database_names_a_commit(repository):
    one, two, _ = oids(repository)
    dump = (
        f"INSERT INTO `ml_job_env_table` VALUES (3,NULL,'aa','HOME=/home/kai\\nGITHUB_SHA={one}\\n'),(4,NULL,'bb','GIT_COMMIT={two}\\n');\n"
        "INSERT INTO `ml_job_table` (`id_job`, `env_hash_inx`, `script_hash_inx`) VALUES (11,3,0),(12,4,0);\n"
        "INSERT INTO `other_job_table` (`id_job`, `env_hash_inx`, `script_hash_inx`) VALUES (11,4,0);\n"
    )
    assert found(repository, ("slurmdbd_dump", "db01/slurm.sql", dump.encode())) == [
        ("named_at_submit", one, None)
    ]
