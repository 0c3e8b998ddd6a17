"""What is written through one name of a file is read through the others: against a small file system, and by example."""

from dataclasses import dataclass, field

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stage import T0, Stage

from forensics.analysis import artefacts, contents, evidence, file_names, findings, writers
from forensics.analysis.artefacts import contributors
from forensics.analysis.order import Moment, Order
from forensics.core import tables
from forensics.core.roster import Question, Roster

NO_PLACES = Order(pd.DataFrame())
PROGRAMS = {"edit": ("write", "python3"), "replace": ("write", "cp")}


@dataclass
class Disk:
    """Files with names, as a kernel has them; each file remembers which events its content came from, in order."""

    names: dict = field(default_factory=dict)
    content: dict = field(default_factory=dict)
    named: dict = field(default_factory=dict)
    count: int = 0

    def drop(self, path):
        inode = self.names.pop(path)
        if inode not in self.names.values():
            del self.content[inode]

    def does(self, what, path, other, who, event):
        """Do one thing; the verb and inode that a trail would tell of it, or None where it cannot be done."""
        if what in PROGRAMS:
            if path not in self.names:
                self.count += 1
                self.names[path], self.content[self.count] = self.count, [(event, who)]
                self.named[path] = []
                return "create", self.count
            inode = self.names[path]
            self.content[inode] = [*(self.content[inode] if what == "edit" else []), (event, who)]
            if what == "replace":
                # Put whole: whoever named the file before has no part in what is read now.
                self.named |= {p: [] for p, i in self.names.items() if i == inode}
            return PROGRAMS[what][0], inode
        if path not in self.names:
            return None
        if what == "delete":
            inode = self.names[path]
            self.drop(path)
            return "delete", inode
        if (
            other == path
            or (what == "link" and other in self.names)
            or self.names.get(other) == self.names[path]
        ):
            return None
        inode = self.names[path]
        if other in self.names:
            self.drop(other)
        self.names[other] = inode
        if what == "rename":
            del self.names[path]
        # Whoever names a file answers for what they wrote into it themselves.
        self.named[other] = [(event, who), *((e, w) for e, w in self.content[inode] if w != who)]
        return what, inode

    def read(self, path):
        """Whose content is read at a path, as far as a trail can tell: whoever named the file, and who wrote into it."""
        return self.named.get(path, []), self.content[self.names[path]]


def told(stage):
    built = {n: [r.get(n) for r in stage.rows] for n in tables.EVENT.names}
    case = evidence.assemble({"event": tables.EVENT.build(built)}, Roster((), ()), Question())
    return artefacts.versions(case)


def add(s, at, verb, path, inode, who, *, program="python3", source=None):
    return s.add(
        verb, when=T0 + at * 1_000_000_000, account=who, session=who, pid=5, exe=f"/usr/bin/{program}", object_kind="path",
        object=path, object_from=source, inode=None if inode is None else f"fe:00:{inode}",
    )  # fmt: skip


PATHS = st.sampled_from(["/a", "/b", "/c"])
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["edit", "replace", "delete", "link", "rename"]),
        PATHS,
        PATHS,
        st.sampled_from(["kai", "lin"]),
    ),
    max_size=9,
)


@settings(max_examples=25, deadline=None)
@example([("edit", "/a", "/a", "kai"), ("link", "/a", "/b", "lin"), ("edit", "/a", "/a", "kai")])
@example([("edit", "/a", "/a", "kai"), ("rename", "/a", "/b", "lin")])
@example([("edit", "/a", "/a", "kai"), ("replace", "/a", "/a", "lin"), ("link", "/a", "/b", "lin")])
@example([("edit", "/a", "/a", "lin"), ("rename", "/a", "/b", "kai"), ("link", "/b", "/a", "kai")])
@given(ACTS)
def test_who_wrote_what_is_read_agrees_with_a_small_file_system(drawn):
    s, disk = Stage(), Disk()
    for at, (what, path, other, who) in enumerate(drawn):
        before = f"{what} {at}"
        done = disk.does(what, path, other, who, before)
        if done is None:
            continue
        verb, inode = done
        moved = what in {"link", "rename"}
        event = add(
            s,
            at,
            verb,
            other if moved else path,
            inode,
            who,
            program=PROGRAMS.get(what, ("", "mv"))[1],
            source=path if moved else None,
        )
        for held in (*disk.content.values(), *disk.named.values()):
            held[:] = [(event if e == before else e, w) for e, w in held]
    if not s.rows:
        return
    history = told(s)
    for path in disk.names:
        found = {v.event_id for v in contributors(history[path], Moment(T0 + 10**11, T0 + 10**11), NO_PLACES)}
        naming, content = disk.read(path)
        wrote = {e for e, _ in content}
        by = naming[0][1] if naming else None
        # All that others wrote is found, with who named the file; of the namer's own, what came after.
        assert found <= wrote | {e for e, _ in naming}
        assert {e for e, w in content if w != by} <= found
        assert {e for e, _ in naming[:1]} <= found


def test_a_number_that_comes_round_ties_no_two_files():
    s = Stage()
    add(s, 1, "create", "/a", 7, "kai")
    add(s, 2, "delete", "/a", 7, "kai")
    add(s, 3, "read", "/b", 7, "lin")
    add(s, 4, "create", "/c", 8, "kai")
    add(s, 5, "create", "/d", 8, "kai")
    add(s, 6, "write", "/d", 8, "lin")
    assert "/b" not in told(s)
    assert [v.how for v in told(s)["/c"]] == ["create"]


