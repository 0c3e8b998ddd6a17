"""What sshd writes: entries and refusals, with the keys used, and the ends of connections.

User names of the pre-authentication messages are typed by whoever connects, so those are read from the
right: after the name come sshd's own words, to the end of the line. Sources: OpenSSH 3.9 to 10,
auth.c, auth2.c, auth2-pubkey.c, auth2-pubkeyfile.c, auth2-hostbased.c, monitor.c, auth-pam.c, gss-serv-krb5.c, session.c, packet.c, serverloop.c, channels.c, sftp-server.c; sshd-session
is sshd's per-connection half since 9.8. Its sftp server says what was done to which file, and runs as the account itself.
"""

from forensics.core.programs.shape import ADDRESS, FROM, NAMED, PEER, SOME, Program, Shape, pam

_METHOD = r"(?P<method>[a-z-]+(?:/[a-z-]+)?)"
_KEY = r"(?P<credential>SHA256:[A-Za-z0-9+/]{43})"
_CERTIFICATE = r"ID (?P<certificate>.*) \(serial (?P<serial>[0-9]{1,20})\) CA [A-Z0-9-]+ (?P<authority>SHA256:[A-Za-z0-9+/]{43})"
_SIGNED = r"[A-Z0-9-]+ CA (?P<authority>SHA256:[A-Za-z0-9+/]{43})"
_ACCOUNT = r"(?P<account>.+?)"
_TYPED = r"(?:invalid|illegal) user (?P<typed>.*)"
_EARLY = r"(?: \[preauth\])?$"
_GONE = r"^(?:Disconnected from|Connection (?:closed|reset) by)"
_END = ("Disconnected from", "Connection closed by", "Connection reset by")
_END_TYPED = tuple(f"{end} {which}" for end in _END for which in ("invalid", "illegal"))
_TOO_MANY = r"^(?:error: )?maximum authentication attempts exceeded for"

