"""A commit on a workbook with a form control on Distribution, beside one on the same workbook without:
a button must cost nothing. A ratio in one run."""

from __future__ import annotations

import re
import subprocess
import zipfile

from harness import WORK, Measured, alternate, fresh, once, pending_sales, row, tool

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"><v:shape id="_x0000_s1025" type="#_x0000_t201"'
    ' style="position:absolute;width:90pt;height:24pt"><x:ClientData ObjectType="Button">'
    "<x:Anchor>1, 0, 2, 0, 3, 0, 4, 0</x:Anchor></x:ClientData></v:shape></xml>"
)
_PROPERTIES = (
    '<formControlPr xmlns="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'
    ' objectType="Button" lockText="1"/>'
)
_CONTROL = (
    f'<legacyDrawing xmlns:r="{_OFFICE}" r:id="rIdV"/>'
    '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing">'
    '<mc:Choice Requires="x14"><controls><mc:AlternateContent><mc:Choice Requires="x14">'
    f'<control xmlns:r="{_OFFICE}" shapeId="1025" r:id="rIdC" name="Button 1"><controlPr print="0">'
    '<anchor moveWithCells="1"><from><xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>2</xdr:row>'
    "<xdr:rowOff>0</xdr:rowOff></from><to><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff>"
    "<xdr:row>4</xdr:row><xdr:rowOff>0</xdr:rowOff></to></anchor></controlPr></control>"
    "</mc:Choice></mc:AlternateContent></controls></mc:Choice></mc:AlternateContent>"
)
_CONTENT = (
    '<Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/>'
    '<Override PartName="/xl/ctrlProps/ctrlProp1.xml"'
    ' ContentType="application/vnd.ms-excel.controlproperties+xml"/></Types>'
)


def with_control(source: str, name: str) -> str:
    """A copy of a workbook that has a button on Distribution."""
    with zipfile.ZipFile(WORK / source) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    relation = re.search(
        rb'<sheet name="Distribution"[^>]*r:id="([^"]+)"', members["xl/workbook.xml"]
    )
    if relation is None:
        raise SystemExit(f"{source} has no Distribution")
    target = re.search(
        rb'Id="%b"[^>]*?Target="worksheets/([^"]+)"' % relation[1],
        members["xl/_rels/workbook.xml.rels"],
    )
    if target is None:
        raise SystemExit(f"{source}: Distribution has no part")
    sheet = target[1].decode()
    part, relations = f"xl/worksheets/{sheet}", f"xl/worksheets/_rels/{sheet}.rels"
    if relations in members:
        raise SystemExit(f"{source}: Distribution has relations already")
    members[part] = members[part].replace(b"</worksheet>", _CONTROL.encode() + b"</worksheet>")
    members[relations] = (
        f'<Relationships xmlns="{_PACKAGE}">'
        f'<Relationship Id="rIdV" Type="{_OFFICE}/vmlDrawing" Target="../drawings/vmlDrawing1.vml"/>'
        f'<Relationship Id="rIdC" Type="{_OFFICE}/ctrlProp" Target="../ctrlProps/ctrlProp1.xml"/>'
        "</Relationships>"
    ).encode()
    members["xl/drawings/vmlDrawing1.vml"] = _VML.encode()
    members["xl/ctrlProps/ctrlProp1.xml"] = _PROPERTIES.encode()
    types = members["[Content_Types].xml"]
    members["[Content_Types].xml"] = types.replace(b"</Types>", _CONTENT.encode())
    with zipfile.ZipFile(WORK / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return name


def bench_controls(book: str, runs: int) -> tuple[Measured, Measured]:
    """`allocate commit` of one sale, without a control and with one, in turns."""
    plain, button = Measured("commit"), Measured("commit with a control")
    books = (
        (plain, fresh(book, f"live-plain-{book}")),
        (button, fresh(with_control(book, f"control-{book}"), f"live-control-{book}")),
    )
    sales = pending_sales(WORK / books[0][1])
    first = next(sales)
    for _measured, live in books:
        subprocess.run(
            tool("status", "-w", live, "-q"), cwd=WORK, stdout=subprocess.DEVNULL, check=True
        )
        once(Measured("warm-up"), tool("allocate", "commit", first, "-w", live, "-q"))
    wanted = [next(sales) for _ in range(runs)]

    def commit(measured: Measured, live: str, number: int) -> None:
        once(measured, tool("allocate", "commit", wanted[number], "-w", live, "-q"))

    alternate(
        runs, lambda number: commit(*books[0], number), lambda number: commit(*books[1], number)
    )
    return plain, button


def controls_report(measured: tuple[Measured, Measured]) -> str:
    """The section of the page."""
    plain, button = measured
    return "\n".join(
        [
            "",
            "## A form control on Distribution",
            "",
            "| what | seconds | range | peak MB | against its peer |",
            "| --- | --- | --- | --- | --- |",
            row("`allocate commit` of one sale", plain),
            row(
                "the same with a button on Distribution",
                button,
                f"{button.median / plain.median:.2f} × without (at most 1.1)",
            ),
            "",
        ]
    )
