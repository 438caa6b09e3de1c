"""SPIFFE for workloads: evidence, SVIDs, trust bundles, mutual TLS.

The public names are listed in `__init__.pyi`; each loads when it is first used, so that the mock
gets the SPIFFE rules alone when it imports those.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
