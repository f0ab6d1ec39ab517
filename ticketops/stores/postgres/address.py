"""How an event in a database is named: `postgresql://host/db?event=WC2026` (D29)."""

from __future__ import annotations

from hashlib import blake2b
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from msgspec import Struct

from ticketops.errors import UsageError

PREFIXES = ("postgresql://", "postgres://")
_SHAPE = "postgresql://HOST/DATABASE?event=CODE, or postgresql://?service=NAME&event=CODE"
_OPTIONS = frozenset({"host", "port", "user", "dbname", "service", "sslmode", "sslrootcert"})
"""What an address may say of the connection besides; the environment and ~/.pgpass say the rest."""
_LONGEST_EVENT = 100


class Address(Struct, frozen=True):
    """Where an event is. event: its key in the database; options: as libpq calls them."""

    event: str
    options: dict[str, str]

    @property
    def name(self) -> str:
        """The one spelling of the address, for people; it holds no password."""
        said = self.options
        user = f"{quote(said['user'], safe='')}@" if "user" in said else ""
        host = said.get("host", "")
        plain = not host.startswith("/")
        port = f":{said['port']}" if "port" in said and plain else ""
        place = f"[{host}]" if ":" in host and plain else host if plain else ""
        left = {
            name: value
            for name, value in said.items()
            if name not in ("user", "host", "port", "dbname") or (not plain and name != "dbname")
        }
        if not plain and "user" in left:
            del left["user"]
        database = f"/{quote(said['dbname'], safe='')}" if "dbname" in said else ""
        rest = "&".join(f"{name}={quote(value, safe='/')}" for name, value in sorted(left.items()))
        key = f"event={quote(self.event, safe='')}" if self.event else ""
        query = "&".join(part for part in (rest, key) if part)
        return f"postgresql://{user}{place}{port}{database}{f'?{query}' if query else ''}"

    @property
    def place(self) -> str:
        """Where the event is, whoever asks for it, and however the connection is encrypted."""
        how = ("user", "sslmode", "sslrootcert")
        said = {name: value for name, value in self.options.items() if name not in how}
        return Address(self.event, said).name


def is_database(text: object) -> bool:
    """Whether a workbook's name means an event in a database."""
    return isinstance(text, str) and text.lstrip().lower().startswith(PREFIXES)


def address_of(text: str, *, event_needed: bool = True) -> Address:
    """The address in a text. Raises UsageError where it is none, names no event though one is
    needed, or holds a password: the list of processes shows it to everybody."""
    try:
        parts = urlsplit(text.strip())
        said = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError("this is not the address of a database", f"give {_SHAPE}") from None
    names = [name for name, _value in said]
    if parts.password is not None or any("password" in name.lower() for name in names):
        raise UsageError(
            "the address of a database can't hold a password: everybody sees it in the list of "
            "processes",
            "put it into ~/.pgpass, PGPASSWORD or a service file",
        )
    strange = next((name for name in names if name not in _OPTIONS | {"event"}), "")
    if strange:
        raise UsageError(
            f"the address of a database can't say {strange!r}",
            f"it says event, {', '.join(sorted(_OPTIONS))}",
        )
    if len(set(names)) < len(names) or parts.fragment:
        raise UsageError("the address of a database says something twice", f"give {_SHAPE}")
    options = dict(said)
    event = options.pop("event", "").strip()
    for name, value in (
        ("host", host),
        ("port", str(port) if port is not None else ""),
        ("user", unquote(parts.username or "")),
        ("dbname", unquote(parts.path.lstrip("/"))),
    ):
        if value and options.setdefault(name, value) != value:
            raise UsageError(f"the address of a database says {name} twice", f"give {_SHAPE}")
    if not all(value and value.isprintable() for value in options.values()):
        raise UsageError("the address of a database leaves something blank", f"give {_SHAPE}")
    if event_needed and not event:
        raise UsageError("the address of the database names no event", f"give {_SHAPE}")
    if len(event) > _LONGEST_EVENT or not event.isprintable():
        raise UsageError(f"{event!r} can't be the key of an event", "use a short code: WC2026")
    return Address(event, options)


def folder_name(address: Address) -> str:
    """The name of the folder in which this machine keeps what belongs to an event."""
    digest = blake2b(address.name.encode(), digest_size=6).hexdigest()
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in address.event)
    return f"{plain[:40]}-{digest}"
