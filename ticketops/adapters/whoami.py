"""Who really runs a command, whatever name it is given: the login of the operating system, and the
machine. Kept in the journal beside the name that was claimed (SECURITY.md)."""

from __future__ import annotations

import os
from functools import cache


@cache
def login() -> str:
    """The owner of this process; the number where it has no name. USER and LOGNAME, which anybody
    can set, count only where the system does not say."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
    except ImportError:
        import getpass

        try:
            return getpass.getuser()
        except (OSError, KeyError, ImportError):
            return "unknown"


@cache
def host() -> str:
    """The name of this machine."""
    import socket

    return socket.gethostname()
