"""The README's pictures come from tests that a bounded run leaves out."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.support import readme_pictures
from tests.support.readme_pictures import LESSONS, PICTURES, TESTS


def test_the_tests_that_make_them_run_in_full(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DIALTONE_FULL", raising=False)
    assert readme_pictures.take(str(tmp_path), "--collect-only").returncode == 0
    collected = capfd.readouterr().out
    assert [test for test in TESTS if f"{test}::" not in collected] == []


@pytest.mark.parametrize(("code", "says"), [(0, "Copied lesson-05.png"), (5, "No picture")])
def test_it_says_what_was_copied(
    code: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def take(shots: str) -> CompletedProcess[bytes]:
        for number in LESSONS:
            (Path(shots) / f"lesson-{number}.png").write_bytes(b"picture")
        return CompletedProcess([], code)

    monkeypatch.setattr(readme_pictures, "take", take)
    monkeypatch.setattr(readme_pictures, "PICTURES", tmp_path)
    assert readme_pictures.main() == code
    assert says in capsys.readouterr().out
    assert len([*tmp_path.iterdir()]) == (len(LESSONS) if code == 0 else 0)


def test_the_readme_shows_all_of_them() -> None:
    readme = (PICTURES.parents[1] / "README.md").read_text(encoding="utf-8")
    assert [number for number in LESSONS if f"pictures/lesson-{number}.png)" not in readme] == []
