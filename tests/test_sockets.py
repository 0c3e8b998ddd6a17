"""Listings of connections: what a process calls itself is no number of a process."""

import re

import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_formats import tiles
from test_slurm import events, records, whys

from forensics import formats

FORM = formats.registry()["sockets"]
SS = "State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process\n"
NETSTAT = "Active Internet connections (w/o servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    \n"


def ss(names, remote="10.0.0.7:51234"):
    held = ",".join(f'("{name}",pid={3000 + n},fd=4)' for n, name in enumerate(names))
    return f"ESTAB  0      0           10.0.0.1:22     {remote} users:({held})\n"


def netstat(name, remote="10.0.0.7:51234"):
    return f"tcp        0      0 10.0.0.1:22             {remote:<23} ESTABLISHED {f'3077/{name}'[:19]:<20}\n"


# The kernel keeps 15 bytes of a name.
COMM = st.text(st.sampled_from('ab",()=:1/ pidf'), max_size=15) | st.sampled_from(
    ['a",pid=1,fd=3', 'a",pid=1,fd=3)', '",pid=1,fd=1),(', "1/sshd"]
)


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(COMM, min_size=1, max_size=3))
@example(['a",pid=1,fd=3'])
@example([" 1"])
@example(['a",pid=1,fd=3)', '("b'])
def test_no_name_looks_like_the_number_of_another_process(names):
    data = SS + ss(names)
    tiles(FORM.parse(data.encode(), 0), 0, len(data.encode()))
    there = [3000 + n for n in range(len(names))]
    for row in records("sockets", data):
        assert row["pids"] is None or row["pids"] == there
        if all(re.fullmatch("[a-f /:=1]*", name) for name in names):
            assert row["pids"] == there
    for row in records("sockets", NETSTAT + netstat(names[0])):
        assert row["pids"] == [3077]


@pytest.mark.parametrize(
    ("remote", "address", "port"),
    [("10.0.0.7:51234", "10.0.0.7", 51234), ("[2001:db8::7]:443", "2001:db8::7", 443), ("2001:db8::7:443", "2001:db8::7", 443), ("10.0.0.7%eth0:22", "10.0.0.7", 22), ("gw.lab:ssh", None, None), ("0.0.0.0:*", None, None), ("*:*", None, None)],
)  # fmt: skip
def test_the_other_end_of_a_connection(remote, address, port):
    for data in (SS + ss(["sshd"], remote), NETSTAT + netstat("sshd", remote)):
        assert formats.recognise(data.encode(), "login01/net.txt") == "sockets"
        assert whys("sockets", data) == []
        (e,) = events("sockets", data)
        assert (e["verb"], e["account"], e["address"], e["port"]) == ("other", None, address, port)
        assert e["earliest_ns"] is None


def test_of_several_processes_none_is_the_one():
    for names, pid in ((["sshd"], 3000), (["sshd", "sshd"], None)):
        (e,) = events("sockets", SS + ss(names))
        assert e["pid"] == pid


def test_sockets_within_the_host_are_passed_over_and_other_lines_rejected():
    data = SS + 'u_str ESTAB 0 0 * 22001 * 22002 users:(("x",pid=1,fd=3))\n' + "x\n" + ss(["sshd"])
    assert whys("sockets", data) == ["shape"]
    assert len(records("sockets", data)) == 1
    assert FORM.recognise(b"Proto RefCnt Flags Type State I-Node Path\n", "x") == 0
