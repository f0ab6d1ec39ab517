"""Every fact with every template (§10 step 4): complete, with a variable missing, for readers who may not
see everything, and with hostile values."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from ticketops.domain.messages.facts import FACTS, every_variable, sample_of
from ticketops.domain.messages.previews import problem_of
from ticketops.domain.messages.recipients import audience_of, expressions
from ticketops.domain.messages.rendering import cut, payload_from, rendered
from ticketops.domain.messages.templates import Template, parsed
from ticketops.domain.messages.triggers import ours
from ticketops.errors import RuleError
from ticketops.model.states import FOR_CLIENT, FOR_OFFICE, FOR_SUPPLIER
from ticketops.schema.layout import KINDS
from ticketops.services.messages import our_templates

USES = sorted(
    {
        (one.template, one.fact, audience_of(said))
        for kind in KINDS
        for one in ours(kind).values()
        for said in expressions(one.recipients)
    }
)
"""(template, fact, audience) of all that is sent where every trigger is on."""


class Tags(HTMLParser):
    """The tags of a text in order, and the words between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Any]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", None))

    def handle_data(self, data: str) -> None:
        self.words += data


def made_of(body: str, subject: str = "x", fact: str = "sale.created") -> Template:
    return Template("own", "own", fact, subject, body)


def test_there_are_templates_for_all_facts_and_those_of_the_specification() -> None:
    assert {template.fact for template in our_templates().values()} == set(FACTS)
    assert {fact for _template, fact, _audience in USES} == set(FACTS)
    assert {
        "oversell_alert",
        "portal_generated",
        "portal_reminder",
        "ticket_dispatched",
        "dispatch_overdue",
        "allocation_committed",
        "sale_created",
        "credential_updated",
        "event_transition",
        "dispatch_issue",
        "match_teams_resolved",
        "dispatch_accepted",
        "sale_cancelled",
    } <= set(our_templates())


@pytest.mark.parametrize(("code", "fact", "audience"), USES)
def test_a_complete_payload_becomes_a_text(code: str, fact: str, audience: str) -> None:
    made = rendered(our_templates()[code], sample_of(fact, audience), audience)
    assert made.subject
    assert "\n" not in made.subject
    for text in (made.subject, made.text, made.html):
        assert "{{" not in text
        assert "None" not in text
    assert "**" not in made.text
    assert problem_of(our_templates()[code], fact, audience) == ""


@pytest.mark.parametrize(("code", "fact", "audience"), USES)
def test_a_variable_that_lacks_is_named_and_nothing_is_made(
    code: str, fact: str, audience: str
) -> None:
    template = our_templates()[code]
    said = template.subject + template.body
    for variable in every_variable(fact, audience):
        payload = sample_of(fact, audience)
        del payload[variable.group][variable.name]
        if variable.called in said:
            with pytest.raises(RuleError, match=variable.called.replace(".", r"\.")):
                rendered(template, payload, audience)
        else:
            rendered(template, payload, audience)
    for group in sample_of(fact, audience):
        payload = sample_of(fact, audience)
        del payload[group]
        if f"{group}." in said:
            with pytest.raises(RuleError, match=f"{group}\\."):
                rendered(template, payload, audience)


@pytest.mark.parametrize("fact", FACTS)
def test_every_template_on_every_fact_is_a_text_or_names_what_lacks(fact: str) -> None:
    """Whoever connects them by hand is told."""
    payload = sample_of(fact, FOR_OFFICE)
    for template in our_templates().values():
        lacking = [one for one in NAMED[template.code] if not has(payload, one)]
        if not lacking:
            assert rendered(template, payload, FOR_OFFICE).text
            continue
        with pytest.raises(RuleError, match=f"{template.code} .*the message has no ") as told:
            rendered(template, payload, FOR_OFFICE)
        assert any(one in told.value.message for one in lacking)


NAMED = {
    code: sorted(set(re.findall(r"\b[a-z]+\.[a-z_]+", f"{one.subject} {one.body}")))
    for code, one in our_templates().items()
}
"""{template: what it speaks of}, as a reader of it sees."""


def has(payload: Any, called: str) -> bool:
    group, _, name = called.partition(".")
    return name in payload.get(group, {})


HOSTILE = [
    "<script>alert(1)</script>",
    "**Acme** _x_ `y` ~~z~~",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/pixel.png)",
    "<http://evil.example>",
    "Bcc: all@x.example\r\nSubject: other",
    "{{ 7 * 7 }} {% for x in y %}",
    '=HYPERLINK("http://evil.example")',
    "# Heading\n\n- list\n\n1. one\n\n---\n\n> quote\n\n    code",
    "&lt;b&gt; &amp; &#60;",
    "a\u202egnp.exe\u2028b\x00\x1b[31m",
    "\\",
    "\\[x](y)",
    "|a|b|\n|-|-|",
    "http://evil.example www.evil.example x@evil.example",
    "Ünï çødé 株式会社 ریحان",
]
SIGNS = st.text(
    st.one_of(
        st.sampled_from("<>[]()*_`~#+-=|\\!&;:/{}%\"'.\n\r\t 1aé"),
        st.characters(exclude_categories=("Cs",)),
    ),
    min_size=1,
    max_size=60,
).filter(lambda text: bool(seen(text)))


