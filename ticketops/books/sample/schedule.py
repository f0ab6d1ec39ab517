"""The schedule of the 2026 World Cup as data: 104 matches, 16 venues. Facts as known in March 2026,
play-off places open.

In: nothing. Out: `MATCHES`, in match order, and the rows of the schedule sheet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from ticketops.model import ids, stages

_VENUES = {
    "MEX": ("Mexico City · Estadio Azteca", "Mexico", "Central", 83000),
    "GDL": ("Guadalajara · Estadio Akron", "Mexico", "Central", 48000),
    "MTY": ("Monterrey · Estadio BBVA", "Mexico", "Central", 53500),
    "TOR": ("Toronto · BMO Field", "Canada", "East", 45000),
    "VAN": ("Vancouver · BC Place", "Canada", "West", 54000),
    "ATL": ("Atlanta · Mercedes-Benz Stadium", "USA", "East", 75000),
    "BOS": ("Boston · Gillette Stadium", "USA", "East", 65000),
    "DAL": ("Dallas · AT&T Stadium", "USA", "Central", 94000),
    "HOU": ("Houston · NRG Stadium", "USA", "Central", 72000),
    "KAN": ("Kansas City · Arrowhead Stadium", "USA", "Central", 73000),
    "LAX": ("Los Angeles · SoFi Stadium", "USA", "West", 70000),
    "MIA": ("Miami · Hard Rock Stadium", "USA", "East", 65000),
    "NYC": ("New York/New Jersey · MetLife Stadium", "USA", "East", 82500),
    "PHI": ("Philadelphia · Lincoln Financial Field", "USA", "East", 69000),
    "SFO": ("San Francisco Bay Area · Levi's Stadium", "USA", "West", 71000),
    "SEA": ("Seattle · Lumen Field", "USA", "West", 69000),
}
"""{code: (city and stadium, country, region, capacity)}"""

_TABLE = """\
1 06-11 13:00 MEX A Mexico v South Africa
2 06-11 20:00 GDL A South Korea v UEFA Path D winner
3 06-12 15:00 TOR B Canada v UEFA Path A winner
4 06-12 18:00 LAX D USA v Paraguay
5 06-13 21:00 BOS C Haiti v Scotland
6 06-13 12:00 SFO B Qatar v Switzerland
7 06-13 18:00 NYC C Brazil v Morocco
8 06-13 21:00 VAN D Australia v UEFA Path C winner
9 06-14 19:00 PHI E Ivory Coast v Ecuador
10 06-14 12:00 HOU E Germany v Curaçao
11 06-14 15:00 DAL F Netherlands v Japan
12 06-14 20:00 MTY F UEFA Path B winner v Tunisia
13 06-15 18:00 MIA H Saudi Arabia v Uruguay
14 06-15 12:00 ATL H Spain v Cape Verde
15 06-15 18:00 LAX G Iran v New Zealand
16 06-15 12:00 SEA G Belgium v Egypt
17 06-16 15:00 NYC I France v Senegal
18 06-16 18:00 BOS I IC Path 2 winner v Norway
19 06-16 20:00 KAN J Argentina v Algeria
20 06-16 21:00 SFO J Austria v Jordan
21 06-17 15:00 DAL L England v Croatia
22 06-17 19:00 TOR L Ghana v Panama
23 06-17 12:00 HOU K Portugal v IC Path 1 winner
24 06-17 20:00 MEX K Uzbekistan v Colombia
25 06-18 12:00 ATL A UEFA Path D winner v South Africa
26 06-18 12:00 LAX B Switzerland v UEFA Path A winner
27 06-18 15:00 VAN B Canada v Qatar
28 06-18 19:00 GDL A Mexico v South Korea
29 06-19 21:00 PHI C Brazil v Haiti
30 06-19 18:00 BOS C Scotland v Morocco
31 06-19 21:00 SFO D UEFA Path C winner v Paraguay
32 06-19 12:00 SEA D USA v Australia
33 06-20 16:00 TOR E Germany v Ivory Coast
34 06-20 19:00 KAN E Ecuador v Curaçao
35 06-20 12:00 HOU F Netherlands v UEFA Path B winner
36 06-20 22:00 MTY F Tunisia v Japan
37 06-21 18:00 MIA H Uruguay v Cape Verde
38 06-21 12:00 ATL H Spain v Saudi Arabia
39 06-21 12:00 LAX G Belgium v Iran
40 06-21 18:00 VAN G New Zealand v Egypt
41 06-22 20:00 NYC I Norway v Senegal
42 06-22 17:00 PHI I France v IC Path 2 winner
43 06-22 12:00 DAL J Argentina v Austria
44 06-22 20:00 SFO J Jordan v Algeria
45 06-23 16:00 BOS L England v Ghana
46 06-23 19:00 TOR L Panama v Croatia
47 06-23 12:00 HOU K Portugal v Uzbekistan
48 06-23 20:00 GDL K Colombia v IC Path 1 winner
49 06-24 18:00 MIA C Scotland v Brazil
50 06-24 18:00 ATL C Morocco v Haiti
51 06-24 12:00 VAN B Switzerland v Canada
52 06-24 12:00 SEA B UEFA Path A winner v Qatar
53 06-24 19:00 MEX A UEFA Path D winner v Mexico
54 06-24 19:00 MTY A South Africa v South Korea
55 06-25 16:00 PHI E Curaçao v Ivory Coast
56 06-25 16:00 NYC E Ecuador v Germany
57 06-25 18:00 DAL F Japan v UEFA Path B winner
58 06-25 18:00 KAN F Tunisia v Netherlands
59 06-25 19:00 LAX D UEFA Path C winner v USA
60 06-25 19:00 SFO D Paraguay v Australia
61 06-26 15:00 BOS I Norway v France
62 06-26 15:00 TOR I Senegal v IC Path 2 winner
63 06-26 20:00 VAN G New Zealand v Belgium
64 06-26 20:00 SEA G Egypt v Iran
65 06-26 18:00 GDL H Uruguay v Spain
66 06-26 19:00 HOU H Cape Verde v Saudi Arabia
67 06-27 17:00 NYC L Panama v England
68 06-27 17:00 PHI L Croatia v Ghana
69 06-27 21:00 DAL J Jordan v Argentina
70 06-27 21:00 KAN J Algeria v Austria
71 06-27 19:30 MIA K Colombia v Portugal
72 06-27 19:30 ATL K IC Path 1 winner v Uzbekistan
73 06-28 12:00 LAX - 2A v 2B
74 06-29 16:30 BOS - 1E v 3A/B/C/D/F
75 06-29 19:00 MTY - 1F v 2C
76 06-29 12:00 HOU - 1C v 2F
77 06-30 17:00 NYC - 1I v 3C/D/F/G/H
78 06-30 12:00 DAL - 2E v 2I
79 06-30 19:00 MEX - 1A v 3C/E/F/H/I
80 07-01 12:00 ATL - 1L v 3E/H/I/J/K
81 07-01 17:00 SFO - 1D v 3B/E/F/I/J
82 07-01 13:00 SEA - 1G v 3A/E/H/I/J
83 07-02 19:00 TOR - 2K v 2L
84 07-02 12:00 LAX - 1H v 2J
85 07-02 20:00 VAN - 1B v 3E/F/G/I/J
86 07-03 18:00 MIA - 1J v 2H
87 07-03 20:30 KAN - 1K v 3D/E/I/J/L
88 07-03 13:00 DAL - 2D v 2G
89 07-04 17:00 PHI - W74 v W77
90 07-04 12:00 HOU - W73 v W75
91 07-05 16:00 NYC - W76 v W78
92 07-05 18:00 MEX - W79 v W80
93 07-06 14:00 DAL - W83 v W84
94 07-06 17:00 SEA - W81 v W82
95 07-07 12:00 ATL - W86 v W88
96 07-07 13:00 VAN - W85 v W87
97 07-09 16:00 BOS - W89 v W90
98 07-10 12:00 LAX - W93 v W94
99 07-11 17:00 MIA - W91 v W92
100 07-11 20:00 KAN - W95 v W96
101 07-14 14:00 DAL - W97 v W98
102 07-15 15:00 ATL - W99 v W100
103 07-18 17:00 MIA - L101 v L102
104 07-19 15:00 NYC - W101 v W102
"""
"""Number, month-day, local kick-off, venue, group (or -), the two sides."""


@dataclass(frozen=True, slots=True)
class Match:
    """One match. `favourite`: a side that many want to see."""

    code: str
    date: datetime
    time: str
    group: str
    game: str
    venue: str
    favourite: bool

    @property
    def stage(self) -> str:
        return stages.named(stages.of_code(self.code, _SIZE))


_SIZE = 104
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FAVOURITES = frozenset(
    {
        "Mexico",
        "USA",
        "Canada",
        "Brazil",
        "Argentina",
        "England",
        "Germany",
        "France",
        "Spain",
        "Portugal",
    }
)


def _side(text: str) -> str:
    """`1E` → Winner Group E, `2A` → Runner-up Group A, `3A/B` → Third of Group A/B, `W74` → Winner
    M74."""
    place = re.fullmatch(r"([123])([A-L](?:/[A-L])*)", text)
    if place:
        return {"1": "Winner Group ", "2": "Runner-up Group ", "3": "Third of Group "}[
            place[1]
        ] + place[2]
    earlier = re.fullmatch(r"([WL])(\d+)", text)
    return f"{'Winner' if earlier[1] == 'W' else 'Loser'} M{earlier[2]}" if earlier else text


def _match(line: str) -> Match:
    number, day, time, venue, group, sides = line.split(" ", 5)
    home, _, away = sides.partition(" v ")
    code = ids.normalise_match(f"M{number}")
    named = f"Group {group}" if group != "-" else stages.named(stages.of_code(code, _SIZE))
    game = f"{_side(home)} vs {_side(away)}"
    return Match(
        code,
        datetime.fromisoformat(f"2026-{day}"),
        time,
        named,
        game,
        venue,
        bool({home, away} & _FAVOURITES),
    )


MATCHES = tuple(_match(line) for line in _TABLE.splitlines())


def schedule_rows(footnote_row: int | None) -> list[tuple[str | int | datetime | None, ...]]:
    """The data rows of the schedule sheet; a remark in the Day column of sheet row `footnote_row`,
    if there is one."""
    rows: list[tuple[str | int | datetime | None, ...]] = []
    for match in MATCHES:
        city, country, region, capacity = _VENUES[match.venue]
        when = (
            _DAYS[match.date.weekday()],
            match.date,
            match.code,
            match.game,
            match.group,
            match.time,
        )
        rows.append((*when, city, country, region, capacity))
    if footnote_row:
        rows += [()] * (footnote_row - 2 - len(rows))
        rows.append(("Times are local. Play-off places as of March 2026.",))
    return rows
