"""Every widget and output of the kit in each of its states, as the cells of one notebook.

No service is needed: what would come from one is made up, by the kit's own rules. A cell's name is
the widget or output and its state.
"""

from __future__ import annotations

import textwrap

_SETTING = """
import random
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
import httpx
from dialtone_kit import ProofKey, build_proof
from dialtone_kit.base.errors import RateLimited, ServiceError, ServiceUnreachable
from dialtone_kit.base.masking import Secret
from dialtone_kit.claims import show_claims
from dialtone_kit.client.device_login import DeviceLogin
from dialtone_kit.client.enrollment_state import EnrollmentState
from dialtone_kit.lesson.answers import read_answer
from dialtone_kit.lesson.attack_list import attack_list
from dialtone_kit.lesson.content.lesson_04.forgeries import Issuer
from dialtone_kit.lesson.content.lesson_11.naive import make_listing
from dialtone_kit.lesson.content.lesson_12.field_cases import FieldCases, Refusal
from dialtone_kit.lesson.demo_client import demo_shown
from dialtone_kit.lesson.exercises.verdict import Verdict
from dialtone_kit.lesson.family import Family, family_picture
from dialtone_kit.lesson.leaf import Leaf
from dialtone_kit.lesson.marks import map_shown
from dialtone_kit.lesson.misconceptions import misconception, show
from dialtone_kit.lesson.progress import Progress
from dialtone_kit.lesson.replay import replay_timeline
from dialtone_kit.lesson.quiz_items import items
from dialtone_kit.lesson.report import report_of, write_report
from dialtone_kit.lesson.said import Story
from dialtone_kit.lesson.trail import TrailStep, trail_picture
from dialtone_kit.lesson.tree import Tree
from dialtone_kit.lesson.vouching import chain_of, vouching_picture
from dialtone_kit.lesson.wall import Attempt, wall_picture
from dialtone_kit.lesson.work import Work
from dialtone_kit.rules import Request
from dialtone_kit.tokens import Token
from dialtone_kit.widgets import *
from dialtone_kit.widgets.choices import Pick
from dialtone_kit.widgets.proof_checker import Case, ServiceVerdict
from dialtone_kit.widgets.stopping import note
from dialtone_kit.widgets.token_explorer import TokenCase, TokenVerdict
from dialtone_kit.wire.record import record
from dialtone_kit.wire.recorder import Wire
from dialtone_kit.wire.timing import PARTS

hour = datetime.now(timezone.utc) + timedelta(hours=1)
@dataclass
class Thing:
    email: str = "robin@mail.example"; expires_at: datetime = hour
    client_id: str = "cli_my_agent_1"; id: str = "1"; to: str = email; code: str = "WXYZ-6789"
    text: str = "Somebody asks you to vouch for my-agent.\\nYour code: WXYZ-6789"
    subject: str = "Vouch for my-agent?"; sent_at: str = "2026-11-24T10:00:00Z"
def done(panel, kind, **more):
    panel.receive({"kind": kind, "round": panel.round, **more})
    return panel
def refuse(error):
    def send(*_):
        raise error
    return send

def email(error=None, seconds=3600):
    def send(address):
        return Thing(address, datetime.now(timezone.utc) + timedelta(seconds=seconds))
    form = EmailForm(refuse(error) if error else send, clear_limits="lesson.reset_limits()")
    return done(form, "submit", value="robin@mail.example")
def code(tries, status="pending", typed="", error=None):
    form = CodeForm(
        refuse(error) if error else lambda _: Thing(), hour, email="robin@mail.example",
        inbox="the inbox cell", approved=Thing, approval_url="https://id.example/approve",
        watch=lambda: EnrollmentState(status, tries, 3000.0))
    return done(form, "submit", value=typed) if typed else form
wrong = ServiceError(401, "unauthorized", "That is not the code."); wrong.tries_left = 1

def device(*answers):
    said = iter(answers)
    def poll(login):
        answer = next(said, "slow_down")
        if isinstance(answer, Exception):
            raise answer
        return replace(login, interval=login.interval + 5) if answer == "slow_down" else answer
    page = "https://id.example/device"
    card = DeviceCard(DeviceLogin(Secret("dc"), Secret("WXYZ-6789"), page, None, hour, 600), poll,
                      page=page)
    for _ in answers:
        done(card, "ask")
    return card
def ended(error):
    return device(ServiceError(400, error, "It has ended."))

work = Work("03", Progress(Path("gallery.jsonl")), interactive=True, seat=0)
work.progress.opened("03")
own = Progress(Path("own.jsonl"))
own.opened("05"); own.done("05"); own.opened("13")
own.checked("05.ath", "wrong", "M05"); own.checked("05.ath", "right")
own.checked("13.dialtone", "wrong", "M06"); own.checked("13.dialtone", "right", None, 8)
own.wrote("13.teach", "Put the line that makes the proof inside the loop, <never> above it.")
def surveyed(form, asked, known):
    for item in items(form):
        mistaken = next(n for n, choice in enumerate(item.choices) if choice.code)
        choice = item.right if item.pair in known else mistaken
        own.surveyed(Pick.of(item, choice, "sure"), asked, "00")
surveyed("A", "pre", {"stolen"}); surveyed("B", "post", {"stolen", "again", "pace", "address"})
def predict(name, choice=None, sure="sure"):
    asked = work.predict(name)
    return asked if choice is None else done(asked, "answer", choices=[choice], confidence=sure)
def quiz(which, tell, choice=None):
    asked = work.quiz(which, tell=tell)
    count = len(asked.state()["items"])
    sure = ["unsure"] * count
    return asked if choice is None else done(asked, "answer", choices=[choice] * count, sure=sure)

key, other, issuer = ProofKey.generate(), ProofKey.generate(), Issuer()
url = "https://id.example/realms/default/api/notes"
proof = build_proof(key, "GET", url)
def checker(*proofs, method="GET"):
    asked = Request(method, url, time.time())
    cases = [Case(proofs, asked, f"{method} {number}", 401,
                  ask=lambda *_: ServiceVerdict(401, "htm_matches: no. Build a new proof. [M04]"))
             for number in ("one", "two")]
    return ProofChecker(cases, key)
def token(verdict="verified", own=key, **claims):
    said = {"verified": TokenVerdict("verified", "In time.", "", issuer.kid, f"{issuer.url}/jwks"),
            "refused": TokenVerdict("refused", "Signed by nobody we know.", "signature")}
    made = issuer.token(**{"cnf": {"jkt": key.thumbprint}, **claims})
    return TokenCase(made, own.thumbprint, lambda: said[verdict])
act = {"sub": "cli_reporter_77e1", "act": {"sub": "cli_planner_0b3c"}}

planner, worker, ada = "cli_planner_0b3c77e177e10b3c", "cli_worker_77e10b3c0b3c77e1", "usr_ada_1c9d"
trail = [
    TrailStep(planner, "got a token", "token", ada, scope="openid notes:write"),
    TrailStep(planner, "was denied notes:write", "denied", ada, policy="lab.cedar#planners-plan"),
    TrailStep(worker, "wrote note 7", "done", ada, (planner,), "lab.cedar#workers-write"),
]

reader, ledger = (f"spiffe://dialtone.test/ns/lessons/sa/{name}" for name in ("reader", "ledger"))
leaf = Leaf((reader,), False, True, False, key.thumbprint, "O=Lessons,CN=A root", hour)
chain = chain_of("reader", reader, 3, ledger)

refusal = Refusal(f"GET {url}", "DPoP", "4la5b7JP441jprCOBDA_CbG-TbNSbjLIHj7vrFIW7U0",
                  {"jwk": key.public_jwk}, {"htm": "GET", "htu": url, "iat": 1795791781},
                  "401 invalid_dpop_proof", "Fri, 27 Nov 2026 15:03:01 GMT", "")

body = {"error": "invalid_dpop_proof", "error_description":
        "ath_matches: expected ath, the SHA-256 of the token, got nothing. Hash it. [M05]"}
nonce = {"DPoP-Nonce": "n1", "WWW-Authenticate": 'DPoP error="use_dpop_nonce"'}
answers = iter([httpx.Response(401, headers=nonce), httpx.Response(200, json={"notes": ["one"]}),
                httpx.Response(401, json=body), httpx.Response(503)])
wire = Wire()
http = httpx.Client(transport=wire.transport(httpx.MockTransport(lambda _: next(answers))))
proved = {"DPoP": proof, "Authorization": f"DPoP {issuer.token(email='robin@mail.example')}"}
sent = [http.get(url, headers=proved) for _ in range(4)]
timed = Wire()
timing = tuple((name, 0.001 * number) for number, name in enumerate(PARTS, 1))
asked = httpx.Request("POST", f"{issuer.url}/token", data={"scope": "openid"})
refused = httpx.Response(400, json={"error": "invalid_scope"})
stolen = httpx.Response(200, json={}, request=asked, extensions={"by": "thief"})
timed.round_trips.append(record(asked, refused, 0.028, "", timing))
"""

