"""Dialtone Kit: agent identity and DPoP, learned by doing. Start with `start()` in a notebook.

The public names are listed in `__init__.pyi`. Each loads when it is first used, so that
`import dialtone_kit` costs next to nothing.
"""

import warnings
from importlib import import_module
from typing import Any

import lazy_loader

__version__ = "0.2.0.dev0"

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    try:
        return _load(name)
    except AttributeError:
        if name.startswith("_") or name not in import_module("dialtone_kit.spiffe").__all__:
            raise
    # SPIFFE's names were up here in 0.1, and can still be imported from here.
    warnings.warn(
        f"Import {name} from dialtone_kit.spiffe instead of dialtone_kit.",
        DeprecationWarning,
        stacklevel=2,
    )
    return getattr(import_module("dialtone_kit.spiffe"), name)
