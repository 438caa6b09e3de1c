"""The widgets of a lesson: forms, inbox, questions, a token to explore.

Each widget is a plain object with its logic in Python (`panel.Panel`) and a view in the browser
(`static/*.js`). Widgets take plain callables, so they need no service. Nothing that a person
types, and no content of an email, is ever in a synchronised trait, in the notebook's file or in a
widget's text form: it travels only in custom messages. Of a token, the text form of an unattended
run prints what is the same on every run, such as `alg` and `scope`.
"""

from dialtone_kit.widgets.code_form import CodeForm
from dialtone_kit.widgets.device_card import DeviceCard
from dialtone_kit.widgets.email_form import EmailForm, email_problem
from dialtone_kit.widgets.inbox import InboxView
from dialtone_kit.widgets.proof_checker import ProofChecker
from dialtone_kit.widgets.questions import Prediction, Quiz
from dialtone_kit.widgets.token_explorer import TokenExplorer

__all__ = [
    "CodeForm",
    "DeviceCard",
    "EmailForm",
    "InboxView",
    "Prediction",
    "ProofChecker",
    "Quiz",
    "TokenExplorer",
    "email_problem",
]
