"""A process number that comes round: which connection an audit session is of, and which end is whose."""

from stage import UIDS, Stage

from forensics.analysis import sessions

HOUR = 3_600_000_000_000


def entered(day, ses, at, key, *, port):
    who = {"account": "kai", "auid": UIDS["kai"], "session": ses, "pid": 900, "exe": "/usr/sbin/sshd"}
    day.add("loginuid", when=at, **who)
    day.add("login", address="10.0.0.2", when=at, **who)
    day.add(
        "login",
        "syslog",
        account="kai",
        pid=900,
        address="10.0.0.2",
        port=port,
        credential=key,
        when=at + 1_000_000,
    )


def test_of_two_connections_of_one_number_each_session_has_the_nearer():
    for order in (1, -1):
        day = Stage()
        for ses, at, key in (("31", 0, "SHA256:first"), ("32", HOUR, "SHA256:second"))[::order]:
            entered(day, ses, day.at + at, key, port=4000 + int(ses))
        found = {s.ses: (s.credential, s.port) for s in sessions.reconstruct(day.evidence())}
        assert found == {"31": ("SHA256:first", 4031), "32": ("SHA256:second", 4032)}


def test_a_connection_ends_with_the_first_end_of_its_number_after_it():
    day = Stage()
    for at in (-60, 60, 120):
        day.add("session_close", "syslog", account="kai", pid=900, when=day.at + at * 10**9)
    day.add("login", "syslog", account="kai", pid=900, address="10.0.0.2", port=4000, credential="SHA256:k")
    (found,) = sessions.reconstruct(day.evidence())
    assert found.start_ns == day.at
    assert found.end_ns == day.at + 60 * 10**9 + 999_999
