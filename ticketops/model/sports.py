"""Sports of a multi-sport event, by the letters that its sessions begin with (§17, §18a, C5b)."""

from __future__ import annotations

import re

_SPORTS = {
    "ARC": "Archery",
    "ATH": "Athletics",
    "ATM": "Athletics - Marathon",
    "ATW": "Athletics - Race Walk",
    "BDM": "Badminton",
    "BK": "Basketball",
    "BK3": "3x3 Basketball",
    "BKB": "Basketball",
    "BKG": "Breaking",
    "BMF": "Cycling BMX Freestyle",
    "BMX": "Cycling BMX Racing",
    "BOX": "Boxing",
    "CLB": "Sport Climbing",
    "CRD": "Cycling Road",
    "CSL": "Canoe Slalom",
    "CSP": "Canoe Sprint",
    "CTR": "Cycling Track",
    "DIV": "Diving",
    "EQD": "Equestrian - Dressage",
    "EQE": "Equestrian - Eventing",
    "EQJ": "Equestrian - Jumping",
    "FBL": "Football",
    "FEN": "Fencing",
    "GAR": "Artistic Gymnastics",
    "GLF": "Golf",
    "GRY": "Rhythmic Gymnastics",
    "GTR": "Trampoline Gymnastics",
    "HBL": "Handball",
    "HOC": "Hockey",
    "JUD": "Judo",
    "MPN": "Modern Pentathlon",
    "MTB": "Cycling Mountain Bike",
    "OCC": "Closing Ceremony",
    "OOC": "Opening Ceremony",
    "OWS": "Marathon Swimming",
    "ROW": "Rowing",
    "RU": "Rugby Sevens",
    "SAL": "Sailing",
    "SHO": "Shooting",
    "SKB": "Skateboarding",
    "SWA": "Artistic Swimming",
    "SWM": "Swimming",
    "TEN": "Tennis",
    "TKW": "Taekwondo",
    "TRI": "Triathlon",
    "TTE": "Table Tennis",
    "VBV": "Beach Volleyball",
    "VVO": "Volleyball",
    "WLF": "Weightlifting",
    "WPO": "Water Polo",
    "WRE": "Wrestling",
}
_LETTERS = re.compile(r"[A-Z]+")


def prefix_of(session: str) -> str:
    """The letters of a session's sport: the longest known ones that it begins with (BK301 → BK3), else
    all its letters; "" where it has none."""
    letters = _LETTERS.match(session)
    if not letters:
        return ""
    known = [one for one in (session[:4], session[:3], session[:2]) if one in _SPORTS]
    return next((one for one in known if len(one) >= len(letters[0])), letters[0])


def sport_of(session: str, said: str = "") -> str:
    """The sport of a session: as a schedule names it, its letters spelt out (`ARC` → Archery); else by
    the session's own letters, which stand for themselves where nobody knows them."""
    if said:
        return _SPORTS.get(said.upper(), said)
    prefix = prefix_of(session)
    return _SPORTS.get(prefix, prefix)
