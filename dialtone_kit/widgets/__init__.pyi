# The one list of this room's names. The lazy import, `__all__` and the types follow from it.
from .code_form import CodeForm as CodeForm
from .device_card import DeviceCard as DeviceCard
from .email_form import EmailForm as EmailForm
from .email_form import email_problem as email_problem
from .inbox import InboxView as InboxView
from .proof_checker import ProofChecker as ProofChecker
from .questions import Prediction as Prediction
from .questions import Quiz as Quiz
from .token_explorer import TokenExplorer as TokenExplorer