def test_a_name_that_is_only_read_by_is_the_file_s_too():
    """A symbolic link, a bind mount, or a hard link from before the trail: the kernel tells the file's own number."""
    s = Stage()
    wrote = add(s, 1, "write", "/real", 7, "kai")
    add(s, 2, "link", "/alias", 9, "lin", source="/real")
    add(s, 3, "read", "/alias", 7, "mei")
    add(s, 3, "execute", "/mnt/real", 7, "mei")
    found = told(s)
    for path in ("/alias", "/mnt/real"):
        assert (wrote, "/real") in {
            (v.event_id, v.through)
            for v in contributors(found[path], Moment(T0 + 10**12, T0 + 10**12), NO_PLACES)
        }


def test_what_is_written_through_another_name_is_one_act():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    add(day, 1, "link", "/srv/proj/train.py", 7, "mei", source="/srv/proj/old.py")
    day.change("kai", kai, "/srv/proj/old.py", program="python3", owner="mei")
    day.rows[-1]["inode"] = "fe:00:7"
    day.submit("mei", mei, "11", argv=("python3", "train.py"), outcome="FAILED", code=1)
    acts = [a for a in day.examined().acts if a.act == "modify_file" and a.account == "kai"]
    assert [(a.object, a.job, a.why_link) for a in acts] == [
        ("/srv/proj/old.py", "11", "argument_of_job_process")
    ]


@pytest.mark.parametrize(
    ("program", "verb", "how"),
    [("rsync", "rename", "replace"), ("rsync", "write", "replace"), ("sftp-server", "write", "edit"), ("sftp-server", "create", "create"),
     ("scp", "write", "replace"), ("python3", "write", "edit")],
    ids=["rsync", "rsync_in_place", "sftp_that_may_append", "sftp_of_a_new_file", "old_scp", "mapped_or_written_by_a_program"],
)  # fmt: skip
def test_a_version_names_the_account_and_the_program_that_wrote_it(program, verb, how):
    """What a mapped page changes is in no record: its writer is who opened the file to write."""
    day = Stage()
    ses = day.login("kai")
    renamed = {"replaced": "fe:00:1", "source": "/srv/proj/.train.py.Ab3x9Q"} if verb == "rename" else {}
    event = day.change("kai", ses, "/srv/proj/train.py", program=program, verb=verb, owner="mei", **renamed)
    (found,) = artefacts.versions(day.evidence())["/srv/proj/train.py"]
    assert (found.event_id, found.account, found.writer, found.how) == (
        event,
        "kai",
        f"/usr/bin/{program}",
        how,
    )
    table = contents.table({"/srv/proj/train.py": [found]}, {})
    assert table.select(["account", "writer"]).to_pylist() == [
        {"account": "kai", "writer": f"/usr/bin/{program}"}
    ]


@pytest.mark.parametrize(
    ("verb", "late", "noted"), [("mount", 0, True), ("mount", 2, False), ("other", 0, False)]
)
def test_a_file_system_that_was_mounted_then_is_a_limit(verb, late, noted):
    day = Stage()
    day.add(
        verb,
        when=T0 + late * 3_600_000_000_000,
        effective="root",
        uid=0,
        object_kind="path",
        object="/srv/proj",
    )
    asked = Question(jobs=("15",), window=(T0 - 1, T0 + 3_600_000_000_000))
    assert file_names.limits(day.evidence(asked)) == (["mounts_recorded"] if noted else [])


@pytest.mark.parametrize(
    ("exe", "path", "by"),
    [("/usr/sbin/sshd", "/srv/proj/a.py", "sftp"), ("/usr/lib/openssh/sshd-session", "/home/kai/a.py", "sftp"), ("/usr/sbin/sshd", "/var/log/wtmp", None),
     ("/usr/sbin/sshd", "/dev/pts/3", None), ("/usr/lib/openssh/sftp-server", "/srv/a", "sftp"), ("/usr/bin/scp", "/srv/a", "scp"),
     ("/usr/bin/rsync", "/srv/a", "rsync"), ("/usr/bin/python3", "/srv/a", None), (None, "/srv/a", None)],
)  # fmt: skip
def test_the_program_that_carried_a_file_is_told(exe, path, by):
    """As strace saw of OpenSSH 9.2: internal-sftp is sshd itself, which writes nothing else of an account's files."""
    assert writers.transfer(exe, path) == by


def test_a_file_that_sftp_within_sshd_wrote_is_an_act_that_says_so():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.add(
        "write", account="kai", auid=4102, effective="kai", uid=4102, session=kai, pid=77, exe="/usr/sbin/sshd", object_kind="path",
        object="/srv/proj/train.py", object_owner_uid=4101,
    )  # fmt: skip
    day.submit("mei", mei, "11", argv=("python3", "train.py"), outcome="FAILED", code=1)
    done = day.examined()
    told = [
        (a["account"], a["transfer"]) for a in findings.findings(done)["acts"] if a["act"] == "modify_file"
    ]
    assert told == [("kai", "sftp")]
    assert "sftp" in done.tables()["version"]["transfer"].to_pylist()
