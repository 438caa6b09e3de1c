"""notebooks/pictures/*.svg, drawn here: `python -m tests.support.pictures`."""

from __future__ import annotations

from pathlib import Path

from tests.support.drawing import Drawing, Message, Note, lanes

FOLDER = Path(__file__).parents[2] / "notebooks" / "pictures"


def start_here() -> Drawing:
    drawing = Drawing(
        "Who is who",
        "You run an agent: the cells of this notebook. The agent sends requests to the identity "
        "service. The service emails a code to the sponsor, which is you again, and the sponsor "
        "vouches for the agent. The agent then calls an API with a token and a proof.",
        340,
    )
    drawing.glyph("sponsor", 120, 80, "Sponsor: you again")
    drawing.glyph("sponsor", 120, 275, "You, in this notebook")
    drawing.glyph("agent", 430, 182, "Agent")
    drawing.text(430, 243, "the cells you run", "quiet")
    drawing.glyph("service", 760, 80, "Identity service")
    drawing.glyph("api", 760, 275, "API")
    drawing.arrow(718, 62, 164, 62)
    drawing.glyph("mail", 384, 40, scale=0.72)
    drawing.text(408, 46, "emails a code", anchor="start")
    drawing.arrow(206, 110, 392, 168)
    drawing.text(308, 118, "vouches for", anchor="start")
    drawing.arrow(166, 260, 392, 196)
    drawing.text(250, 220, "run", anchor="end")
    drawing.arrow(468, 168, 700, 97)
    drawing.text(604, 148, "requests", anchor="start")
    drawing.arrow(468, 196, 722, 266)
    drawing.glyph("token", 490, 272, scale=0.8)
    drawing.glyph("proof", 530, 272, scale=0.72)
    drawing.text(550, 277, "token and proof", anchor="start")
    return drawing


def discovery() -> Drawing:
    drawing = Drawing(
        "One agent, two documents",
        "An agent meets an identity service for the first time. The service holds out a document "
        "about itself. So does a liar, about the same service. Which one does the agent believe?",
        272,
    )
    drawing.glyph("agent", 120, 130, "Agent")
    drawing.text(120, 191, "here for the first time", "quiet")
    drawing.arrow(548, 84, 166, 122)
    drawing.arrow(548, 194, 166, 142)
    drawing.text(340, 84, "“This is how I work.”")
    drawing.text(340, 196, "“This is how it works.”")
    drawing.glyph("document", 582, 76, scale=0.9)
    drawing.glyph("document", 582, 202, scale=0.9)
    drawing.glyph("service", 730, 66, "Identity service")
    drawing.glyph("thief", 730, 196, "Mallory")
    drawing.path("M612 76H690")
    drawing.path("M612 202H690")
    drawing.text(582, 144, "Which one do you believe?", "name")
    return drawing


def discovery_whole() -> Drawing:
    drawing = Drawing(
        "Everything from one URL",
        "The agent knows one thing: the issuer's URL. It asks for the discovery document there. "
        "If the issuer in the document is the one it asked for, it uses exactly what the document "
        "lists: token endpoint, keys, algorithms. If it is another issuer, it stops.",
        300,
    )
    drawing.glyph("agent", 90, 80, "Agent")
    drawing.text(90, 141, "knows the issuer", "quiet")
    drawing.glyph("document", 370, 80, "Discovery document")
    drawing.arrow(132, 80, 342, 80)
    drawing.text(236, 68, "GET issuer/.well-known/…", "code")
    rows = [
        ("issuer", "who says all this", 44),
        ("token_endpoint", "tokens come from here", 94),
        ("jwks_uri", "the public keys are here", 144),
        ("dpop_signing_alg_values_…", "how to sign a proof", 194),
    ]
    for name, meaning, y in rows:
        drawing.path(f"M394 80C530 80 496 {y} 566 {y}")
        drawing.text(576, y + 2, name, "code", "start")
        drawing.text(576, y + 20, meaning, "quiet", "start")
    drawing.arrow(370, 134, 370, 178)
    drawing.note(370, 180, 272, "Is its issuer the one I asked for?")
    drawing.arrow(300, 214, 260, 244)
    drawing.arrow(440, 214, 480, 244)
    drawing.glyph("no", 110, 264, scale=0.9)
    drawing.text(132, 269, "no: stop, someone is lying", "no", "start")
    drawing.glyph("yes", 446, 264, scale=0.9)
    drawing.text(468, 269, "yes: use exactly these URLs", "yes", "start")
    return drawing


