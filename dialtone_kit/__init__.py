"""Dialtone Kit: agent identity and DPoP, learned by doing. Start with `start()` in a notebook.

The public names are listed in `__init__.pyi`. Each loads when it is first used, so
`import dialtone_kit` itself costs next to nothing.
"""

import warnings
from importlib import import_module
from typing import Any

import lazy_loader

__version__ = "0.1.0"

_listed, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
# Names that 0.1 had here, too. They still work, with a warning that names their new place.
_NOW_IN_SPIFFE = frozenset(
    {
        "BadSpiffeId",
        "JwtSvid",
        "SpiffeId",
        "SvidRefused",
        "TrustBundle",
        "Workload",
        "WorkloadKey",
        "X509Svid",
        "jwt_svid_for",
        "verify_jwt_svid",
        "verify_x509_svid",
    }
)


def __getattr__(name: str) -> Any:
    if name not in _NOW_IN_SPIFFE:
        return _listed(name)
    warnings.warn(
        f"Import {name} from dialtone_kit.spiffe instead of dialtone_kit.",
        DeprecationWarning,
        stacklevel=2,
    )
    return getattr(import_module("dialtone_kit.spiffe"), name)
