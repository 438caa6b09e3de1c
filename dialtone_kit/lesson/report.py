"""A learner's report: what they did, before and after by code, and the sentence they wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dialtone_kit.base.display import BAD, FAINT, SHADE, Shown, prose
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.masking import masked
from dialtone_kit.base.private_files import PrivateFolder
from dialtone_kit.lesson.by_code import CodeRow, by_code
from dialtone_kit.lesson.estimates import Expected, estimates_table, expected
from dialtone_kit.lesson.marks import LessonMarks, map_table, marks
from dialtone_kit.lesson.misconceptions import misconception
from dialtone_kit.lesson.pages import FRAME, section, table
from dialtone_kit.lesson.progress import Asked, Progress

FILE = "report.html"
TEACH = "13.teach"
PAIRS = 8
WHERE = (  # no path: this is saved with the notebook
    f"It is also in the file {FILE} in your state folder (`dialtone doctor` says where that is), "
    "to open in a browser or print."
)
# JupyterLab's variables, for a page that is opened outside it.
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Dialtone Kit: your report</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
:root {{ color-scheme: light dark; --jp-layout-color0: #fff; --jp-layout-color2: #eee;
  --jp-content-font-color1: #1f1f1f; --jp-border-color2: #c8c8c8; }}
@media (prefers-color-scheme: dark) {{ :root {{ --jp-layout-color0: #111; --jp-layout-color2: #333;
  --jp-content-font-color1: #e8e8e8; --jp-border-color2: #555; --jp-success-color1: #66bb6a;
  --jp-warn-color1: #ffb74d; --jp-error-color1: #ef5350; --jp-brand-color1: #64b5f6; }} }}
body {{ margin: 24px auto; max-width: 60rem; padding: 0 16px; font: 14px/1.5 system-ui, sans-serif;
  background: var(--jp-layout-color0); color: var(--jp-content-font-color1); }}
@media print {{ body {{ margin: 0; max-width: none }} section {{ border: 0 !important }} }}
</style></head><body>{body}</body></html>
"""


@dataclass(frozen=True)
class Report:
    """Everything on the page. `before` and `after` are None where a quiz wasn't answered."""

    made: str
    lessons: Sequence[LessonMarks]
    before: int | None
    after: int | None
    codes: Sequence[CodeRow]
    estimates: Sequence[Expected]
    sentence: str


def report_of(progress: Progress, now: float) -> Report:
    """The report by the record in `progress`. `now` is in Unix seconds."""
    return Report(
        datetime.fromtimestamp(now, UTC).strftime("%d %B %Y"),
        marks(progress),
        _right(progress, "pre"),
        _right(progress, "post"),
        by_code(progress),
        expected(TEACH[:2], progress),
        progress.sentence(TEACH),
    )


def write_report(report: Report, folder: Path) -> Shown:
    """Write the page into `folder` (0600), and show it, whether or not it could be written."""
    try:
        PrivateFolder(folder).write(FILE, _PAGE.format(body=_body(report, linked=False)))
        where = WHERE
    except DialtoneError as problem:
        where = f"The file was not written. {problem}"
    html = f"{_body(report, linked=True)}<p>{prose(where)}</p>"
    return Shown(html, masked(_text(report, where)))


def renew_report(progress: Progress, now: float, folder: Path) -> None:
    """Bring a report that was written earlier up to date; without one, do nothing."""
    if (folder / FILE).is_file():
        write_report(report_of(progress, now), folder)


def _right(progress: Progress, asked: Asked) -> int | None:
    picks = progress.survey(asked).values()
    return sum(pick.right for pick in picks) if picks else None


def _body(report: Report, *, linked: bool) -> str:
    parts = [
        f'<h3 style="margin: 14px 0 0">Your report</h3><p style="color: {FAINT}">{report.made}</p>',
        section("Your own sentence", _sentence(report)) if report.sentence else "",
        section("Before and after", f"<p>{_quizzes(report)}</p>{_codes(report.codes)}"),
        section("What you expected of yourself", estimates_table(report.estimates)),
        section("What you did", map_table(report.lessons, linked=linked)),
    ]
    return f'<section aria-label="Your report" style="{FRAME}">{"".join(parts)}</section>'


def _sentence(report: Report) -> str:
    style = f"margin: 0; padding: 8px 14px; border-radius: 6px; background: {SHADE}"
    return f'<blockquote style="{style}">{prose(report.sentence)}</blockquote>'


def _quizzes(report: Report) -> str:
    if report.before is None and report.after is None:
        return "No quiz was answered."
    told = [
        f"{name}: {f'{right} of {PAIRS} right' if right is not None else 'not answered'}"
        for name, right in (("Before", report.before), ("After", report.after))
    ]
    return f"{'. '.join(told)}. Eight questions say little about one person; the codes say more."


def _codes(rows: Sequence[CodeRow]) -> str:
    if not rows:
        return "<p>No misconception came up.</p>"
    names = ("How often each came up", "Before", "In the lessons", "After")
    return table("By code", names, map(_code, rows), (49, 17, 17, 17))


def _code(row: CodeRow) -> tuple[str, str, str, str]:
    return (
        f"{row.code} · {prose(misconception(row.code).title)}",
        _times(row.before, row.sure_before),
        _times(row.during, row.sure_during),
        _times(row.after, row.sure_after),
    )


def _times(count: int, sure: int) -> str:
    told = f'<br><b style="color: {BAD}">✗ and sure: {_often(sure)}</b>' if sure else ""
    return f"{_often(count) if count else '–'}{told}"


def _often(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _text(report: Report, where: str) -> str:
    lines = [
        _quizzes(report),
        *(f"{row.code}: {misconception(row.code).title}" for row in report.codes),
    ]
    lines += [report.sentence, where]
    return "\n".join(line for line in lines if line)
