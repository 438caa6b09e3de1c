"""Judges a sentence in the learner's own words about one misconception: 13.teach."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from dialtone_kit.base.masking import mask_text
from dialtone_kit.lesson.exercises.asking import expect_text
from dialtone_kit.lesson.exercises.verdict import NotCounted, Wrong
from dialtone_kit.lesson.misconceptions import Misconception, misconceptions

FEWEST, MOST = 8, 50  # words
OTHER_SCRIPT = (
    "This check reads English, and can't judge a sentence in another script. Your colleague can: "
    "show it to them, or write it in English too."
)
COPIED = 5  # words in a row
STEM, SHARED = 4, 2  # characters of a word that count; words to share with the entry
_WORD = re.compile(r"[^\W_][\w’'-]*")
_COMMON = frozenset(
    _WORD.findall(
        "about after again also because been before does each every first from have into just make "
        "makes more much must need needs never nobody only other same send sends sent should some "
        "than that them then there they thing this through time what when where which will with "
        "your yours people think"
    )
)


def judge_sentence(answer: object, entry: Misconception) -> None:
    """Raise Wrong unless `answer` is one sentence of the learner's own about `entry`."""
    text = expect_text(answer, "Your sentence").strip()
    if not _is_latin(text):
        raise NotCounted(OTHER_SCRIPT)
    words = _words(text)
    if mask_text(text) != text:
        raise Wrong("There's a secret in it. Your report keeps this sentence: leave it out.", "M27")
    if "@" in text:
        raise Wrong("There's an @ in it. Your report names no one: leave the address out.")
    if len(set(words)) < FEWEST:
        raise Wrong(f"That's {len(words)} words. Say what goes wrong, and what to do instead.")
    if len(words) > MOST or len(text.splitlines()) > 1:
        raise Wrong(f"One sentence, at most {MOST} words: a colleague remembers that much.")
    if any(run in " ".join(words) for run in _runs()):
        raise Wrong("Those are the kit's words. Say it in your own: then you know that you can.")
    if len(_stems(words) & _stems(_words(_all_of(entry)))) < SHARED:
        raise Wrong(
            f"This isn't about {entry.code}: {entry.title}. Name what is sent, or what is checked."
        )
    if not text.endswith((".", "!", "?")):
        raise Wrong("Finish the sentence: there is no full stop at its end.")


def _is_latin(text: str) -> bool:
    """Whether it's mostly in Latin letters: the words of other scripts can't be told apart here."""
    letters = [character for character in text if character.isalpha()]
    latin = sum(unicodedata.name(character, "").startswith("LATIN") for character in letters)
    return 2 * latin >= len(letters)


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _stems(words: list[str]) -> set[str]:
    """Of each word that means something, the start: `proofs` and `proof` are the same."""
    return {word[:STEM] for word in words if len(word) >= 3 and word not in _COMMON}


def _all_of(entry: Misconception) -> str:
    return f"{entry.title} {entry.think} {entry.truth}"


@cache
def _runs() -> frozenset[str]:
    """Every run of COPIED words in what the kit says about misconceptions."""
    texts = [
        _words(text)
        for entry in misconceptions().values()
        for text in (entry.title, entry.think, entry.truth)
    ]
    return frozenset(
        " ".join(words[start : start + COPIED])
        for words in texts
        for start in range(len(words) - COPIED + 1)
    )
