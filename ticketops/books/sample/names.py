"""Made-up vendors, client companies and guests, in the scripts that a real workbook holds. All
addresses are in domains reserved for examples, so that no message ever reaches anybody.

In: a seeded random.Random where a choice is made. Out: names and addresses.
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vendor:
    """Who we buy from. `supplier`: the SupplierKey of those who send tickets themselves (§9a), else
    empty."""

    name: str
    supplier: str = ""
    login: bool = False


_MARKETPLACES = (
    "Viagogo",
    "StubHub",
    "StubHub International",
    "Ticketmaster",
    "SeatGeek",
    "Vivid Seats",
    "TickPick",
    "Gametime",
    "TicketSwap",
    "Gigsberg",
    "FIFA Marketplace",
    "AXS",
    "Ticombo",
    "Eventim",
    "See Tickets",
)
_DIRECT = (
    "On Location",
    "Arena Norte Hospitality",
    "Estadios y Palcos SA de CV",
    "Maple Box Office",
    "Lone Star Suites LLC",
    "Kontor Billett AS",
    "Łukasz Wójcik",
    "Jürgen Größmann",
    "Ana-María Núñez",
    "François Lefèbvre",
    "Gökhan Yıldız",
    "Иван Кравченко",
    "Νίκος Παπαδόπουλος",
    "محمد الحربي",
    "דוד לוי",
    "王小明票务",
    "チケット東京",
    "김민수",
    "Tickets 4U B.V.",
    "Northgate Seats",
    "Old Mill Events",
    "Bayside Tickets",
    "Ravelo & Hijos",
    "Palco Ocho",
    "Sun Belt Premium",
)
_SUPPLIERS = (
    ("Povami Tickets SL", "POVAMI"),
    ("POVAMI", "POVAMI"),
    ("Salvi Events", "SALVI"),
    ("salvi events srl", "SALVI"),
    ("bdc014@tickets.example.org", "BDC"),
    ("bdc022@tickets.example.org", "BDC"),
    ("COMM-07@post.example.net", "COMM"),
    ("comm-31@post.example.net", "COMM"),
    ("fed.tickets3@mail.example.com", "FED"),
)
_MAIL_HOSTS = ("mail.example.com", "inbox.example.net", "post.example.org", "tickets.example.com")
MATTHIAS_VENDORS = (
    "matthias.k@mail.example.com",
    "m.kessler88@inbox.example.net",
    "Tix.Berlin@post.example.org",
    "wm26.karten@inbox.example.net",
    "kessler.karten@mail.example.com",
    "fan.zone77@tickets.example.com",
    "o.brandt1971@post.example.org",
    "loge.sued@mail.example.com",
)

VENDORS: tuple[Vendor, ...] = (
    *(Vendor(name, login=True) for name in _MARKETPLACES),
    *(Vendor(name) for name in _DIRECT),
    *(Vendor(name, supplier) for name, supplier in _SUPPLIERS),
    *(Vendor(name, "MATTHIAS") for name in MATTHIAS_VENDORS),
    Vendor("buyer.nine@inbox.example.net"),
    Vendor("tickets_ost@post.example.org"),
    Vendor("lfc-swaps@mail.example.com"),
)

_COMPANIES = """\
Meridian Travel|Meridian Travel Ltd|MERIDIAN TRAVEL VIP|Meridian Travel Premium|Blue Heron Events
Blue Heron Events Inc|Atlas Corporate Hospitality|Atlas Corporate Hospitality Ltd|Nordlys Reiser AS
Nordlys Reiser AS Premium|Kingfisher Sports Travel|Kingfisher Sports Travel Inc|Granite Peak Partners
Granite Peak Partners VIP|Harbour Lane Holidays|Harbour Lane Holidays Ltd|Westbrook & Sons|Westbrook & Sons Ltd
Oak and Iron Capital|Sable Point Group Inc|Tallgrass Insurance|Tallgrass Insurance Premium|Copperfield Logistics Ltd
Ninth Avenue Media|Ninth Avenue Media Inc|Larkspur Wealth VIP|Fenwick Road Travel|Redwood Concierge
Redwood Concierge VIP|Stonebridge Legal LLP|Cloud Nine Incentives|Cloud Nine Incentives Ltd|Trident Motors
Trident Motors Premium|42nd Street Tours|Pacific Rim Events Inc|Silver Fern Journeys|Highland Rover Travel|Émile & Cie
Voyages Étoile|Voyages Étoile VIP|Agence Côte d'Azur|Société Générale des Loisirs|Maison Lefèvre Premium
Les Amis du Foot|Château Événements|Reisebüro Müller|Reisebüro Müller GmbH|Reisebüro Müller VIP|Größe Sportreisen
Fußball Erlebnis GmbH|Käfer & Söhne|Österreich Incoming|Zürcher Gästeservice AG|Viajes Ñandú|Viajes Ñandú Premium
Aventuras del Sur|Grupo Peñalara|Compañía Española de Eventos|Turismo São João|Turismo São João Ltda|Agência Coração
Lisboa Viagens Premium|Câmara de Comércio do Porto|Viaggi d'Oro|Viaggi d'Oro VIP|Società Sportiva Perugia
Città Aperta Srl|Biuro Podróży Łódź|Biuro Podróży Łódź Premium|Żółw Travel|Čedok Výlety|Sportovní Zájezdy Brno
Škoda Události|Utazás Győr Kft|Călătorii București|Turizm Şişli|Turizm Şişli VIP|İzmir Etkinlik A.Ş.
Øresund Rejser ApS|Ålesund Opplevelser|Smörgåsbord Events AB|Hämeenlinna Matkat Oy|Ferðir Ísland ehf|Reizen IJssel BV
Ekskursijas Rīga|Kelionės Šiauliai UAB|Đà Nẵng Du Lịch|Du Lịch Hà Nội Premium|Путешествия Нева|Путешествия Нева VIP
ООО Спорт-Тур|Туристичне бюро Київ|Агенция Витоша|Београд Путовања|Казак Турист|Ταξίδια Αιγαίο|Ταξίδια Αιγαίο Premium
Αθηναϊκά Γεγονότα|Εκδρομές Θεσσαλονίκη Ltd|شركة الواحة للسفر|شركة الواحة للسفر VIP|مجموعة النخيل|فعاليات الخليج
وكالة القاهرة للسياحة|الدوحة للضيافة Premium|ریحان گشت|מסעות הגליל|מסעות הגליל VIP|כרמל אירועים|תל אביב ספורט Ltd
北京远行旅行社|北京远行旅行社 VIP|上海体育票务有限公司|广州凯旋会展|深圳星途 Premium|香港遠東旅遊|台北樂遊旅行社
台北樂遊旅行社 Ltd|東京スポーツ観光|東京スポーツ観光 VIP|大阪トラベル株式会社|株式会社さくら企画
京都ホスピタリティ Premium|서울스포츠여행|서울스포츠여행 VIP|부산이벤트 주식회사|한강투어|제주관광 Premium
บริษัท สยามทัวร์|บริษัท สยามทัวร์ VIP|กรุงเทพอีเวนต์|เชียงใหม่ทราเวล Ltd|यात्रा इंडिया|यात्रा इंडिया Premium
ভ্রমণ ঢাকা|தமிழ் பயணம்|საქართველო ტური|Հայաստան Տուր|Casa Azul Viajes|Casa Azul Viajes VIP|Palmera Real SA de CV
Estrella del Norte|Tierra y Mar Premium|Prairie Star Incentives|Queen City Ticket Club|Queen City Ticket Club Premium
O'Malley & Quinn|Smith, Jones & Partners|A1 Corporate Days|Bright Coast Inc."""
COMPANIES: tuple[str, ...] = tuple(_COMPANIES.replace("\n", "|").split("|"))

