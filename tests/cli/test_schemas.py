"""Every command prints what its published schema says: all commands of the tree, on a workbook of
their own."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from tests.cli.dispatching import ANA
from tests.cli.tree import every_command
from tests.conftest import Runner
from tests.contract import problems
from tests.online import Google
from tests.sampling import some
from tests.seat_bowl import bowl, map_rows, put_map
from ticketops import config
from ticketops.cli.schemas import RESULTS
from ticketops.engine.opening import open_store

CONFIRMED = ["--confirm", "UNDO", "--reason", "x"]
OVERSOLD = ["sale", "add", "--client", "Zed", "--line", "M02:Cat 2:9@99"]
LOGIN = ["credentials", "add", "Dee", "--login", "d", "--password-stdin"]
SHEET = "SHEET"
"""Stands for a Google Sheet on the local server."""
EMPTY = "EMPTY"
"""Stands for one that holds nothing."""
DATABASE = "DATABASE"
"""Stands for an event in a database."""
TYPED = "TYPED"
MAPPED = "MAPPED"
"""In place of a command: what somebody types into the first row of a sheet (sheet, header, text)."""
QUEUED = [
    ["trigger", "set", "sale.created", "--on", "--to", "ops@mm-tickets.com"],
    ["sale", "add", "--client", "Zed", "--line", "M02:Cat 2:1@9"],
]
PAYMENT = ["payment", "add", "--for", "S3", "--amount", "9"]
FEE = ["fee", "add", "--for", "P00001", "--amount", "9", "--kind", "DELIVERY"]
OFFER = [
    *("transfer", "offer", "S1-1", "--first", "Eve", "--last", "Fox"),
    *("--email", "e@example.org", "--expires", "2099-12-31"),
]
JOINED = [
    *("waitlist", "join", "--client", "Bolt", "--match", "M01", "--category", "Cat 1"),
    *("--qty", "1", "--source", "web"),
]
LINK = ["portal", "invite", "--client", "Bolt", "--base-url", "https://portal.example"]
MADE = ["job", "create", "ticketing waitlist", "--state", "queued", "--format", "csv"]
ALLOTMENT = ["allotment", "add", "Nordlys", "--match", "M01", "--category", "Cat 1", "--qty", "3"]
ON = ["--date", "2026-05-01"]
INVOICE = ["invoice", "issue", "S3", *ON, "--tax-rate", "20"]
PAID = ["sale", "set", "S4", "--payment", "PAID"]
EVENT = ["event", "set", "--name", "Cup", "--code", "X26", "--state", "ALLOCATING"]
ARCHIVED = [
    EVENT,
    *[["event", "advance", "-y"]] * 2,
    ["event", "accept", "--all", "--reason", "x", "-y"],
    ["event", "advance", "-y"],
]
MADE_ARCHIVE = ["archive", "build", "-o", "a.zip"]
_RECORDS = {
    "client": ("Zed", "--credit-limit", "9", "--credit-currency", "EUR"),
    "vendor": ("Dee", "--website", "dee.com"),
    "contract": ("000777", "--type", "SALE", "--party", "Bolt", "--valid-from", "2026-01-01"),
    "venue": ("Azteca", "--capacity", "80000"),
    "currency": ("AED", "--rate", "1"),
}
_CHANGES = {
    "client": ("--address", "x"),
    "vendor": ("--country", "x"),
    "contract": ("--valid-to", "2099-12-31"),
    "venue": ("--city", "x"),
    "currency": ("--symbol", "x"),
}
SEAT_MAP = ["seatmap", "import", "map.csv", "--venue", "Lusail Stadium"]
PLAYED = [
    *("schedule", "add", "M01", "--date", "2026-06-11", "--group", "Group A"),
    *("--home", "Mexico", "--away", "Spain"),
]
MASTERS: dict[str, list[list[str]]] = {
    f"{entity} {command}": [[entity, "add", *record], *more]
    for entity, record in _RECORDS.items()
    for command, more in {
        "add": [],
        "set": [[entity, "set", record[0], *_CHANGES[entity]]],
        "list": [[entity, "list"]],
        "show": [[entity, "show", record[0]]],
        "deactivate": [[entity, "deactivate", record[0]]],
    }.items()
}
_TICKETS = ["-w", "tickets.xlsx"]


def _on_tickets(*lines: str) -> list[list[str]]:
    """Command lines on a workbook of airline tickets of their own."""
    own = [["issuance", *line.split(), *_TICKETS] for line in lines]
    return [["sample", "issuance", "tickets.xlsx", "--force"], *own]


EXAMPLES: dict[str, list[list[str]]] = {
    "issuance refresh": _on_tickets("refresh --all"),
    "issuance queue": _on_tickets("queue", "queue overdue"),
    "issuance due": _on_tickets("due"),
    "issuance names": _on_tickets("names build --booking B00001", "names pull teams.csv"),
    "issuance show": _on_tickets("show TK00051", "show TK00070"),
    "issuance name-update": _on_tickets("name-update TK00001 --name Ü/X --accept"),
    "issuance finance-clear": _on_tickets("finance-clear TK00027", "finance-clear --approved"),
    "issuance request-exception": _on_tickets("request-exception TK00001 --proof teams.csv"),
    "issuance approve-exception": _on_tickets("approve-exception TK00051 TK00052"),
    "issuance issue": _on_tickets(
        "issue --csv numbers.csv", "issue TK00055 --ticket-number 1762400000099"
    ),
    "issuance void": _on_tickets("void TK00001 --reason x"),
    "issuance payment": _on_tickets(
        "payment B00014 --amount 9", "payment --withdraw PY00001 --reason x"
    ),
    "issuance document": _on_tickets("document add TK00001 teams.csv", "document list"),
    "issuance manifest": _on_tickets("manifest build list.xlsx --group G01 --force"),
    "issuance report": _on_tickets("report", "report --csv groups.csv"),
    **MASTERS,
    "vendor show": [
        ["vendor", "add", "Dee"],
        ["vendor", "event", "Dee", "--event", "WC2026", "--contact", "x"],
        ["vendor", "show", "Dee"],
    ],
    "vendor event": [
        ["vendor", "event", "Ann Tickets", "--event", "WC2026", "--platform-url", "ann.com"]
    ],
    "master import": [
        ["client", "add", "Zed"],
        ["master", "export", "--entity", "clients", "--csv", "zed.csv"],
        ["undo", "-y"],
        ["master", "import", "zed.csv", "--entity", "clients"],
    ],
    "master export": [["client", "add", "Zed"], ["master", "export"]],
    "master pull": [
        ["sample", "small", "from.xlsx"],
        ["client", "add", "Zed"],
        ["master", "pull", "--from", "from.xlsx"],
    ],
    "status": [["status"], ["sample", "issuance", "tickets.xlsx"], ["status", *_TICKETS]],
    "purchase add": [
        ["purchase", "add", "--match", "M02", "--vendor", "Ann Tickets", "--line", "Cat 2:3@9"]
    ],
    "purchase set": [["purchase", "set", "P00001", "--channel", "link", "--deposit", "5"]],
    "import purchases": [
        ["purchase", "list", "--csv", "bought.csv"],
        ["import", "purchases", "bought.csv", "--again", "-y"],
    ],
    "import sales": [
        ["sale", "list", "--csv", "sold.csv"],
        ["import", "sales", "sold.csv", "--again", "--override-credit", "x", "-y"],
    ],
    "import guests": [
        ["ticket", "list", "--csv", "guests.csv"],
        ["import", "guests", "guests.csv", "-y"],
    ],
    "import seats": [
        ["unit", "list", "--csv", "seats.csv"],
        ["import", "seats", "seats.csv", "-y"],
    ],
    "import profiles": [
        ["purchase", "list", "--csv", "bought.csv"],
        ["import", "purchases", "bought.csv", "-y"],
        ["import", "profiles"],
    ],
    "purchase expand": [["purchase", "expand"]],
    "sale add": [["sale", "add", "--client", "Zed", "--line", "M02:Cat 2:1@99"], OVERSOLD],
    "sale expand": [["sale", "expand"]],
    "sale approve": [
        OVERSOLD,
        ["policy", "set", "--max-upgrade-gap", "1"],
        ["sale", "approve", "S6", "--reason", "x"],
    ],
    "sale reject": [OVERSOLD, ["sale", "reject", "S6", "--reason", "x"]],
    "sale upgrade": [
        ["sale", "upgrade", "S3"],
        ["sale", "upgrade", "S3", "--to", "Cat 1", "--price", "120", "--reason", "x"],
    ],
    "sale set": [
        ["sale", "set", "S1", "--payment", "PAID", "--notes", "n"],
        ["sale", "set", "S1", "--qty", "1", "--price", "90"],
        ["sale", "set", "S1", "--qty", "3"],
    ],
    "sale cancel": [["sale", "cancel", "S1-1", *CONFIRMED], ["sale", "cancel", "S4", *CONFIRMED]],
    "sale list": [["sale", "list"]],
    "sale show": [["sale", "show", "S3"]],
    "purchase list": [["purchase", "list"]],
    "purchase show": [["purchase", "show", "PR0001-S01"]],
    "unit list": [["unit", "list"]],
    "unit show": [["unit", "show", "P00001"]],
    "unit seat": [["unit", "seat", "P00001", "--seat", "99"]],
    "ticket list": [["ticket", "list", "--open"]],
    "refund list": [PAID, ["sale", "cancel", "S4", *CONFIRMED], ["refund", "list"]],
    "refund decide": [
        PAID,
        ["sale", "cancel", "S4", *CONFIRMED],
        ["refund", "decide", "S4", "--none", "--reason", "x"],
    ],
    "payment add": [["payment", "add", "--for", "S3", "--amount", "9", "--ref", "B1"]],
    "balance clients": [["balance", "clients", "--aging"]],
    "balance vendors": [["balance", "vendors", "--all"]],
    "fee add": [FEE],
    "fee list": [FEE, ["fee", "list"]],
    "fee void": [FEE, ["fee", "void", "FE00001", "--reason", "x"]],
    "waitlist join": [JOINED],
    "waitlist promote": [JOINED, ["waitlist", "promote", "WL00001"]],
    "waitlist accept": [
        JOINED,
        ["waitlist", "promote", "WL00001"],
        ["waitlist", "accept", "WL00001"],
    ],
    "waitlist skip": [JOINED, ["waitlist", "skip", "WL00001", "--reason", "x"]],
    "waitlist list": [JOINED, ["waitlist", "list"]],
    "portal invite": [LINK],
    "portal list": [LINK, ["portal", "list", "--all"]],
    "portal revoke": [LINK, ["portal", "revoke", "PT00001"]],
    "portal extend": [LINK, ["portal", "extend", "PT00001", "--days", "3"]],
    "transfer offer": [OFFER],
    "transfer accept": [OFFER, ["transfer", "accept", "TR00001"]],
    "transfer decline": [OFFER, ["transfer", "decline", "TR00001", "--reason", "x"]],
    "transfer revoke": [OFFER, ["transfer", "revoke", "TR00001", "--reason", "x"]],
    "transfer list": [OFFER, ["transfer", "list"]],
    "report ticketing": [
        OFFER,
        ["report", "ticketing", "transfers"],
        JOINED,
        ["report", "ticketing", "waitlist", "-o", "w.xlsx"],
        FEE,
        ["report", "ticketing", "purchases"],
        ALLOTMENT,
        ["report", "ticketing", "blocks"],
    ],
    "job reports": [["job", "reports"]],
    "job create": [MADE],
    "job list": [MADE, ["job", "list"]],
    "job show": [MADE, ["job", "show", "J00001"]],
    "job download": [MADE, ["job", "download", "J00001", "-o", "made.csv"]],
    "job regenerate": [MADE, ["job", "regenerate", "J00001"]],
    "job cancel": [[*MADE, "--later"], ["job", "cancel", "J00001"]],
    "job work": [[*MADE, "--later"], ["job", "work"]],
    "allotment add": [ALLOTMENT],
    "allotment assign": [ALLOTMENT, ["allotment", "assign", "AL00001", "P00001"]],
    "allotment list": [
        ALLOTMENT,
        ["allotment", "assign", "AL00001", "P00001"],
        ["allotment", "list", "AL00001"],
    ],
    "allotment revoke": [
        ALLOTMENT,
        ["allotment", "revoke", "AL00001", "--qty", "1", "--reason", "x"],
    ],
    "margin": [FEE, ["margin", "--by", "vendor"]],
    "invoice issue": [INVOICE],
    "invoice credit": [INVOICE, ["invoice", "credit", "2026-0001", "--reason", "x", *ON]],
    "invoice list": [INVOICE, ["invoice", "list"]],
    "invoice show": [INVOICE, ["invoice", "show", "2026-0001", "--page", "i.html"]],
    "payment list": [PAYMENT, ["payment", "list"]],
    "payment void": [PAYMENT, ["payment", "void", "PM00001", "--reason", "x"]],
    "allocate log": [["allocate", "log"]],
    "allocate preview": [["allocate", "preview", "S3"], ["allocate", "preview", "S3", "--write"]],
    "allocate commit": [["allocate", "commit", "S3"]],
    "allocate auto": [
        ["allocate", "auto"],
        ["undo", "-y"],
        ["allocate", "auto", "--optimize", "--time-limit", "5"],
    ],
    "allocate seats": [
        [MAPPED],
        ["sale", "add", "--client", "Bolt", "--line", "M01:Cat 1:1@9"],
        ["allocate", "seats", "S6"],
    ],
    "seatmap show": [
        [MAPPED],
        ["seatmap", "show", "--match", "M01", "--block", "101"],
        ["seatmap", "show", "--sale", "S1", "-o", "map.html"],
    ],
    "allocate process": [["allocate", "process"]],
    "allocate compare": [["allocate", "compare", "--time-limit", "5"]],
    "override unallocate": [
        ["override", "unallocate", "S2", *CONFIRMED],
        ["override", "unallocate", "--set", "PR0001-S01", *CONFIRMED],
    ],
    "override reset-seats": [["override", "reset-seats", "PR0001-S01", "--units", *CONFIRMED]],
    "override alloc-from": [
        ["override", "alloc-from", "S3", "Cat 1", *CONFIRMED],
        ["override", "alloc-from", "S3", "--clear", *CONFIRMED],
    ],
    "unit substitute": [["unit", "substitute", "P00001", *CONFIRMED]],
    "unit hold": [
        [
            "unit",
            "hold",
            "PR0001-S01:1",
            "--client",
            "Acme",
            "--until",
            "2099-12-31",
            "--reason",
            "x",
        ]
    ],
    "unit release": [
        [
            "unit",
            "hold",
            "PR0001-S01:1",
            "--client",
            "Acme",
            "--until",
            "2099-12-31",
            "--reason",
            "x",
        ],
        ["unit", "release", "PR0001-S01"],
    ],
    "unit holds": [
        [
            "unit",
            "hold",
            "PR0001-S01:1",
            "--client",
            "Acme",
            "--until",
            "2099-12-31",
            "--reason",
            "x",
        ],
        ["unit", "holds"],
    ],
    "template list": [["template", "list"]],
    "template show": [["template", "show", "sale_created"]],
    "template set": [
        ["template", "set", "sale_created", "--subject", "New: {{sale.id}}"],
        ["template", "set", "sale_created", "--reset"],
    ],
    "template check": [["template", "check"]],
    "template preview": [["template", "preview", "sale_created", "--sale", "S1"]],
    "trigger list": [["trigger", "list"]],
    "trigger set": [["trigger", "set", "sale.created", "--to", "role:staff", "--on"]],
    "message list": [*QUEUED, ["message", "list"]],
    "message show": [*QUEUED, ["message", "show", "N1"]],
    "message send": [*QUEUED, ["message", "enable"], ["message", "send"]],
    "message retry": [*QUEUED, ["message", "retry", "N1"]],
    "message cancel": [*QUEUED, ["message", "cancel", "N1"]],
    "message resolve": [
        *QUEUED,
        [TYPED, "_NOTIFICATION_LOG", "Status", "UNKNOWN"],
        ["message", "resolve", "N1", "--not-sent"],
    ],
    "message enable": [["message", "enable"]],
    "message disable": [["message", "enable"], ["message", "disable"]],
    "message draft": [["message", "draft", "S1"]],
    "client remind": [["client", "remind", "--all"]],
    "inbox": [
        ["trigger", "set", "sale.created", "--on", "--to", "anna", "--channel", "in_app"],
        ["user", "set", "anna", "--role", "super_admin", "-y"],
        ["sale", "add", "--client", "Zed", "--line", "M02:Cat 2:1@9", "--as", "anna"],
        ["inbox", "--as", "anna"],
    ],
    "policy list": [
        ["policy", "set", "--min-margin", "5", "--vendor-blocklist", "Bee Seats"],
        ["policy", "list"],
    ],
    "policy show": [
        ["policy", "set", "--vendor-blocklist", "Bee Seats"],
        ["policy", "show", "--match", "M01", "--client", "Bolt"],
    ],
    "schedule import": [
        ["schedule", "add", "M01", "--date", "2026-06-11", "--home", "A", "--away", "B"],
        ["schedule", "list", "--csv", "plan.csv"],
        ["schedule", "import", "plan.csv", "--map", "description=stage", "-y"],
    ],
    "schedule add": [["schedule", "add", "M09", "--date", "2026-06-20", "--home", "W101"]],
    "schedule set": [
        ["schedule", "add", "M01", "--date", "2026-06-11", "--home", "A", "--away", "B"],
        ["schedule", "set", "M01", "--home", "Spain", "--medal"],
    ],
    "schedule list": [["schedule", "list"]],
    "schedule show": [
        ["schedule", "add", "M01", "--date", "2026-06-11", "--home", "A", "--away", "B"],
        ["schedule", "set", "M01", "--end", "00:30", "--time", "22:00"],
        ["schedule", "show", "M01"],
    ],
    "schedule profiles": [
        ["schedule", "add", "M01", "--date", "2026-06-11", "--home", "A", "--away", "B"],
        ["schedule", "list", "--csv", "plan.csv"],
        ["schedule", "import", "plan.csv", "--map", "description=stage", "-y"],
        ["schedule", "profiles"],
    ],
    "subgame add": [["subgame", "add", "M01", "RACE", "--type", "RACE", "--date", "2026-06-14"]],
    "subgame set": [
        ["subgame", "add", "M01", "RACE", "--type", "RACE"],
        ["subgame", "set", "M01", "RACE", "--name", "Grand Prix", "--time", "15:00"],
    ],
    "subgame list": [
        ["subgame", "add", "M01", "RACE", "--type", "RACE"],
        ["subgame", "list", "--match", "M01"],
    ],
    "category set": [["category", "set", "Cat 1", "--match", "M01", "--capacity", "900"]],
    "category remove": [
        ["category", "set", "Cat 4", "--match", "M03"],
        ["category", "remove", "Cat 4", "--match", "M03"],
    ],
    "category list": [["category", "list", "--match", "M01"]],
    "seatmap import": [SEAT_MAP],
    "seatmap list": [SEAT_MAP, ["seatmap", "list"]],
    "seatmap export": [SEAT_MAP, ["seatmap", "export", "-o", "map.svg"]],
    "seatmap zones": [SEAT_MAP, ["seatmap", "zones", "--zone", "101 = Cat 1"]],
    "seatmap restrict": [SEAT_MAP, ["seatmap", "restrict", "HELD", "101 / A", "--note", "VIP"]],
    "seatmap check": [SEAT_MAP, ["seatmap", "check"]],
    "seatmap why": [
        ["seatmap", "why", "101/C/12", "--match", "M01"],
        ["seatmap", "why", "101/C/12", "--sale", "S3"],
    ],
    "schedule result": [
        PLAYED,
        ["schedule", "add", "M73", "--date", "2026-06-28", "--home", "1A", "--away", "W01"],
        ["schedule", "result", "M01", "--score", "2-1", "--cards", "Y/0"],
    ],
    "schedule standings": [
        PLAYED,
        ["schedule", "result", "M01", "--score", "1-1"],
        ["schedule", "standings"],
    ],
    "schedule team": [["schedule", "team", "Zedland", "--ranking", "7"]],
    "schedule teams": [["schedule", "teams", "teams.csv"]],
    "schedule thirds": [["schedule", "thirds", "thirds.csv"]],
    "policy set": [["policy", "set", "--match", "M01", "--mode", "SUGGEST"]],
    "event show": [EVENT, ["event", "show"]],
    "event set": [EVENT, ["event", "set", "--end", "2026-07-19", "--no-allow-oversell"]],
    "event advance": [
        EVENT,
        ["event", "advance", "--to", "DISPATCHING"],
        ["event", "advance", "-y"],
    ],
    "event outstanding": [EVENT, ["event", "outstanding"]],
    "event accept": [
        EVENT,
        ["event", "advance", "-y"],
        ["event", "advance", "-y"],
        ["event", "accept", "UNPAID", "--reason", "x"],
        ["event", "accept", "--all", "--reason", "x", "-y"],
    ],
    "export financial": [["export", "financial", "-o", "close"]],
    "archive build": [*ARCHIVED, MADE_ARCHIVE],
    "archive verify": [*ARCHIVED, MADE_ARCHIVE, ["archive", "verify", "a.zip"]],
    "archive show": [*ARCHIVED, MADE_ARCHIVE, ["archive", "show", "a.zip"]],
    "archive sweep": [*ARCHIVED, ["archive", "sweep"]],
    "event back": [EVENT, ["event", "back", "--reason", "x"]],
    "event list": [EVENT, ["event", "list", "."]],
    "event switch": [["event", "switch", "event.xlsx"]],
    "event clone": [["event", "clone", "next.xlsx", "--name", "Next", "--code", "X27"]],
    "event swap": [["event", "swap", "M01", "M02", *CONFIRMED]],
    "user list": [
        ["user", "list"],
        ["user", "set", "olga", "--role", "super_admin"],
        ["user", "list"],
    ],
    "user set": [["user", "set", "olga", "--role", "super_admin"]],
    "audit run": [["audit", "run"], ["audit", "run", "--write"]],
    "audit repair": [["audit", "repair", "-y"]],
    "recon run": [["recon", "run"]],
    "recon apply": [["recon", "apply"]],
    "report position": [["report", "position"], ["report", "position", "--write"]],
    "dashboard build": [["dashboard", "build", "--role", "sr_operator"]],
    "event page": [["event", "page", "M01"]],
    "report summary": [FEE, ["report", "summary", "--by", "match"]],
    "report inventory": [["report", "inventory", "--by", "both"]],
    "report allocation": [["report", "allocation"]],
    "report dispatch": [["report", "dispatch", "--by", "match"]],
    "report pnl": [FEE, ["report", "pnl", "--since", "2026-01-01"]],
    "report match": [["report", "match", "M01"], ["report", "match", "M01", "-o", "m.html"]],
    "client groups": [["client", "groups"]],
    "client build": [["client", "build", "--all"]],
    "client pull": [
        ["client", "build", "--all"],
        ["client", "pull", "books/CLIENT - Acme Ltd.xlsx"],
    ],
    "client view": [["client", "view", "acme", "--save-view", "v"]],
    "client views": [["client", "view", "acme", "--save-view", "v"], ["client", "views"]],
    "client accept": [
        ["staff", "mark", "SENT", "T00001", "-q"],
        ["client", "accept", "acme", "--all"],
    ],
    "client copy-down": [["client", "copy-down", "S1-2", "-c", "1"]],
    "client merge": [["client", "merge", "Bolt", "--into", "acme"]],
    "client alias": [["client", "alias", "Bolt", "Bolt Tours", "Boltons"]],
    "client split": [["client", "merge", "Bolt", "--into", "acme"], ["client", "split", "Bolt"]],
    "supplier groups": [["supplier", "groups"]],
    "supplier map": [["supplier", "map", "CEE", "--email", "cee*@*"]],
    "supplier unmap": [
        ["supplier", "map", "CEE", "--email", "cee*@*"],
        ["supplier", "unmap", "CEE"],
    ],
    "supplier learn": [["supplier", "learn"]],
    "supplier build": [["supplier", "build", "--all"]],
    "supplier pull": [
        ["supplier", "build", "--all"],
        ["supplier", "pull", "books/SUPPLIER - BEE.xlsx"],
    ],
    "staff queue": [["staff", "queue"]],
    "staff tasks": [["staff", "tasks", "--all"]],
    "staff assign": [["staff", "assign", "--to", ANA, "--unassigned"]],
    "staff build": [["staff", "assign", "--to", ANA, "--unassigned"], ["staff", "build", "--all"]],
    "staff pull": [
        ["staff", "assign", "--to", ANA, "--unassigned"],
        ["staff", "build", "--all"],
        ["staff", "pull", f"books/STAFF - Dispatch - {ANA}.xlsx"],
    ],
    "staff mark": [["staff", "mark", "SENT", "T00001", "--note", "n"]],
    "staff report-issue": [["staff", "report-issue", "T00002", "--reason", "x"]],
    "staff escalate": [
        ["staff", "report-issue", "T00002", "--reason", "x"],
        ["staff", "escalate", "T00002", "--reason", "x"],
    ],
    "staff reveal": [["staff", "reveal", "T00001"]],
    "staff proof": [
        ["staff", "mark", "SENT", "T00001", "--proof", "https://p.example.com/1"],
        ["staff", "proof", "T00001"],
    ],
    "credentials list": [LOGIN, ["credentials", "list", "--all"]],
    "credentials add": [LOGIN],
    "credentials update": [LOGIN, ["credentials", "update", "Dee", "--notes", "n"]],
    "credentials deactivate": [LOGIN, ["credentials", "deactivate", "Dee", "--reason", "x"]],
    "credentials assign": [
        ["credentials", "add", "Ann Tickets", "--login", "a", "--password-stdin"],
        ["credentials", "assign", "--vendor", "Ann Tickets"],
    ],
    "credentials seal": [LOGIN, ["credentials", "seal"]],
    "credentials rotate": [LOGIN, ["credentials", "rotate"]],
    "credentials reveal": [LOGIN, ["credentials", "reveal", "Dee"]],
    "credentials history": [LOGIN, ["credentials", "history"]],
    "dispatch sync": [["dispatch", "sync"]],
    "dispatch watch": [["client", "build", "--all"], ["dispatch", "watch", "books", "--once"]],
    "dispatch status": [["dispatch", "status"], ["dispatch", "status", "--by", "match"]],
    "dispatch deadlines": [PLAYED, ["dispatch", "deadlines"]],
    "run nightly": [["run", "nightly", "--task", "holds"]],
    "run list": [["run", "nightly", "--task", "holds"], ["run", "list"]],
    "cron show": [["cron", "show", "--systemd"]],
    # never the crontab of whoever runs the tests
    "cron install": [["cron", "install", "--systemd", "-n"]],
    "cron remove": [["cron", "remove", "-n"]],
    "cron check": [["cron", "check"], ["run", "nightly", "--task", "holds"], ["cron", "check"]],
    "log": [["log"]],
    "undo": [["sale", "expand"], ["undo", "-n"], ["undo", "-y"]],
    "sync diff": [["sync", "diff", "--with", SHEET]],
    "sync pull": [["sync", "pull", "--with", SHEET]],
    "sync push": [["sync", "push", "--with", SHEET, "-n"], ["sync", "push", "--with", SHEET]],
    "sync watch": [["sync", "watch", "--with", SHEET, "--once"]],
    "workbook copy": [["workbook", "copy", "event.xlsx", "copy.xlsx"]],
    "db ddl": [["db", "ddl", "--citus"]],
    "db init": [["db", "init", "-w", DATABASE]],
    "db migrate": [["db", "migrate", "-w", DATABASE]],
    "db status": [["db", "status", "-w", DATABASE]],
    "db grant": [["db", "grant", "granted", "-w", DATABASE]],
    "db revoke": [
        ["db", "grant", "revoked", "-w", DATABASE],
        ["db", "revoke", "revoked", "-w", DATABASE],
    ],
    "db grants": [["db", "grant", "listed", "-w", DATABASE], ["db", "grants", "-w", DATABASE]],
    "db office": [["db", "office", "Bern", "-w", DATABASE]],
    "portfolio": [["portfolio", DATABASE]],
    "google check": [["google", "check", "-w", SHEET]],
    "google probe": [
        ["google", "probe", "--forget"],
        ["google", "probe", "-w", EMPTY, "-y"],
        ["google", "probe", "-w", EMPTY, "-y"],
    ],
    "google login": [["google", "login", "none.json"]],
    "google logout": [["google", "logout"]],
    "doctor": [["doctor"], ["doctor", "--fix"]],
    "init": [["init", "none.xlsx"], ["init", "--layout", "issuance", "tickets.xlsx"]],
    "sample": [["sample", "small", "other.xlsx"], ["sample", "issuance", "tickets.xlsx"]],
    "batch": [
        ["batch", "lines.txt"],
        ["batch", "lines.txt", "--keep-going"],
        ["batch", "lines.txt", "--atomic"],
    ],
    "shell": [["shell"]],
    "serve": [["serve", "--base-url", "http://elsewhere.example"]],
    "help": [["help"], ["help", "sale", "add"], ["help", "--man", "man"]],
}
"""{command: command lines, one after the other on one workbook}. A command without a line fails its
test."""
FILES = {
    "map.csv": "Block,Row,Seat,X,Y\n101,A,1,0,0\n101,A,2,1,0\n",
    "teams.csv": "Team,Ranking\nZedland,7\n",
    "numbers.csv": "TicketID,PassengerName,TicketNumber\nTK00001,Nobody,1762400000098\n",
    "lines.txt": "sale list\nsale set S1 --notes x  # y\n\nticketops unit list --match M01\n",
    "thirds.csv": "groups,pairings\nAB,1A:3B 1B:3A\n",
}
"""What stands beside the workbook."""
REFUSED = {"shell", "serve", "staff reveal", "credentials reveal", "google login"}
"""They take a person at a terminal, or a browser: what they print here is an error."""


def type_into(book: Path, sheet: str, header: str, text: str) -> None:
    """What somebody types into the first row below a header."""
    workbook = openpyxl.load_workbook(book)
    cells = workbook[sheet]
    column = next(cell.column for cell in cells[1] if cell.value == header)
    cells.cell(2, column).value = text
    workbook.save(book)


def _writes(words: list[str]) -> bool:
    """Whether a command line is that of a command with dry runs."""
    command = every_command().get(" ".join(words[:2])) or every_command()[words[0]]
    return any("--dry-run" in option.opts for option in command.params)


@pytest.fixture
def settings(google: Google) -> dict[str, str]:
    return {
        name.removeprefix("TICKETOPS_").lower(): value
        for name, value in google.environment().items()
    }


@pytest.mark.parametrize("command", some(every_command(), 6))
def test_what_a_command_prints_is_what_its_schema_says(
    command: str,
    here: Runner,
    book: Path,
    google: Google,
    settings: dict[str, str],
    request: pytest.FixtureRequest,
) -> None:
    lines = EXAMPLES[command]
    for name, text in FILES.items():
        book.with_name(name).write_text(text)
    named = {
        word: f"gsheet:{google.new(rows)}"
        for word, rows in ((SHEET, None), (EMPTY, {"Sheet1": [[]]}))
        if any(word in words for words in lines)
    }
    if any(DATABASE in words for words in lines):
        database = request.getfixturevalue("database")
        named[DATABASE] = database.url(database.new())
    for words in lines:
        if words[0] == TYPED:
            type_into(book, *words[1:])
            continue
        if words[0] == MAPPED:
            put_map(
                open_store(book, config.load({})), map_rows("Arena", bowl(4, 3, 8), match="M01")
            )
            continue
        called = [named.get(word, word) for word in words]
        for more in (["-n"], []) if _writes(words) and "-n" not in words else ([],):
            done = here(
                *called, *more, "--json", stdin="a secret\n", role="super_admin", **settings
            )
            said = json.loads(done.out.splitlines()[-1])
            assert problems(done.out) == []
    assert said["command"] == command
    assert ("error" in said) == (command in REFUSED), said


def test_every_command_has_a_type() -> None:
    assert set(RESULTS) == set(every_command())


def test_an_object_that_says_more_or_less_is_refused(here: Runner) -> None:
    said = here("user", "set", "olga", "--role", "super_admin", "--json", "-n").json
    assert problems(json.dumps(said)) == []
    for wrong in (
        said | {"more": 1},
        said | {"result": said["result"] | {"more": 1}},
        said | {"result": {}},
        said | {"run_id": 3},
    ):
        assert problems(json.dumps(wrong)) != []
