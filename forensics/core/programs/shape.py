"""What a known message looks like, and which program's word it is."""

from typing import NamedTuple

ANY, SOME, FIRST = "any", "some", "first"
"""How a program names its process: as it likes, always, or always as process 1."""


class Shape(NamedTuple):
    """A message that we know: its name, its pattern, and what it begins with.

    Each pattern is anchored where the program's own words begin, and at the end of the line where
    something typed stands in between, so that nothing typed can take the place of a field.
    `begins` holds literal beginnings, one of which every such message has, and `holds` a text that it has
    at least `times` times; they only save time. So do shapes of the usual case before the general one,
    with at most four fields, none of which may hold a blank but the last: those are read in one pass.
    """

    kind: str
    pattern: str
    begins: tuple[str, ...] = ()
    holds: str = ""
    times: int = 1


class Program(NamedTuple):
    """The messages of one program, whichever of its names it logs under, in order of trial.

    A line without a pid, or with another than 1, is not believed to be of a program that always logs one.
    `usual` holds messages as most are, which the shape of that kind reads so too and none before it fits; they only save time.
    """

    names: tuple[str, ...]
    pid: str
    shapes: tuple[Shape, ...]
    usual: tuple[Shape, ...] = ()


ADDRESS = r"(?P<address>[^ ]+)"
PORT = r"(?P<port>[0-9]{1,5})"
PEER = rf"{ADDRESS} port {PORT}"
FROM = rf"from {PEER}"
NAMED = r"(?P<account>[^ ]+)"


def pam(services: str) -> tuple[Shape, ...]:
    """What PAM modules write in the name of the program that asks them, for that program's own services."""
    module = r"^pam_(?:unix|sss|krb5|ldap|winbind|listfile|faillock|access|lastlog2?|limits)\("
    start = rf"{module}(?P<service>{services}):session\): session"
    auth = rf"{module}(?P<service>{services}):auth\):"
    opened = (
        rf"{start} opened for user (?P<account>[^ (]+)(?:\(uid=(?P<uid>[0-9]{{1,10}})\))?"
        r" by (?P<caller>[^ (]*)(?:\(uid=(?P<caller_uid>[0-9]{1,10})\))?$"
    )
    whom = (
        r"; logname=[^ ]* uid=(?P<caller_uid>[0-9]{1,10}) euid=[0-9]+ tty=(?P<tty>[^ ]*) "
        r"ruser=(?P<caller>[^ ]*) rhost=(?P<address>[^ ]*) *(?: ?user=(?P<account>[^ ]+))?$"
    )
    expired = rf"{module}(?P<service>{services}):account\): account (?P<account>[^ ]+) has expired "
    kept_out = rf"^pam_access\((?P<service>{services}):account\): access denied for user `(?P<account>[^ ']+)' from `(?P<address>[^ ']+)'$"
    locked = rf"^pam_faillock\((?P<service>{services}):auth\): Consecutive login failures for user (?P<account>[^ ]+) account temporarily locked$"
    counted = rf"^pam_tally2?\((?P<service>{services}):auth\): user (?P<account>[^ ]+) \([0-9]{{1,10}}\) tally [0-9]+, deny [0-9]+$"
    gone = rf"{start} opened for user (?P<account>[^ (]+)\(uid=getpwnam error\) by (?P<caller>[^ (]*)\(uid=(?P<caller_uid>[0-9]{{1,10}})\)$"
    unknown = rf"{auth} (?:check pass; user (?:\((?P<typed>.*)\) )?unknown|User unknown(?:: .*)?)$"
    passed_on = rf"{auth} received for user (?P<typed>.*): 10 \([A-Za-z ]+\)$"
    refused = (
        rf"{module}(?P<service>{services}):account\): Access denied for user (?P<account>[^ ]+): [0-9]{{1,3}} \([A-Za-z ]+\)$",
        rf"{auth} received for user (?P<account>[^ ]+): [0-9]{{1,3}} \([A-Za-z ]+\)$",
        rf"{module}(?P<service>{services}):[a-z]+\): Refused user (?P<account>[^ ]+) for service [^ ]+$",
        rf"{auth} auth could not identify password for \[(?P<account>[^ \]]+)\]$",
        rf"{auth} user '(?P<account>[^ ']+)' denied access \(",
        rf"{module}(?P<service>{services}):(?:auth|account)\): user (?P<account>[^ ]+) inactive for [0-9]+ days - denied$",
        rf"{module}(?P<service>{services}):session\): Too many logins \(max [0-9]+\) for (?P<account>[^ ]+)$",
    )
    begins = ("pam_",)
    return (
        Shape("pam_opened", opened, begins, holds=" session opened "),
        Shape(
            "pam_closed", rf"{start} closed for user (?P<account>[^ (]+)$", begins, holds=" session closed "
        ),
        Shape("pam_refused", rf"{auth} authentication failure{whom}", begins),
        *(Shape("pam_unknown", one, begins) for one in (unknown, passed_on)),
        *(Shape("pam_refused", one, begins) for one in (expired, kept_out, locked, counted, *refused)),
        Shape("pam_opened", gone, begins, holds="getpwnam error"),
        Shape("pam_more", rf"^PAM [0-9]{{1,6}} more authentication failures?{whom}", ("PAM ",)),
    )
