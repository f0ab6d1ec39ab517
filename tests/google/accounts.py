"""Who calls: keys, tokens, and how many requests a minute they may send.

Simplified: quotas count over the last sixty seconds; all accounts belong to one project.
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.google.errors import ApiError, Json

PROJECT = "ticketops-tests"
PROJECT_NUMBER = "100000000001"
SCOPE = "https://www.googleapis.com/auth/"
WRITES = {
    "read": ("spreadsheets", "spreadsheets.readonly", "drive", "drive.readonly", "drive.file"),
    "write": ("spreadsheets", "drive", "drive.file"),
}
AUDIENCE = "https://oauth2.googleapis.com/token"
"""What google-auth signs for, wherever the key file's token_uri leads."""
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
BAD_TOKEN = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."
    " See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
NO_TOKEN = BAD_TOKEN.replace(
    "Request had invalid authentication credentials",
    "Request is missing required authentication credential",
)


@functools.cache
def key() -> rsa.RSAPrivateKey:
    """The key of all service accounts, made once in a process; a short one, for whoever loads a key
    checks its primes."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@functools.cache
def pem() -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key().private_bytes(encoding, form, serialization.NoEncryption()).decode()


@dataclass
class Caller:
    """A user or a service account, by e-mail, with what the token allows."""

    email: str
    scopes: frozenset[str] = frozenset()
    expires: float = 0.0

    @property
    def is_service(self) -> bool:
        return self.email.endswith(".gserviceaccount.com")

    def check_scope(self, kind: str) -> None:
        """Refuse what the token was not given for; a token without scopes is for all."""
        if self.scopes and not self.scopes & {SCOPE + name for name in WRITES[kind]}:
            details = [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                    "domain": "googleapis.com",
                    "metadata": {"service": "sheets.googleapis.com"},
                }
            ]
            raise ApiError(403, "Request had insufficient authentication scopes.", details)


class GrantError(Exception):
    """What the token endpoint refuses: an error and its description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.json = {"error": error, "error_description": description}


@dataclass
class Accounts:
    """The accounts known, and the tokens given out. lifetime: of a token, in seconds."""

    lifetime: int = 3600
    services: set[str] = field(default_factory=set)
    refresh: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, Caller] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def service_account(self, name: str, url: str) -> Json:
        email = f"{name}@{PROJECT}.iam.gserviceaccount.com"
        self.services.add(email)
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "0123456789abcdef0123456789abcdef01234567",
            "private_key": pem(),
            "client_email": email,
            "client_id": "100000000000000000001",
            "auth_uri": f"{url}/auth",
            "token_uri": f"{url}/token",
            "universe_domain": "googleapis.com",
        }

    def authorized_user(self, email: str, url: str) -> Json:
        token = f"1//refresh-{next(self._numbers)}"
        self.refresh[token] = email
        return {
            "type": "authorized_user",
            "client_id": f"{PROJECT_NUMBER}-tests.apps.googleusercontent.com",
            "client_secret": "GOCSPX-tests",
            "refresh_token": token,
            "token_uri": f"{url}/token",
            "universe_domain": "googleapis.com",
        }

    def revoke(self) -> None:
        """All tokens given out are good no more; new ones can be had."""
        self.tokens.clear()

    def grant(self, body: bytes, url: str) -> Json:
        """A token for a signed assertion or a refresh token."""
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        grant = asked.get("grant_type")
        if grant == JWT_GRANT:
            caller = self._asserted(asked.get("assertion", ""), f"{url}/token")
        elif grant == "refresh_token":
            email = self.refresh.get(asked.get("refresh_token", ""))
            if email is None:
                raise GrantError("invalid_grant", "Token has been expired or revoked.")
            caller = Caller(email, frozenset(asked.get("scope", "").split()))
        else:
            raise GrantError("unsupported_grant_type", f"Invalid grant_type: {grant}")
        caller.expires = time.time() + self.lifetime
        token = f"ya29.{next(self._numbers)}"
        self.tokens[token] = caller
        answer: Json = {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}
        return answer | (
            {"scope": " ".join(sorted(caller.scopes))} if grant == "refresh_token" else {}
        )

    def _asserted(self, assertion: str, audience: str) -> Caller:
        try:
            signed, _, signature = assertion.rpartition(".")
            header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
            key().public_key().verify(
                _decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            raise GrantError("invalid_grant", "Invalid JWT Signature.") from None
        except ValueError:
            raise GrantError(
                "invalid_grant", "Invalid JWT: Failed to parse the assertion."
            ) from None
        now = time.time()
        if header.get("alg") != "RS256":
            raise GrantError("invalid_grant", "Invalid JWT: The algorithm must be RS256.")
        if claims.get("iss") not in self.services:
            raise GrantError("invalid_grant", "Invalid grant: account not found")
        if claims.get("aud") not in (audience, AUDIENCE):
            raise GrantError("invalid_grant", "Invalid JWT: Failed audience check.")
        if (
            not now - 300 < claims.get("exp", 0) <= claims.get("iat", 0) + 3600
            or claims.get("iat", 0) > now + 300
        ):
            raise GrantError(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
                " Check your iat and exp values in the JWT claim.",
            )
        if not claims.get("scope"):
            raise GrantError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return Caller(claims.get("sub") or claims["iss"], frozenset(claims["scope"].split()))

    def caller(self, header: str | None) -> Caller:
        """Whose token it is."""
        if not header:
            raise ApiError(401, NO_TOKEN)
        found = self.tokens.get(header.removeprefix("Bearer ").strip())
        if found is None or found.expires <= time.time():
            raise ApiError(401, BAD_TOKEN)
        return found


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Quota:
    """Requests a minute: so many a project and a user, reads and writes apart."""

    project: int = 300
    user: int = 60
    _seen: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    def spend(self, kind: str, email: str, clock: Callable[[], float]) -> None:
        now = clock()
        spent = []
        for who, limit, words in (
            ("", self.project, "per minute"),
            (email, self.user, "per minute per user"),
        ):
            times = self._seen.setdefault((kind, who), deque())
            while times and times[0] <= now - 60:
                times.popleft()
            if len(times) >= limit:
                raise self._exhausted(kind, limit, words)
            spent.append(times)
        for times in spent:
            times.append(now)

    def _exhausted(self, kind: str, limit: int, words: str) -> ApiError:
        name = f"{kind.title()} requests"
        message = (
            f"Quota exceeded for quota metric '{name}' and limit '{name} {words}' of service 'sheets.googleapis.com'"
            f" for consumer 'project_number:{PROJECT_NUMBER}'."
        )
        metadata = {
            "quota_location": "global",
            "quota_metric": f"sheets.googleapis.com/{kind}_requests",
            "quota_limit": f"{kind.title()}RequestsPerMinute{'PerUser' if words.endswith('user') else 'PerProject'}",
            "quota_limit_value": str(limit),
            "consumer": f"projects/{PROJECT_NUMBER}",
            "service": "sheets.googleapis.com",
        }
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "RATE_LIMIT_EXCEEDED",
            "domain": "googleapis.com",
            "metadata": metadata,
        }
        help_link = {
            "description": "Request a higher quota limit.",
            "url": "https://cloud.google.com/docs/quotas/help/request_increase",
        }
        return ApiError(
            429,
            message,
            [info, {"@type": "type.googleapis.com/google.rpc.Help", "links": [help_link]}],
        )
