"""Prose of the kit as HTML: escaped, with code and emphasis."""

import pytest

from dialtone_kit.base.display import prose


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("It hears *not yet*, twice.", "It hears <em>not yet</em>, twice."),
        ("Send `iat`, not *exp*.", "Send <code>iat</code>, not <em>exp</em>."),
        ("`f(*a, **b)` is code", "<code>f(*a, **b)</code> is code"),
        ("3 * 4 * 5", "3 * 4 * 5"),
        ("*<b>*", "<em>&lt;b&gt;</em>"),
        ("one * alone", "one * alone"),
    ],
)
def test_code_and_emphasis_are_marked_and_the_rest_is_escaped(text: str, html: str) -> None:
    assert prose(text) == html
