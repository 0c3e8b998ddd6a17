"""The report: findings in, one PDF out, the same bytes on every machine.

The template reads the text as data. No word of the evidence is ever part of a Typst source, so
none can be markup, code, or a path to a file.
"""

from importlib.resources import as_file
from importlib.resources import files as resources
from pathlib import Path
from typing import Literal

import pyarrow as pa
import typst

from forensics.core import canonical
from forensics.core.errors import OutputError
from forensics.render import chinese, languages
from forensics.render.document import Document, build
from forensics.render.sentences import Json

STANDARDS: list[Literal["a-3a", "ua-1"]] = ["a-3a", "ua-1"]
"""PDF/A-3 for keeping, PDF/UA for readers who do not see the page."""


def write(findings: Json, *, events: pa.Table, files: pa.Table, out: Path, lang: str = "en") -> None:
    """Write the report of a case.

    Args:
        findings: as `findings.json` holds them.
        events: schema `event`; looked up for what the findings name by id only.
        files: schema `file`; used where the findings list no evidence.
        out: the PDF to write.
        lang: `en`, the text that counts, or `zh`.

    Raises:
        LanguageError: the typefaces of the language are not installed.
        OutputError: `out` is not called a PDF, or cannot be written.
    """
    if out.suffix.lower() != ".pdf":
        raise OutputError(f"{out}: a report is .pdf; change the suffix")
    language = languages.ENGLISH if lang == "en" else chinese.language()
    pdf = typeset(build(findings, events=events, files=files, language=language))
    try:
        out.write_bytes(pdf)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}); name another file") from error


def typeset(document: Document) -> bytes:
    """The PDF of a document. Neither a clock, nor fonts of the machine, nor its paths take part."""
    template = resources(__package__).joinpath("report.typ").read_bytes()
    sources = {
        "main.typ": template,
        "report.json": canonical.dumps(document.content).encode(),
        **document.figures,
    }
    own = resources(__package__).joinpath("fonts")
    with as_file(own) as folder:
        fonts = [str(folder)]
        if document.content["lang"] == "zh":
            fonts.append(str(chinese.fonts()))
        made = typst.compile(  # type: ignore[call-overload]  # it takes files held in memory; its types do not say so
            sources, font_paths=fonts, ignore_system_fonts=True, format="pdf", pdf_standards=STANDARDS, timestamp=0
        )  # fmt: skip
    return bytes(made)
