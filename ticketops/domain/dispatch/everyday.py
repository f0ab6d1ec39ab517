"""Names that are words of every day, too: a client may be called North, 101 or Row, and not every
row is its own (D10)."""

from __future__ import annotations

from ticketops.domain.dispatch.lettering import Gap, Letters

_PARTS = """
row rows seat seats block blocks gate gates door doors level levels tier tiers stand stands box boxes suite
suites lounge lounges category cat section sections area areas zone zones entrance exit aisle bench terrace
tribune sector corner balcony gallery fila asiento puerta bloque grada tribuna zona palco reihe platz sitz
sitzplatz eingang tor rang tribuene oberrang unterrang ebene porte bloc siege place niveau loge fileira bloco
porta cadeira setor posto ingresso settore anello
"""
_SEATS = """
club upper lower left right centre center middle front back vip premium hospitality floor ground ring side
home away end stairs lift ramp table parking pitch pitchside field court main corridor stage access wheelchair
gold silver bronze platinum diamond ruby pearl crystal emerald black white red blue green yellow orange
purple pink grey gray brown
north south east west northern southern eastern western northeast northwest southeast southwest
norte sur sul este oeste leste nord sued sud ost ovest est ouest noord zuid oost
"""
_NATIONS = """
afghanistan albania algeria andorra angola anguilla antigua barbuda argentina armenia aruba australia austria
azerbaijan bahamas bahrain bangladesh barbados belarus belgium belize benin bermuda bhutan bolivia bosnia
herzegovina botswana brazil brunei bulgaria burkina faso burundi cambodia cameroon canada cape verde cabo
cayman islands island chad chile china colombia comoros congo cook costa rica croatia cuba curacao cyprus
czech czechia denmark djibouti dominica dominican ecuador egypt salvador england equatorial guinea eritrea
estonia eswatini ethiopia faroe fiji finland france gabon gambia georgia germany ghana gibraltar greece
grenada guam guatemala guyana haiti honduras hong kong hungary iceland india indonesia iran iraq ireland
israel italy ivory coast ivoire jamaica japan jordan kazakhstan kenya kosovo korea kuwait kyrgyzstan kyrgyz
laos latvia lebanon lesotho liberia libya liechtenstein lithuania luxembourg macau macao macedonia madagascar
malawi malaysia maldives mali malta mauritania mauritius mexico moldova monaco mongolia montenegro montserrat
morocco mozambique myanmar namibia nepal netherlands holland caledonia zealand nicaragua niger nigeria norway
oman pakistan palestine panama papua paraguay peru philippines poland portugal puerto rico qatar romania
russia rwanda samoa sao tome principe saudi arabia scotland senegal serbia seychelles sierra leone singapore
slovakia slovenia solomon somalia africa spain sri lanka sudan suriname sweden switzerland syria tahiti
taiwan taipei tajikistan tanzania thailand timor togo tonga trinidad tobago tunisia turkey turkiye turkmenistan
turks caicos uganda ukraine emirates kingdom states usa uae uk uruguay uzbekistan vanuatu venezuela vietnam
wales yemen zambia zimbabwe america europe asia oceania republic united great britain
"""
_COMMON = """
a about after again all also am an and any are arrive arrived as ask asked at available be because been before
best big book booked both but by bring call called can cancel cancelled change changed check child children
close closed come confirmed could customer date day days deal delay delivered delivery details did different do
does done down early eight email enter event every extra family fan fans fast final first five for four free
friend friends from full game games get give go good group groups guest guests had hand has have he help her here
hers him his hold host hotel hour hours how i if in into invoice is it its just keep kids know last late later
leave less let like list login look lost make man many match matches may me meet men mobile more morning most move
moved much must my name names need new next nice night no none not note notes nothing now number of off offer
office ok old on once one only open or order other our out over own paid pair pairs paper part party pass
password pay people per person phone please pick place plan play player players point post price print problem
proof pull put ready received refund remark reply request requested return right ring round said same sale sales
say says see seen sell send sent set sets seven she should show since single six small sold some soon sorry split
staff start started stay still stop such take target team ten text than thank thanks that the their them then
there these they thing things this those three ticket tickets time times to today together told tomorrow too took
top total train transfer transferred trip try two under unit units until up upload uploaded us use used very via
visit visitor visitors wait waiting want wants was way we week well went were what when where which while who why
will win wish with woman women work world would wrong year years yes yet you young your zero
monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
october november december
aber als am auf aus bei bis bitte da das dem den der des die ein eine er es fuer hat ich ihr im ist mit nach nicht
noch nur oder sehr sie sind um und vom von vor wir zu zum zur
al como con de del desde el ella en es esta la las lo los mas no nos para pero por que se si sin su tu un una y ya
au avec ce ces chez dans de des du elle en et il je la le les ma mais me mes nous ou par pas pour que qui sa se
son sur te tu un une vous da di e gli il nel per piu sono ao com em na nas no os um uma
"""
_SHORT = """
ab ad ah al am an ap as at au av be bi by ca cc ce ci co cm da db de di do dr du ed eg eh ei el em en er es et eu
ex fa fc fi fm fr ft fw go ha he hi hr ia id ie if il im in io is it ja je jr ka kg km la le lo lt ma me mi mm mr
ms mt mu my na ne ni no np nr nt of oh ok om on op or os ou ow ox oz pa pi pm po pp pr ps pt qi qu re ro sa se sh
si so sr st su ta te th ti to tu tv uh um un up us ut va ve vi vs wa we wo wt xi xu ya ye yo za zu
"""
_WHO = """
for client clients company customer customers agency buyer buyers firm account ask tell call contact cc by via
attn sold belongs guest guests fuer kunde kunden para cliente pour
"""
_CLIENTS = frozenset(
    ("client", "company", "customer", "account", "agency", "buyer", "firm", "kunde")
)
_TELLS = frozenset(("for", "ask", "tell", "by", "fuer", "para", "pour"))
_COUNTED = frozenset(
    [
        "people",
        "persons",
        "person",
        "pax",
        "tickets",
        "ticket",
        "guests",
        "guest",
        "fans",
        "fan",
        "seats",
        "seat",
        "adults",
        "children",
        "kids",
        "pairs",
        "pair",
        "days",
        "hours",
        "minutes",
        "min",
        "times",
        "x",
        "pcs",
        "euro",
        "euros",
        "eur",
        "usd",
        "dollars",
        "percent",
        "units",
        "unit",
        "orders",
        "or",
        "and",
        "more",
        "km",
        "m",
        "personen",
        "karten",
        "gaeste",
        "personas",
        "entradas",
        "personnes",
        "billets",
    ]
)
_SAYS_WHO = frozenset(_WHO.split())
_NEVER_BESIDE = frozenset(("v", "vs", "versus", "against", "contre", "gegen", "contra"))
_LONGEST_NUMBER = 4
"""Digits of a number that may be a seat, a block, a year; longer ones are a login or a contract."""
_LABELS = frozenset(_PARTS.split())
_STATES = frozenset(_NATIONS.split())
PLACES = frozenset(f"{_PARTS} {_SEATS} {_NATIONS}".split())
"""Words of stadiums and of nations."""
_GOING = """
enter entering exit exiting go goes going walk drive fly flies flying flight flights travel travels
travelling traveling arrive arrives arriving come comes coming land lands landing access leave leaves
leaving move moves
"""
_MOVES = frozenset(_GOING.split())
_WAYS = frozenset(("via", "to", "from", "into", "in", "at", "through", "over"))
"""`Enter via North`, `fly to Mexico`: a place, whoever is called so."""
_WORDS = PLACES | frozenset(_COMMON.split())
SHORT_WORDS = frozenset(_SHORT.split())
"""Words of two letters, and abbreviations, in the languages that notes are written in."""


