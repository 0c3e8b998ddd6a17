"""Settings of the ssh server: who may enter how, and how much of it is logged. `sshd_config`, or what `sshd -T` prints.

    PermitRootLogin prohibit-password

Shape   `<keyword> <value>` or `<keyword>=<value>`; a `Match <criteria>` line begins a block, which ends at the next
Source  sshd_config(5) of OpenSSH 9.2; compared with `sshd -T`
Time    none: it says what was so when the file was collected. A running sshd goes on with what it read when it began
Who     root of that host
Open    for most keywords the first value counts, and an `Include` counts where it stands: it is named and not followed
"""

import re
from collections.abc import Iterator

from forensics.core import sshsettings
from forensics.core.model import Parsed

TABLE = sshsettings.table("sshd_config", "the ssh server")
CUT = "whole"
DOMAIN = "{host}:root"

_NAME = re.compile(r"(?:^|[/._-])sshd_config(?:\.d/|[.~-]|$)")
_BLOCKS = ("match",)
_KEYWORDS = (
    "acceptenv allowagentforwarding allowgroups allowstreamlocalforwarding allowtcpforwarding allowusers authenticationmethods "
    "authorizedkeyscommand authorizedkeyscommanduser authorizedkeysfile authorizedprincipalscommand "
    "authorizedprincipalscommanduser authorizedprincipalsfile banner channeltimeout chrootdirectory clientalivecountmax "
    "clientaliveinterval denygroups denyusers disableforwarding exposeauthinfo forcecommand "
    "gssapicleanupcredentials gssapistrictacceptorcheck hostcertificate hostkey hostkeyagent hostbasedusesnamefrompacketonly "
    "ignoreuserknownhosts kerberosauthentication kerberosorlocalpasswd kerberosticketcleanup listenaddress logingracetime "
    "maxauthtries maxsessions maxstartups modulifile permitemptypasswords permitlisten permitopen permitrootlogin permittty "
    "permittunnel permituserenvironment permituserrc persourcemaxstartups persourcenetblocksize persourcepenalties pidfile "
    "printlastlog printmotd pubkeyauthoptions revokedkeys rdomain sshdsessionpath strictmodes subsystem "
    "trustedusercakeys unusedconnectiontimeout useprivilegeseparation usedns usepam versionaddendum "
    "x11displayoffset x11forwarding x11uselocalhost "
)
_OWN = frozenset(_KEYWORDS.split())


def recognise(head: bytes, path: str) -> int:
    """Sure where the lines are settings of the program, some of them not its counterpart's; else the path must say it."""
    return sshsettings.likeness(head, _OWN, named=_NAME.search(path) is not None)


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return sshsettings.parse(data, base, TABLE, _BLOCKS)


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    return sshsettings.portions(data, base, TABLE, _BLOCKS)
