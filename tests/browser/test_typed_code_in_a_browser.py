"""The form's live reading of a code, in JavaScript, finds what Python's find_code finds."""

from __future__ import annotations

import random
from importlib import resources

from dialtone_kit.base.typed_code import NotACode, find_code
from tests.base.test_typed_code import NONE, ONE

SOURCE = resources.files("dialtone_kit.widgets").joinpath("static", "typed_code.js")
READ = """async ([source, texts]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { codesIn } = await import(url);
  return texts.map(codesIn);
}"""
PIECES = [
    *["ABCD", "abcd", "2345", "6789", "WXYZ", "ABCD-2345", "wxyz6789", "0O1I"],
    *[
        "-",
        "–",
        "−",
        " ",
        "\n",
        "\u200b",
        "\u00a0",
        "_",
        ".",
        "é",
        "ß",
        "Ａ",
        "²",
        "\x1f",
        "\u0301",
    ],
]


def by_python(text: str) -> list[str] | str:
    """What find_code returns for `text`, as the list of codes; "several" for more than one."""
    try:
        return [find_code(text)]
    except NotACode as problem:
        return "several" if "more than one" in str(problem) else []


def test_the_form_shows_the_code_that_python_will_read(browser):
    chance = random.Random(2345)
    texts = [*ONE.values(), *NONE.values(), "ABCD-2345 or WXYZ-6789"]
    texts += ["".join(chance.choices(PIECES, k=chance.randint(1, 7))) for _ in range(3000)]
    page = browser.new_page()
    found = page.evaluate(READ, [SOURCE.read_text(encoding="utf-8"), texts])
    page.close()
    ours = [codes if len(codes) < 2 else "several" for codes in found]
    assert [
        (t, a, by_python(t)) for t, a in zip(texts, ours, strict=True) if a != by_python(t)
    ] == []
    assert {"several", "[]"} <= {one if isinstance(one, str) else str(one) for one in ours}
