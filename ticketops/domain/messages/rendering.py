"""A template and a payload as the text of a message (§10 step 4): the preview and what is sent are made
here. What a payload says stays text: no markup, no header, no template."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ticketops.domain.messages import variables
from ticketops.domain.messages.facts import FACTS, groups_of
from ticketops.domain.messages.templates import Template
from ticketops.domain.messages.variables import Variable, plain_name
from ticketops.errors import RuleError

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import SandboxedEnvironment

MOST = 10_000
"""The most characters of a subject and a body together."""
_LONGEST_SUBJECT = 200
_FILTERS = frozenset(
    {"default", "d", "upper", "lower", "title", "capitalize", "trim", "round", "int"}
)
_TESTS = frozenset({"none", "defined", "undefined"})
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")

Payload = Mapping[str, Mapping[str, Any]]
"""{group: {variable: value}}"""


class Rendered(Struct, frozen=True):
    """A message as it is sent: a subject of one line, the body as plain text and as HTML."""

    subject: str
    text: str
    html: str


def payload_from(text: str) -> dict[str, dict[str, Any]]:
    """A payload as a cell holds it. Raises RuleError for a text that is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise RuleError("the payload of the message is not understood", "nobody can send it")
    return found


def rendered(template: Template, payload: Payload, audience: str) -> Rendered:
    """The text of a message. payload: complete; of it only what the audience may read is used.

    Raises RuleError, which names the variable, for one that the payload lacks or that its readers may
    not see, and for a template that is not understood: it never goes out half done.
    """
    readable = cut(payload, audience)
    subject = _filled(template, "subject", template.subject, readable, _one_line)
    body = _filled(template, "body", template.body, readable, _escaped)
    html, text = _marked_up(body)
    said = _one_line(subject) or _one_line(template.name) or template.code
    return Rendered(said[:_LONGEST_SUBJECT], text, html)


def cut(payload: Payload, audience: str) -> dict[str, dict[str, Any]]:
    """A payload without what its audience may not read, or what nobody declared."""
    return {
        group: {
            name: value
            for name, value in values.items()
            if name in known and audience in known[name].says.readers
        }
        for group, values in payload.items()
        if (known := _every_group().get(group))
    }


@cache
def _every_group() -> dict[str, dict[str, Variable]]:
    return {
        group: variables.of_group(group, kind)
        for fact in FACTS
        for group, kind in groups_of(fact).items()
    }


# --- templates


def _filled(template: Template, part: str, source: str, payload: Payload, shown: Any) -> str:
    import jinja2

    where = f"the {part} of the template {template.code}"
    shape = tuple((group, tuple(values)) for group, values in payload.items())
    try:
        return str(_compiled(shown, where, source, shape).render(payload))
    except jinja2.TemplateError as error:
        raise _wrong(where, str(error.message)) from None
    except (RecursionError, TypeError, ValueError, ArithmeticError) as error:
        raise _wrong(where, f"it can't be worked out ({error})") from None


def _wrong(where: str, why: str) -> RuleError:
    return RuleError(
        f"{where} can't be used: {why}", "`ticketops template check` finds all such places"
    )


_Shape = tuple[tuple[str, tuple[str, ...]], ...]
"""The groups of a payload, and the names in each."""


@lru_cache(maxsize=64)
def _compiled(shown: Any, where: str, source: str, shape: _Shape) -> Any:
    """A template for payloads of one shape: many messages are made of it."""
    environment = _environment(shown)
    return environment.from_string(_understood(environment, where, source, dict(shape)))


@cache
def _environment(shown: Any) -> SandboxedEnvironment:
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    made = SandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: shown(plain_text(value)),
    )
    made.filters["default"] = made.filters["d"] = _instead
    return made


def _instead(value: Any, other: Any = "") -> Any:
    """In place of what is blank; nothing that a template may name is missing."""
    return other if value is None or value == "" else value


