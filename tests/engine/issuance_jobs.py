"""The jobs of airline tickets, each on a ticket of the sample that it is about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.conftest import ROOT
from tests.tickets import TODAY
from ticketops.config import Settings
from ticketops.domain.issuance.issuing import Given
from ticketops.domain.issuance.naming import Named
from ticketops.domain.issuance.payments import Given as Payment
from ticketops.services import issuance, name_lists

PROOF = ROOT / "LICENSE"
ISSUANCE_JOBS: dict[str, tuple[str, Any]] = {
    "issuance.refresh": ("operator", lambda *_: issuance.issuance_refresh()),
    "issuance.queue": ("staff", lambda *_: issuance.issuance_queue("pending", 2)),
    "issuance.show": ("staff", lambda book, *_: issuance.issuance_show(book, "TK00001")),
    "issuance.due": ("operator", lambda *_: issuance.issuance_due(2)),
    "issuance.names.build": (
        "operator",
        lambda book, *_: name_lists.build(book, Settings(), folder=ROOT / "none", booking="B00001"),
    ),
    "issuance.names.pull": (
        "operator",
        lambda *_: name_lists.pull(Settings(), [str(PROOF)], booking="B00001"),
    ),
    "issuance.name-update": (
        "operator",
        lambda *_: issuance.issuance_name_update([Named("TK00001", "KHAN/AMINA")], accept=False),
    ),
    "issuance.finance-clear": (
        "sr_operator",
        lambda *_: issuance.issuance_finance_clear(["TK00027"]),
    ),
    "issuance.request-exception": (
        "operator",
        lambda book, *_: issuance.issuance_request_exception(book, ["TK00027"], PROOF, "x"),
    ),
    "issuance.approve-exception": (
        "sr_operator",
        lambda book, *_: issuance.issuance_approve_exception(book, ["TK00051"]),
    ),
    "issuance.issue": (
        "sr_operator",
        lambda *_: issuance.issuance_issue([Given("TK00055", "1762400000099")], bulk=False),
    ),
    "issuance.void": ("sr_operator", lambda *_: issuance.issuance_void(["TK00001"], "x")),
    "issuance.payment": (
        "sr_operator",
        lambda *_: issuance.issuance_payment(Payment("B00014", Decimal(9), TODAY)),
    ),
    "issuance.document.add": (
        "operator",
        lambda book, *_: issuance.issuance_document_add(book, "TK00001", [PROOF], "SCAN", ""),
    ),
    "issuance.document.list": (
        "staff",
        lambda book, *_: issuance.issuance_document_list(book, "TK00001"),
    ),
    "issuance.manifest.build": (
        "operator",
        lambda *_: issuance.issuance_manifest(ROOT / "none.xlsx", "G01", ""),
    ),
    "issuance.report": ("operator", lambda book, *_: issuance.issuance_report(book, 2)),
}
