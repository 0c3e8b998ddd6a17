"""What newer versions and other builds of a host's programs write, each line staged after the words in their sources.

Sources: OpenSSH 10 (auth.c, auth2-pubkey.c, auth2-pubkeyfile.c, monitor.c, packet.c, sshd.c), sudo-rs 0.2 (src/sudo/pipeline.rs), Linux-PAM 1.7,
SSSD 2 (pam_sss.c), shadow 4.19 (gpasswd.c, passwd.c, vipw.c), util-linux 2.41 (su-common.c), systemd 257 (run.c), MIT krb5 1.21 (do_as_req.c, logger.c).
"""

import json

import pytest
from told import events

from forensics import formats

KEY, SIGNER = "SHA256:" + "K" * 43, "SHA256:" + "C" * 43
AT = "from 10.0.0.3 port 44"
CERTIFICATE = f"ED25519-CERT {KEY} ID kai@lab (serial 7) CA ED25519 {SIGNER}"
NOBODY = {"account": None, "effective": None}
RAN = "PWD=/home/kai ; USER=root ; COMMAND=/usr/bin/pkill -9 train"


def told(tag, message):
    """The event of one line."""
    (event,) = events("syslog", f"2026-11-23T15:11:37Z login01 {tag}: {message}\n".encode())
    return event


@pytest.mark.parametrize(
    ("message", "verb", "rest"),
    [
        (f"Failed publickey for kai {AT} ssh2: RSA MD5:aa:bb:cc", "login_failed", {"account": "kai", "address": "10.0.0.3", "credential": None}),
        (f"Failed publickey for kai {AT} ssh2: {CERTIFICATE}", "login_failed", {"account": "kai", "port": 44, "credential": None}),
        (f"Failed publickey for invalid user zed {AT} ssh2: {CERTIFICATE}", "login_failed", NOBODY),
        (f'Failed hostbased for kai {AT} ssh2: ED25519 {KEY}, client user "lin", client host "x"', "login_failed", {"account": "kai"}),
        (f'Accepted hostbased for kai {AT} ssh2: ED25519 {KEY}, client user "lin", client host "x"', "login", {"account": "kai", "credential": None}),
        (f"Accepted publickey for kai {AT} ssh2: RSA-CERT ID lin (serial 7) CA RSA {SIGNER}", "login", {"account": "kai", "credential": None}),
        (f"Accepted publickey for kai from UNKNOWN port 65535 ssh2: ED25519 {KEY}", "login", {"account": "kai", "address": None, "credential": KEY}),
        (f"Accepted password for LAB\\\\kai {AT} ssh2", "login", {"account": "LAB\\kai"}),
        (f"administratively prohibited connection for kai {AT}", "login_failed", {"account": "kai", "address": "10.0.0.3"}),
        (f"administratively prohibited connection for invalid user lin from 10.1.1.1 port 5 {AT}", "login_failed", {**NOBODY, "address": "10.0.0.3"}),
        (f"error: public key ED25519-SK {KEY} signature for kai {AT} rejected: user presence (authenticator touch) requirement not met ", "login_failed", {"account": "kai"}),
        (f"error: public key ED25519-SK {KEY} signature for invalid user lin {AT} rejected: user verification requirement not met ", "login_failed", NOBODY),
        ("/home/kai/.ssh/authorized_keys:2: Authentication tried for kai with correct key but not from a permitted host (host=x, ip=10.0.0.3, required=10.1.0.0/16).", "login_failed", {"account": "kai"}),
        ("cert: Authentication tried for kai with valid certificate but not from a permitted source address (10.0.0.3).", "login_failed", {"account": "kai", "address": "10.0.0.3"}),
        ("Account kai has expired", "login_failed", {"account": "kai"}),
        (f'error: Refusing certificate ID "for lin via /x" serial=9 signed by ED25519 CA {SIGNER} via /etc/ssh/ca.pub: Certificate invalid: expired', "other", {**NOBODY, "outcome": "failure", "object": "/etc/ssh/ca.pub"}),
        (f"error: Authentication key ED25519 {KEY} revoked by file /etc/ssh/revoked", "other", {**NOBODY, "outcome": "failure", "credential": None, "object": "/etc/ssh/revoked"}),
        ("Authentication refused for kai: bad owner or modes for /home/kai/.shosts", "other", {"account": "kai", "outcome": "failure", "object": "/home/kai/.shosts"}),
        (f'Accepted certificate ID "kai" (serial 9) signed by CA ED25519 {SIGNER} found at /home/kai/.ssh/authorized_keys:3', "other", {"object": "/home/kai/.ssh/authorized_keys", "object_kind": "path"}),
        ("Timeout before authentication for connection from 10.0.0.3 to 10.0.0.1, pid = 1234", "disconnect", {"address": "10.0.0.3", "target_pid": 1234}),
        ("Connection from user kai 10.0.0.3 port 44 timed out", "disconnect", {"account": "kai", "address": "10.0.0.3"}),
        ("Connection from 10.0.0.3 port 44 timed out [preauth]", "disconnect", {**NOBODY, "address": "10.0.0.3"}),
        ("Connection from invalid user user lin 10.1.1.1 port 5 10.0.0.3 port 44 timed out [preauth]", "disconnect", {**NOBODY, "address": "10.0.0.3"}),
        ("terminating inactive connection from user kai 10.0.0.3 port 44", "disconnect", {"account": "kai", "port": 44}),
        ("Disconnecting user kai 10.0.0.3 port 44: Too many authentication failures", "disconnect", {"account": "kai", "address": "10.0.0.3"}),
        ("ssh_dispatch_run_fatal: Connection from authenticating user kai 10.0.0.3 port 44: message authentication code incorrect [preauth]", "disconnect", {"account": "kai"}),
        ("Read error from remote host 10.0.0.3 port 44: Connection reset by peer", "disconnect", {"address": "10.0.0.3", "port": 44}),
        (f"Received request {AT} to remote forward to host db01 port 5432, but the request was denied.", "other", {"outcome": "failure", "address": "10.0.0.3"}),
        ("subsystem request for sftp by user kai failed, execution failed", "other", {"account": "kai"}),
        ("Server listening on :: port 22 rdomain 3.", "other", {"account_absence": "not_applicable", "address": "::"}),
        ("Received SIGHUP; restarting.", "service", {"account_absence": "not_applicable"}),
        ("pam_sss(sshd:account): Access denied for user kai: 6 (Permission denied)", "login_failed", {"account": "kai"}),
        ("pam_sss(sshd:auth): received for user kai: 7 (Authentication failure)", "login_failed", {"account": "kai"}),
        ("pam_sss(sshd:auth): received for user lin: 10 (User not known to the underlying authentication module)", "login_failed", NOBODY),
        ("pam_unix(sshd:auth): check pass; user (lin) unknown", "login_failed", NOBODY),
        ("pam_faillock(sshd:auth): User unknown: lin", "login_failed", NOBODY),
        ("pam_listfile(sshd:auth): Refused user kai for service sshd", "login_failed", {"account": "kai"}),
        ("pam_winbind(sshd:auth): user 'LAB\\kai' denied access (incorrect password or invalid membership)", "login_failed", {"account": "LAB\\kai"}),
        ("pam_lastlog(sshd:account): user kai inactive for 40 days - denied", "login_failed", {"account": "kai"}),
        ("pam_limits(sshd:session): Too many logins (max 3) for kai", "login_failed", {"account": "kai"}),
    ],
)  # fmt: skip
def test_what_sshd_writes_now(message, verb, rest):
    event = told("sshd-session[6]", message)
    assert {name: event[name] for name in ("verb", *rest)} == {"verb": verb, **rest}