_GUESTS = """\
Emma Olivia Sophie James Thomas William Grace Henry/Taylor Bennett Clarke O'Brien Whitfield Nakamura-Jones Smith Walker
José María Lucía Andrés Sofía Íñigo Martín Belén/García Hernández Muñoz Núñez Ibáñez Peña Domínguez Zúñiga
Jürgen Björn Zoë Käthe Günther Anneliese Sören Maïté/Müller Größ Schäfer Weiß Köhler Strauß Jäger Öztürk
François Chloé Noémie Benoît Hélène Loïc Anaïs Gaël/Lefèvre Béranger Côté d'Aubigné Garçon Château Lévesque Noël
Łukasz Agnieszka Małgorzata Wojciech Zbigniew Świętosława Paweł Żaneta/Wójcik Kowalczyk Dąbrowski Żak Śliwiński Łęcki Gołąb Nowak
Jiří Šárka Tomáš Žofie Ondřej Růžena Václav Ľubomír/Novák Černý Šťastný Hájek Řezníček Ďurica Kučera Dvořáková
Tomás João Inês Conceição Luís Mônica Sebastião Thaís/Gonçalves Araújo Simões Magalhães Assunção Brandão Falcão Leão
Иван Анна Дмитрий Екатерина Сергей Ольга Мария Алексей/Иванов Петрова Кузнецов Соловьёв Морозова Шевченко Бондаренко Королёв
Γιώργος Ελένη Νίκος Μαρία Δημήτρης Κατερίνα Σπύρος Ιωάννα/Παπαδόπουλος Γεωργίου Νικολάου Αλεξίου Μακρής Οικονόμου Βασιλείου Ρήγας
محمد فاطمة أحمد عائشة يوسف مريم خالد ليلى/الحربي المصري القحطاني الزهراني بن‌سالم العتيبي حداد النجار
דוד שרה יעל משה נועה אברהם תמר איתן/כהן לוי מזרחי פרץ ביטון פרידמן אזולאי בן־דוד
伟 芳 娜 秀英 敏 静 强 磊/王 李 张 刘 陈 杨 黄 欧阳
太郎 花子 健太 美咲 翔 さくら 大輔 結衣/佐藤 鈴木 高橋 田中 渡辺 伊藤 山本 小林
민수 지은 서준 하윤 도윤 수빈 예은 준호/김 이 박 최 정 강 남궁 황보
สมชาย สุดา ประเสริฐ มาลี วิชัย กัญญา อนันต์ พิมพ์/ใจดี ศรีสุข ทองคำ แสงจันทร์ วงศ์ไทย บุญมี พงษ์ไพร รัตนกุล
Ayşe Mehmet Gülşen Çağlar İbrahim Şeyma Oğuz Özlem/Yılmaz Çelik Şahin Öztürk Aydın Güneş Kılıç Doğan
Nguyễn Trần Thị Văn Minh Hồng Đức Thảo/Phạm Lê Huỳnh Đặng Bùi Võ Đỗ Ngô
Siobhán Pádraig Åsa Øyvind Þóra Eiríkur Māra Jānis/Ó_Briain Ångström Øvergård Jónsdóttir Kalniņš Ozoliņa Šķēle Hämäläinen"""
_GUEST_SCRIPTS = tuple(
    tuple(tuple(name.replace("_", " ") for name in half.split()) for half in line.split("/"))
    for line in _GUESTS.splitlines()
)


