"""Who is asking, and whether the browser asks on behalf of our own page: cookies, CSRF, headers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from ticketops.domain.portal.tokens import Token
from ticketops.portal.left import Left
from ticketops.services.signing import Key

SESSION_SECONDS = 12 * 3600
"""For how long the button of a link lets in; the link itself may stand longer."""
_SECURE_COOKIE, _PLAIN_COOKIE = "__Host-ticketops", "ticketops"
_LONGEST_COOKIE = 200
_CLOCKS_APART = 300
CONTENT_SECURITY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Portal": "page",
}
"""What every answer says; pages about people say besides that nobody keeps them. X-Portal tells our
script that an answer is ours, and not of a server in front of us."""
NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class Site(NamedTuple):
    """Where the portal is reached: `https://host`, and the path before all of its pages."""

    origin: str
    prefix: str

    @classmethod
    def of(cls, base: str) -> Site:
        """Of an address without query, as `services.portal.base_url` gives it."""
        parts = urlsplit(base)
        return cls(f"{parts.scheme}://{parts.netloc}".lower(), parts.path.rstrip("/"))

    @property
    def is_secure(self) -> bool:
        return self.origin.startswith("https:")

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]

    @property
    def cookie(self) -> str:
        """The name of the cookie: one that no other host can set, where browsers allow that."""
        return _SECURE_COOKIE if self.is_secure else _PLAIN_COOKIE

    @property
    def language_cookie(self) -> str:
        """The name of the cookie that keeps the language that a reader chose."""
        return f"{self.cookie}-language"

    def url(self, path: str) -> str:
        """The path of a page as links and forms name it."""
        return f"{self.prefix}{path}"

    def is_host(self, said: str) -> bool:
        """Whether a Host header means this server."""
        host, ours = said.lower(), self.host
        if host == ours:
            return True
        if self.is_secure:
            return host == f"{ours}:443"
        port = ours.rpartition(":")[2] if ":" in ours else "80"
        return host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}")

    def sent_by_us(self, headers: Mapping[str, str]) -> bool:
        """Whether a form was sent by one of our own pages, as far as the browser says. Under our own
        Referrer-Policy browsers send `Origin: null`; then Sec-Fetch-Site tells, and a browser that
        does not know that either leaves it to the token of the form."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            return False
        if origin is None or origin == "null":
            return True
        scheme, _, host = origin.lower().partition("://")
        return scheme == self.origin.partition("://")[0] and self.is_host(host)


class Visit(NamedTuple):
    """Who is inside: the link that they came by as it stands now, their cookie, and what proves that a
    form is from one of their pages."""

    token: Token
    cookie: str
    csrf: str

    @property
    def link(self) -> str:
        """The link, told from any other, of another workbook or of the same name, too."""
        return f"{self.token.token_id} {self.token.digest}"

    @property
    def kind(self) -> str:
        return self.token.kind

    @property
    def party(self) -> str:
        return self.token.party


class Doors:
    """Cookies of those inside: made, read, and no longer taken once somebody left."""

    def __init__(self, key: Key, left: Left) -> None:
        self._key, self._left = key, left

    def admit(self, token: Token, now: float) -> str:
        """A cookie for whoever came in by a link. now: seconds since 1970."""
        issued, nonce = str(int(now)), secrets.token_urlsafe(12)
        mac = self._key.sign("session", token.token_id, token.digest, issued, nonce)
        return f"{token.token_id}.{issued}.{nonce}.{mac}"

    def claimed(self, cookie: str) -> str:
        """The TokenID that a cookie names; nothing is proved yet."""
        return cookie.partition(".")[0] if len(cookie) <= _LONGEST_COOKIE else ""

    def visit(self, cookie: str, token: Token | None, now: float) -> Visit | None:
        """Who is inside by a cookie. token: the link that it claims, as it stands now; None where that
        lets nobody in."""
        parts = cookie.split(".")
        if token is None or len(parts) != 4 or parts[0] != token.token_id or cookie in self._left:
            return None
        _claimed, issued, nonce, mac = parts
        if not self._key.is_signed(mac, "session", token.token_id, token.digest, issued, nonce):
            return None
        if not -_CLOCKS_APART <= now - int(issued) <= SESSION_SECONDS:
            return None
        return Visit(token, cookie, self._key.sign("csrf", cookie))

    def is_own_form(self, visit: Visit, said: str) -> bool:
        """Whether a form is from a page of this visit."""
        return self._key.is_signed(said, "csrf", visit.cookie)

    def leave(self, visit: Visit) -> None:
        """The cookie lets nobody in any more, whoever has a copy. Raises OSError where that can't be
        written down: it then holds until the portal is started again."""
        issued = int(visit.cookie.split(".")[1])
        self._left.add(visit.cookie, issued + SESSION_SECONDS)
