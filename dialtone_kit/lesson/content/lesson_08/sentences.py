"""Six sentences on AWS evidence, two of them true, for 08.not-proved.

There are only fifteen pairs. So a wrong answer brings new sentences, and guessing takes time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Set
from typing import Any

from dialtone_kit.lesson.exercises.asking import show
from dialtone_kit.lesson.exercises.verdict import NotTried, Wrong

FREE = 5  # wrong answers; after them an answer counts only once in PAUSE seconds
PAUSE = 30.0
TRUE = (
    "AWS runs an instance with this ID, in this account.",
    "Whoever asks holds the private key that belongs to the certificate request.",
    "Not one byte of the document was changed after AWS signed it.",
    "The key that asks is the first one that this instance ever showed to this service.",
)
FALSE = {
    "The program that you meant is the one that asks.": "Anyone on the machine reads the same "
    "document, and so does whoever got a copy.",
    "The document was made for this challenge.": "It names no challenge: it's the same today and "
    "tomorrow.",
    "Nobody has broken into the machine.": "AWS signs for whoever runs there.",
    "AWS knows the key that asks.": "The document names no key. The binding is signed by the "
    "caller, and AWS never sees it.",
    "Nobody else has this document.": "Anyone who can read it can copy it.",
    "The document ends after an hour.": "It has no end. The SVID has one.",
}


class Sentences(dict[str, str]):
    """Six of them under letters, in random order."""

    def __init__(self) -> None:
        super().__init__()
        self.draw()

    def draw(self) -> None:
        """Six again, instead of those that were there."""
        drawn = [*random.sample(TRUE, 2), *random.sample(sorted(FALSE), 4)]
        random.shuffle(drawn)
        self.update(zip("ABCDEF", drawn, strict=True))


class Lock:
    """Counts wrong answers. `now` is in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._wrong, self._last = now, 0, 0.0

    def must_be_open(self) -> None:
        """Raise Wrong while an answer doesn't count."""
        left = self._last + PAUSE - self._now()
        if self._wrong >= FREE and left > 0:
            raise Wrong(
                f"That was {FREE} times or more, so this answer doesn't count: answer again in "
                f"{left:.0f} s. Until then, look for who signed what: `lesson.hint` helps."
            )

    def note(self) -> None:
        """One more wrong answer."""
        self._wrong, self._last = self._wrong + 1, self._now()


LOCK = Lock()  # of this kernel


def judge_choice(answer: object, sentences: Sentences, lock: Lock | None = None) -> None:
    """Raise Wrong with the sentence for this choice, and draw new ones."""
    chosen, lock = _letters(answer, sentences), lock or LOCK
    lock.must_be_open()
    try:
        _judge(chosen, sentences)
    except Wrong as wrong:
        lock.note()
        sentences.draw()
        raise Wrong(f"{wrong} Run the cell above again: there are new sentences.") from None


def _judge(chosen: set[str], sentences: Sentences) -> None:
    right = {letter for letter, text in sentences.items() if text in TRUE}
    for letter in sorted(chosen - right):
        text = sentences[letter]
        raise Wrong(f"“{text}” That isn't proved. {FALSE[text]}")
    missing = sorted(right - chosen)
    if len(missing) == 2:
        raise Wrong("Two of them are proved. What did AWS sign, and what did the caller sign?")
    if missing:
        raise Wrong("What you chose is proved, and one more is.")


def _letters(answer: Any, sentences: Sentences) -> set[str]:
    if isinstance(answer, str):
        answer = answer.replace(",", " ").split() if not answer.isalpha() else list(answer)
    if not isinstance(answer, Set | list | tuple):
        raise Wrong(f'Give the letters of the sentences, such as {{"A", "C"}}; got {show(answer)}.')
    letters = list(answer)
    if ... in letters:
        raise NotTried
    unknown = [one for one in letters if not isinstance(one, str) or str(one) not in sentences]
    if unknown:
        raise Wrong(f"{show(unknown[0])} is none of the letters A to F.")
    return {str.__str__(one) for one in letters}
