"""Round trips as a sequence diagram: who sent what to whom."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from dialtone_kit.base.challenges import challenges
from dialtone_kit.base.display import Shown
from dialtone_kit.base.reason import Reason
from dialtone_kit.wire.record import Message, RoundTrip
from dialtone_kit.wire.sequence import Step, Tone, sequence
from dialtone_kit.wire.view import NOTHING, outcome

_WORDS = {
    "DPoP-Nonce": "nonce",
    "access_token": "access token",
    "basic": "client secret",
    "client_secret": "client secret",
    "dpop_proof": "DPoP proof",
    "poll_token": "poll token",
    "verification_code": "code",
}


def diagram(trips: Sequence[RoundTrip]) -> Shown:
    """A lane for the agent and one for each origin; a round trip is two arrows.

    A single origin is called the service, as `lesson.said()` calls it.
    """
    if not trips:
        return Shown(f"<em>{NOTHING}</em>", NOTHING)
    before: list[RoundTrip | None] = [None, *trips[:-1]]
    names = _names({origin_of(trip) for trip in trips})
    steps = [_step(trip, earlier, names) for trip, earlier in zip(trips, before, strict=True)]
    count = "1 round trip" if len(trips) == 1 else f"{len(trips)} round trips"
    return sequence(steps, f"Sequence diagram, {count}")


def _names(origins: set[str]) -> dict[str, str]:
    return {origin: origin if len(origins) > 1 else "service" for origin in origins}


def _step(trip: RoundTrip, earlier: RoundTrip | None, names: Mapping[str, str]) -> Step:
    answers = earlier is not None and _asks_for_nonce(earlier) and _is_again(trip, earlier)
    return Step(
        service=names[origin_of(trip)],
        asks=f"{trip.method} {urlsplit(trip.url).path or '/'}",
        says=_says(trip),
        tone=_tone(trip),
        carries=_carried(trip.request.secrets),
        aside="again, with the nonce" if answers else "",
    )


def origin_of(trip: RoundTrip) -> str:
    """The origin that was called."""
    parts = urlsplit(trip.url)
    return f"{parts.scheme}://{parts.netloc}"


def _carried(names: Sequence[str]) -> list[str]:
    """What of interest a message carries: by name, never by value."""
    return list(dict.fromkeys(_WORDS[name] for name in names if name in _WORDS))


def _says(trip: RoundTrip) -> str:
    if trip.response is None:
        return outcome(trip)
    if _asks_for_nonce(trip):
        return f"{trip.status} use_dpop_nonce: asks for a nonce"
    names = [*trip.response.secrets, *(name for name, _ in trip.response.headers)]
    error, carried = error_of(trip.response), ", ".join(_carried(names))
    result = f"{trip.status} {error}" if error else outcome(trip)
    return result + (f" with {carried}" if carried else "")


def _tone(trip: RoundTrip) -> Tone:
    if _asks_for_nonce(trip):
        return "asks"
    return "good" if trip.status is not None and trip.status < 400 else "refused"


def _asks_for_nonce(trip: RoundTrip) -> bool:
    return trip.response is not None and error_of(trip.response) == "use_dpop_nonce"


def _is_again(trip: RoundTrip, earlier: RoundTrip) -> bool:
    """Whether this is the request before, with a nonce in its proof."""
    claims = [jwt.claims for jwt in trip.request.jwts if jwt.name == "dpop_proof"]
    proved = any(isinstance(one, dict) and one.get("nonce") for one in claims)
    return proved and (trip.method, trip.url) == (earlier.method, earlier.url)


def rule_of(body: str) -> str:
    """The rule that the description of a refusal begins with; "" if it names none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    said = told.get("error_description") if isinstance(told, dict) else None
    return Reason.read(said).rule if isinstance(said, str) else ""


def error_of(response: Message) -> str:
    """The code of a refusal: from its line of the JSON, else from a challenge."""
    match = re.search(r'^  "error": "([a-z_]{1,40})"', response.body, re.M)
    if match:
        return match[1]
    fields = [value for name, value in response.headers if name.lower() == "www-authenticate"]
    errors = [one.parameters.get("error", "") for one in challenges(", ".join(fields))]
    return next((error for error in errors if re.fullmatch("[a-z_]{1,40}", error)), "")
