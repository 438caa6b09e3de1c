"""notebooks/pictures/*.svg, drawn here: `python -m tests.support.pictures`."""

from __future__ import annotations

from pathlib import Path

from tests.support.drawing import Drawing, Message, Note, lanes

FOLDER = Path(__file__).parents[2] / "notebooks" / "pictures"


def start_here() -> Drawing:
    drawing = Drawing(
        "Who is who",
        "You run an agent: the cells of this notebook. The agent sends requests to the identity "
        "service. The service mails a code to the sponsor, which is you again, and the sponsor "
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
    drawing.text(408, 46, "mails a code", anchor="start")
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
        "Everything from one URL",
        "The agent knows one thing: the issuer's URL. It asks for the discovery document there. "
        "If the issuer in the document is the one it asked for, it uses exactly the URLs that the "
        "document lists: token endpoint, keys, registration. If it is another issuer, it stops.",
        300,
    )
    drawing.glyph("agent", 90, 80, "Agent")
    drawing.text(90, 141, "knows the issuer", "quiet")
    drawing.glyph("document", 400, 80, "Discovery document")
    drawing.arrow(132, 80, 372, 80)
    drawing.text(252, 68, "GET issuer/.well-known/…", "code")
    rows = [
        ("issuer", "who says all this", 44),
        ("token_endpoint", "tokens come from here", 94),
        ("jwks_uri", "the service's public keys", 144),
        ("registration endpoints", "new clients go here", 194),
    ]
    for name, meaning, y in rows:
        drawing.path(f"M424 80C490 80 520 {y}  566 {y}")
        drawing.text(576, y + 2, name, "code", "start")
        drawing.text(576, y + 20, meaning, "quiet", "start")
    drawing.arrow(400, 134, 400, 178)
    drawing.note(400, 180, 272, "Is its issuer the one I asked for?")
    drawing.arrow(330, 214, 290, 244)
    drawing.arrow(470, 214, 510, 244)
    drawing.glyph("no", 110, 264, scale=0.9)
    drawing.text(132, 269, "no: stop, someone is lying", "no", "start")
    drawing.glyph("yes", 446, 264, scale=0.9)
    drawing.text(468, 269, "yes: use exactly these URLs", "yes", "start")
    return drawing


def register() -> Drawing:
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
            Message(0, 1, "I am my-agent,\nand Ada vouches for me"),
            Message(1, 0, "enrollment_id, poll_token", style="code"),
            Message(1, 2, "a mail with a code", ("mail",)),
            Message(2, 0, "the code, from person to agent"),
            Message(0, 1, "ID, poll token, code"),
            Message(1, 0, "client_id, client_secret\nshown once", style="code"),
        ],
    )


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
        "Four questions to a token",
        "A token passes four checks in turn: is it well formed, is it signed by a key of this "
        "issuer, are issuer, audience and time right, and is cnf.jkt the thumbprint of my key. "
        "Only a token that passes all four is mine and genuine. One no is enough to refuse it.",
        262,
    )
    drawing.glyph("token", 64, 94, "Token")
    questions = [
        "well\nformed?",
        "signed by a key\nof this issuer?",
        "issuer, audience\nand time right?",
        "cnf.jkt is\nmy key?",
    ]
    for n, question in enumerate(questions):
        x = 188 + 164 * n
        drawing.arrow(96 if n == 0 else x - 94, 94, x - 68, 94)
        drawing.note(x, 68, 132, question)
        drawing.text(x, 56, str(n + 1), "quiet")
        drawing.path(f"M{x} 121V180", "line lane")
    drawing.arrow(748, 94, 784, 94)
    drawing.glyph("yes", 812, 94, "genuine,\nand mine")
    drawing.path("M188 180H680")
    drawing.arrow(434, 180, 434, 204)
    drawing.glyph("no", 268, 226, scale=0.9)
    drawing.text(
        290, 231, "a single no: refuse it, and say which question it failed", "no", "start"
    )
    return drawing


def call_apis() -> Drawing:
    return lanes(
        "Every call with its own proof",
        "The agent calls the API with its token and a proof that names the method, the URL and the "
        "token's hash. The API checks the token, and that the proof is for this call, for this "
        "token, by the token's key, and new: 200. The next call brings the next proof: 200. A "
        "thief who copied token and proof sends the same ones again and is refused: 401.",
        [("agent", "Agent", 130), ("api", "API", 450), ("thief", "Thief, with a copy", 770)],
        [
            Message(0, 1, "call 1", ("token", "proof")),
            Note(1, "token genuine? proof for this call,\nthis token, by its key, and new?", 290),
            Message(1, 0, "200", style="yes"),
            Message(0, 1, "call 2, a new proof", ("token", "proof")),
            Message(1, 0, "200", style="yes"),
            Message(2, 1, "a copy of call 2", ("token", "proof")),
            Message(1, 2, "401: this proof was used", style="no"),
        ],
    )


def laptop_agent() -> Drawing:
    return lanes(
        "A device and a browser",
        "An agent on a device without a browser asks the service for a login. It gets a device "
        "code and a user code, shows the user code, and asks every five seconds: not yet. A "
        "person types the user code into the service's page, in a browser somewhere else, and "
        "says yes. The agent's next question brings a token for that person, bound to the "
        "agent's key. Only the user code joins the two sides.",
        [
            ("agent", "Agent, no browser", 130),
            ("service", "Identity service", 450),
            ("sponsor", "Person, with a browser", 750),
        ],
        [
            Message(0, 1, "I want to log in"),
            Message(1, 0, "device code, user code"),
            Note(0, "shows the user code", 180),
            Message(0, 1, "device code: is it done?", ("proof",)),
            Message(1, 0, "not yet, ask in 5 s", style="quiet"),
            Message(2, 1, "user code, and yes"),
            Message(0, 1, "device code: is it done?", ("proof",)),
            Message(1, 0, "for that person, my key", ("token",)),
        ],
    )


PICTURES = {
    "lesson-00": start_here,
    "lesson-01": discovery,
    "lesson-02": register,
    "lesson-03": dpop_token,
    "lesson-04": verify_token,
    "lesson-05": call_apis,
    "lesson-06": laptop_agent,
}


if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(draw().svg(), encoding="utf-8")
