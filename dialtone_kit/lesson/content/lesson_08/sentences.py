"""Six sentences on AWS evidence, two of them true, for 08.not-proved.

There are only fifteen pairs. So a wrong answer brings new sentences, and guessing takes time.
"""

from __future__ import annotations

from dialtone_kit.lesson.exercises.choosing import Lock, Sentences, judge_letters
from dialtone_kit.lesson.exercises.verdict import Wrong

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

LOCK = Lock()  # of this kernel


def make_sentences() -> Sentences:
    """Six of them under letters."""
    return Sentences(TRUE, FALSE, 2)


def judge_choice(answer: object, sentences: Sentences) -> None:
    """Raise Wrong with the sentence for this choice, and draw new ones."""
    judge_letters(answer, sentences, LOCK, lambda chosen: _judge(chosen, sentences))


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
