"""The sequence diagram: who, what, in which order; readable by everyone, and nothing secret."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import pairwise

import httpx
import pytest

from dialtone_kit.client.dpop_auth import DPoPAuth
from dialtone_kit.keys import ProofKey
from dialtone_kit.wire import picture
from dialtone_kit.wire.recorder import Wire
from dialtone_kit.wire.sequence import Step, sequence

KEY, ISSUER = ProofKey.generate(), "https://id.example/realms/default"
SVG = "{http://www.w3.org/2000/svg}"
DEMAND = {"DPoP-Nonce": "n1", "WWW-Authenticate": 'DPoP error="use_dpop_nonce"'}
Service = Callable[[httpx.Request], httpx.Response]


def talk(service: Service) -> tuple[Wire, httpx.Client]:
    wire = Wire()
    transport = wire.transport(httpx.MockTransport(service))
    return wire, httpx.Client(transport=transport, trust_env=False)


def svg_of(html: str) -> ET.Element:
    return ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])


def texts(html: str) -> list[str]:
    return [node.text or "" for node in svg_of(html).iter(f"{SVG}text")]


def test_a_retry_with_the_nonce_is_told_apart_from_the_demand() -> None:
    answers = iter([httpx.Response(401, headers=DEMAND), httpx.Response(200)])
    wire, http = talk(lambda _: next(answers))  # demanded in a header alone, as a resource may
    http.get(f"{ISSUER}/api", auth=DPoPAuth(KEY, "aaaa.bbbb.cccc"))
    shown = wire.sequence()
    first, demand, again, welcome = shown.text.splitlines()
    assert "again" not in first
    assert demand.endswith("? 401 use_dpop_nonce: asks for a nonce")
    assert again.endswith("(again, with the nonce)")
    assert welcome.endswith("✓ 200 OK")
    assert "again, with the nonce" in texts(shown.html)


def test_one_service_is_called_so_and_two_are_told_apart_by_their_origins() -> None:
    wire, http = talk(lambda _: httpx.Response(200))
    http.get(f"{ISSUER}/a")
    assert wire.sequence().text.startswith("agent ──▶ service  GET")
    assert "service" in texts(wire.sequence().html)
    http.get("https://tools.example/mcp")
    first, _, other, _ = wire.sequence().text.splitlines()
    assert first.startswith("agent ──▶ https://id.example  GET")
    assert other.startswith("agent ──▶ https://tools.example  GET")


def test_alone_the_service_that_was_called_last_has_the_diagram_to_itself() -> None:
    wire, http = talk(lambda _: httpx.Response(200))
    assert wire.sequence(alone=True).text == Wire().sequence().text
    for url in (f"{ISSUER}/a", "https://tools.example/1", "https://tools.example/2"):
        http.get(url)
    asked = [line for line in wire.sequence(alone=True).text.splitlines() if "──▶" in line]
    assert [line.split()[-1] for line in asked] == ["/1", "/2"]
    assert wire.sequence(1, alone=True).text.startswith("agent ──▶ service  GET /2")


def test_the_same_request_later_is_not_called_a_retry() -> None:
    wire, http = talk(lambda _: httpx.Response(401, json={"error": "use_dpop_nonce"}))
    for _ in range(2):
        http.get(ISSUER, headers={"DPoP": "junk"})
    assert "again" not in wire.sequence().text


def test_it_has_a_title_and_all_of_it_in_words() -> None:
    wire, http = talk(lambda _: httpx.Response(404, json={"error": "not_found"}))
    http.get(f"{ISSUER}/a")
    shown = wire.sequence()
    svg = svg_of(shown.html)
    assert svg.get("role") == "img"
    names = {node.get("id"): node.text or "" for node in svg if node.get("id")}
    assert names[svg.get("aria-labelledby")] == "Sequence diagram, 1 round trip"
    assert shown.text in names[svg.get("aria-describedby")]
    assert f"<pre>Sequence diagram, 1 round trip.\n{shown.text}</pre></details>" in shown.html


@pytest.mark.parametrize("count", [1, 2, 30])
def test_every_round_trip_has_its_own_place(count: int) -> None:
    wire, http = talk(lambda _: httpx.Response(200))
    for n in range(count):
        http.get(f"{ISSUER}/{n}")
    svg = svg_of(wire.sequence().html)
    height = float(svg.get("viewBox", "").split()[3])
    written = [(node.text or "", float(node.get("y", ""))) for node in svg.iter(f"{SVG}text")]
    asked = [y for content, y in written if "GET" in content]
    assert len(asked) == count
    assert all(later - earlier >= 4 * picture.LINE for earlier, later in pairwise(asked))
    assert max(y for _, y in written) < height


def test_a_long_label_is_wrapped_and_nothing_of_it_is_lost() -> None:
    wire, http = talk(lambda _: httpx.Response(200))
    path = "/realms/" + "segment/" * 30 + "y" * 200
    http.get(f"https://id.example{path}")
    shown = texts(wire.sequence().html)
    start = next(n for n, one in enumerate(shown) if one.startswith("GET"))
    joined = "".join(shown[start : start + 8])
    assert f"GET{path}" in joined.replace(" ", "")
    assert max(map(len, shown)) * picture.CHARACTER < 640


def test_a_secret_across_a_line_break_is_masked_before_it_is_broken() -> None:
    secret = "sec_" + "k" * 90
    step = Step("https://h.example", f"GET /{secret}", "200", "good")
    drawn = sequence([step], "T").html
    assert "k" * 12 not in drawn


def test_addresses_are_masked_also_in_what_went_wrong() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("ada@example.com hung up")

    wire, http = talk(broken)
    with pytest.raises(httpx.ConnectError):
        http.get(f"{ISSUER}/ada@example.com")
    shown = wire.sequence()
    assert "ada@" not in shown.html + shown.text
    assert "no response: a…@example.com hung up" in shown.text


def test_what_came_along_is_drawn_by_name() -> None:
    wire, http = talk(lambda _: httpx.Response(200))
    http.get(ISSUER, auth=DPoPAuth(KEY, "aaaa.bbbb.cccc"))
    assert "[DPoP proof, access token]" in wire.sequence().text
    assert {"DPoP proof", "access token"} < set(texts(wire.sequence().html))


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("palette", "ground"), [("LIGHT", "#ffffff"), ("DARK", "#111111")])
def test_every_colour_can_be_read_on_jupyterlabs_ground(palette: str, ground: str) -> None:
    colours = {n: c for n, c in vars(picture)[palette].items() if c.startswith("#")}
    assert len(colours) == 7
    for name, colour in colours.items():
        bright, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, name


def test_two_pictures_on_one_page_do_not_share_an_id() -> None:
    one = sequence([Step("s", "a", "b", "good")], "T").html
    other = sequence([Step("s", "a", "b", "good")], "T").html
    ids = re.findall(r' id="([^"]+)"', one + other)
    assert len(ids) == len(set(ids)) == 4
