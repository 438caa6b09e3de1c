"""What learners send: folders and archives, and what in them is not even opened."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest

from dialtone_kit.classroom.grading import handed_in
from dialtone_kit.classroom.grading.handed_in import HandedIn, Pile, gather
from tests.support.handed_in import zipped


def gathered(*paths: Path) -> tuple[list[HandedIn], Pile]:
    pile = Pile()
    return list(gather(paths, pile)), pile


def test_notebooks_come_from_files_folders_and_archives(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.ipynb").write_text("a")
    (folder / "deep" / "b.IPYNB").write_text("b")
    (folder / "notes.pdf").write_text("")
    (folder / "c.zip").write_bytes(
        zipped({"x/c.ipynb": "c", "x/readme.html": "", "__MACOSX/x/._c.ipynb": "no"})
    )
    for name in (".hidden.ipynb", ".ipynb_checkpoints"):
        (folder / name).mkdir()
    notebooks, pile = gathered(folder, folder / "a.ipynb")
    assert {(one.name, one.content) for one in notebooks} == {
        ("in/a.ipynb", b"a"),
        ("in/deep/b.IPYNB", b"b"),
        ("in/c.zip/x/c.ipynb", b"c"),
        ("a.ipynb", b"a"),
    }
    assert (pile.told, pile.others) == ([], 2)


@pytest.mark.parametrize("name", ["../b.ipynb", "/b.ipynb", "x/../../b.ipynb", "C:/b.ipynb"])
def test_a_name_that_leads_out_is_not_opened(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({name: "{}", "good.ipynb": "{}"}))
    notebooks, pile = gathered(tmp_path / "a.zip")
    assert [one.name for one in notebooks] == ["a.zip/good.ipynb"]
    assert "leads out of the archive" in pile.told[0]
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.ipynb").write_text("secret")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / "up").symlink_to(tmp_path)
    entry = zipfile.ZipInfo("l.ipynb")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder / "l.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    notebooks, pile = gathered(folder)
    assert notebooks == []
    assert [line.partition(": ")[2] for line in pile.told] == [
        "It is a link, which is not followed.",
        "A link is not followed.",
        "A link is not followed.",
    ]


def test_an_archive_that_unpacks_to_too_much_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed_in, "LARGEST", 1000)
    monkeypatch.setattr(handed_in, "MOST_UNPACKED", 1800)
    bomb = {f"{n}.ipynb": "x" * size for n, size in enumerate((900, 5_000_000, 10, 10))}
    (tmp_path / "a.zip").write_bytes(zipped(bomb))
    notebooks, pile = gathered(tmp_path / "a.zip")
    assert [one.name for one in notebooks] == ["a.zip/0.ipynb"]
    assert [line.partition(": ")[2] for line in pile.told] == ["Unpacked, it is too large."] * 3


def test_many_files_and_large_ones_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed_in, "MOST", 2)
    monkeypatch.setattr(handed_in, "LARGEST", 10)
    (tmp_path / "a.ipynb").write_text("x" * 11)
    for name in "bcd":
        (tmp_path / f"{name}.ipynb").write_text("x")
    notebooks, pile = gathered(tmp_path)
    assert [one.name[-7:] for one in notebooks] == ["b.ipynb", "c.ipynb"]
    assert [line.partition(": ")[2][:8] for line in pile.told] == ["It is to", "More tha"]
    (tmp_path / "e.zip").write_bytes(zipped({f"{n}.ipynb": "" for n in range(3)}))
    assert "holds more than 2 files" in gathered(tmp_path / "e.zip")[1].told[0]


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    whole = zipped({"a.ipynb": "{}" * 500})
    (tmp_path / "broken.zip").write_bytes(whole[:60])
    (tmp_path / "damaged.zip").write_bytes(whole.replace(whole[40:48], b"\xff" * 8, 1))
    (tmp_path / "locked.zip").write_bytes(_encrypted(zipped({"a.ipynb": "{}"})))
    (tmp_path / "nested.zip").write_bytes(zipped({"in.zip": whole}))
    for name in ("pipe.ipynb", "pipe.zip"):
        os.mkfifo(tmp_path / name)
    notebooks, pile = gathered(tmp_path, tmp_path / "nowhere")
    lines = (line.removeprefix(f"{tmp_path.name}/").partition(": ") for line in pile.told)
    told = {name: why for name, _, why in lines}
    assert notebooks == []
    assert told["broken.zip"] == "This isn't a zip archive, or it is damaged."
    assert "damaged" in told["damaged.zip/a.ipynb"]
    assert told["locked.zip/a.ipynb"] == "It is encrypted. Ask for one without a password."
    assert told["nested.zip/in.zip"] == "An archive in an archive is not opened. Unpack it first."
    assert told["pipe.ipynb"].startswith("It can't be read")
    assert told["pipe.zip"] == told["pipe.ipynb"]
    assert told[str(tmp_path / "nowhere")] == "There is no such file."


def test_an_archive_that_breaks_its_reader_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / "bytes.zip").write_bytes(
        zipped({"é.ipynb": "{}"}).replace(b"\xc3\xa9", b"\xff" * 2)
    )
    with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.ipynb", os.urandom(500))
    packed = bytearray((tmp_path / "packed.zip").read_bytes())
    start = packed.index(b"a.ipynb") + len("a.ipynb") + 9  # behind the header of LZMA
    packed[start : start + 60] = b"\xff" * 60
    (tmp_path / "packed.zip").write_bytes(packed)
    (tmp_path / "whole.zip").write_bytes(zipped({".": "", "good.ipynb": "{}"}))
    notebooks, pile = gathered(tmp_path)
    assert [one.name.rpartition("/")[2] for one in notebooks] == ["good.ipynb"]
    assert [line.partition(": ")[2] for line in pile.told] == [
        "This isn't a zip archive, or it is damaged.",
        "It is damaged in the archive.",
    ]


def test_a_folder_that_cannot_be_listed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.ipynb").write_text("{}")
    monkeypatch.setattr(Path, "iterdir", refuse)
    notebooks, pile = gathered(tmp_path, tmp_path / "a.ipynb")
    assert [one.name for one in notebooks] == ["a.ipynb"]
    assert pile.told == [f"{tmp_path}: It can't be read: Permission denied."]


def _encrypted(archive: bytes) -> bytes:
    """The same with the flag that says so, in both places."""
    data = bytearray(archive)
    data[6] |= 1
    data[archive.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)
