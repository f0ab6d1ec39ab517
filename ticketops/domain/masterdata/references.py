"""What master records name of each other (§2): checked, and spelled as the other is."""

from __future__ import annotations

from collections.abc import Mapping

from ticketops.domain.masterdata.aliases import clients, vendors
from ticketops.domain.masterdata.checking import Value
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.plan import Run
from ticketops.errors import NotFoundError, UnclearNameError
from ticketops.model import states
from ticketops.model.findings import Finding
from ticketops.model.money import CURRENCIES as TRADED
from ticketops.model.names import quoted
from ticketops.schema.layouts.event import CURRENCIES
from ticketops.schema.layouts.event.masters import Entity, Field
from ticketops.schema.tables import Snapshot


class References:
    """What records name of each other, looked up once: a contract's party, a vendor's event, a
    currency."""

    def __init__(self, snapshot: Snapshot, entity: Entity, run: Run) -> None:
        self._snapshot, self._entity, self._run = snapshot, entity, run
        self._known: dict[str, Directory] = {}
        self.said: dict[Finding, None] = {}

    def spelt(self, record: Mapping[str, Value]) -> dict[str, Value]:
        """The fields of a record that name others, each as the other is spelled. Raises
        NotFoundError and UnclearNameError."""
        whole = dict(record)
        for field in self._entity.fields:
            text = whole.get(field.name)
            if not field.references or not isinstance(text, str):
                continue
            if "currency" in field.references:
                self._currency(text)
            else:
                whole[field.name] = self._party(self._kind(field, whole), text)
        return whole

    def _kind(self, field: Field, record: Mapping[str, Value]) -> str:
        if len(field.references) == 1:
            return field.references[0]
        return "client" if record.get("type") == states.SALE_CONTRACT else "vendor"

    def _currency(self, text: str) -> None:
        rows = self._snapshot[CURRENCIES].frame
        known = {*TRADED, *rows["code"].drop_nulls().to_list()}
        if text not in known:
            raise NotFoundError(
                f"{CURRENCIES} has no currency {text!r}", f"`ticketops currency add {text}` adds it"
            )

    def _party(self, kind: str, text: str) -> str:
        if kind not in self._known:
            make = clients if kind == "client" else vendors
            self._known[kind] = make(self._snapshot, self._run.chosen)
        try:
            means = self._known[kind].require(text, where="the workbook", insist="")
        except UnclearNameError:
            raise
        except NotFoundError as error:
            hint = f"`ticketops {kind} add {quoted(text)}` adds it"
            raise NotFoundError(error.message, hint) from None
        self.said |= dict.fromkeys(means.said(kind))
        return self._known[kind].owner(means.name)
