"""What a learner's function prints during a check: shown after it, and no secret in it.

Outputs are saved with the notebook. What a secret is made of is found in parts, too.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from IPython.utils.capture import CapturedIO, RichOutput, capture_output

from dialtone_kit.base.masking import mask_text

RUN = 12  # characters in a row that give too much of a secret away
MASKED = (
    "[M27] There was a secret in that output, so it was masked. Outputs are saved with the "
    "notebook: print claims, not tokens."
)


@contextmanager
def masked_output() -> Iterator[None]:
    """Keep what is printed and displayed within, and show it at the end with its secrets masked."""
    captured = CapturedIO(None, None)
    try:
        with capture_output() as captured:
            yield
    finally:
        _show(captured)


def _show(captured: CapturedIO) -> None:
    outputs = [_masked(one) for one in captured.outputs]
    texts = [mask_text(text) for text in (captured.stdout, captured.stderr)]
    for text in filter(None, texts):
        print(text, end="" if text.endswith("\n") else "\n")
    for output in outputs:
        output.display()  # type: ignore[no-untyped-call]
    if printed(captured) != [*texts, *(str(one.data) for one in outputs)]:
        print(MASKED)


def _masked(output: RichOutput) -> RichOutput:
    """The same output; in what isn't text, there is nothing to look for."""
    data = {
        kind: mask_text(content) if isinstance(content, str) else content
        for kind, content in (output.data or {}).items()
    }
    return RichOutput(data, output.metadata, output.transient, output.update)  # type: ignore[no-untyped-call]


def printed(captured: CapturedIO) -> list[str]:
    """All that was captured, as text."""
    return [captured.stdout, captured.stderr, *(str(one.data) for one in captured.outputs)]


def gives_away(texts: Iterable[str], secrets: Iterable[str]) -> bool:
    """Whether one of `texts` has a part of one of `secrets`: as it is, or in Base64 (Basic)."""
    parts = {
        form[start : start + RUN]
        for secret in secrets
        for form in _forms(secret)
        for start in range(len(form) - RUN + 1)
    }
    return any(part in text for text in texts for part in parts)


def _forms(secret: str) -> Iterator[str]:
    """The secret, and its Base64 whatever stands before it: the characters that are its alone."""
    yield secret
    for before in range(3):
        packed = b64encode(b" " * before + secret.encode()).decode().rstrip("=")
        yield packed[4 * bool(before) : -4]