def register() -> Drawing:
    """The question, without its answer: what happens is in `registered`."""
    drawing = Drawing(
        "Who stands behind the agent?",
        "An agent asks the identity service to register it as my-agent. Anyone can type that "
        "name. Somewhere there is a person, the sponsor, who would answer for what the agent does. "
        "Between the service and the sponsor there is a question mark.",
        226,
    )
    drawing.glyph("agent", 120, 84, "Agent")
    drawing.glyph("service", 460, 84, "Identity service")
    drawing.glyph("sponsor", 780, 84, "Sponsor")
    drawing.arrow(164, 84, 424, 84)
    drawing.text(294, 70, "I am my-agent. Register me.")
    drawing.text(294, 108, "anyone can type that", "quiet")
    drawing.path("M498 84H604M646 84H748", "line lane")
    drawing.text(625, 89, "?", "name")
    drawing.text(780, 148, "would answer for it", "quiet")
    drawing.note(440, 174, 480, "What does it take before the service gives out an identity?")
    return drawing


def registered() -> Drawing:
    return lanes(
        "Registering with a sponsor",
        "The agent asks the service to be registered and names a sponsor. It gets an enrollment ID "
        "and a poll token, but no credentials yet. The service mails a code to the sponsor. The "
        "sponsor gives the code to the agent. The agent confirms with ID, poll token and code, and "
        "gets a client ID and a client secret, once.",
        [
            ("agent", "Agent", 120),
            ("service", "Identity service", 460),
            ("sponsor", "Sponsor", 780),
        ],
        [
            Message(0, 1, "I am my-agent,\nand my sponsor vouches for me"),
            Message(1, 0, "enrollment_id, poll_token", style="code"),
            Message(1, 2, "an email with a code", ("mail",)),
            Message(2, 0, "the code, from person to agent"),
            Message(0, 1, "ID, poll token, code"),
            Message(1, 0, "client_id, client_secret\nshown once", style="code"),
        ],
    )


def two_with_one_token() -> Drawing:
    """The question, without its answer: what happens is in `dpop_token`."""
    drawing = Drawing(
        "Two callers, one token",
        "An agent and a stranger call the same API with the same access token. The agent asked for "
        "it; the stranger copied it from a log. The API sees the same characters twice. What could "
        "tell the two apart?",
        300,
    )
    drawing.glyph("agent", 120, 62, "Agent")
    drawing.text(120, 123, "asked for the token", "quiet")
    drawing.glyph("thief", 120, 208, "Someone else")
    drawing.text(120, 269, "copied it from a log", "quiet")
    drawing.glyph("api", 760, 135, "API")
    drawing.arrow(166, 68, 716, 126)
    drawing.arrow(166, 206, 716, 146)
    drawing.glyph("token", 400, 66, scale=0.8)
    drawing.glyph("token", 400, 212, scale=0.8)
    drawing.text(426, 140, "the same characters, twice", "quiet")
    drawing.text(760, 212, "What could tell\nthem apart?")
    return drawing


def dpop_token() -> Drawing:
    return lanes(
        "A token bound to a key",
        "The agent makes a new key pair; the private half never leaves it. It signs a proof for "
        "this method, this URL and this moment, with the public key inside. It sends its client ID "
        "and secret with the proof. The token endpoint checks the proof and writes the key's "
        "thumbprint into the token. The answer has token_type DPoP, and cnf.jkt is the thumbprint.",
        [("agent", "Agent", 180), ("service", "Token endpoint", 680)],
        [
            Note(0, "a new key pair:\nthe private half stays here", 230, ("key",)),
            Note(0, "a proof: this method, this URL,\nnow, signed by the key", 250, ("proof",)),
            Message(0, 1, "client ID and secret, and the proof", ("proof",)),
            Note(1, "checks the proof, then writes\nthe key's thumbprint into the token", 290),
            Message(1, 0, "a token: cnf.jkt = the thumbprint", ("token",)),
        ],
    )