SSHD = Program(
    ("sshd", "sshd-session", "sshd-auth"), SOME,
    (
        Shape("accepted", rf"^Accepted {_METHOD} for {_ACCOUNT} {FROM} ssh2: [A-Z0-9-]+ {_KEY}$", ("Accepted ",)),
        Shape("accepted", rf"^Accepted {_METHOD} for {_ACCOUNT} {FROM} ssh2: [A-Z0-9-]+ {_KEY} {_CERTIFICATE}$", ("Accepted ",)),
        Shape("accepted", rf"^Accepted {_METHOD} for {_ACCOUNT} {FROM} ssh2: [A-Z0-9-]+ {_KEY} ID .*$", ("Accepted ",)),
        Shape("accepted", rf"^Accepted {_METHOD} for {_ACCOUNT} {FROM} ssh2: [A-Z0-9]+-CERT {_CERTIFICATE}$", ("Accepted ",)),
        Shape("accepted", rf"^Accepted {_METHOD} for {_ACCOUNT} {FROM} ssh[12](?:: .*)?$", ("Accepted ",)),
        Shape("refused_unknown", rf"^Failed (?P<method>[a-z-]+) for invalid user (?P<typed>[^ ]*) {FROM} ssh2$", ("Failed ",)),
        Shape("refused", rf"^Failed (?P<method>[a-z-]+) for {NAMED} {FROM} ssh2$", ("Failed ",)),
        Shape("refused_unknown", rf"^Failed {_METHOD} for {_TYPED} {FROM} ssh[12](?:: [A-Z0-9-]+ {_KEY})?$", ("Failed ",)),
        Shape("refused_unknown", r"^Failed [^ ]+ for (?:invalid|illegal) user ", ("Failed ",)),
        Shape("refused", rf"^Failed {_METHOD} for {_ACCOUNT} {FROM} ssh[12](?:: [A-Z0-9-]+ {_KEY})?$", ("Failed ",)),
        Shape("refused", rf"^Failed {_METHOD} for {NAMED} {FROM} ssh[12]: [A-Z0-9-]+ {_KEY} {_CERTIFICATE}$", ("Failed ",)),
        Shape("refused", rf"^Failed {_METHOD} for {NAMED} {FROM} ssh[12]: ", ("Failed ",)),
        Shape("refused_unknown", rf"^Invalid user (?P<typed>[^ ]*) {FROM}$", ("Invalid ",)),
        Shape("refused_unknown", r"^(?:Invalid|Illegal) user (?P<typed>.*) from (?P<address>[^ ]+)(?: port (?P<port>[0-9]{1,5}))?$", ("Invalid ", "Illegal ")),
        Shape("refused", r"^User (?P<account>.+?) from (?P<address>[^ ]+) not allowed because ", ("User ",)),
        Shape("refused", r"^User (?P<account>[^ ]+) not allowed because (?:account is locked|shell |/etc/nologin)", ("User ",)),
        Shape("refused", r"^Account (?P<account>[^ ]+) has expired$", ("Account ",)),
        Shape("refused_unknown", rf"^administratively prohibited connection for {_TYPED} {FROM}$", ("administratively ",)),
        Shape("refused", rf"^administratively prohibited connection for {NAMED} {FROM}$", ("administratively ",)),
        Shape("refused_unknown", rf"^error: public key [A-Z0-9-]+ {_KEY} signature for {_TYPED} {FROM} rejected: user [a-z() ]+$", ("error: public key ",)),
        Shape("refused", rf"^error: public key [A-Z0-9-]+ {_KEY} signature for {NAMED} {FROM} rejected: user [a-z() ]+$", ("error: public key ",)),
        Shape("refused", r"^(?P<object>/[^ ]+):[0-9]+: Authentication tried for (?P<account>[^ ]+) with correct key but not from a permitted host \(", ("/",)),
        Shape("refused", r"^(?:cert|/[^ ]+:[0-9]+): Authentication tried for (?P<account>[^ ]+) with valid certificate but not from a permitted source address \((?P<address>[^ ()]+)\)\.$", ("cert: ", "/")),
        Shape("refused", rf"^(?:fatal: )?Access denied for user {NAMED} by PAM account configuration{_EARLY}", ("fatal: Access", "Access denied")),
        Shape("refused", rf"^ROOT LOGIN REFUSED FROM {PEER}{_EARLY}", ("ROOT LOGIN",)),
        Shape("refused_unknown", rf"{_TOO_MANY} {_TYPED} {FROM} ssh2{_EARLY}", ("error: max", "maximum auth")),
        Shape("refused", rf"{_TOO_MANY} {NAMED} {FROM} ssh2{_EARLY}", ("error: max", "maximum auth")),
        Shape("refused_unknown", r"^(?:error: )?PAM: [A-Z][A-Za-z ,'/-]* for (?:illegal|invalid) user (?P<typed>.*) from (?P<address>[^ ]+)$", ("error: PAM: ", "PAM: ")),
        Shape("refused", rf"^(?:error: )?PAM: [A-Z][A-Za-z ,'/-]* for {NAMED} from (?P<address>[^ ]+)$", ("error: PAM: ", "PAM: ")),
        Shape("principal", r"^Authorized to (?P<account>[^ ,]+), krb5 principal (?P<principal>[^ ]+) \([a-z0-9_]+\)$", ("Authorized to ",)),
        Shape("key_refused", r"^Authentication refused: bad ownership or modes for (?:file|directory) (?P<object>/.*)$", ("Authentication refused",)),
        Shape("key_refused", r"^(?:error: )?(?:Certificate invalid: |Refused by certificate options$)", ("Certificate invalid", "error: Cert", "error: Refused", "Refused by")),
        Shape("key_refused", rf'^error: Refusing certificate ID "(?P<certificate>.*)" serial=(?P<serial>[0-9]{{1,20}}) signed by {_SIGNED}(?: via (?P<object>/[^ ]+))?: [^"]*{_EARLY}', ("error: Refusing ",)),
        Shape("key_refused", rf"^error: Authentication key [A-Z0-9-]+ {_KEY} revoked by file (?P<object>/.*)$", ("error: Authentication key ",)),
        Shape("key_refused", r"^Authentication refused for (?P<account>[^ ]+): bad owner or modes for (?P<object>/.*)$", ("Authentication refused for ",)),
        Shape("key_found", rf"^Accepted key [A-Z0-9-]+ {_KEY} found at (?P<object>.+):[0-9]+$", ("Accepted key ",)),
        Shape("certificate_found", r'^Accepted certificate ID "(?P<certificate>.*)" \(serial (?P<serial>[0-9]{1,20})\) signed by [A-Z0-9-]+ CA (?P<authority>SHA256:[A-Za-z0-9+/]{43}) via (?P<object>[^"]+)$', ("Accepted certificate ",)),
        Shape("certificate_found", r'^Accepted certificate ID "(?P<certificate>.*)" \(serial (?P<serial>[0-9]{1,20})\) signed by CA [A-Z0-9-]+ (?P<authority>SHA256:[A-Za-z0-9+/]{43}) found at (?P<object>[^"]+):[0-9]+$', ("Accepted certificate ",)),
        Shape("postponed_unknown", rf"^(?:Postponed|Partial) {_METHOD} for {_TYPED} {FROM} ssh2(?:: .*)?{_EARLY}", ("Postponed ", "Partial ")),
        Shape("postponed", rf"^(?:Postponed|Partial) {_METHOD} for {_ACCOUNT} {FROM} ssh2(?:: .*)?{_EARLY}", ("Postponed ", "Partial ")),
        Shape("child", r"^User child is on pid (?P<child>[0-9]{1,10})$", ("User child ",)),
        Shape("started", rf"^Starting session: shell on (?P<tty>pts/[0-9]+) for {NAMED} {FROM} id [0-9]+$", ("Starting session: ",)),
        Shape("started", rf"^Starting session: .* on (?P<tty>(?:pts/|tty)[^ ']+) for {NAMED} {FROM} id [0-9]+$", ("Starting session: ",)),
        Shape("started", rf"^Starting session: .* for {NAMED} {FROM} id [0-9]+$", ("Starting session: ",)),
        Shape("session_ended", rf"^Close session: user {NAMED} {FROM} id [0-9]+$", ("Close session: ",)),
        Shape("subsystem", r"^subsystem request for (?P<operation>.*) by user (?P<account>[^ ]+)$", ("subsystem ",)),
        Shape("subsystem", r"^subsystem request for (?P<operation>.*) by user (?P<account>[^ ]+) (?P<refusal>failed, (?:subsystem not found|execution failed))$", ("subsystem ",)),
        Shape("forward_refused", r"^refused (?P<operation>local port|streamlocal port) forward: originator [^ ]* port [0-9]+, target (?P<object>.*)$", ("refused ",)),
        Shape("forward_refused", rf"^Received request (?:from {PEER} )?to connect to (?P<object>.*), but the request was denied\.$", ("Received request ",)),
        Shape("forward_refused", rf"^Received request {FROM} to remote forward(?: to (?:host|path) (?P<object>.*))?, but the request was denied\.$", ("Received request ",)),
        Shape("forward_refused", r"^(?:error: )?(?:connect_to|channel_setup_fwd_listener_tcpip|bind|open failed)\b.*(?:forward|administratively prohibited)", ("error: connect_to", "connect_to", "error: bind", "bind", "channel_setup", "error: channel_setup")),
        Shape("forward_refused", r"^error: connect_to (?P<object>[^ ]+ port [0-9]{1,5}): failed\.$", ("error: connect_to",)),
        Shape("forwarded", r"^debug1: server_request_direct_tcpip: originator [^ ]+ port [0-9]{1,5}, target (?P<object>[^ ]+ port [0-9]{1,5})$", ("debug1: server_request",)),
        Shape("forwarded", r"^debug1: Local forwarding listening on (?P<object>[^ ]+ port [0-9]{1,5})\.$", ("debug1: Local forw",)),
        Shape("connected", rf"^Connection {FROM} on ", ("Connection from ",)),
        Shape("gone", rf"^(?:error: )?Received disconnect {FROM}:[0-9]+: ", ("Received disconnect", "error: Received disconnect")),
        Shape("gone", r"^(?:error: )?Received disconnect from (?P<address>[^ ]+): [0-9]+: ", ("Received disconnect", "error: Received disconnect")),
        Shape("gone", rf"{_GONE} invalid user (?P<typed>[^ ]*) {PEER}{_EARLY}", _END_TYPED),
        Shape("gone", rf"{_GONE} {_TYPED} {PEER}{_EARLY}", _END_TYPED),
        Shape("gone", rf"{_GONE}(?: authenticating)? user {NAMED} {PEER}{_EARLY}", _END),
        Shape("gone", rf"{_GONE} (?P<address>[^ ]+)(?: port (?P<port>[0-9]{{1,5}}))?{_EARLY}", _END),
        Shape("gone", rf"^Connection from {_TYPED} {PEER} timed out{_EARLY}", ("Connection from ",)),
        Shape("gone", rf"^Connection from (?:(?:authenticating )?user {NAMED} )?{PEER} timed out{_EARLY}", ("Connection from ",)),
        Shape("gone", rf"^terminating inactive connection from (?:user {NAMED} )?{PEER}$", ("terminating inactive ",)),
        Shape("gone", rf"^ssh_dispatch_run_fatal: Connection from (?:authenticating )?user {NAMED} {PEER}: [A-Za-z ]+{_EARLY}", ("ssh_dispatch_run_fatal: ",)),
        Shape("gone", rf"^Read error from remote host {PEER}: ", ("Read error ",)),
        Shape("gone", rf"^Disconnecting {_TYPED} {PEER}: Too many authentication failures{_EARLY}", ("Disconnecting ",)),
        Shape("gone", rf"^Disconnecting (?:authenticating )?user {NAMED} {PEER}: ", ("Disconnecting ",)),
        Shape("gone", rf"^(?:fatal: )?Timeout before authentication for (?:connection from )?{PEER}", ("Timeout before", "fatal: Timeout before")),
        Shape("gone", rf"^Timeout before authentication for connection from {ADDRESS}(?: to [^ ]+)?, pid = (?P<child>[0-9]{{1,10}})(?: \([a-z ]+\))?$", ("Timeout before",)),
        Shape("gone", r"^(?:fatal: Write failed: |fatal: Read from socket failed: |Read error from remote host )", ("fatal: ", "Read error")),
        Shape("gone", rf"^Timeout, client not responding from user {NAMED} {PEER}$", ("Timeout, client",)),
        Shape("gone", r"^(?:Disconnecting|Disconnected|Connection (?:closed|reset)|Timeout, client not responding)\b", ("Disconnect", "Connection ", "Timeout")),
        Shape("no_greeting", rf"^(?:error: kex_exchange_identification|Did not receive identification string) from {PEER}", ("Did not",)),
        Shape("no_greeting", r"^Did not receive identification string from (?P<address>[^ ]+)$", ("Did not",)),
        Shape("no_greeting", rf"^(?:error: )?(?:Unable to negotiate with|(?:banner exchange|kex_exchange_identification|ssh_dispatch_run_fatal|kex_protocol_error): Connection from) {PEER}: ", ("Unable to neg", "error: Unable to neg", "banner ", "error: banner", "kex_", "error: kex_", "ssh_dispatch", "error: ssh_dispatch")),
        Shape("no_greeting", rf"^Bad protocol version identification '.*' {FROM}$", ("Bad protocol",)),
        Shape("no_greeting", r"^drop connection #[0-9]+ from \[(?P<address>[^ \]]+)\]:(?P<port>[0-9]{1,5}) on ", ("drop connection",)),
        Shape("no_greeting", r"^refused connect from [^ ]+ \((?P<address>[^ ()]+)\)$", ("refused connect",)),
        Shape("name_only", rf"^input_userauth_request: {_TYPED}(?: \[preauth\])$", ("input_userauth",)),
        Shape("listening", r"^Server listening on (?P<address>[^ ]+) port (?P<port>[0-9]{1,5})(?: rdomain [^ ]+)?\.$", ("Server listening",)),
        Shape("service", r"^Received signal [0-9]+; (?P<operation>terminating|restarting)\.$", ("Received signal",)),
        Shape("service", r"^Received SIGHUP; (?P<operation>restarting)\.$", ("Received SIGHUP",)),
        Shape("service", r"^Exiting on signal [0-9]+\b", ("Exiting on",)),
        *pam("sshd"),
    ),
)  # fmt: skip
# No quote in a name is marked, so of two names neither is read where one could hold the words between them.
_WHOLE = r'"(?P<object>/.*)"'
_SENT = (
    "open ",
    "opendir ",
    "close ",
    "remove ",
    "rename ",
    "posix-rename ",
    "mkdir ",
    "rmdir ",
    "set ",
    "symlink ",
    "hardlink ",
    "copy-data ",
)
SFTP = Program(
    ("internal-sftp", "sftp-server"), SOME,
    (
        Shape("sftp_session", r"^session (?P<operation>opened|closed) for local user (?P<account>[^ ]+) from \[(?P<address>[^\]]+)\]$", ("session ",)),
        Shape("sftp", rf"^(?P<operation>open) {_WHOLE} flags [A-Z,]+ mode [0-7]+$", ("open ",)),
        Shape("sftp", rf"^(?P<operation>close) {_WHOLE} bytes read [0-9]+ written [0-9]+$", ("close ",)),
        Shape("sftp", rf"^(?P<operation>remove|rmdir) name {_WHOLE}$", ("remove ", "rmdir ")),
        Shape("sftp", rf"^(?P<operation>mkdir) name {_WHOLE} mode [0-7]+$", ("mkdir ",)),
        Shape("sftp", rf"^(?P<operation>opendir) {_WHOLE}$", ("opendir ",)),
        Shape("sftp", rf"^(?P<operation>set) {_WHOLE} (?:size [0-9]+|mode [0-7]+|owner [0-9]+ group [0-9]+|modtime [0-9:-]+)$", ("set ",)),
        Shape("sftp", r'^(?P<operation>posix-rename|rename) old "[^"]*" new "(?P<object>/[^"]*)"$', ("rename ", "posix-rename ")),
        Shape("sftp", r'^(?P<operation>symlink|hardlink) old "[^"]*" new "(?P<object>/[^"]*)"$', ("symlink ", "hardlink ")),
        Shape("sftp", r'^(?P<operation>open|opendir|close|remove|rename|posix-rename|mkdir|rmdir|set|symlink|hardlink|copy-data) .*"', _SENT),
    ),
)  # fmt: skip
# Of a ticket the client asks under any name, and from an address that a network may have put there; that it was issued shows that the name's key was held.
_ASKED = r"^(?:AS|TGS)_REQ \((?:[0-9]+ etypes )?\{.*\}\) (?P<address>[^ ]+): "
KDC = Program(
    ("krb5kdc",), SOME,
    (
        Shape("ticket", rf"{_ASKED}ISSUE: authtime [0-9]+, (?:etypes )?\{{.*\}}, (?P<principal>[^ ,]+) for (?P<object>[^ ,]+)$", ("AS_REQ ", "TGS_REQ ")),
        Shape("ticket_asked", rf"{_ASKED}NEEDED_PREAUTH: (?P<principal>[^ ,]+) for (?P<object>[^ ,]+), ", ("AS_REQ ",)),
        Shape("ticket_refused", rf"{_ASKED}(?P<refusal>[A-Z_ ]+): ", ("AS_REQ ", "TGS_REQ ")),
    ),
)  # fmt: skip
PROGRAMS = (SSHD, SFTP, KDC)
