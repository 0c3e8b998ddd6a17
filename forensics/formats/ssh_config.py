"""Settings of the ssh client: which host by which name, with which key and which account. `~/.ssh/config`, `ssh_config`.

    Host gpu*

Shape   `<keyword> <value>` or `<keyword>=<value>`; a `Host <patterns>` or `Match <criteria>` line begins a block
Source  ssh_config(5) of OpenSSH 9.2; compared with `ssh -G`
Time    none: it says what was so when the file was collected
Who     whoever can write the file: its owner, or root for the system's
Open    the first value counts, and an `Include` counts where it stands: it is named and not followed. `ProxyCommand`,
        `LocalCommand` and `Match exec` run a command when ssh does
"""

import re
from collections.abc import Iterator

from forensics.core import sshsettings
from forensics.core.model import Parsed

TABLE = sshsettings.table("ssh_config", "the ssh client")
CUT = "whole"
DOMAIN = "{host}:user"

_NAME = re.compile(r"(?:^|[/._-])ssh_config(?:\.d/|[.~-]|$)|\.ssh/config")
_BLOCKS = ("host", "match")
_KEYWORDS = (
    "addkeystoagent batchmode bindaddress bindinterface canonicaldomains canonicalizefallbacklocal canonicalizehostname "
    "canonicalizemaxdots canonicalizepermittedcnames certificatefile checkhostip clearallforwardings connectionattempts "
    "connecttimeout controlmaster controlpath controlpersist dynamicforward enableescapecommandline enablesshkeysign "
    "escapechar exitonforwardfailure forkafterauthentication forwardagent forwardx11 forwardx11timeout forwardx11trusted "
    "globalknownhostsfile hashknownhosts host hostkeyalias hostname identitiesonly identityagent identityfile ignoreunknown "
    "knownhostscommand localcommand localforward nohostauthenticationforlocalhost numberofpasswordprompts "
    "permitlocalcommand pkcs11provider preferredauthentications proxycommand proxyjump proxyusefdpass remotecommand "
    "remoteforward requesttty revokedhostkeys sendenv serveralivecountmax serveraliveinterval "
    "sessiontype setenv stdinnull stricthostkeychecking tag tunnel tunneldevice updatehostkeys user "
    "userknownhostsfile verifyhostkeydns visualhostkey usekeychain"
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