@pytest.mark.parametrize(
    ("tag", "message", "verb", "rest"),
    [
        ("sudo", f"kai : TTY=/dev/pts/3 ; {RAN}", "sudo", {"account": "kai", "effective": "root", "tty": "pts/3", "outcome": "success", "text": "/usr/bin/pkill -9 train"}),
        ("sudo", f"kai :  {RAN}", "sudo", {"account": "kai", "effective": "root", "tty": None, "outcome": "success", "cwd": "/home/kai", "text": "/usr/bin/pkill -9 train"}),
        ("sudo", "kai :  PWD=/home/kai ; USER=lin ; COMMAND=/x ; USER=root ; COMMAND=/y", "sudo", {"account": "kai", "effective": None, "outcome": None}),
        ("sudo-rs", f"kai : TTY=/dev/pts/3 ; {RAN}", "sudo", {"account": "kai", "effective": "root"}),
        ("sudo", f"[...] lin : TTY=/dev/pts/3 ; {RAN}", "other", NOBODY),
        ("sudo", "pam_unix(sudo:auth): auth could not identify password for [kai]", "other", {"account": None, "outcome": "failure"}),
        ("sudo", "pam_unix(sudo:session): session opened for user gone(uid=getpwnam error) by kai(uid=4102)", "session_open", {"account": "kai", "effective": "gone", "uid": 4102}),
        ("su[7]", "pam_wheel(su:auth): Access denied to 'root' for 'kai'", "sudo", {"account": "kai", "effective": "root", "outcome": "failure"}),
        ("runuser[7]", "(to mei) root on pts/1", "sudo", {"account": "root", "effective": "mei", "outcome": "success"}),
        ("runuser[7]", "FAILED RUNUSER (to mei) root on pts/1", "sudo", {"account": "root", "effective": "mei", "outcome": "failure"}),
        ("doas", "pam_unix(doas:session): session opened for user root(uid=0) by kai(uid=4102)", "session_open", {"account": "kai", "effective": "root", "uid": 4102}),
        ("(sh)[7]", "pam_unix(systemd-run0:session): session opened for user root(uid=0) by (uid=0)", "session_open", {"account": "root", "uid": 0}),
        ("(sd-pam)[7]", "pam_unix(systemd-user:session): session closed for user kai", "session_close", {"account": "kai"}),
        ("polkit-agent-helper-1[7]", "pam_unix(polkit-1:auth): authentication failure; logname=kai uid=4102 euid=0 tty= ruser=kai rhost=  user=root", "other", {"account": "kai", "effective": "root", "outcome": "failure"}),
        ("login[7]", "invalid password for 'lin' on '/dev/tty1'", "login_failed", NOBODY),
        ("login[7]", "LOGIN 'lin' REFUSED on '/dev/tty1'", "login_failed", NOBODY),
        ("/usr/sbin/cron[7]", "(kai) CMD (/bin/x)", "cron_run", {"account": "kai"}),
        ("gpasswd[7]", "user kai added by lin to group sudo in /etc/group", "account_edit", {"account": "lin", "object": "kai"}),
        ("gpasswd[7]", "password of group sudo changed by lin in /etc/gshadow", "account_edit", {"account": "lin"}),
        ("gpasswd[7]", "lin failed to add user kai to group sudo in /etc/group", "other", {"account": "lin", "outcome": "failure"}),
        ("passwd[7]", "password locked for 'mei'", "account_edit", {"account": None, "object": "mei"}),
        ("vipw[7]", "file /etc/passwd edited", "account_edit", {"account": None, "object_kind": "path", "object": "/etc/passwd"}),
        ("krb5kdc[7](info)", "AS_REQ (2 etypes {aes256-cts-hmac-sha1-96(18), x(17)}) 10.0.0.3: ISSUE: authtime 1795446697, etypes {rep=x(18), tkt=x(18), ses=x(18)}, kai@LAB.EXAMPLE for krbtgt/LAB.EXAMPLE@LAB.EXAMPLE", "other", {"account": None, "address": "10.0.0.3", "pid": 7, "outcome": "success"}),
        ("krb5kdc[7](info)", "AS_REQ (2 etypes {18 17}) 10.0.0.3: NEEDED_PREAUTH: lin@LAB.EXAMPLE for krbtgt/LAB.EXAMPLE@LAB.EXAMPLE, Additional pre-authentication required", "other", {"account": None, "address": "10.0.0.3", "outcome": None}),
        ("krb5kdc[7](info)", "AS_REQ (2 etypes {18 17}) 10.0.0.3: PREAUTH_FAILED: lin@LAB.EXAMPLE for krbtgt/LAB.EXAMPLE@LAB.EXAMPLE, Preauthentication failed", "other", {"account": None, "address": "10.0.0.3", "outcome": "failure"}),
    ],
)  # fmt: skip
def test_what_other_programs_write_now(tag, message, verb, rest):
    event = told(tag, message)
    assert {name: event[name] for name in ("verb", *rest)} == {"verb": verb, **rest}


@pytest.mark.parametrize(
    ("exe", "account"),
    [("/usr/lib/cargo/bin/sudo", "kai"), ("/usr/bin/sudo.ws", "kai"), ("/home/kai/sudo.ws", None), ("/home/kai/.cargo/bin/sudo", None)],
)  # fmt: skip
def test_the_journal_bears_a_sudo_out_by_where_its_program_lies(exe, account):
    entry = {
        "__REALTIME_TIMESTAMP": "1795446697046885", "_HOSTNAME": "login01", "_UID": "4102", "_PID": "7", "_TRANSPORT": "syslog",
        "_EXE": exe, "SYSLOG_IDENTIFIER": "sudo", "MESSAGE": f"kai : TTY=/dev/pts/3 ; {RAN}",
    }  # fmt: skip
    (event,) = events("journal_json", json.dumps(entry).encode() + b"\n")
    assert (event["verb"], event["account"]) == ("sudo" if account else "other", account)


def test_a_kdc_s_own_log_is_a_host_s_log():
    line = b"Nov 23 15:11:37 kdc01 krb5kdc[7](info): closing down fd 12\n"
    assert formats.recognise(line * 3, "kdc01/var/log/krb5kdc.log") == "syslog"
