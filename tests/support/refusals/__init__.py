"""The DPoP part of the refusals catalogue as data: one table for the rules and for the service.

A case makes the `DPoP` header of a request that is right in all but one thing. `rule` is the rule
that must refuse it, and no other; a case without one is a neighbour that must be accepted.
"""

from tests.support.refusals import claims, form, jwks, signatures
from tests.support.refusals.forge import NOW as NOW
from tests.support.refusals.forge import Case as Case
from tests.support.refusals.forge import Scene as Scene

CASES = (*form.CASES, *jwks.CASES, *signatures.CASES, *claims.CASES)
REFUSED = [case for case in CASES if case.rule]
ACCEPTED = [case for case in CASES if not case.rule]