def verify_token() -> Drawing:
    drawing = Drawing(
        "Four questions about a token",
        "A token arrives, with the four questions of this lesson after it, one leading to the "
        "next. What does it say? Who signed it? From which issuer is it, and until when is it "
        "good? Whose is it?",
        154,
    )
    drawing.glyph("token", 64, 86, "A token")
    questions = [
        "What does\nit say?",
        "Who\nsigned it?",
        "Which issuer,\nuntil when?",
        "Whose\nis it?",
    ]
    for n, question in enumerate(questions):
        x = 210 + 186 * n
        drawing.arrow(98 if n == 0 else x - 116, 86, x - 72, 86)
        drawing.note(x, 60, 138, question)
        drawing.text(x, 48, str(n + 1), "quiet")
    return drawing


def call_apis() -> Drawing:
    return lanes(
        "Every call with its own proof",
        "The agent calls the API with its token and a proof: 200. The next call brings the same "
        "token and the next proof: 200. A thief has copied a whole request, token and proof, and "
        "sends the copy to the API. What the API says to the thief is left open.",
        [("agent", "Agent", 130), ("api", "API", 450), ("thief", "Thief, with a copy", 770)],
        [
            Message(0, 1, "call 1", ("token", "proof")),
            Message(1, 0, "200", style="yes"),
            Message(0, 1, "call 2, a new proof", ("token", "proof")),
            Message(1, 0, "200", style="yes"),
            Message(2, 1, "a copy of a call", ("token", "proof")),
            Message(1, 2, "?"),
        ],
    )


DEVICE_FLOW = [
    ("agent", "Agent, no browser", 130),
    ("service", "Identity service", 450),
    ("sponsor", "Person, with a browser", 750),
]


def laptop_agent() -> Drawing:
    return lanes(
        "An agent without a browser",
        "An agent runs where there is no browser: in a terminal, on a server, on a TV. A person "
        "with a browser is somewhere else. The agent talks to the identity service, and so does "
        "the person. How does the service know that the two belong together, and what will it "
        "tell the agent while it waits?",
        DEVICE_FLOW,
        [
            Message(0, 1, "I want to act for a person"),
            Message(1, 0, "two codes"),
            Message(2, 1, "one of them: how did it get here?"),
            Message(0, 1, "and now? and now? and now?", ("proof",)),
        ],
    )


def laptop_agent_whole() -> Drawing:
    return lanes(
        "A device and a browser, joined by a code",
        "The agent asks for a login, gets a device code and a user code, and shows the user code. "
        "It asks every five seconds, and hears: not yet. The person types the user code into the "
        "service's page and says yes. The agent's next question brings a token for that person, "
        "bound to the agent's key. Only the user code joins the two sides, so whoever started the "
        "login gets the token.",
        DEVICE_FLOW,
        [
            Message(0, 1, "I want to act for a person"),
            Message(1, 0, "device code, user code"),
            Note(0, "shows the user code", 180),
            Message(0, 1, "device code: is it done?", ("proof",)),
            Message(1, 0, "not yet, ask again in 5 s", style="quiet"),
            Message(2, 1, "user code, and yes"),
            Message(0, 1, "device code: is it done?", ("proof",)),
            Message(1, 0, "for that person, with my key", ("token",)),
        ],
    )


def workload_identity() -> Drawing:
    return lanes(
        "A workload without a secret",
        "A pod has made a key of its own and asks the identity service for a name. It holds "
        "no password and no client secret. It runs on a platform that started it. What can "
        "the pod show, so that the service believes it?",
        [
            ("api", "Platform", 130),
            ("agent", "Pod, with a new key", 450),
            ("service", "Identity service", 750),
        ],
        [
            Message(0, 1, "starts the pod"),
            Message(1, 2, "I am the reader"),
            Message(2, 1, "anyone can say that", style="quiet"),
            Message(1, 2, "?", ("document",)),
        ],
    )


