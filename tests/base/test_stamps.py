"""A file's stamp changes when the file does."""

from __future__ import annotations

from pathlib import Path

from dialtone_kit.base.stamps import stamp_of


def test_a_stamp_is_the_same_until_the_file_is_replaced_changed_or_gone(tmp_path: Path) -> None:
    file, other = tmp_path / "a", tmp_path / "b"
    file.write_text("one")
    other.write_text("two")
    first = stamp_of(file)
    assert first == stamp_of(file)
    other.replace(file)
    replaced = stamp_of(file)
    assert replaced not in (first, None)
    file.write_text("three")
    assert stamp_of(file) not in (replaced, None)
    file.unlink()
    assert stamp_of(file) is None
