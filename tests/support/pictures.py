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
}


if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(draw().svg(), encoding="utf-8")
