"""The note at which Run All ends: to IPython the cell has failed, the person sees no error."""

from __future__ import annotations

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from dialtone_kit.base.errors import LessonStop
from dialtone_kit.widgets.stopping import note, show_as_note, stop

TEXT = "Type the <code> above."


@pytest.fixture
def shell():
    """An IPython shell of its own that keeps what is displayed."""
    shell = InteractiveShell()
    shell.display_pub = CapturingDisplayPublisher()
    shell.user_ns |= {"LessonStop": LessonStop, "waiting": LessonStop(TEXT)}
    show_as_note(shell, shell.user_ns["waiting"], note(TEXT, "dialtone-1"))
    return shell


def shown(shell):
    return [output["data"] for output in shell.display_pub.outputs]


def test_the_cell_fails_and_shows_a_note_with_a_link_to_the_form(shell, capsys):
    result = shell.run_cell("raise waiting\nprint('too early')")
    assert result.error_in_exec is shell.user_ns["waiting"]
    assert "LessonStop" not in "".join(capsys.readouterr())
    (data,) = shown(shell)
    assert data["text/plain"] == TEXT
    assert 'href="#dialtone-1"' in data["text/html"]
    assert "Type the &lt;code&gt; above." in data["text/html"]


@pytest.mark.parametrize("cell", ["raise LessonStop('another')", "1 / 0", "1 +"])
@pytest.mark.parametrize("stopped_before", [True, False])
def test_every_other_error_looks_as_it_did(shell, capsys, cell, stopped_before):
    if stopped_before:
        shell.run_cell("raise waiting")
    capsys.readouterr()
    before = len(shown(shell))
    assert not shell.run_cell(cell).success
    printed = "".join(capsys.readouterr())
    assert "LessonStop: another" in printed or "Error" in printed
    assert len(shown(shell)) == before


def test_outside_a_notebook_it_is_an_exception_as_any_other():
    stopped = stop(TEXT, "dialtone-1")
    assert (type(stopped), str(stopped)) == (LessonStop, TEXT)
