"""Which contract a sale or a purchase is under (§2, §4): the one that its party has for the day and
the event, and what is wrong with one that was named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ticketops.domain.masterdata import scopes
from ticketops.domain.masterdata.masters import event_code
from ticketops.domain.plan import Run
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import same_name
from ticketops.schema.layouts.event import CONTRACTS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Contract:
    """A row of `_CONTRACTS`. status: as it stands there; blank is ACTIVE."""

    ref: str
    type: str
    party: str
    event: str
    valid_from: datetime | None
    valid_to: datetime | None
    max_value: float | None
    currency: str
    status: str
    row: int

    def ended(self, day: datetime) -> str:
        """Why nothing more is traded under it on a day, as the end of a sentence; "" where it may
        be."""
        if self.status != states.ACTIVE:
            return f"is {self.status}"
        if self.valid_to and self.valid_to < day:
            return f"ended on {self.valid_to:%Y-%m-%d}"
        if self.valid_from and self.valid_from > day:
            return f"begins on {self.valid_from:%Y-%m-%d}"
        return ""


def contracts_of(snapshot: Snapshot) -> list[Contract]:
    """Every contract of `_CONTRACTS`, in sheet order."""
    return [
        Contract(
            row["contract_ref"],
            row["type"] or "",
            row["party"] or "",
            row["event"] or "",
            row["valid_from"],
            row["valid_to"],
            row["max_value"],
            row["currency"] or "",
            row["status"] or states.ACTIVE,
            row["row"],
        )
        for row in snapshot[CONTRACTS].frame.drop_nulls("contract_ref").to_dicts()
    ]


class Contracts:
    """The contracts of one type. owner: whom a party's name stands for; by: how one is named."""

    def __init__(
        self,
        snapshot: Snapshot,
        kind: str,
        owner: Callable[[str], str],
        run: Run,
        *,
        by: str = "with --contract",
    ) -> None:
        self._kind, self._owner, self._by, self._run = kind, owner, by, run
        self._event = event_code(snapshot, run)
        self._unread = {
            misfit.row: snapshot[CONTRACTS].sheet.by_name[misfit.column].header
            for misfit in snapshot[CONTRACTS].misfits
        }
        self._all = contracts_of(snapshot)

    def _is_of(self, contract: Contract, party: str) -> bool:
        return contract.type == self._kind and same_name(
            self._owner(contract.party), self._owner(party)
        )

    def _is_here(self, contract: Contract) -> bool:
        return not contract.event or same_name(contract.event, self._event)

    def chosen(self, given: str, party: str, day: datetime) -> tuple[str, list[Finding]]:
        """The contract of a sale or purchase, and what is to say of it. given: the one that was
        named; else the one that is ACTIVE for this party, day and event. Several: none."""
        if given:
            self._require_seen(given)
            return given, self._doubts(given, party, day)
        own = [one for one in self._all if self._is_of(one, party) and self._is_here(one)]
        open_ = [one for one in own if not one.ended(day) and one.row not in self._unread]
        if len(open_) == 1:
            text = f"contract {open_[0].ref} of {party} is taken; name another one {self._by}"
            return open_[0].ref, [Finding("CONTRACT_TAKEN", Severity.INFO, text, CONTRACTS)]
        if open_:
            listed = ", ".join(one.ref for one in open_)
            text = f"{party} has several contracts: {listed}; none is taken, name one {self._by}"
            return "", [Finding("CONTRACTS_SEVERAL", Severity.INFO, text, CONTRACTS)]
        if own:
            said = "; ".join(f"contract {one.ref} {self._why(one, day)}" for one in own[:3])
            text = f"{party} has no contract for this day: {said}"
            return "", [Finding("CONTRACT_NONE", Severity.INFO, text, CONTRACTS)]
        return "", []

    def parties(self, day: datetime) -> list[str]:
        """Those who have a contract for this event that is open on a day."""
        return [
            self._owner(one.party)
            for one in self._all
            if one.party
            and self._is_here(one)
            and one.row not in self._unread
            and one.type == self._kind
            and not one.ended(day)
        ]

    def _why(self, contract: Contract, day: datetime) -> str:
        header = self._unread.get(contract.row, "")
        return contract.ended(day) or f"has a {header} that is not understood"

    def _require_seen(self, ref: str) -> None:
        """Raises OutOfScopeError for a contract of a client that the user may not see: neither what
        it allows is theirs to know, nor whose it is."""
        contract = self._named(ref)
        if contract is not None and contract.type == states.SALE_CONTRACT:
            scopes.require_client(self._run, contract.party)

    def _named(self, ref: str) -> Contract | None:
        return next((one for one in self._all if same_name(one.ref, ref)), None)

    def _doubts(self, ref: str, party: str, day: datetime) -> list[Finding]:
        """What is wrong with a contract that was named: warnings."""
        contract = self._named(ref)
        if contract is None:
            return []
        wrong = []
        if not self._is_of(contract, party):
            wrong.append(f"is a {contract.type} contract of {contract.party}, not of {party}")
        if not self._is_here(contract):
            wrong.append(f"is for {contract.event} only")
        if why := contract.ended(day):
            wrong.append(why)
        return [
            Finding(
                "CONTRACT_NOT_VALID", Severity.LOW, f"contract {ref} {why}", CONTRACTS, contract.row
            )
            for why in wrong
        ]
