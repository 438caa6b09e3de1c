"""The catalogue of refusals: its rows, the marker by which tests hold them, and the proof cases.

`catalogue.py` lists the rows. A test holds a row by the marker `row`, and in no other way:

    @pytest.mark.row("77", "78")                 both rows, by what is refused
    @pytest.mark.row("62", "62✓")                both sides of one row: ✓ is what must be accepted
    pytest.param(…, marks=pytest.mark.row("V3"))         one case of a table
    @pytest.mark.parametrize("case", each(REFUSED))      every case with the rows that it names

`counting.py` counts them at the end of a run; with `--collect-only --catalogue`, without running.

The proof cases are data: one table for the rules and for the service. A case makes the `DPoP`
header of a request that is right in all but one thing. `rule` is the one rule that must refuse it;
a case without a rule is a neighbour that must be accepted.
"""

from tests.support.refusals import claims, form, jwks, signatures
from tests.support.refusals.catalogue import each as each
from tests.support.refusals.forge import NOW as NOW
from tests.support.refusals.forge import Case as Case
from tests.support.refusals.forge import Scene as Scene

CASES = (*form.CASES, *jwks.CASES, *signatures.CASES, *claims.CASES)
REFUSED = [case for case in CASES if case.rule]
ACCEPTED = [case for case in CASES if not case.rule]