def workload_identity_whole() -> Drawing:
    return lanes(
        "From the platform's word to a name that a peer believes",
        "The pod asks for a challenge and gets one. It asks its platform for evidence with "
        "the challenge and the thumbprint of its key, and gets a signed token. It sends "
        "evidence and certificate request to the service, and gets an SVID for an hour. To "
        "its peer it shows the SVID and signs the handshake with its key; the peer does the "
        "same.",
        [
            ("api", "Platform", 100),
            ("agent", "Pod, with its key", 340),
            ("service", "Identity service", 590),
            ("agent", "Peer", 800),
        ],
        [
            Message(1, 2, "a challenge, please"),
            Message(1, 0, "challenge, thumbprint"),
            Message(0, 1, "signed evidence", ("document",)),
            Message(1, 2, "evidence, CSR", ("document",)),
            Message(2, 1, "SVID, for an hour", ("token",)),
            Message(1, 3, "SVID, and a handshake signed by its key", ("token", "key")),
            Message(3, 1, "the same, from the peer", ("token", "key")),
        ],
    )


def delegation() -> Drawing:
    drawing = Drawing(
        "Three agents, three questions",
        "Ada asks an orchestrator for something. The orchestrator asks a worker, and the worker "
        "calls an API that keeps Ada's notes. A reviewer calls it, too. Among the notes is one "
        "that Ada didn't expect. Three questions are open: who wrote it, for whom, and who allowed "
        "it?",
        312,
    )
    drawing.glyph("sponsor", 100, 66, "Ada")
    drawing.glyph("agent", 330, 66, "Orchestrator")
    drawing.glyph("agent", 560, 66, "Worker")
    drawing.glyph("agent", 560, 174, "Reviewer")
    drawing.glyph("api", 800, 118, "Notes")
    drawing.arrow(142, 66, 286, 66)
    drawing.text(214, 54, "asks")
    drawing.arrow(374, 66, 516, 66)
    drawing.text(445, 54, "asks")
    drawing.arrow(604, 70, 764, 106)
    drawing.arrow(604, 174, 764, 132)
    drawing.text(800, 180, "and one is odd", "quiet")
    for x, question in ((180, "Who wrote it?"), (450, "For whom?"), (720, "Who allowed it?")):
        drawing.note(x, 254, 216, question)
    return drawing


def delegation_whole() -> Drawing:
    drawing = Drawing(
        "The token and the trail",
        "On the left, the worker's token as a stack of name tags. On top, in act: the worker, "
        "which acts now. Below it, in the act inside: the orchestrator, which acted before. At the "
        "bottom, in sub: Ada, for whom it's done. On the right, the trail in three lanes. The "
        "orchestrator got a token for Ada and was refused when it wrote, by a policy. The worker "
        "got a token for Ada and wrote note 7, by a policy. The reviewer wrote note 8.",
        330,
    )
    drawing.text(150, 34, "The token: who, and for whom", "name")
    for n, (kind, name, says, where) in enumerate(_TAGS):
        y = 58 + 84 * n
        drawing.path(f"M26 {y}h236v64h-236z")
        drawing.glyph(kind, 58, y + 32, scale=0.8)
        drawing.text(90, y + 28, name, "name", "start")
        drawing.text(90, y + 48, says, "quiet", "start")
        drawing.text(252, y + 48, where, "code", "end")
    drawing.text(610, 34, "The trail: which agent, and by which policy", "name")
    for x, name in _LANES:
        drawing.path(f"M{x} 76V306", "line lane")
        drawing.text(x + 12, 70, name, "name")
    for x, y, kind, what, why in _STEPS:
        drawing.glyph(kind, x, y, scale=0.5)
        drawing.text(x + 18, y - 1, what, "", "start")
        drawing.text(x + 18, y + 17, why, "quiet", "start")
    return drawing