def is_everyday(words: list[str]) -> bool:
    """Whether a name, by its words without case and accents, may be no name where it stands."""
    if len(words) == 1:
        number = words[0].isdigit() and len(words[0]) <= _LONGEST_NUMBER
        return number or len(words[0]) == 1 or words[0] in _WORDS
    return all(word in PLACES or word.isdigit() for word in words)


def is_common(word: str) -> bool:
    """Whether letters are a word of every day by themselves."""
    return word in _WORDS


def is_meant(letters: Letters, at: int, end: int, name: str) -> bool:
    """Whether a name of every day is meant as a name where it stands: with a capital, and not
    beside a word of stadiums or nations or a number; a number or a single letter, where the word
    before it says so."""
    before = letters.word_before(at)
    after = letters.word_after(end, over="" if before in _SAYS_WHO else ":")
    if before in _NEVER_BESIDE or after in _NEVER_BESIDE or _is_place(after):
        return False
    if name.isdigit() or len(name) == 1:
        alone = at == 0 and end == len(letters.text)
        counts = after in _COUNTED and before not in _CLIENTS
        said = before in _CLIENTS or before in _TELLS
        return (said and not counts) or (alone and not name.isdigit())
    if _is_labelled(letters, at, end) or _is_way(letters, at, before, after, name):
        return False
    first = letters.original[letters.starts[at]]
    if first.lower() != first.upper() and first != first.upper():
        return False
    return before in _SAYS_WHO or not _is_place(before)


def _is_way(letters: Letters, at: int, before: str, after: str, name: str) -> bool:
    """Whether a name is where somebody goes: `Enter via North`, `fly to Mexico`, `Mexico City`."""
    if name not in PLACES:
        return False
    if after == "city" and name in _STATES:
        return True
    return before in _WAYS and letters.word_before(at - len(before)) in _MOVES


def _is_labelled(letters: Letters, at: int, end: int) -> bool:
    """Whether a name is all that follows the word for a part of a stadium, `gate: North`,
    `Stand (North)`, or begins a seat, `North, row 3`."""
    behind = Gap.SENTENCE if end == len(letters.text) else letters.gaps[end]
    if letters.word_before(at, over=":(") in _LABELS and behind is Gap.SENTENCE:
        return True
    part = letters.word_after(end, over=",")
    number = letters.word_after(end + len(part), over=":")
    is_first = not letters.word_before(at)
    return is_first and part in _LABELS and (number[:1].isdigit() or len(number) == 1)


def _is_place(word: str) -> bool:
    return word in PLACES or any(map(str.isdigit, word)) or len(word) == 1


def is_listed(letters: Letters, at: int, end: int) -> bool:
    """Whether letters that stand apart are some of several rows or gates: `row X-Q`, `X Q R`."""
    before, after = letters.word_before(at), letters.word_after(end)
    return before in PLACES or len(before) == 1 or len(after) == 1
