"""Error logs of web servers: what a client types as its name is no account, and moves no address."""

import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_formats import tiles
from test_slurm import NS, SUBMIT_NS, events, records, whys

from forensics import formats

TYPED = st.text(st.sampled_from('abl in"\\:,[]()/\n\r1.='), max_size=40) | st.sampled_from(
    ['lin": password mismatch, client: 10.0.0.9, server: git.lab, request: "GET / HTTP/1.1', "x, client: 10.0.0.9, server: y", "lin not found: /", "[client 10.0.0.9] user lin"]
)  # fmt: skip
PUSH = "/mlteam/llm.git/info/refs?service=git-receive-pack"


def nginx(user, client="10.0.0.7", request=f"GET {PUSH} HTTP/1.1", said="password mismatch"):
    """As nginx writes it: everything as it comes."""
    return f'2026/11/23 15:11:48 [error] 711#711: *57 user "{user}": {said}, client: {client}, server: git.lab, request: "{request}", host: "git.lab"\n'


def apache(
    user, client="10.0.0.7:51234", stamp="Mon Nov 23 15:11:48.120345 2026", said="authentication failure for"
):
    r"""As Apache writes it: quotes, backslashes and control bytes escaped."""
    shown = "".join({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}.get(c, c) for c in user)
    return f'[{stamp}] [auth_basic:error] [pid 711:tid 140] [client {client}] AH01617: user {shown}: {said} "/git/llm.git/info/refs": Password Mismatch\n'


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(TYPED, min_size=1, max_size=3), st.sampled_from(["nginx_error", "apache_error"]))
@example(['x", client: 10.0.0.9, server: y, request: "'], "nginx_error")
def test_what_is_typed_names_nobody_and_moves_no_address(users, name):
    data = "".join((nginx if name == "nginx_error" else apache)(user) for user in users)
    parsed = formats.registry()[name].parse(data.encode(), 0)
    tiles(parsed, 0, len(data.encode()))
    for found in parsed.records.to_pylist():
        assert found["account"] is None
        # A line that a newline in a name began is of anybody, as the whole of nginx's log is taken to be.
        if name == "apache_error" or "\n2026/11/23" not in data:
            assert found["address"] in {"10.0.0.7", None}
    if name == "apache_error":
        assert parsed.records.num_rows == len(users)
        assert {row["address"] for row in parsed.records.to_pylist()} == {"10.0.0.7"}
    assert {e["account"] for e in events(name, data)} <= {None}


def test_only_nginx_s_log_is_of_anybody():
    assert formats.registry()["nginx_error"].DOMAIN == "{host}:user"
    assert formats.registry()["apache_error"].DOMAIN == "{host}:web server"


@pytest.mark.parametrize(("name", "line"), [("nginx_error", nginx("kai")), ("apache_error", apache("kai"))])
def test_a_refused_login_says_who_was_typed_where_and_when(name, line):
    (e,) = events(name, line)
    (row,) = records(name, line)
    assert (e["verb"], e["outcome"], e["account"], e["address"]) == (
        "login_failed",
        "failure",
        None,
        "10.0.0.7",
    )
    assert row["asserted"] == "kai"
    assert "asserted=kai" in e["text"]
    assert e["repository"] == {"nginx_error": "mlteam/llm", "apache_error": "git/llm"}[name]
    moment = SUBMIT_NS + 6 * NS
    assert e["earliest_ns"] == moment + (0 if name == "nginx_error" else 120_345_000)
    (late,) = events(name, line, zone="Europe/Amsterdam")
    assert late["earliest_ns"] == e["earliest_ns"] - 3600 * NS


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("nginx_error", nginx("kai").replace('user "kai": password mismatch', "no user/password was provided for basic authentication")),
        ("nginx_error", nginx("kai").replace('user "kai": password mismatch', "access forbidden by rule")),
        ("nginx_error", nginx("kai").replace('user "kai"', 'FastCGI sent in stderr: "user "kai"')),
        ("apache_error", apache("kai").replace("AH01617: user kai", "AH01215: user kai")[:-1].replace("authentication", "authorization") + "\n"),
        ("apache_error", apache("kai").replace("AH01617: ", "AH01215: error: ")),
    ],
)  # fmt: skip
def test_other_lines_are_no_refused_login(name, line):
    (e,) = events(name, line)
    assert (e["verb"], e["account"], e["address"]) == ("other", None, "10.0.0.7")


@pytest.mark.parametrize(
    ("client", "stamp", "address"),
    [
        ("10.0.0.7:51234", "Mon Nov 23 15:11:48.120345 2026", "10.0.0.7"),
        ("10.0.0.7", "Mon Nov 23 15:11:48 2026", "10.0.0.7"),
        ("2001:db8::7:51234", "Mon Nov 23 15:11:48.120345 2026", "2001:db8::7"),
        ("2001:db8::7:5123", "Mon Nov 23 15:11:48 2026", "2001:db8::7:5123"),
        ("::1:40000", "Mon Nov 23 15:11:48.120345 2026", "::1"),
        ("gw.lab:51234", "Mon Nov 23 15:11:48.120345 2026", None),
    ],
)
def test_the_port_of_a_client_is_no_part_of_its_address(client, stamp, address):
    (row,) = records("apache_error", apache("kai", client, stamp))
    assert row["address"] == address


@pytest.mark.parametrize(("name", "line"), [("nginx_error", nginx("kai")), ("apache_error", apache("kai"))])
def test_they_are_recognised_and_other_lines_are_rejected(name, line):
    assert formats.recognise((line * 3).encode(), "git/var/log/error.log") == name
    assert whys(name, f"x\n{line}\n{line[:30]}") == ["shape", "shape"]
