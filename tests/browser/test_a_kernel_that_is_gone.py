"""A view whose kernel was stopped or restarted: it says so, and its page raises no error."""

from __future__ import annotations

from importlib import resources

import pytest

from dialtone_kit.widgets.view import bundle

SOURCE = resources.files("dialtone_kit.widgets").joinpath("static", "base.js")
SEND = """async ([source, works, what]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { connect } = await import(url);
  let alive = true, losses = 0, sent = [];
  const model = {
    on() {}, off() {},
    send(message) {
      if (!alive) throw new Error("Cannot send"); // as Jupyter does
      sent.push(message.kind);
    },
  };
  const kernel = connect(model, () => {}, () => { losses += 1; });
  alive = works;
  kernel[what]("answer");
  kernel.close();
  return [losses, sent];
}"""


@pytest.mark.parametrize("what", ["look", "send"])
@pytest.mark.parametrize("works", [True, False])
def test_what_cannot_be_sent_is_said_once_and_raises_nothing(browser, works, what):
    page = browser.new_page()
    losses, sent = page.evaluate(SEND, [SOURCE.read_text(encoding="utf-8"), works, what])
    page.close()
    assert losses == (0 if works else 1)
    assert sent == (["ready", "look" if what == "look" else "answer"] if works else ["ready"])


DRAW_CARD = """async ([source, works]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  const state = { phase: "waiting", user_code: "WXYZ-6789", page: "", interval: 5, next_in: 0.01,
    seconds_left: 60, polls: [], subject: "", end: "", problem: {}, round: 0, busy: false,
    id: "one", entries: {} };
  let draw = () => {}, looks = 0;
  const model = {
    on(_, heard) { draw = heard; },
    off() {},
    get: () => undefined,
    send(message) {
      if (message.kind === "look") looks += 1;
      if (message.kind === "look" && !works) throw new Error("Cannot send");
      if (message.kind === "ready") setTimeout(() => draw(state));
    },
  };
  document.body.replaceChildren();
  const close = widget.render({ model, el: document.body });
  await new Promise((done) => setInterval(() => looks && done(), 20));
  const said = document.body.innerText;
  close();
  return said;
}"""


@pytest.mark.parametrize("works", [True, False])
def test_the_device_card_says_that_its_agent_no_longer_polls(browser, works):
    page = browser.new_page()
    said = page.evaluate(DRAW_CARD, [bundle("device_card.js"), works])
    page.close()
    assert "WXYZ-6789" in said
    assert ("No answer from the kernel" in said) is not works