_TAGS = (
    ("agent", "Worker", "acts now", "act"),
    ("agent", "Orchestrator", "acted before", "act.act"),
    ("sponsor", "Ada", "for whom", "sub"),
)
_LANES = ((340, "Orchestrator"), (540, "Worker"), (740, "Reviewer"))
_STEPS = (
    (340, 104, "token", "token for Ada", "her own yes"),
    (540, 144, "token", "token for Ada", "by exchange"),
    (340, 188, "no", "may not write", "by a policy"),
    (540, 232, "yes", "wrote note 7", "by a policy"),
    (740, 276, "yes", "wrote note 8", "by a policy"),
)


def app_identity() -> Drawing:
    """The time axis, before anything is judged: how long each find is good, not for what."""
    drawing = Drawing(
        "Three finds in a log",
        "An app's log has kept three things: a bearer token, a bound token, and the app's ID with "
        "its secret. On an axis of time, both tokens are good for an hour. The secret is good "
        "until someone replaces it. What can a thief do with each, and which is the worst find?",
        300,
    )
    drawing.glyph("document", 84, 118, "A log")
    rows = [
        ("token", "bearer token", 62, 220),
        ("token", "bound token", 122, 220),
        ("key", "client ID and secret", 182, 470),
    ]
    for kind, name, y, width in rows:
        drawing.path(f"M112 118C150 118 132 {y} 164 {y}")
        drawing.text(172, y + 5, name, "name", "start")
        drawing.bar(kind, 350, y - 10, width, 20)
    drawing.arrow(350, 226, 850, 226)
    for x, words in ((350, "now"), (570, "in an hour")):
        drawing.path(f"M{x} 220v12")
        drawing.text(x, 250, words, "quiet")
    drawing.text(846, 250, "until someone replaces it", "quiet", "end")
    drawing.text(440, 282, "What can a thief do with each of them?", "name")
    return drawing


def app_identity_whole() -> Drawing:
    drawing = Drawing(
        "How far each find reaches",
        "Three circles of damage on one axis of time. The bearer token opens every API that takes "
        "it, until its hour is over. The bound token opens only an API that never checks the "
        "binding. The client ID and secret bring one new token after another, each bound to the "
        "thief's key, until someone replaces the secret.",
        418,
    )
    drawing.text(40, 84, "bearer token", "name", "start")
    drawing.text(40, 104, "opens every API\nthat takes it", "quiet", "start")
    drawing.circle("thief", 340, 92, 58)
    drawing.text(340, 97, "for an hour")
    drawing.text(418, 86, "smaller with one audience,\nfew scopes, a short life", "quiet", "start")
    drawing.text(40, 190, "bound token", "name", "start")
    drawing.text(40, 210, "opens only an API that\nnever checks the binding", "quiet", "start")
    drawing.circle("thief", 340, 200, 14)
    drawing.text(418, 205, "anywhere else: 401", "quiet", "start")
    drawing.text(40, 304, "client ID and secret", "name", "start")
    drawing.text(40, 324, "get new tokens, bound\nto the thief's key", "quiet", "start")
    for n, words in enumerate(("token 1", "token 2", "token 3", "token 4", "…")):
        drawing.circle("thief", 340 + 112 * n, 308, 58)
        drawing.text(340 + 112 * n, 313, words)
    drawing.arrow(282, 386, 850, 386)
    for x, words in ((282, "now"), (398, "in an hour")):
        drawing.path(f"M{x} 380v12")
        drawing.text(x, 406, words, "quiet")
    drawing.text(846, 406, "until someone replaces the secret", "quiet", "end")
    return drawing


def tool_server() -> Drawing:
    drawing = Drawing(
        "An agent, a tool server, an API behind it",
        "An agent calls the tools of an MCP server with a token and a proof. Behind the server is "
        "an API, which the server calls itself. Two questions stand in the picture: what must the "
        "server look at before it lets the call in, and whose token does it send to the API?",
        230,
    )
    drawing.glyph("agent", 110, 80, "Agent")
    drawing.glyph("service", 450, 80, "MCP server")
    drawing.glyph("api", 780, 80, "API")
    drawing.arrow(154, 80, 410, 80)
    drawing.glyph("token", 244, 54, scale=0.72)
    drawing.glyph("proof", 284, 52, scale=0.66)
    drawing.text(320, 60, "a tool", anchor="start")
    drawing.arrow(490, 80, 740, 80)
    drawing.text(615, 66, "?", "name")
    drawing.note(450, 150, 250, "What must it look at\nbefore it lets the call in?")
    drawing.note(740, 150, 230, "Whose token does\nthe server send on?")
    return drawing


