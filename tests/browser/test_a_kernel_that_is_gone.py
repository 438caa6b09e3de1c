"""A view whose kernel was stopped or restarted: it says so, and its page raises no error."""

from __future__ import annotations

from importlib import resources

import pytest

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
