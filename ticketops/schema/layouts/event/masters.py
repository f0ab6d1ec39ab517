"""Master data (§2): one declaration an entity, of which its sheet, the options and the help of its
commands, what is checked of a record, and the headers of files are made."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ticketops.model import money, states
from ticketops.schema.columns import Column, ColumnType
from ticketops.schema.layouts.event.columns import (
    CODE,
    DATE,
    DATETIME,
    FLAG,
    INTEGER,
    NUMBER,
    TEXT,
    column,
)
from ticketops.schema.layouts.event.names import (
    CLIENTS,
    CONTRACTS,
    CURRENCIES,
    MASTER_PULLS,
    VENDOR_EVENTS,
    VENDORS,
    VENUES,
)
from ticketops.schema.sheets import Sheet, SheetKind


class Holds(Enum):
    """What a field holds; the value is what its option is called in help."""

    NAME = "NAME"
    TEXT = "TEXT"
    CODE = "CODE"
    AMOUNT = "AMOUNT"
    RATE = "RATE"
    COUNT = "N"
    DAY = "DATE"
    TICK = "yes|no"
    WORD = "WORD"
    """One of a closed set."""
    EMAIL = "ADDRESS"
    PHONE = "PHONE"
    URL = "URL"
    ZONE = "ZONE"
    CURRENCY = "CURRENCY"


_TYPES: dict[Holds, ColumnType] = {
    Holds.TEXT: TEXT,
    Holds.AMOUNT: NUMBER,
    Holds.RATE: NUMBER,
    Holds.COUNT: INTEGER,
    Holds.DAY: DATE,
    Holds.TICK: FLAG,
}


class Field(NamedTuple):
    """One field of a master record.

    name: in the code, and with hyphens the option; header: of its column and in files. help: of the
    option. choices: the closed set of a WORD. references: the entities one of whose records it
    names. default: what a new record gets. brief: whether lists show it.
    """

    name: str
    header: str
    holds: Holds
    help: str
    width: int = 14
    choices: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    required: bool = False
    default: str | bool | None = None
    brief: bool = False
    called: tuple[str, ...] = ()
    """Other headers that files have for it."""

    @property
    def option(self) -> str:
        """Its option, without the hyphens in front."""
        return self.name.replace("_", "-")

    def column(self) -> Column:
        """Its column."""
        kind = _TYPES.get(self.holds, CODE)
        return column(self.name, self.header, kind, width=self.width, choices=self.choices)


class Entity(NamedTuple):
    """A kind of master records.

    name: one of them, as commands call it; plural: as files and options do. key: the fields that
    say together which record it is, the first being what people call it. life: the field that says
    whether it is used, and what it says of one that is not.
    """

    name: str
    plural: str
    sheet: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    life: tuple[str, str | bool] = ("status", states.INACTIVE)

    def field(self, name: str) -> Field:
        """A field by its name."""
        return next(field for field in self.fields if field.name == name)

    @property
    def own(self) -> tuple[Field, ...]:
        """The fields beside the key."""
        return tuple(field for field in self.fields if field.name not in self.key)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, in the order of the columns."""
        return tuple(field.name for field in self.fields)


_STATUS = Field(
    "status",
    "Status",
    Holds.WORD,
    f"{', '.join(states.MASTER_STATUS)}.",
    choices=states.MASTER_STATUS,
    default=states.ACTIVE,
    brief=True,
)


def _type(choices: tuple[str, ...]) -> Field:
    return Field("type", "Type", Holds.WORD, f"{', '.join(choices)}.", choices=choices, brief=True)


def _contact(whose: str) -> tuple[Field, ...]:
    return (
        Field(
            "contact_name",
            "ContactName",
            Holds.TEXT,
            f"Who answers for the {whose}.",
            24,
            brief=True,
        ),
        Field("contact_email", "ContactEmail", Holds.EMAIL, "That person's e-mail address.", 28),
        Field("contact_phone", "ContactPhone", Holds.PHONE, "That person's phone number.", 18),
    )


