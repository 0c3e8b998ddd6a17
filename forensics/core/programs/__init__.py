"""The programs whose messages in a host's log are known, one module for each trade.

A message is believed to be of a program as far as the log's writer vouches for its name; what each format
can vouch for, its own page says.
"""

from forensics.core.programs import accounts, host, rights, sshd, timers

PROGRAMS = (*sshd.PROGRAMS, *rights.PROGRAMS, *timers.PROGRAMS, *accounts.PROGRAMS, *host.PROGRAMS)
