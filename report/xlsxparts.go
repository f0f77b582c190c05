package report

// The parts of a workbook that hold its sheets.
const (
	rowsSheet, aboutSheet = "report", "about"

	rowsPart  = "xl/worksheets/sheet1.xml"
	aboutPart = "xl/worksheets/sheet2.xml"
)

const (
	xmlHead   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	packages  = "http://schemas.openxmlformats.org/package/2006/"
	documents = "http://schemas.openxmlformats.org/officeDocument/2006/"
	linked    = documents + "relationships"
	ofPackage = "application/vnd.openxmlformats-package."
	ofOffice  = "application/vnd.openxmlformats-officedocument."
	ofSheets  = ofOffice + "spreadsheetml."
)

// The parts that are the same in every workbook.
const (
	contentTypes = xmlHead + `<Types xmlns="` + packages + `content-types">` +
		`<Default Extension="rels" ContentType="` + ofPackage + `relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="` + ofPackage + `core-properties+xml"/>` +
		`<Override PartName="/docProps/app.xml" ContentType="` + ofOffice + `extended-properties+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + ofSheets + `sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="` + ofSheets + `styles+xml"/>` +
		`<Override PartName="/` + rowsPart + `" ContentType="` + ofSheets + `worksheet+xml"/>` +
		`<Override PartName="/` + aboutPart + `" ContentType="` + ofSheets + `worksheet+xml"/></Types>`

	packageLinks = xmlHead + `<Relationships xmlns="` + packages + `relationships">` +
		`<Relationship Id="rId1" Type="` + linked + `/officeDocument" Target="xl/workbook.xml"/>` +
		`<Relationship Id="rId2" Type="` + packages + `relationships/metadata/core-properties" Target="docProps/core.xml"/>` +
		`<Relationship Id="rId3" Type="` + linked + `/extended-properties" Target="docProps/app.xml"/></Relationships>`

	workbookLinks = xmlHead + `<Relationships xmlns="` + packages + `relationships">` +
		`<Relationship Id="rId1" Type="` + linked + `/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="` + linked + `/worksheet" Target="worksheets/sheet2.xml"/>` +
		`<Relationship Id="rId3" Type="` + linked + `/styles" Target="styles.xml"/></Relationships>`

	programPart = xmlHead + `<Properties xmlns="` + documents + `extended-properties"><Application>billmark</Application></Properties>`
)

// The parts that differ.
const (
	// propertiesPart takes the time of creation and of change.
	propertiesPart = xmlHead + `<cp:coreProperties xmlns:cp="` + packages + `metadata/core-properties"` +
		` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>billmark</dc:title><dc:creator>billmark</dc:creator><cp:lastModifiedBy>billmark</cp:lastModifiedBy>` +
		`<dcterms:created xsi:type="dcterms:W3CDTF">%[1]s</dcterms:created>` +
		`<dcterms:modified xsi:type="dcterms:W3CDTF">%[1]s</dcterms:modified></cp:coreProperties>`

	// workbookPart takes the last column and the last row. The hidden name is
	// where programs look for a filter.
	workbookPart = xmlHead + `<workbook ` + mainSpace + ` xmlns:r="` + linked + `"><workbookPr/>` +
		`<bookViews><workbookView xWindow="0" yWindow="0" windowWidth="24000" windowHeight="12000"/></bookViews>` +
		`<sheets><sheet name="` + rowsSheet + `" sheetId="1" r:id="rId1"/><sheet name="` + aboutSheet + `" sheetId="2" r:id="rId2"/></sheets>` +
		`<definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">` +
		rowsSheet + `!$A$1:$%s$%d</definedName></definedNames></workbook>`

	// stylesPart takes the number of fills, the fills, and the same of the
	// cells' styles. Programs know the first two fills, whatever they are.
	stylesPart = xmlHead + `<styleSheet ` + mainSpace + `>` +
		`<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>` +
		`<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>` +
		`<fills count="%d"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>%s</fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="%d"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>%s</cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>` +
		`<dxfs count="0"/><tableStyles count="0"/></styleSheet>`

	stylesFill = `<fill><patternFill patternType="solid"><fgColor rgb="FF%s"/><bgColor indexed="64"/></patternFill></fill>`

	stylesCell = `<xf numFmtId="%d" fontId="%d" fillId="%d" borderId="0" xfId="0"` +
		` applyNumberFormat="1" applyFont="1" applyFill="1" applyAlignment="1"><alignment vertical="top"/></xf>`

	// sheetHead takes the last column, the last row, and the view.
	sheetHead = xmlHead + `<worksheet ` + mainSpace + `><dimension ref="A1:%s%d"/><sheetViews>%s</sheetViews>` +
		`<sheetFormatPr defaultRowHeight="15"/><cols>`
	sheetColumn = `<col min="%[1]d" max="%[1]d" width="%[2]d" customWidth="1"/>`

	// rowsView freezes the header.
	rowsView = `<sheetView tabSelected="1" workbookViewId="0">` +
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft"/></sheetView>`
	aboutView = `<sheetView workbookViewId="0"/>`

	// sheetEnd takes the range of cells; numbers that are text are meant so.
	sheetEnd = `<ignoredErrors><ignoredError sqref="%s" numberStoredAsText="1"/></ignoredErrors></worksheet>`
)
