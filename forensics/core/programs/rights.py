"""What sudo, su, runuser, doas, login, polkitd and pkexec write: who asked for whose rights, and who sat down at a terminal.

sudo sets no mark around the folder, the environment or the command, which a user types: where one of them
could be taken for another field, nothing but the caller is read. sudo-rs writes the same, with a second blank where there is no terminal. An exit status that follows a command (` ; EXIT=`) stays
part of it, for a command can end in those words. Where sudo was told to write JSON, the event's text is that. sudo_logsrvd writes under
sudo's name what hosts send it, and then `HOST=` is the one that sudo ran on. Sources: sudo lib/eventlog, plugins/sudoers/logging.c, logsrvd;
sudo-rs src/sudo/pipeline.rs; util-linux su-common.c, login.c; shadow su.c, login.c; Linux-PAM pam_wheel.c; polkit
polkitbackendinteractiveauthority.c, pkexec.c; opendoas doas.c.
"""

from forensics.core.programs.shape import ANY, SOME, Program, Shape, pam

_ASKS = r"^ *(?P<caller>[^ ]+) : "
_HOST = r"(?:HOST=(?P<on_host>[^ ;]+) ; )?"
_TTY = r"(?:TTY=(?P<tty>[^ ;]+) ; )?"
_REFUSED = r"(?:(?P<refusal>[A-Za-z0-9 ,.'()/_:-]+) ; )?"
_CALL = rf"{_ASKS}{_REFUSED}{_HOST}{_TTY}(?:CHROOT=(?P<chroot>[^ ;]+) ; )?(?:PWD|CWD)="
_WHOSE = (
    r"(?P<cwd>.*) ; USER=(?P<target>[^ ;]+)(?: ; GROUP=(?P<group>[^ ;]+))?(?: ; TSID=(?P<recording>[^ ;]+))?"
)

# With `log_format=json`. Up to the arguments, every text is a string of JSON and so ends where it says; those that
# name accounts are taken only where nothing in them is escaped.
_STRING = r'"(?:[^"\\]|\\.)*"'
_PLAIN = r'[^"\\ ]+'
_JSON = (
    r'^@cee: ?\{"sudo":\{"(?:accept|reject)":\{(?:"uuid":"[0-9a-f-]+",)?(?:"(?:server|submit)_time":\{[^{}]*\},)*'
    rf'(?:"reason":"(?P<refusal>(?:[^"\\]|\\.)+)",)?"submituser":"(?P<caller>{_PLAIN})","command":{_STRING}'
    rf'(?:,"runuser":"(?P<target>{_PLAIN})")?(?:,"rungroup":"(?P<group>{_PLAIN})")?(?:,"runchroot":{_STRING})?'
    rf'(?:,"runcwd":{_STRING})?(?:,"ttyname":"(?:/dev/)?(?P<tty>{_PLAIN})")?(?:,"submithost":{_STRING})?'
    r'(?:,"submitcwd":"(?P<cwd>(?:[^"\\]|\\.)*)")?[,}]'
)
# The same from sudo_logsrvd, which puts its own members first and then those that sudo sent, by name. A string, a number,
# a list of strings or a flat object ends where it says, so that none of them can hold a member that is read.
_VALUE = rf"(?:{_STRING}|-?[0-9]+|\[(?:{_STRING}(?:,{_STRING})*)?\]|\{{[^{{}}]*\}}|true|false|null)"
_OTHERS = rf'(?:"[a-z_]+":{_VALUE},)*?'
_SERVED = (
    r'^@cee: ?\{"sudo":\{"(?:accept|reject)":\{"uuid":"[0-9a-f-]+",(?:"reason":"(?P<refusal>(?:[^"\\]|\\.)+)",)?'
    rf'"server_time":\{{[^{{}}]*\}},"submit_time":\{{[^{{}}]*\}},"peeraddr":{_STRING},{_OTHERS}'
    rf'(?:"rungroup":"(?P<group>{_PLAIN})",)?{_OTHERS}"runuser":"(?P<target>{_PLAIN})",{_OTHERS}'
    rf'"submitcwd":"(?P<cwd>(?:[^"\\]|\\.)*)",{_OTHERS}"submithost":"(?P<on_host>{_PLAIN})",{_OTHERS}'
    rf'"submituser":"(?P<caller>{_PLAIN})"(?:,"ttyname":"(?:/dev/)?(?P<tty>{_PLAIN})")?(?:,"[a-z_]+":{_VALUE})*\}}'
)

