# The one list of public names. The lazy import, `__all__` and the types all follow from it.
from .base.errors import CredentialProblem as CredentialProblem
from .base.errors import DialtoneError as DialtoneError
from .base.errors import IssuerMismatch as IssuerMismatch
from .base.errors import MockOnly as MockOnly
from .base.errors import NonceRequired as NonceRequired
from .base.errors import ProofRefused as ProofRefused
from .base.errors import RateLimited as RateLimited
from .base.errors import ServiceError as ServiceError
from .base.errors import TokenRefused as TokenRefused
from .base.errors import UnsafeUrl as UnsafeUrl
from .base.jws import b64url as b64url
from .base.jws import b64url_decode as b64url_decode
from .base.masking import Secret as Secret
from .claims import show_claims as show_claims
from .client.credentials import Credentials as Credentials
from .client.credentials import load_credentials as load_credentials
from .client.credentials import path_for as path_for
from .client.credentials import save_credentials as save_credentials
from .client.dpop_auth import DPoPAuth as DPoPAuth
from .client.enrollments import Enrollment as Enrollment
from .client.identity import IdentityClient as IdentityClient
from .keys import ProofKey as ProofKey
from .keys import thumbprint as thumbprint
from .lesson.starting import start as start
from .proofs import SeenProofs as SeenProofs
from .proofs import build_proof as build_proof
from .proofs import check_proof as check_proof
from .rules import RULES as RULES
from .rules import Request as Request
from .rules import access_token_hash as access_token_hash
from .tokens import Token as Token
from .tokens import is_bound_to as is_bound_to
from .tokens import read_unverified as read_unverified
from .tokens import verify_token as verify_token

__version__: str
