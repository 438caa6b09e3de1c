"""Six incidents for 11.words: some of them no rule of this lesson stops."""

from __future__ import annotations

from dialtone_kit.lesson.exercises.choosing import Lock, Sentences, judge_letters
from dialtone_kit.lesson.exercises.verdict import Wrong

# What nothing stops, with the sentence for whoever leaves it out, and its code.
OPEN = {
    "On its way, the body of a request is swapped. Headers and proof stay as they are.": (
        "The amount was changed after the agent had made the proof, and the answer was 201. "
        "A proof says nothing about the body.",
        "M22",
    ),
    "Ada approves a device code that someone else has started.": (
        "The thief started the flow, so the tokens go to the thief. A key is not a person: no "
        "proof shows who should have said yes.",
        "",
    ),
    "A thief uses a copy of the client's ID and secret to get a token.": (
        "That token is a new one, bound to the thief's own key. DPoP guards tokens, not the "
        "secret that gets them.",
        "",
    ),
    "A page that the agent reads talks it into deleting a note.": (
        "The agent makes that call itself, by its own key. Every rule looks at the call, and none "
        "at the reason for it.",
        "",
    ),
    "A program on the agent's machine has the agent's key sign a proof.": (
        "Whoever can use the key is the agent, as far as any rule can tell.",
        "",
    ),
}
# What a rule stops, and how.
CLOSED = {
    "A thief finds a bound token in a log, and calls the API with a proof by another key.": (
        "`key_is_bound`: the token names the key that it goes with."
    ),
    "A copy of a request arrives a second after the original.": (
        "`jti_is_new`: the original has used up the proof."
    ),
    "A tool passes on the proof that an agent made for it.": (
        "`htu_matches`: the proof names the tool's own URL."
    ),
    "A proof that was made for reading is used for writing.": (
        "`htm_matches`: the proof names its method."
    ),
    "A proof that nobody used turns up half an hour later.": (
        "`iat_is_fresh`: it was good for a minute."
    ),
    "A proof made for a small token is sent with a greater one of the same key.": (
        "`ath_matches`: the proof names the one token that it goes with."
    ),
    "Someone writes a proof with the agent's public key in it, and invents a signature.": (
        "`signature_verifies`: a public key signs nothing."
    ),
}
ASKED = 3  # of the six are open

LOCK = Lock()  # of this kernel


def make_sentences() -> Sentences:
    """Six of them under letters."""
    return Sentences(OPEN, CLOSED, ASKED)


def judge_choice(answer: object, sentences: Sentences) -> None:
    """Raise Wrong with the sentence for this choice, and draw new ones."""
    judge_letters(answer, sentences, LOCK, lambda chosen: _judge(chosen, sentences))


def _judge(chosen: set[str], sentences: Sentences) -> None:
    for letter in sorted(chosen):
        text = sentences[letter]
        if text in CLOSED:
            raise Wrong(f"“{text}” That is stopped by {CLOSED[text]}")
    left_out = {text for letter, text in sentences.items() if letter not in chosen}
    missing = [text for text in OPEN if text in left_out]
    if missing:
        sentence, code = OPEN[missing[0]]
        more = "One more gets" if len(missing) == 1 else f"{len(missing)} more get"
        raise Wrong(f"{more} through. {sentence}", code)