SUDO = Program(
    ("sudo", "sudo-rs"), ANY,
    (
        *pam("sudo|sudo-i"),
        Shape("sudo", _JSON, ("@cee:",)),
        Shape("sudo", _SERVED, ("@cee:",)),
        Shape("sudo_continued", rf"{_ASKS}\(command continued\) (?P<command>.*)$", holds="(command continued)"),
        Shape("sudo_unclear", rf"{_ASKS}{_REFUSED}.* ; USER=.* ; USER=", holds=" ; USER=", times=2),
        Shape("sudo_unclear", rf"{_ASKS}{_REFUSED}.*\b(?:PWD|CWD)=.* ; (?:TTY|CHROOT|PWD|CWD)=.* ; (?:USER|GROUP)=", holds="WD=", times=2),
        Shape("sudo_unclear", rf"{_ASKS}{_REFUSED}.*\b(?:PWD|CWD)=.* ; (?:TTY|CHROOT)=.* ; (?:USER|GROUP)=", holds=" ; TTY="),
        Shape("sudo_unclear", rf"{_ASKS}{_REFUSED}.*\b(?:PWD|CWD)=.* ; CHROOT=.* ; (?:USER|GROUP)=", holds=" ; CHROOT="),
        Shape("sudo_unclear", rf"{_ASKS}{_REFUSED}.* ; ENV=.* ; COMMAND=.* ; COMMAND=", holds=" ; COMMAND=", times=2),
        Shape("sudo", rf"{_CALL}{_WHOSE}(?: ; ENV=.*)? ; COMMAND=(?P<command>.*)$"),
        Shape("sudo", rf"{_CALL}{_WHOSE} ;?$"),
        Shape("sudo", rf"^(?P<caller>[^ ]+) :  PWD={_WHOSE} ; COMMAND=(?P<command>.*)$", holds=" :  PWD="),
        Shape("sudo_group", rf"{_CALL}(?P<cwd>.*) ; GROUP=(?P<group>[^ ;]+)(?: ; TSID=(?P<recording>[^ ;]+))?(?: ; ENV=.*)? ; COMMAND=(?P<command>.*)$"),
        Shape("sudo_unclear", rf"{_ASKS}{_REFUSED}.* ; USER=.* ; COMMAND="),
        Shape("sudo_note", rf"{_ASKS}"),
    ),
    (
        Shape("sudo", rf"{_ASKS}TTY=(?P<tty>[^ ;=]+) ; PWD=(?P<cwd>[^ ;=]+) ; USER=(?P<target>[^ ;=]+) ; COMMAND=(?P<command>[^;]*)$"),
    ),
)  # fmt: skip
SU = Program(
    ("su", "su-l"), ANY,
    (
        Shape("su", r"^(?P<refusal>FAILED SU )?\(to (?P<target>[^ )]+)\) (?P<caller>[^ ]+) on (?P<tty>[^ ]+)$"),
        Shape("su", r"^(?P<refusal>FAILED SU )\(to (?P<typed>.*)\) (?P<caller>[^ ]+) on (?P<tty>[^ ]+)$"),
        Shape("su", r"^(?:Successful|(?P<refusal>FAILED)) su for (?P<target>[^ ]+) by (?P<caller>[^ ]+)$"),
        Shape("su", r"^(?:\+|(?P<refusal>-)) (?P<tty>[^ ]+) (?P<caller>[^ :]+):(?P<target>[^ :]+)$"),
        Shape("su", r"^'su (?P<target>[^ ']+)' (?P<refusal>failed) for (?P<caller>[^ ]+) on (?P<tty>[^ ]+)$"),
        Shape("su", r"^(?P<refusal>BAD SU) (?P<caller>[^ ]+) to (?P<target>[^ ]+) on (?P<tty>[^ ]+)$"),
        Shape("su", r"^pam_wheel\((?P<service>su|su-l):auth\): Access (?P<refusal>denied) to '(?P<target>[^ ']+)' for '(?P<caller>[^ ']+)'$", ("pam_wheel(",)),
        *pam("su|su-l"),
    ),
)  # fmt: skip
RUNUSER = Program(
    ("runuser",), ANY,
    (
        Shape("su", r"^(?P<refusal>FAILED RUNUSER )?\(to (?P<target>[^ )]+)\) (?P<caller>[^ ]+) on (?P<tty>[^ ]+)$"),
        *pam("runuser|runuser-l"),
    ),
)  # fmt: skip
LOGIN = Program(
    ("login",), ANY,
    (
        Shape("console", r"^(?:DIALUP AT|LOGIN ON) (?P<tty>[^ ]+) BY (?P<account>[^ ]+)(?: FROM (?P<address>[^ ]+))?$"),
        Shape("console", r"^(?P<account>ROOT) LOGIN +[Oo][Nn] '?(?P<tty>[^ ']+)'?(?: (?:FROM|from) '?(?P<address>[^ ']+)'?)?$"),
        Shape("console", r"^'(?P<account>[^ ']+)' logged in on '(?P<tty>[^ ']+)'(?: from '(?P<address>[^ ']+)')?$"),
        Shape("refused_unknown", r"^(?:FAILED LOGIN |TOO MANY LOGIN TRIES |invalid password for '|LOGIN '.*' REFUSED|ILLEGAL ROOT LOGIN|exceeded failure limit for ')"),
        *pam("login|remote"),
    ),
)  # fmt: skip
_OWNED = r"\[(?P<command>.*)\] \(owned by unix-user:(?P<caller>[^ )]+)\)$"
POLKIT = Program(
    ("polkitd", "polkitd(authority=local)"), SOME,
    (
        Shape("polkit", rf"^Operator of [^ ]+ successfully authenticated as unix-user:(?P<target>[^ ]+) to gain [A-Z-]+ authorization for action (?P<operation>[^ ]+) for [^ ]+ {_OWNED}", ("Operator of ",)),
        Shape("polkit", rf"^Operator of [^ ]+ (?P<refusal>FAILED) to authenticate to gain authorization for action (?P<operation>[^ ]+) for [^ ]+ {_OWNED}", ("Operator of ",)),
    ),
)  # fmt: skip
# In the words of pkexec the folder and the command are typed, and stand last.
_ASKED_AS = r"^(?P<caller>[^ :]+): (?:Executing command|(?P<refusal>[A-Za-z][^\[\]]*?)) \[USER=(?P<target>[^ \]]+)\] \[TTY=(?P<tty>[^ \]]+)\] "
PKEXEC = Program(
    ("pkexec", "polkit-agent-helper-1"), SOME,
    (
        *pam("polkit-1"),
        Shape("sudo_unclear", rf"{_ASKED_AS}\[CWD=.*\] \[COMMAND=.*\] \[COMMAND=", holds="] [COMMAND=", times=2),
        Shape("sudo", rf"{_ASKED_AS}\[CWD=(?P<cwd>.*)\] \[COMMAND=(?P<command>.*)\]$", holds="] [COMMAND="),
    ),
)  # fmt: skip
DOAS = Program(
    ("doas",), ANY,
    (
        Shape("sudo_unclear", r"^(?P<caller>[^ ]+) ran command .* as [^ ]+ from .* as [^ ]+ from ", holds=" ran command "),
        Shape("sudo", r"^(?P<caller>[^ ]+) ran command (?P<command>.*) as (?P<target>[^ ]+) from (?P<cwd>.*)$", holds=" ran command "),
        Shape("sudo", r"^(?P<refusal>command not permitted) for (?P<caller>[^ :]+): (?P<command>.*)$", ("command not permitted",)),
        Shape("sudo", r"^(?P<refusal>failed auth) for (?P<caller>[^ :]+)$", ("failed auth",)),
        *pam("doas"),
    ),
)  # fmt: skip
PROGRAMS = (SUDO, SU, RUNUSER, LOGIN, POLKIT, PKEXEC, DOAS)
