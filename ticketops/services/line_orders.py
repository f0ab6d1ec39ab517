"""The orders and purchases that lines are of, whatever they came from (§3, §4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import asdict, replace

from ticketops.domain.intake.faults import Fault
from ticketops.domain.selling.sales import Order
from ticketops.errors import InputError, UsageError
from ticketops.model.names import same_name
from ticketops.model.states import PAYMENT_STATUS
from ticketops.services.intake import Line, option_currency, option_date, option_payment


def orders(
    lines: Sequence[Line], given: Mapping[str, str], today: datetime, faults: list[Fault]
) -> list[tuple[Order, list[Line]]]:
    """The orders that lines are of: those that name one order, or, where they name none, those that
    agree in client, currency, date and all else that an order has. given: {column: what its option
    says}, which a row may repeat, but not contradict.

    faults: gets what can't be read of a line, what contradicts an option, and where two lines of
    one order disagree.
    """
    found: dict[tuple[str, Order], tuple[Order, list[Line]]] = {}
    headers: dict[str, Order] = {}
    for line in lines:
        name = line.fields.get("order", "")
        order = _order(line, given, today, faults)
        if name and not order.client_po:
            order = replace(order, client_po=name)
        first = headers.setdefault(name, order) if name else order
        if first != order and not _is_faulty(line, faults):
            one, other = asdict(first), asdict(order)
            apart = next(name for name in one if one[name] != other[name])
            message = f"order {name} has two values of {apart}: {_shown(one[apart])} and {_shown(other[apart])}"
            faults.append(Fault(line.place, InputError(message)))
        found.setdefault((name, order), (order, []))[1].append(line)
    return list(found.values())


def _order(line: Line, given: Mapping[str, str], today: datetime, faults: list[Fault]) -> Order:
    """The order of one line."""
    said = _Said(line, given, today, faults)
    client = said("client")
    if not client and line.fields.get("client") == "":
        faults.append(Fault(line.place, InputError("client is empty")))
    return Order(
        client=client,
        currency=said("currency"),
        date=option_date(said("date") or None, "date", today),
        contract=said("contract"),
        client_po=said("client_po"),
        payment_status=said("payment_status") or PAYMENT_STATUS[0],
        instructions=said("instructions"),
        notes=said("notes"),
        operator=said("operator"),
    )


def purchase_fields(line: Line, given: Mapping[str, str], faults: list[Fault]) -> dict[str, str]:
    """What a line of a purchase says besides match, category, quantity and price, each as its row
    or its option has it; the listing's number is each line's own, the option is for lines without
    one. faults: as `orders` has them."""
    said = _Said(line, given, datetime.min, faults)
    own_number = line.fields.get("inv_no", "")
    fields = {name: own_number if name == "inv_no" and own_number else said(name) for name in given}
    if not fields.get("vendor") and line.fields.get("vendor") == "":
        faults.append(Fault(line.place, InputError("vendor is empty")))
    return fields


def _is_faulty(line: Line, faults: Sequence[Fault]) -> bool:
    """Whether a line has a fault already, of which others may follow."""
    return any(fault.place == line.place for fault in reversed(faults))


class _Said:
    """The cells of one row as their options would be read; what can't be read or contradicts the
    option is a fault, and the option counts."""

    def __init__(
        self, line: Line, given: Mapping[str, str], today: datetime, faults: list[Fault]
    ) -> None:
        self._line, self._given, self._faults = line, given, faults
        self._readers: dict[str, Callable[[str], str]] = {
            "currency": option_currency,
            "payment_status": option_payment,
            "date": lambda text: f"{option_date(text, 'date', today):%Y-%m-%d}",
        }

    def __call__(self, name: str) -> str:
        own = self._line.fields.get(name, "")
        option = self._given[name]
        try:
            own = self._readers.get(name, str)(own) if own else ""
        except UsageError as error:
            self._fault(error.message, error.hint)
            own = ""
        alike = same_name(own, option) if name in ("client", "vendor") else own == option
        if own and option and not alike:
            self._fault(f"its {name} is {own!r}, but the option says {option!r}", "")
        return own or option

    def _fault(self, message: str, hint: str) -> None:
        self._faults.append(Fault(self._line.place, InputError(message, hint)))


def _shown(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, datetime) else repr(value)