def seen(text: str) -> str:
    """A text as a reader of one line sees it."""
    unseen = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F))
    unseen = (*unseen, *range(0x2066, 0x206A))
    return " ".join(text.translate(dict.fromkeys(unseen, " ")).split())


@pytest.mark.parametrize(("code", "fact", "audience"), USES)
def test_what_a_payload_says_arrives_as_text(code: str, fact: str, audience: str) -> None:
    template = our_templates()[code]
    for text in HOSTILE:
        arrives_as_text(template, fact, audience, text)


@given(text=SIGNS, which=st.sampled_from(USES))
@example(text="\x85- x", which=USES[0])
def test_whatever_a_payload_says_arrives_as_text(text: str, which: tuple[str, str, str]) -> None:
    code, fact, audience = which
    arrives_as_text(our_templates()[code], fact, audience, text)


def arrives_as_text(template: Template, fact: str, audience: str, text: str) -> None:
    """The same tags and lines as with a plain word; and the words are the text."""
    plain, hostile = sample_of(fact, audience), sample_of(fact, audience)
    for variable in every_variable(fact, audience):
        if variable.kind is str:
            plain[variable.group][variable.name] = "word"
            hostile[variable.group][variable.name] = text
    expected = rendered(template, plain, audience)
    made = rendered(template, hostile, audience)
    assert Tags(made.html).tags == Tags(expected.html).tags
    assert len(made.text.splitlines()) == len(expected.text.splitlines())
    assert made.subject == " ".join(made.subject.split())
    line = seen(text)
    if "word" in expected.text:
        assert line in " ".join(made.text.split())
        assert line in " ".join(Tags(made.html).words.split())


# --- what readers may not see


def test_a_client_is_told_no_price_vendor_or_other_thing_of_the_office() -> None:
    for fact in FACTS:
        for audience in (FOR_CLIENT, FOR_SUPPLIER):
            names = {one.called for one in every_variable(fact, audience)}
            assert not [
                name
                for name in names
                if any(
                    word in name
                    for word in ("price", "total", "currency", "password", "notes", "operator")
                )
            ]
            if audience == FOR_CLIENT:
                assert not {n for n in names if n.startswith(("supplier", "credential", "payment"))}
            else:
                assert not {n for n in names if n.startswith(("client", "sale", "guest", "portal"))}
    assert not [
        one.called
        for fact in FACTS
        for one in every_variable(fact, FOR_OFFICE)
        if "password" in one.called
    ]


def test_what_a_payload_holds_too_much_is_cut() -> None:
    """Even where somebody typed it into the sheet."""
    payload = sample_of("sale.created", FOR_OFFICE) | {"secret": {"key": "k"}}
    payload["sale"]["password"] = "hunter2"
    kept = cut(payload, FOR_CLIENT)
    assert "total_value" not in kept["sale"]
    assert "secret" not in kept
    assert "password" not in kept["sale"]
    with pytest.raises(RuleError, match=r"sale\.total_value for its readers"):
        rendered(made_of("{{sale.total_value}}"), payload, FOR_CLIENT)
    with pytest.raises(RuleError, match=r"sale\.password"):
        rendered(made_of("{{sale.password}}"), payload, FOR_OFFICE)


# --- what a template may hold

SAMPLE = sample_of("sale.created", FOR_OFFICE)


def test_names_are_read_as_the_specification_writes_them() -> None:
    made = rendered(
        made_of("{{sale.totalValue}} {{SALE.ID}} {{ client.Name | upper }}"), SAMPLE, FOR_OFFICE
    )
    assert made.text == "1,400.00 S147 MERIDIAN TRAVEL"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{{ sale.idd }}", r"line 1: the message has no sale\.idd"),
        ("a\n\n{{ nobody.x }}", r"line 3: the message has no nobody\.x"),
        ("{{ sale }}", "a variable is GROUP.NAME"),
        ("{{ name }}", "not name"),
        ("{{ sale.id.x }}", "a variable is GROUP.NAME"),
        ("{{ sale.__class__ }}", "has no sale.__class__"),
        ("{{ ''.__class__.__mro__ }}", "GROUP.NAME"),
        ("{{ sale['id'] }}", "only variables"),
        ("{{ sale.id.upper() }}", "GROUP.NAME|only variables"),
        ("{{ range(9) }}", "only variables"),
        ("{{ sale.id * 999999999 }}", "only variables"),
        ("{{ 'x' ~ 'y' }}", "only variables"),
        ("{{ 10 ** 10 }}", "only variables"),
        ("{% for x in (1, 2) %}{% endfor %}", "only variables"),
        ("{% set x = 1 %}", "only variables"),
        ("{% include 'x' %}", "only variables"),
        ("{% import 'x' as y %}", "only variables"),
        ("{% macro m() %}{% endmacro %}", "only variables"),
        ("{{ sale.id | pprint }}", "the filter pprint"),
        ("{{ sale.id | attr('x') }}", "the filter attr"),
        ("{% if sale.id is callable %}{% endif %}", "the test callable"),
        ("{{ sale.id", "can't be used"),
        ("{% if sale.id %}", "can't be used"),
        ("{{ sale.quantity > 'a' }}", "can't be worked out"),
        ("{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}", "can't be worked out"),
        ("x" * 10_001, "10,001 characters"),
    ],
)
def test_what_a_template_may_not_hold_is_said(body: str, why: str) -> None:
    with pytest.raises(RuleError, match=why):
        rendered(made_of(body), SAMPLE, FOR_OFFICE)
    with pytest.raises(RuleError, match=why.replace("line 3", "line 1")):
        rendered(made_of("x", subject=" ".join(body.split())), SAMPLE, FOR_OFFICE)


