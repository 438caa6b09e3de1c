# The one list of this room's public names. The lazy import, `__all__` and the types follow from it.
from .evidence import Evidence as Evidence
from .spiffe_id import BadSpiffeId as BadSpiffeId
from .spiffe_id import SpiffeId as SpiffeId
from .svids import JwtSvid as JwtSvid
from .svids import SvidRefused as SvidRefused
from .svids import WorkloadKey as WorkloadKey
from .svids import X509Svid as X509Svid
from .trust_bundle import TrustBundle as TrustBundle
from .trust_bundle import verify_jwt_svid as verify_jwt_svid
from .trust_bundle import verify_x509_svid as verify_x509_svid
from .workload import Workload as Workload
from .workload import jwt_svid_for as jwt_svid_for
