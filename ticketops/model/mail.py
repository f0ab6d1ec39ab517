"""E-mail addresses as people paste them."""

from __future__ import annotations

import re

_NAMED = re.compile(r"""(?P<name>[^<>]*?)\s*<\s*(?P<address>[^<>\s]+)\s*>\s*[,;]?""")
_SCHEME = re.compile(r"mailto:\s*", re.IGNORECASE)


def bare_address(text: str) -> str:
    """The address itself of `Björn <bjorn@x.se>`, `"Berg, Björn" <bjorn@x.se>`, `<bjorn@x.se>` and
    `mailto:bjorn@x.se?subject=Hi`; any other text as it is, several addresses too.

    >>> bare_address("Berg, Björn <bjorn@x.se>")
    'bjorn@x.se'
    """
    found = _NAMED.fullmatch(text.strip())
    if found and "@" not in found["name"]:
        text = found["address"]
    address = _SCHEME.sub("", text.strip(), count=1) if _SCHEME.match(text.strip()) else text
    return address.partition("?")[0] if address is not text else address