def tool_server_whole() -> Drawing:
    return lanes(
        "A tool server that asks for proofs, and exchanges",
        "The agent calls the MCP server without a token, and the 401 tells it where the metadata "
        "is. The metadata names the issuer, and the issuer gives it a token for this server. The "
        "agent calls again with token and proof. The gate checks both, and the tool runs. The "
        "server exchanges the token at the issuer for one to the API, bound to the server's own "
        "key, with the agent as sub and the server in act. It calls the API with that token and a "
        "proof of its own.",
        [
            ("service", "Issuer", 90),
            ("agent", "Agent", 256),
            ("service", "MCP server", 590),
            ("api", "API", 800),
        ],
        [
            Message(1, 2, "a tool, please"),
            Message(2, 1, "401, resource_metadata", style="code"),
            Message(1, 0, "resource=", ("proof",), style="code"),
            Message(0, 1, "for this server", ("token",)),
            Message(1, 2, "a tool", ("token", "proof")),
            Note(2, "the gate: aud is me,\nthe proof fits", 190),
            Message(2, 0, "exchange, for the API", ("token", "proof")),
            Message(0, 2, "sub: agent, act: server", ("token",)),
            Message(2, 3, "call", ("token", "proof")),
        ],
    )


_TILE, _STEP, _FIRST = 38, 46, 130  # pixels: a tile of the wall, from one to the next, the first


def _wall(drawing: Drawing, y: int, *, stop: int | None = None, hole: int | None = None) -> None:
    """Thirteen tiles; one may be where an attack ends, or be missing."""
    for n in range(13):
        x = _FIRST + n * _STEP
        if n == hole:
            drawing.path(f"M{x} {y}h{_TILE}v40h-{_TILE}z", "line lane")
        else:
            drawing.bar("no" if n == stop else "yes", x, y, _TILE, 40)
            drawing.text(x + _TILE / 2, y + 25, str(n + 1), "no" if n == stop else "")


def attack_lab() -> Drawing:
    drawing = Drawing(
        "A wall of thirteen rules",
        "A thief with a bag stands in front of a wall of thirteen tiles, the rules that a service "
        "checks for each proof. Behind the wall is an API with a note. In the bag are a token and "
        "proofs that were found, and no private key. Which tile stops which attack?",
        220,
    )
    drawing.glyph("thief", 60, 84, "Thief")
    drawing.glyph("token", 44, 160, scale=0.8)
    drawing.glyph("proof", 82, 158, scale=0.72)
    drawing.text(64, 196, "found in a log", "quiet")
    _wall(drawing, 64)
    drawing.text(426, 134, "thirteen rules, one after the other", "quiet")
    drawing.glyph("api", 806, 84, "A note")
    drawing.text(426, 176, "Which tile stops which attack?", "name")
    drawing.text(426, 196, "What if one is missing?", "name")
    return drawing


def attack_lab_whole() -> Drawing:
    drawing = Drawing(
        "Which attack ends where",
        "Three rows. In the first, the wall has all thirteen tiles, and an attack runs until tile "
        "eight stops it. In the second, tile eight is missing, and that one attack gets through to "
        "the note; no other tile stops it instead. In the third, three attacks go around the wall: "
        "a changed body, a person who said yes, a stolen client secret.",
        420,
    )
    ends = _FIRST + 7 * _STEP
    for y, name in ((40, "a proof for evil.example"), (160, "the same, and rule 8 is off")):
        drawing.text(_FIRST, y - 10, name, anchor="start")
        drawing.glyph("thief", 60, y + 20)
    _wall(drawing, 40, stop=7)
    drawing.arrow(94, 96, ends + _TILE / 2, 96)
    drawing.text(ends + 34, 101, "htu_matches", "code", "start")
    _wall(drawing, 160, hole=7)
    drawing.arrow(94, 216, 760, 216)
    drawing.glyph("api", 806, 180, "The note")
    drawing.text(_FIRST, 276, "what no rule stops", anchor="start")
    drawing.glyph("thief", 60, 330)
    _wall(drawing, 290)
    drawing.path("M94 346C108 366 118 372 140 372H700C730 372 746 352 756 336")
    drawing.path("M759 330l1 11-9-4z", "tip")
    drawing.glyph("api", 806, 310, "The note")
    words = "a changed body · a person who said yes · a stolen client secret"
    drawing.text(426, 396, words, "name")
    return drawing