# The cell, and words that are only there in this state.
CELLS = {
    "email asking": (
        "EmailForm(lambda address: Thing(address), note='You already have one.')",
        "asking",
    ),
    "email refused": (
        "email(ServiceError(403, 'access_denied', 'No policy permits this.'))",
        "No policy permits",
    ),
    "email waiting": ("email(RateLimited('Three in an hour.', 1800))", "You can try again in"),
    "email sent": ("email()", "A code is on its way"),
    "email expired": ("email(seconds=0)", "This code has expired"),
    "code asking": ("code(5)", "5 tries left"),
    "code unreadable": ("code(5, typed='nothing in it')", "use up a try"),
    "code wrong": ("code(1, typed='AAAA-AAAA', error=wrong)", "1 try left"),
    "code approved": ("code(4, 'approved')", "The sponsor approved"),
    "code confirmed": ("code(5, typed='WXYZ-6789')", "Registered as"),
    "code locked": ("code(0, 'locked')", "locked"),
    "code expired": ("code(3, 'expired')", "This code has expired"),
    "device waiting": ("device()", "open the page and enter"),
    "device slowed": ("device('slow_down')", "slow_down: from now on"),
    "device away": ("device(ServiceUnreachable('No connection.'))", "No connection."),
    "device approved": (
        "device('slow_down', Token(Secret(issuer.token(sub='usr_1')), 'DPoP', 3600, 'openid', "
        "None, 0, None))",
        "The agent has its token",
    ),
    "device denied": ("ended('access_denied')", "The person said no"),
    "device expired": ("ended('expired_token')", "Nobody answered in time"),
    "inbox empty": ("InboxView(lambda: [], email='robin@mail.example')", "No email for"),
    "inbox full": (
        "InboxView(lambda: [Thing(), Thing(text='No code here.', code='')])",
        "WXYZ-6789",
    ),
    "prediction unanswered": ("predict('03.stolen-token')", "I am not sure"),
    "prediction wrong": ("predict('03.same-proof-twice', 0)", "✗ not quite"),
    "prediction right": ("predict('03.short-coordinate', 1, 'unsure')", "✓ right"),
    "prediction with emphasis": ("predict('06.too-fast', 0)", "its own word for"),
    "quiz unanswered": ("quiz('pre', False)", "8 questions"),
    "quiz handed in": ("quiz('pre', False, 0)", "Thank you"),
    "quiz marked": ("quiz('post', True, 1)", "of 8 right"),
    "checker green": ("checker(proof)", "all rules pass"),
    "checker red": ("done(checker(proof, method='POST'), 'ask')", "The service says 401"),
    "checker junk": ("checker('junk')", "stopped by rule 2"),
    "token one": ("TokenExplorer([token()])", "verified"),
    "token two": (
        "TokenExplorer([token(scope='openid'), token(act=act, sub='usr_ada_1c9d')])",
        "acts now",
    ),
    "token and a forged one": (
        "TokenExplorer([token(), token('refused')])",
        "first verified, second not verified",
    ),
    "token refused": ("TokenExplorer([token('refused', other)])", "fails the check"),
    "token bearer": ("TokenExplorer([token(cnf=None)])", "a bearer token"),
    "token expired": (
        "TokenExplorer([token(iat=1_700_000_000, exp=1_700_003_600)])",
        "It has expired",
    ),
    "token junk": ("TokenExplorer([TokenCase('junk')])", "not a token"),
    "said": ("Story().add([read_answer(one) for one in sent])", "ath_matches"),
    "said of a thief": ("Story().add([read_answer(stolen)])", "looks in order"),
    "wire": ("wire.show(9)", "Access token, decoded"),
    "wire timed": ("timed.show()", "Where the time went"),
    "wire empty": ("Wire().show()", "Nothing has been sent"),
    "sequence": ("wire.sequence()", "asks for a nonce"),
    "family alive": ("family_picture(Family(2))", "good once"),
    "family dead": ("family_picture(Family(5, 'a used refresh token came back'))", "is dead"),
    "timeline": ("replay_timeline(wire, proof)", "A proof and its replay"),
    "tree": ("Tree().draw(wire.round_trips)", "with its nonce, once"),
    "tree empty": ("Tree().draw([])", "Nothing has been refused"),
    "field cases": ("FieldCases(A=refusal, B=refusal)", "its SHA-256"),
    "trail": ("trail_picture(trail)", "planners-plan"),
    "trail empty": ("trail_picture([])", "No steps yet"),
    "leaf": ("leaf", "vouch for no one"),
    "vouching": ("vouching_picture(chain)", "a copied certificate signs"),
    "wall": ("wall_picture([Attempt(read_answer(one)) for one in sent])", "How far each one got"),
    "wall with a hole": (
        "wall_picture([Attempt(read_answer(one), hole) for one in (stolen, sent[2])"
        " for hole in ('', None, 'typ_is_dpop')])",
        "is off here",
    ),
    "attacks": ("attack_list()", "A phished approval"),
    "verifier": ("make_listing()", "import jwt"),
    "demo script": ("demo_shown('token_type: DPoP')", "none of them from the kit"),
    "claims": ("show_claims(issuer.token(act=act))", "who acted one step before"),
    "done": (
        "work.progress.checked('03.signature', 'right', None); work.done([])",
        "What surprised you",
    ),
    "estimate": ("Work('13', own, interactive=True).estimate()", "How many minutes"),
    "estimate kept": (
        "done(Work('13', own, interactive=True).estimate(), 'answer', choices=[1, 2, 0])",
        "Your report shows them",
    ),
    "map": ("map_shown(own)", "not opened"),
    "own report": ("write_report(report_of(own, 1_790_000_000), Path('own'))", "and sure"),
    "verdict right": ("Verdict('right', 'The signature has 64 bytes.')", "✓ Right."),
    "verdict wrong": ("Verdict('wrong', 'It is M05.', 'M05')", "✗ Not quite."),
    "verdict not tried": ("Verdict('not tried', 'Fill in the cell above.')", "○ Not tried."),
    "verdict unknown": ('Verdict("can\'t tell", "The service didn\'t answer.")', "? Can't tell."),
    "hint": ("work.hint('03.signature')", "Hint 1 of"),
    "report": ("work.report()", "Tries and hints"),
    "misconception": ("show(misconception('M05'))", "What's true."),
    "note": ("note('Type the code from the mail in the form above.', 'form')", "Go to the form"),
}
NAMES = tuple(CELLS)
SOURCES = (textwrap.dedent(_SETTING).strip(), *(source for source, _ in CELLS.values()))