CLIENT = Entity(
    "client",
    "clients",
    CLIENTS,
    (
        Field(
            "client",
            "Client",
            Holds.NAME,
            "The client's name.",
            28,
            required=True,
            brief=True,
            called=("companyName", "company", "name", "customer", "client_name"),
        ),
        Field("code", "Code", Holds.CODE, "A short name that stands for the client.", brief=True),
        _type(states.CLIENT_TYPE),
        Field(
            "credit_limit",
            "CreditLimit",
            Holds.AMOUNT,
            "What the client may owe; 0 is nothing, unset is no limit.",
            brief=True,
        ),
        Field(
            "credit_currency",
            "CreditCurrency",
            Holds.WORD,
            f"Of the credit limit: {', '.join(money.CURRENCIES)}.",
            choices=money.CURRENCIES,
            brief=True,
        ),
        Field("tax_id", "TaxID", Holds.CODE, "The client's tax number.", 18),
        Field("payment_terms", "PaymentTerms", Holds.TEXT, "When the client pays: 30 days.", 20),
        Field("address", "Address", Holds.TEXT, "The client's postal address.", 34),
        *_contact("client"),
        _STATUS,
    ),
    ("client",),
)
VENDOR = Entity(
    "vendor",
    "vendors",
    VENDORS,
    (
        Field(
            "vendor",
            "Vendor",
            Holds.NAME,
            "The vendor's name.",
            28,
            required=True,
            brief=True,
            called=("name", "supplier", "vendor_name"),
        ),
        Field("code", "Code", Holds.CODE, "A short name that stands for the vendor.", brief=True),
        _type(states.VENDOR_TYPE),
        Field("website", "Website", Holds.URL, "The vendor's website.", 28),
        Field("country", "Country", Holds.TEXT, "The vendor's country.", 18, brief=True),
        *(
            field._replace(called=(field.header.replace("Contact", "PrimaryContact"),))
            for field in _contact("vendor")
        ),
        Field("payment_terms", "PaymentTerms", Holds.TEXT, "When the vendor is paid: 30 days.", 20),
        _STATUS,
    ),
    ("vendor",),
)
VENDOR_EVENT = Entity(
    "vendor-event",
    "vendor-events",
    VENDOR_EVENTS,
    (
        Field(
            "vendor",
            "Vendor",
            Holds.NAME,
            "The vendor.",
            28,
            references=("vendor",),
            required=True,
            brief=True,
        ),
        Field("event", "Event", Holds.CODE, "The code of the event.", required=True, brief=True),
        Field(
            "platform_url",
            "PlatformUrl",
            Holds.URL,
            "Where the vendor's tickets are fetched.",
            34,
            brief=True,
        ),
        Field(
            "login_email", "LoginEmail", Holds.EMAIL, "The address to log in with.", 28, brief=True
        ),
        Field(
            "credential_hint",
            "CredentialHint",
            Holds.TEXT,
            "What helps to log in; never a password.",
            30,
        ),
        Field(
            "contact",
            "Contact",
            Holds.TEXT,
            "Who answers for the vendor at this event.",
            26,
            called=("primaryContactForEvent",),
        ),
        Field(
            "active",
            "Active",
            Holds.TICK,
            "Whether the vendor serves this event.",
            default=True,
            brief=True,
        ),
    ),
    ("vendor", "event"),
    ("active", False),
)
CONTRACT = Entity(
    "contract",
    "contracts",
    CONTRACTS,
    (
        Field(
            "contract_ref",
            "ContractRef",
            Holds.CODE,
            "The contract's number.",
            18,
            required=True,
            brief=True,
            called=("contract", "ref", "reference"),
        ),
        Field(
            "type",
            "Type",
            Holds.WORD,
            f"{', '.join(states.CONTRACT_TYPE)}.",
            choices=states.CONTRACT_TYPE,
            required=True,
            brief=True,
            called=("contractType",),
        ),
        Field(
            "party",
            "Party",
            Holds.NAME,
            "The client of a SALE contract, the vendor of a PURCHASE contract.",
            28,
            references=("client", "vendor"),
            required=True,
            brief=True,
        ),
        Field("event", "Event", Holds.CODE, "Only for the event of this code.", brief=True),
        Field("valid_from", "ValidFrom", Holds.DAY, "Its first day.", brief=True),
        Field("valid_to", "ValidTo", Holds.DAY, "Its last day.", brief=True),
        Field(
            "max_value",
            "MaxValue",
            Holds.AMOUNT,
            "What its lines may come to together.",
            brief=True,
        ),
        Field(
            "currency",
            "Currency",
            Holds.CURRENCY,
            "Of the highest value: USD, EUR, or a code in _CURRENCIES.",
            references=("currency",),
            brief=True,
        ),
        _STATUS._replace(
            help=f"{', '.join(states.CONTRACT_STATUS)}.", choices=states.CONTRACT_STATUS
        ),
    ),
    ("contract_ref",),
    ("status", states.TERMINATED),
)
VENUE = Entity(
    "venue",
    "venues",
    VENUES,
    (
        Field(
            "venue",
            "Venue",
            Holds.NAME,
            "The venue's name.",
            30,
            required=True,
            brief=True,
            called=("name", "stadium"),
        ),
        Field("city", "City", Holds.TEXT, "The venue's city.", 18, brief=True),
        Field("country", "Country", Holds.TEXT, "The venue's country.", 18, brief=True),
        Field("capacity", "Capacity", Holds.COUNT, "How many people it holds.", brief=True),
        Field("address", "Address", Holds.TEXT, "The venue's postal address.", 34),
        Field(
            "timezone",
            "Timezone",
            Holds.ZONE,
            "Its time zone: Europe/Madrid.",
            22,
            brief=True,
            called=("time zone",),
        ),
        Field("map_url", "MapUrl", Holds.URL, "Where a map of it is.", 34),
        _STATUS,
    ),
    ("venue",),
)
CURRENCY = Entity(
    "currency",
    "currencies",
    CURRENCIES,
    (
        Field("code", "Code", Holds.CURRENCY, "Three letters: AED.", required=True, brief=True),
        Field("name", "Name", Holds.TEXT, "The currency's name.", 22, brief=True),
        Field("symbol", "Symbol", Holds.CODE, "Its sign.", brief=True),
        Field(
            "rate",
            "ExchangeRateToAed",
            Holds.RATE,
            "How many AED one of it is worth.",
            20,
            brief=True,
        ),
        Field(
            "active",
            "Active",
            Holds.TICK,
            "Whether it is used.",
            default=True,
            brief=True,
            called=("isActive",),
        ),
    ),
    ("code",),
    ("active", False),
)
ENTITIES = (CLIENT, VENDOR, VENDOR_EVENT, CONTRACT, VENUE, CURRENCY)
"""In the order in which one may name another."""
BY_NAME = {word: entity for entity in ENTITIES for word in (entity.name, entity.plural)}
WHEN = ("user", "updated_at")
"""Who changed a record last, and when."""


def _sheet(entity: Entity) -> Sheet:
    stamps = (
        column("user", "UpdatedBy", CODE),
        column("updated_at", "UpdatedAt", DATETIME, width=18),
    )
    columns = (*(field.column() for field in entity.fields), *stamps)
    return Sheet(entity.sheet, SheetKind.LEDGER, columns, record=entity.key, extension=True)


SHEETS = tuple(map(_sheet, ENTITIES))
MASTER_PULLS_SHEET = Sheet(
    MASTER_PULLS,
    SheetKind.LEDGER,
    (
        column("source", "Source", CODE, width=30),
        column("entity", "Entity", CODE, width=14),
        column("record", "Record", CODE, width=30),
        column("fields", "Fields", width=60),
        column("user", "PulledBy", CODE),
        column("pulled_at", "PulledAt", DATETIME, width=18),
    ),
    record=("source", "entity", "record"),
    extension=True,
    hidden=True,
)
"""What each record was in the workbook that it was last pulled from: what both sides started from."""