def when_things_fail() -> Drawing:
    drawing = Drawing(
        "It says no",
        "An agent sends a request with a token and a proof, and the service says no. From there a "
        "tree leads to four leaves: retry, wait, fix, stop. By what in the answer does the agent "
        "choose its way?",
        306,
    )
    drawing.glyph("agent", 250, 62, "Agent")
    drawing.glyph("service", 630, 62, "Service")
    drawing.arrow(294, 50, 588, 50)
    drawing.glyph("token", 400, 28, scale=0.72)
    drawing.glyph("proof", 440, 26, scale=0.66)
    drawing.arrow(588, 76, 294, 76)
    drawing.glyph("no", 441, 76, scale=0.8)
    drawing.text(440, 140, "By what does it choose?", "name")
    for x, leaf, says in _LEAVES:
        drawing.path(f"M440 156V172H{x}V196")
        drawing.note(x, 196, 180, leaf, "name")
        drawing.text(x, 252, says, "quiet")
    return drawing


_LEAVES = (
    (113, "Retry", "again,\nwith a new proof"),
    (331, "Wait", "for as long\nas it says"),
    (549, "Fix", "change something\nfirst"),
    (767, "Stop", "sending it\nwon't help"),
)


def wrap_up() -> Drawing:
    drawing = Drawing(
        "A URL, and nothing else",
        "You stand on the left with three things in hand: an issuer's URL, a client's credentials "
        "and a key you are about to make. On the right is a service that you have never seen. Its "
        "token endpoint, its API, its nonces and its clock are drawn as question marks. Is there a "
        "dial tone?",
        272,
    )
    drawing.glyph("sponsor", 100, 120, "You")
    for y, kind, words in (
        (60, "document", "an issuer's URL"),
        (120, "token", "a client's credentials"),
        (180, "key", "a key, made now"),
    ):
        drawing.path(f"M140 120C170 120 166 {y} 196 {y}")
        drawing.glyph(kind, 216, y, scale=0.72)
        drawing.text(240, y + 5, words, anchor="start")
    drawing.arrow(420, 120, 562, 120)
    drawing.text(490, 106, "?", "name")
    drawing.glyph("service", 610, 120, "A stranger")
    for y, words in (
        (48, "token endpoint: ?"),
        (96, "API: ?"),
        (144, "nonces: ?"),
        (192, "clock: ?"),
    ):
        drawing.path(f"M652 120C680 120 676 {y} 704 {y}", "line lane")
        drawing.text(714, y + 5, words, anchor="start")
    drawing.text(440, 250, "Is there a dial tone?", "name")
    return drawing


PICTURES = {
    "lesson-00": start_here,
    "lesson-01": discovery,
    "lesson-01-whole": discovery_whole,
    "lesson-02": register,
    "lesson-02-whole": registered,
    "lesson-03": two_with_one_token,
    "lesson-03-whole": dpop_token,
    "lesson-04": verify_token,
    "lesson-05": call_apis,
    "lesson-06": laptop_agent,
    "lesson-06-whole": laptop_agent_whole,
    "lesson-07": app_identity,
    "lesson-07-whole": app_identity_whole,
    "lesson-08": workload_identity,
    "lesson-08-whole": workload_identity_whole,
    "lesson-09": delegation,
    "lesson-09-whole": delegation_whole,
    "lesson-10": tool_server,
    "lesson-10-whole": tool_server_whole,
    "lesson-11": attack_lab,
    "lesson-11-whole": attack_lab_whole,
    "lesson-12": when_things_fail,
    "lesson-13": wrap_up,
}


if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(draw().svg(), encoding="utf-8")