def _understood(
    environment: SandboxedEnvironment, where: str, source: str, known: Mapping[str, Sequence[str]]
) -> nodes.Template:
    """The tree of a template, its variables spelled as ours are. Templates are texts with variables,
    conditions and a few filters: no loops, calls or arithmetic, so that none can take long or grow."""
    if len(source) > MOST:
        raise _wrong(where, f"it has {len(source):,} characters; at most {MOST:,} are allowed")
    from jinja2 import nodes

    tree = environment.parse(source)
    groups = {plain_name(name): name for name in known}
    for node in list(tree.find_all(nodes.Getattr)):
        _spell(node, groups, known, where)
    _walk(tree, where, groups)
    return tree


def _spell(
    node: nodes.Getattr, groups: Mapping[str, str], known: Mapping[str, Sequence[str]], where: str
) -> None:
    from jinja2 import nodes

    if not isinstance(node.node, nodes.Name):
        raise _wrong(where, f"line {node.lineno}: a variable is GROUP.NAME, such as sale.id")
    group = groups.get(plain_name(node.node.name))
    called = f"{node.node.name}.{node.attr}"
    names = {plain_name(name): name for name in (known[group] if group else ())}
    name = names.get(plain_name(node.attr))
    if group is None or name is None:
        raise _wrong(where, f"line {node.lineno}: the message has no {called} for its readers")
    node.node.name, node.attr = group, name


def _walk(node: nodes.Node, where: str, groups: Mapping[str, str]) -> None:
    """Raises RuleError for what templates may not hold."""
    from jinja2 import nodes

    allowed = (
        nodes.Output,
        nodes.TemplateData,
        nodes.Getattr,
        nodes.If,
        nodes.CondExpr,
        nodes.Compare,
        nodes.Operand,
        nodes.And,
        nodes.Or,
        nodes.Not,
        nodes.Const,
    )
    for child in node.iter_child_nodes():
        line = f"line {child.lineno}: "
        if isinstance(child, nodes.Filter):
            if child.name not in _FILTERS:
                raise _wrong(
                    where,
                    f"{line}the filter {child.name} must be one of {', '.join(sorted(_FILTERS))}",
                )
        elif isinstance(child, nodes.Test):
            if child.name not in _TESTS:
                raise _wrong(
                    where, f"{line}the test {child.name} must be one of {', '.join(sorted(_TESTS))}"
                )
        elif isinstance(child, nodes.Name):
            if not isinstance(node, nodes.Getattr):
                raise _wrong(
                    where, f"{line}a variable is GROUP.NAME, such as sale.id, not {child.name}"
                )
        elif not isinstance(child, allowed):
            raise _wrong(
                where, f"{line}only variables, conditions and filters may stand in a template"
            )
        _walk(child, where, groups)


# --- values


def plain_text(value: Any) -> str:
    """A value as people read it: a day as 2026-06-11, an amount as 1,400.00, yes or no, nothing for
    None."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}" if abs(value) >= 10_000 else str(value)
        case float():
            return f"{value:,.2f}"
        case datetime():
            return value.isoformat(" ", "minutes").removesuffix(" 00:00")
    text = str(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", text):
        return text.replace("T", " ")[:16].removesuffix(" 00:00")
    return text


def _one_line(text: str) -> str:
    return " ".join(_UNSEEN.sub(" ", text).split())


def _escaped(text: str) -> str:
    """A value in a body: each sign that Markdown might read stands for itself."""
    return _PUNCTUATION.sub(r"\\\1", _one_line(text))


# --- Markdown


def _marked_up(body: str) -> tuple[str, str]:
    """The HTML and the plain text of a body in Markdown."""
    import nh3

    as_html, as_text = _renderers()
    try:
        html, text = as_html(body), as_text(body)
    except RecursionError:
        raise _wrong("the body of the template", "its markup is nested too deeply") from None
    return nh3.clean(str(html), tags=_TAGS, link_rel="noopener noreferrer"), str(text).strip()


@cache
def _renderers() -> tuple[Any, Any]:
    import mistune

    from ticketops.domain.messages.markdown import Html, PlainText

    return mistune.create_markdown(renderer=Html()), mistune.create_markdown(renderer=PlainText())


_TAGS = {
    *("a", "b", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("hr", "i", "li", "ol", "p", "pre", "strong", "ul"),
}
