# ruff: noqa: S108 - these paths are only compared
"""Paths on two hosts: one file by a network file system or by name alone, and another file where each host has its own."""

import pytest
from stage import UIDS, Stage

from forensics.analysis import limits, mounts, read_versions
from forensics.analysis.mounts import Mount, Mounts

NFS = "nfs01:/export/proj"


@pytest.mark.parametrize(
    ("path", "found", "by"),
    [
        ("/srv/proj/a.py", [("login01", NFS, "/srv/proj"), ("gpu01", NFS, "/srv/proj")], "mounted_on_both"),
        ("/srv/proj/a.py", [("login01", NFS, "/srv/proj"), ("gpu01", "nfs02:/other", "/srv/proj")], None),
        ("/srv/proj/a.py", [("login01", NFS, "/srv/proj"), ("gpu01", "nfs01:/export", "/srv")], "mounted_on_both"),
        ("/srv/proj/a.py", [("login01", NFS, "/srv/proj"), ("gpu01", NFS, "/srv")], None),
        ("/srv/project/a.py", [("login01", NFS, "/srv/proj"), ("gpu01", NFS, "/srv/proj")], "same_path"),
        ("/srv/proj/a.py", [("login01", NFS, "/srv/proj")], "same_path"),
        ("/tmp/a.py", [], None),
        ("/tmp/a.py", [("login01", NFS, "/tmp"), ("gpu01", NFS, "/tmp")], "mounted_on_both"),
        ("/tmpfiles/a.py", [], "same_path"),
        ("/etc/profile.d/x.sh", [], None),
    ],
)  # fmt: skip
def test_by_what_a_path_on_two_hosts_is_one_file(path, found, by):
    known = Mounts(Mount(host, source, point, ()) for host, source, point in found)
    assert known.joined(path, "login01", "gpu01") == known.joined(path, "gpu01", "login01") == by
    assert known.joined(path, "login01", "login01.cluster") == "same_host"
    assert known.joined(path, None, "gpu01") == "host_not_recorded"


def day(path, *, mounted=()):
    s = Stage()
    s.enrol()
    mei, kai = s.login("mei"), s.login("kai")
    for host, argv in mounted:
        s.add(
            "execute", host=host, exe=f"/usr/sbin/{argv[0]}", argv=list(argv), effective="root", uid=0, pid=3
        )
    s.change("kai", kai, path, program="python3", owner="mei")
    # Nothing ties the two hosts' clocks: an order by less would not stand.
    s.wait(1200)
    pid = s.submit("mei", mei, "11", argv=("python3", path), outcome="FAILED", code=1)
    for row in s.rows:
        if row["pid"] == pid and row["verb"] == "execute":
            row["host"] = "gpu01"
    s.add(
        "read",
        host="gpu01",
        pid=pid,
        ppid=1,
        uid=UIDS["mei"],
        effective="mei",
        object_kind="path",
        object=path,
    )
    return s.examined()


def joined(done):
    rows = read_versions.find(done.scene, done.history, done.readings, {})
    return [(r.one_file, r.version.account) for r in rows if r.version is not None]


@pytest.mark.parametrize(
    ("path", "mounted", "by", "limit"),
    [
        ("/srv/proj/train.py", (), "same_path", True),
        ("/tmp/train.py", (), None, False),
        (
            "/srv/proj/train.py",
            (("login01", ("mount.nfs", NFS, "/srv/proj", "-o", "rw")), ("gpu01", ("mount", "-t", "nfs4", NFS, "/srv/proj"))),
            "mounted_on_both",
            False,
        ),
        (
            "/srv/proj/train.py",
            (("login01", ("mount.nfs", NFS, "/srv/proj")), ("gpu01", ("mount", "nfs02:/x", "/srv/proj"))),
            None,
            False,
        ),
    ],
    ids=["name_alone", "each_host_has_its_own", "mounted_on_both", "mounted_from_elsewhere"],
)  # fmt: skip
def test_what_is_written_on_one_host_and_read_on_another(path, mounted, by, limit):
    """The job ran on gpu01; kai wrote on login01: nobody is tied to a job by a file of another host that has the same name."""
    done = day(path, mounted=mounted)
    assert joined(done) == ([(by, "kai")] if by else [])
    assert [(a.account, a.job) for a in done.acts if a.why_link == "opened_by_job"] == (
        [("kai", "11")] if by else []
    )
    assert ("paths_taken_for_one" in limits.limits(done)) == limit


def test_a_list_of_mounts_tells_what_is_of_the_network():
    s = Stage()
    for text, source, point in (
        ("nfs4 rw", NFS, "/srv/proj"),
        ("ext4 rw", "/dev/vda1", "/"),
        ("fuse.sshfs rw", "kai@x:/", "/home/kai/x"),
    ):
        s.add("setting", "fstab", when=None, object_kind="path", object=point, object_from=source, text=text)
    known = mounts.of(s.evidence())
    assert known.of("login01", "/srv/proj/x").source == NFS
    assert known.of("login01", "/srv/x") is None
    assert known.of("login01", "/home/kai/x/y") is None
