"""The token explorer in JupyterLab: what can be seen and read, and what never gets there."""

from __future__ import annotations

import json
import re
import textwrap

import pytest

from tests.support.lab import Person, write_notebook

CELLS = (
    # 0: an issuer, its verdict, and tokens bound to a key
    """
    import time
    from dialtone_kit import ProofKey
    from dialtone_kit.lesson.content.lesson_04.forgeries import Issuer
    from dialtone_kit.widgets.token_explorer import TokenCase, TokenExplorer, TokenVerdict
    key, issuer = ProofKey.generate(), Issuer()
    def good():
        return TokenVerdict("verified", "In time.", kid=issuer.kid, keys_url=f"{issuer.url}/jwks")
    def case(own=key, **claims):
        return TokenCase(issuer.token(cnf={"jkt": key.thumbprint}, **claims), own.thumbprint, good)
    mine = case()
    signature = mine.token.split(".")[2]
    """,
    # 1
    "TokenExplorer([mine])",
    # 2: three in a chain, an address, markup, and a life of one second
    """
    other = ProofKey.generate()
    act = {"sub": "cli_planner_0b3c", "act": {"sub": "cli_desk_9f00"}}
    act = {"sub": "cli_reporter_77e1", "act": act}
    markup = "<img src=x onerror='boom=1'>"
    first = case(other, sub="usr_ada_1c9d", scope="openid notes:read notes:write")
    second = case(other, sub="usr_ada_1c9d", scope="openid notes:read", act=act,
                  email="robin@mail.example", note=markup)
    TokenExplorer([first, second])
    """,
    # 3: the issuer's clock is far ahead of ours
    """
    late = issuer.token(exp=int(time.time()) + 3600)
    TokenExplorer([TokenCase(late, verify=good, now=lambda: time.time() + 3598)])
    """,
    # 4
    "TokenExplorer([TokenCase('junk')])",
    # 5
    "print(signature[:12])",
)


@pytest.fixture(scope="module")
def desk(lab, browser):
    write_notebook(lab.root / "tokens.ipynb", *[textwrap.dedent(cell).strip() for cell in CELLS])
    context = browser.new_context(viewport={"width": 1280, "height": 3600})
    person = Person(lab, context.new_page(), "tokens.ipynb")
    person.run_all()
    assert person.errors() == []
    yield person
    context.close()


def explorer(desk, number):
    return desk.cell(number).locator(".dialtone-kit.dk-token")


def test_a_token_is_shown_verified_in_time_and_bound_to_my_key(desk):
    view = explorer(desk, 1)
    view.get_by_text("Verified. In time.").wait_for()
    assert view.locator(".dk-badge").inner_text() == "verified"
    assert "/jwks" in view.locator(".dk-pair").inner_text()
    view.get_by_text("Equal in all 43 characters").wait_for()
    assert view.locator(".dk-cell.dk-good").count() == 43
    tops = "nodes => nodes.map((node) => node.offsetTop)"
    assert len(set(view.locator(".dk-cell").evaluate_all(tops))) == 1  # no last one by itself
    assert re.fullmatch(r"1:00:00|59:\d\d", view.get_by_role("timer").inner_text())
    assert re.search(
        r"in (59 min|1 h)\b", view.get_by_role("row", name=re.compile("^exp")).inner_text()
    )


def test_two_tokens_say_what_differs_in_words(desk):
    view = explorer(desk, 2)
    view.locator(".dk-badge", has_text=re.compile("^both verified$")).wait_for()
    changed = view.get_by_role("row", name=re.compile("^scope"))
    assert "changed" in changed.inner_text()
    assert "without notes:write" in changed.inner_text()
    assert "added" in view.get_by_role("row", name=re.compile("^act.sub")).inner_text()
    tags = view.get_by_role("listitem").filter(has=view.page.locator(".dk-who"))
    whole = [" ".join(text.split()) for text in tags.all_inner_texts()]
    assert whole == [
        "acts now, client cli_reporter_77e1",
        "acted before that, client cli_planner_0b3c",
        "acted before that, client cli_desk_9f00",
        "on behalf of, person usr_ada_1c9d",
    ]
    assert view.locator("img, script").count() == 0
    assert "robin@mail.example" not in view.inner_text()


def test_an_expiry_is_announced_when_it_comes(desk):
    view = explorer(desk, 3)
    view.get_by_text("It has expired: every service refuses it.").wait_for()
    assert view.locator(".dk-badge").inner_text() == "expired"
    assert view.get_by_role("timer").inner_text() == "0:00"
    assert view.get_by_role("timer").get_attribute("aria-live") == "off"


def test_junk_is_one_line(desk):
    view = explorer(desk, 4)
    assert view.locator(".dk-badge").inner_text() == "not a token"
    assert view.get_by_text("not a JWT").count() == 1
    assert view.get_by_role("button").count() == 0


def test_verifying_again_keeps_the_place_and_what_was_opened(desk):
    view = explorer(desk, 2)
    view.locator("summary", has_text="What is the same").click()
    view.get_by_role("button", name="Verify again").focus()
    desk.page.keyboard.press("Enter")
    view.get_by_role("button", name="Verify again").and_(view.page.locator(":enabled")).wait_for()
    assert view.locator("details[open]").count() == 2


def test_the_signature_is_neither_on_the_page_nor_in_the_file(desk):
    signature = desk.cell(5).locator(".jp-OutputArea-output").first.inner_text().strip()
    assert len(signature) == 12
    assert signature not in explorer(desk, 1).inner_html()
    saved = json.loads(desk.save())
    assert saved["metadata"]["widgets"]  # the views' state is in the file, and is looked at
    for cell in saved["cells"]:
        cell["source"] = ""
    saved["cells"][5]["outputs"] = []
    kept = json.dumps(saved)
    assert not any(value in kept for value in (signature, "robin@mail", "usr_ada", "eyJ"))


@pytest.mark.sample(1)
@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_every_text_can_be_read(desk, theme):
    desk.use_theme(theme)
    desk.reload()
    explorer(desk, 1).get_by_text("Verified.").wait_for()
    explorer(desk, 2).get_by_text("What differs").wait_for()
    desk.screenshot(f"tokens-{theme.rsplit(' ', 1)[1].lower()}")
    assert desk.faint_texts(".dk-token") == []
