"""The fields of foreign lists of trade, a kind of list each, and what their headers are called in the
languages of the trade (§3, §4)."""

from __future__ import annotations

from collections.abc import Mapping

from ticketops.domain.intake.mappings import Field

PURCHASES, SALES, GUESTS, SEATS = "purchases", "sales", "guests", "seats"
_NAMES: Mapping[str, str] = {
    "reference": (
        "ref refno referenceno referencenumber confirmation confirmationno confirmationnumber"
        " bookingreference bookingref booking referenz buchungsnummer referencia transactionid"
        " purchasereference purchaseno"
    ),
    "date": (
        "purchasedate purchased boughton dateofpurchase saledate solddate soldon orderdate"
        " dateofsale transactiondate datum kaufdatum bestelldatum fecha fechacompra dateachat"
        " dateachats data datacompra dataacquisto"
    ),
    "match": (
        "mno matchcode matchno matchnumber matchid matchnr spiel spielnr spielnummer partido"
        " nopartido rencontre partita jogo session sessioncode sessionid gameno gamenumber"
    ),
    "game": (
        "teams fixture event eventname matchname matchup pairing begegnung paarung spielpaarung"
        " encuentro affiche performance"
    ),
    "match_date": (
        "matchdate matchday dateofmatch eventdate dateofevent gamedate fixturedate sessiondate"
        " spieldatum spieltag fechapartido datematch datapartita datajogo"
    ),
    "venue": "stadium stadion estadio stade stadio arena ground spielort lugarpartido sede lieu",
    "sub_game": "subgame subsession",
    "home": "hometeam team1 teama heim heimteam heimmannschaft local equipolocal domicile casa",
    "away": (
        "awayteam team2 teamb gast gastteam auswarts auswartsteam visitante visitor visiteur"
        " exterieur ospite trasferta"
    ),
    "vendor": (
        "vendorname supplier suppliername seller source boughtfrom marketplace platform lieferant"
        " anbieter verkaufer haendler handler proveedor vendedor fournisseur vendeur fornitore"
        " fornecedor"
    ),
    "client": (
        "clientname customer customername buyer buyername company account soldto kunde kundenname"
        " kaufer besteller cliente comprador acheteur acquirente"
    ),
    "contract": (
        "contractno contractnumber contractid agreement vertrag vertragsnummer vertragsnr contrato"
        " contrat contratto"
    ),
    "order": (
        "orderid orderno ordernumber ordernr salesorder bestellung bestellnummer auftrag"
        " auftragsnummer pedido numeropedido commande nocommande numerocommande ordine"
    ),
    "inv_no": "invno inventoryno inventorynumber listing listingid listingno listingnumber",
    "category": (
        "cat ticketcategory pricecategory ticketclass tickettype pricelevel level kategorie"
        " preiskategorie kat categoria categorie"
    ),
    "block": (
        "section sec sector blockno location blocksection sectionrow bloc bloque sektor secteur"
        " settore tribuna tribune blockrow place"
    ),
    "row": "seatrow rowno reihe fila rang rangee",
    "seats": "seatnumbers seatnos seatrange seatsfromto sitze sitzplatze platze asientos sieges",
    "seat": "seatno seatnumber sitz platz sitzplatz asiento siege posto lugar",
    "qty": (
        "quantity quantities number tickets nooftickets numberoftickets ticketcount ticketqty tix"
        " count noof pcs anzahl menge stuck stuckzahl tickets anzahltickets anzahlkarten cantidad"
        " entradas cant quantite qte nbre nombre billets quantita quantidade qtde"
    ),
    "unit_price": (
        "price unitprice priceeach priceperticket ticketprice unitcost costperticket costeach"
        " priceunit each pricepertix perticket einzelpreis stuckpreis preis preisproticket"
        " stueckpreis precio preciounitario prixunitaire prix prezzo prezzounitario preco"
        " precounitario"
    ),
    "total": (
        "totalprice totalamount totalcost linetotal amount sum gesamt gesamtpreis gesamtbetrag"
        " betrag summe importe importetotal preciototal montant montanttotal prixtotal totale"
        " importo valortotal"
    ),
    "currency": "ccy cur curr currencycode wahrung waehrung moneda devise monnaie valuta moeda",
    "fees": "fee servicefee bookingfee gebuhr gebuhren comision frais commissioni commission",
    "delivery_channel": (
        "delivery deliverymethod deliverytype ticketformat shipping versand lieferung versandart"
        " entrega envio livraison modelivraison consegna"
    ),
    "instructions": "specialinstructions instruction requests specialrequests wunsche",
    "notes": (
        "note comment comments remark remarks bemerkung bemerkungen kommentar notiz notas"
        " observaciones remarque remarques commentaire clientsnotes clientnotes"
    ),
    "comment": "comments clientcomment clientcomments guestcomment",
    "first_name": "firstname givenname forename vorname nombres prenom nome guestfirstname",
    "last_name": (
        "lastname surname familyname nachname familienname apellido apellidos nomdefamille cognome"
        " sobrenome guestlastname"
    ),
    "name": "fullname guest guestname guestfullname attendee attendeename ticketholder holder",
    "email": ("emailaddress mail mailaddress guestemail clientemail correo courriel emailadresse"),
    "ticket_id": (
        "ticketid salesid salesline saleslinekey linekey ticketno ticketnumber ticketref id"
    ),
    "unit_id": "unit unitid unitno unitnumber allocatedunitids",
}
NAMES_OF = {
    PURCHASES: (
        *("reference", "date", "match", "game", "sub_game", "home", "away", "match_date", "venue"),
        *("vendor", "contract", "inv_no", "category", "block", "row", "seats", "seat", "qty"),
        *("unit_price", "total", "currency", "fees", "delivery_channel", "instructions", "notes"),
    ),
    SALES: (
        *("reference", "date", "match", "game", "sub_game", "home", "away", "match_date", "venue"),
        *("client", "contract", "order", "category", "qty", "unit_price", "total", "currency"),
        *("instructions", "notes"),
    ),
    GUESTS: (
        *("ticket_id", "order", "match", "game", "sub_game", "home", "away", "match_date", "venue"),
        *(
            "client",
            "category",
            "block",
            "row",
            "seats",
            "seat",
            "first_name",
            "last_name",
            "name",
            "email",
        ),
        *("comment", "notes"),
    ),
    SEATS: (
        *("unit_id", "ticket_id", "reference", "inv_no", "match", "game", "sub_game", "home"),
        *("away", "match_date", "venue", "vendor", "contract", "category", "qty", "block", "row"),
        *("seats", "seat"),
    ),
}
_ALSO: Mapping[str, Mapping[str, str]] = {
    GUESTS: {"match_date": "date datum fecha data", "first_name": "first", "last_name": "last"},
    SEATS: {
        "match_date": "date datum fecha data",
        "reference": "purchaseid purchaseorderid setid purchase set",
    },
}
"""Names that mean a field in files of one kind only."""
CERTAINLY_QUANTITIES = frozenset(
    (
        *("qty", "quantity", "quantities", "ticketqty", "ticketcount", "nooftickets", "menge"),
        *("numberoftickets", "anzahltickets", "anzahlkarten", "cantidad", "quantite", "qte"),
        *("quantita", "quantidade", "qtde"),
    )
)
"""Headers of quantities whatever their cells are; `Number` or `Tickets` may be something else."""
LAST_WORDS: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "category": "category kategorie",
        "qty": "qty quantity anzahl",
        "unit_price": "price unitprice preis einzelpreis",
        "currency": "currency",
        "vendor": "vendor supplier",
        "client": "client customer",
        "block": "block section",
        "seats": "seats",
        "seat": "seat",
        "first_name": "firstname vorname",
        "last_name": "lastname surname nachname",
        "email": "email",
    }.items()
}
"""Ends of longer headers that mean a field: of two rows joined, `Money` above `Currency`."""
BEFORE = {"row": ("seatrow",)}
"""Names that are looked for before the field's own: a list of ours has Row of the sheet, too."""
KINDS = tuple(NAMES_OF)
FIELDS: Mapping[str, tuple[Field, ...]] = {
    kind: tuple(
        Field(name, tuple(f"{_NAMES[name]} {_ALSO.get(kind, {}).get(name, '')}".split()))
        for name in names
    )
    for kind, names in NAMES_OF.items()
}
"""{kind of file: its fields}."""