def guest(rng: random.Random) -> tuple[str, str]:
    """First and last name of somebody."""
    first, last = rng.choice(_GUEST_SCRIPTS)
    return rng.choice(first), rng.choice(last)


def guest_address(first: str, last: str, number: int) -> str:
    """An address for a guest: by name where Latin letters spell it, by number where not."""
    latin = (
        unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode().lower()
    )
    spelt = re.sub(r"[^a-z.]", "", latin)
    if re.fullmatch(r"[a-z]{2,}\.[a-z]{2,}", spelt):
        return f"{spelt}{number}@guests.example.com"
    return f"guest{number}@guests.example.net"


def matthias_addresses(rng: random.Random, count: int) -> list[str]:
    """`count` different addresses in small letters, those of MATTHIAS_VENDORS among them."""
    first = (
        "karten",
        "tix",
        "fan",
        "loge",
        "anna",
        "bernd",
        "carla",
        "dieter",
        "eva",
        "fritz",
        "gerd",
        "heike",
        "ingo",
        "kai",
    )
    last = (
        "nord",
        "sued",
        "berlin",
        "wm26",
        "brandt",
        "keller",
        "vogel",
        "roth",
        "simon",
        "lang",
        "busch",
        "wolff",
        "arndt",
    )
    known = dict.fromkeys(address.casefold() for address in MATTHIAS_VENDORS)
    while len(known) < count:
        known[
            f"{rng.choice(first)}{rng.choice('._-')}{rng.choice(last)}{rng.randint(1, 99)}@{rng.choice(_MAIL_HOSTS)}"
        ] = None
    addresses = list(known)[:count]
    rng.shuffle(addresses)
    return addresses