@pytest.mark.parametrize(
    "body", [">" * 9_999, "*_" * 5_000, "[" * 9_999, "- " * 5_000, "`" * 9_999, "<" * 9_999]
)
def test_markup_without_end_is_a_text_or_refused(body: str) -> None:
    try:
        assert rendered(made_of(body), SAMPLE, FOR_OFFICE).html
    except RuleError as error:
        assert "can't be worked out" in error.message  # noqa: PT017


def test_branches_that_are_not_taken_are_checked_too() -> None:
    with pytest.raises(RuleError, match=r"sale\.nothing"):
        rendered(
            made_of("{% if sale.id == 'X' %}{{ sale.nothing }}{% endif %}"), SAMPLE, FOR_OFFICE
        )


def test_markdown_is_html_and_plain_text() -> None:
    body = "# Head\n\nA **b** _c_ [d](https://x.example/y) `{{sale.id}}`\n\n1. e\n2. f\n   - g\n\n> q\n\n---\n\n    code"
    made = rendered(made_of(body), SAMPLE, FOR_OFFICE)
    assert made.text == (
        "Head\n\nA b c d (https://x.example/y) S147\n\n1. e\n2. f\n   - g\n\n> q\n\n--\n\n    code"
    )
    assert '<a href="https://x.example/y" rel="noopener noreferrer">d</a>' in made.html
    assert "<h1>Head</h1>" in made.html
    bad = rendered(
        made_of("[x](javascript:alert(1)) <b onclick=x>y</b> <script>z</script>"),
        SAMPLE,
        FOR_OFFICE,
    )
    assert "<script" not in bad.html
    assert "<b" not in bad.html
    assert "javascript" not in bad.html


def test_a_value_in_code_is_what_it_is() -> None:
    payload = {"sale": {"id": "S1/2_<b>&*x*"}}
    made = rendered(
        made_of("`ticketops sale show {{sale.id}}`\n\n    {{sale.id}}"), payload, FOR_OFFICE
    )
    assert made.text == "ticketops sale show S1/2_<b>&*x*\n\n    S1/2_<b>&*x*"
    assert Tags(made.html).words.split("\n")[0] == "ticketops sale show S1/2_<b>&*x*"


def test_something_stands_in_for_a_blank() -> None:
    payload = {"sale": {"status": None, "reason": "", "quantity": 0}}
    body = '{{sale.status | default("a")}}{{sale.reason | d("b")}}{{sale.quantity | default("c")}}'
    assert rendered(made_of(body), payload, FOR_OFFICE).text == "ab0"


def test_values_are_shown_as_people_read_them() -> None:
    payload = {
        "sale": {**SAMPLE["sale"], "quantity": 12_345, "unit_price": None, "total_value": 0.5},
        "match": {**SAMPLE["match"], "date": "2026-06-11T13:30:00"},
        "run": {"user": "a", "at": "2026-06-11T00:00:00"},
    }
    body = "{{sale.quantity}}|{{sale.unit_price}}|{{sale.total_value}}|{{match.date}}|{{run.at}}"
    made = rendered(made_of(body), payload, FOR_OFFICE)
    assert made.text == "12,345||0.50|2026-06-11 13:30|2026-06-11"


def test_a_blank_that_is_worked_with_is_found_when_it_is_set() -> None:
    template = made_of("{% if sale.total_value > 5 %}much{% endif %}")
    assert rendered(template, SAMPLE, FOR_OFFICE).text == "much"
    assert "can't be worked out" in problem_of(template, "sale.created", FOR_OFFICE)
    careful = made_of("{% if sale.total_value and sale.total_value > 5 %}much{% endif %}")
    assert problem_of(careful, "sale.created", FOR_OFFICE) == ""


def test_a_subject_that_says_nothing_is_the_name_of_the_template() -> None:
    template = replace(made_of("x", subject="{{sale.status}}"), name="Sale recorded")
    payload = {"sale": {"status": None}}
    assert rendered(template, payload, FOR_OFFICE).subject == "Sale recorded"


@pytest.mark.parametrize("text", ["", "[]", "x", '{"a": 1}', "[" * 100_000, "null"])
def test_a_payload_that_nobody_understands_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match="not understood"):
        payload_from(text)


def test_a_file_that_is_no_template_is_refused() -> None:
    with pytest.raises(ValueError, match="does not begin"):
        parsed("x", "name: y\n---\nfact: z\n---\nbody")
