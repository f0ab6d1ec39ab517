"""Conditions of triggers (§10 step 2): `sale.totalValue > 100000 and event.code == "WC2026"`. A small
grammar of our own: comparisons of variables with numbers and texts, `in (…)`, `and`, `or`, `not`,
parentheses. Nothing is called, and nothing is worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from ticketops.domain.messages.facts import every_variable
from ticketops.domain.messages.variables import Variable, plain_name
from ticketops.model.patterns import when_needed
from ticketops.model.states import FOR_OFFICE

LONGEST = 500
_DEEPEST = 20
_TOKEN = when_needed(
    r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<text>"[^"]*"|'[^']*')|(?P<sign>[=!<>]=|[<>=(),])"""
    r"""|(?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?))"""
)
_COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
Payload = Mapping[str, Mapping[str, Any]]


class Compared(Struct, frozen=True):
    """A variable beside what it is compared with. sign: one of _COMPARES, or `in`."""

    variable: Variable
    sign: str
    values: tuple[Any, ...]


class Joined(Struct, frozen=True):
    """Conditions of which all (`and`), one (`or`) or none (`not`) must hold."""

    how: str
    parts: tuple[Condition, ...]


Condition = Compared | Joined


class WrongConditionError(ValueError):
    """A condition that can't be used; its text says why."""


def read(text: str, fact: str) -> Condition | None:
    """The condition that a text says, for a fact; None for a blank one. Raises WrongConditionError
    for a text that is not understood, a variable that the fact does not have, or a value that it can't be compared
    with."""
    if not text.strip():
        return None
    if len(text) > LONGEST:
        raise WrongConditionError(f"it has {len(text)} characters; at most {LONGEST} are allowed")
    return _Reader(text, fact).whole()


def holds(condition: Condition | None, payload: Payload) -> bool:
    """Whether it holds of a payload. A comparison with a variable that is not known does not, whatever
    the sign."""
    match condition:
        case None:
            return True
        case Joined("not", (part,)):
            return not holds(part, payload)
        case Joined("and", parts):
            return all(holds(part, payload) for part in parts)
        case Joined(_, parts):
            return any(holds(part, payload) for part in parts)
        case Compared(variable, sign, values):
            held = payload.get(variable.group, {}).get(variable.name)
            if held is None:
                return False
            if sign == "in":
                return any(_alike(held) == _alike(one) for one in values)
            return _COMPARES[sign](_alike(held), _alike(values[0]))
    raise TypeError(condition)


def _alike(value: Any) -> Any:
    """Texts are compared without case; days and moments are texts that sort."""
    return value.casefold() if isinstance(value, str) else value


class _Reader:
    """Reads a condition from left to right: or, and, not, comparisons."""

    def __init__(self, text: str, fact: str) -> None:
        self.known = {
            (plain_name(one.group), plain_name(one.name)): one
            for one in every_variable(fact, FOR_OFFICE)
        }
        self.fact = fact
        self.tokens = list(_tokens(text))
        self.depth = 0

    def whole(self) -> Condition:
        found = self.either()
        if self.tokens:
            raise WrongConditionError(f"{self.tokens[0][1]} is not expected there")
        return found

    def either(self) -> Condition:
        return self.joined("or", lambda: self.joined("and", self.one))

    def joined(self, how: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self.taken("word", how):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(how, tuple(parts))

    def one(self) -> Condition:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise WrongConditionError("it is nested too deeply")
        if self.taken("word", "not"):
            found: Condition = Joined("not", (self.one(),))
        elif self.taken("sign", "("):
            found = self.either()
            self.needed(")")
        else:
            found = self.comparison()
        self.depth -= 1
        return found

    def comparison(self) -> Condition:
        variable = self.variable()
        if self.taken("word", "not"):
            if not self.taken("word", "in"):
                raise WrongConditionError(f"after {variable.called} not, in (…) is missing")
            return Joined("not", (Compared(variable, "in", self.values(variable)),))
        if self.taken("word", "in"):
            return Compared(variable, "in", self.values(variable))
        kind, sign = self.next()
        if kind != "sign" or sign not in _COMPARES:
            raise WrongConditionError(
                f"{variable.called} must be followed by one of {', '.join(_COMPARES)}, in"
                + (f", not {sign}" if sign else "")
            )
        if variable.kind is bool and sign not in ("=", "==", "!="):
            raise WrongConditionError(f"{variable.called} is yes or no and has no order")
        return Compared(variable, sign, (self.value(variable),))

    def variable(self) -> Variable:
        kind, word = self.next()
        group, dot, name = word.partition(".")
        if kind != "word" or not dot:
            raise WrongConditionError(
                f"a variable such as {next(iter(self.known.values())).called} is missing"
                + (f" where {word} is" if word else " at the end")
            )
        found = self.known.get((plain_name(group), plain_name(name)))
        if found is None:
            raise WrongConditionError(f"{self.fact} has no {word}")
        return found

    def values(self, variable: Variable) -> tuple[Any, ...]:
        self.needed("(")
        found = [self.value(variable)]
        while self.taken("sign", ","):
            found.append(self.value(variable))
        self.needed(")")
        return tuple(found)

    def value(self, variable: Variable) -> Any:
        kind, said = self.next()
        match variable.kind.__name__, kind:
            case (("int" | "float"), "number"):
                return float(said)
            case "str", "text":
                return said[1:-1]
            case "bool", "word" if said.lower() in ("true", "yes", "false", "no"):
                return said.lower() in ("true", "yes")
            case "datetime", "text":
                return _moment(said[1:-1])
        needed = {"int": "a number", "float": "a number", "str": "a text in quotes"} | {
            "bool": "true or false",
            "datetime": "a day in quotes",
        }
        raise WrongConditionError(
            f"{variable.called} can only be compared with {needed[variable.kind.__name__]}"
            + (f", not {said}" if said else "")
        )

    def next(self) -> tuple[str, str]:
        return self.tokens.pop(0) if self.tokens else ("", "")

    def taken(self, kind: str, text: str) -> bool:
        if self.tokens and self.tokens[0][0] == kind and self.tokens[0][1].lower() == text:
            del self.tokens[0]
            return True
        return False

    def needed(self, sign: str) -> None:
        if not self.taken("sign", sign):
            raise WrongConditionError(f"{sign} is missing")


def _moment(said: str) -> str:
    try:
        return datetime.fromisoformat(said).isoformat()
    except ValueError:
        raise WrongConditionError(f"{said!r} is not a day such as 2026-06-11") from None


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    end = len(text.rstrip())
    while place < end:
        found = _TOKEN().match(text, place)
        if found is None or found.lastgroup is None:
            raise WrongConditionError(f"{text[place:].strip()[:20]} is not understood")
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()
