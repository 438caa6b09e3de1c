"""How Run All ends at a form that waits: a note with a link to the form, and no later cell runs."""

from __future__ import annotations

import time
from typing import Any

from dialtone_kit.base.display import BORDER, INK, SHADE, WIDTH, Shown
from dialtone_kit.base.errors import LessonStop
from dialtone_kit.base.masking import escaped
from dialtone_kit.base.notebook import current_shell, in_notebook, is_interactive

ARRIVAL = 0.7  # seconds in which Run All's cells reach the kernel: 120 of them took 0.3 s


def stop(text: str, form: str) -> LessonStop:
    """The exception that ends Run All at the form whose element has the id `form`.

    When a cell fails, ipykernel drops the cells that have arrived and runs those that arrive later
    (7.x has no setting for it): so wait until the browser has sent them all. To the kernel the cell
    has failed; a person sees a note instead of an error. Without a person (papermill, nbval) it
    stays an error, because there it is one.
    """
    stopped = LessonStop(text)
    if in_notebook():
        time.sleep(ARRIVAL)
        if is_interactive():
            show_as_note(current_shell(), stopped, note(text, form))
    return stopped


def note(text: str, form: str) -> Shown:
    """`text` with a link to the form."""
    style = f"{WIDTH}; padding: 8px 12px; border: {BORDER}; border-radius: 6px; color: {INK}"
    link = f'<a href="#{escaped(form)}" style="white-space: nowrap">Go to the form</a>'
    html = f'<div style="{style}; background: {SHADE}">{escaped(text)} {link}</div>'
    return Shown(html, text)


def show_as_note(shell: Any, stopped: LessonStop, shown: Shown) -> None:
    """Have the IPython `shell` show `shown` in place of this one exception.

    All others, including the next cell's, look as before.
    """
    before = shell.custom_exceptions, shell.CustomTB

    def show(shell: Any, kind: Any, error: Any, trace: Any, tb_offset: Any = None) -> list[str]:
        shell.custom_exceptions, shell.CustomTB = before
        if error is stopped:
            shell.display_pub.publish(*shell.display_formatter.format(shown))
        else:
            shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return []

    shell.set_custom_exc((LessonStop,), show)
