"""The widgets of a lesson: forms, inbox, questions, a token to explore.

Each widget is a plain object with its logic in Python (`panel.Panel`) and a view in the browser
(`static/*.js`). Widgets take plain callables, so they need no service. Nothing that a person
types, and no content of an email, is ever in a synchronised trait, in the notebook's file or in a
widget's text form: it travels only in custom messages. Of a token, the text form of an unattended
run prints what is the same on every run, such as `alg` and `scope`.

The names are listed in `__init__.pyi`; each loads when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
