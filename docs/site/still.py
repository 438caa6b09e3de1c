"""In the kernel: each widget leaves its state in the notebook, for a page without a kernel.

IPython loads this as an extension. A widget's own output in a run without a person is one line of
text; here it is what its view would have shown, and for a question also the answers.
"""

from __future__ import annotations

import json
import re
from typing import Any

from dialtone_kit.widgets import DeviceCard, InboxView, Prediction, Quiz
from dialtone_kit.widgets.choices import Question
from dialtone_kit.widgets.panel import Panel, State

MIME = "application/vnd.dialtone.still+json"
HIDDEN = "••••-••••"
_CODE = re.compile(r"\bM\d\d\b")


def load_ipython_extension(shell: Any) -> None:
    shell.display_formatter.mimebundle_formatter.for_type(Panel, bundle)


def bundle(panel: Panel, **_: Any) -> State:
    return {"text/plain": panel.asks() or repr(panel), MIME: still_of(panel)}


def still_of(panel: Panel) -> State:
    """What static/still.js draws: the view's module, its state, and the key to its questions."""
    state = without_codes(panel, panel.state())
    key = [_key(item) for item in told(panel)]
    own = {"id": panel.id, "round": 0, "busy": False}
    return {
        "script": panel.script,
        "state": {**state, **own, "entries": _entries(panel, [state, key])},
        "key": key,
    }


def without_codes(panel: Panel, state: State) -> State:
    """`state` without what a person reads in an email or on a screen and types elsewhere."""
    if isinstance(panel, DeviceCard):
        return {**state, "user_code": HIDDEN}
    if isinstance(panel, InboxView):
        return {**state, "poll": None, "mails": [_covered(mail) for mail in state["mails"] or []]}
    return state


def _covered(mail: State) -> State:
    code = mail["code"]
    return {**mail, "text": mail["text"].replace(code, HIDDEN), "code": HIDDEN} if code else mail


def told(panel: Panel) -> tuple[Question, ...]:
    """The questions of `panel`, if it tells what is right."""
    if isinstance(panel, Quiz):
        return panel.items if panel.state()["tell"] else ()
    return panel.items if isinstance(panel, Prediction) else ()


def _key(item: Question) -> State:
    whys, codes = [one.why for one in item.choices], [one.code for one in item.choices]
    return {"right": item.right, "whys": whys, "codes": codes}


def _entries(panel: Panel, shown: object) -> State:
    """What the codes in `shown` stand for."""
    if panel.explain is None:
        return {}
    codes = sorted(set(_CODE.findall(json.dumps(shown))))
    return {code: entry for code in codes if (entry := panel.explain(code))}
