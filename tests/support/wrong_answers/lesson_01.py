"""Wrong answers to the exercises of lesson 01."""

from __future__ import annotations

import operator
import unicodedata
from functools import partial
from urllib.parse import unquote, urlsplit

import httpx

from tests.support.wrong_answers import Chameleon, right, value, wrong

PROOF_ALGORITHMS = "dpop_signing_alg_values_supported"


@wrong("01.facts", "", "issuer of this document is")
def constants_from_the_screen(document):
    return "http://127.0.0.1:8787/realms/default", "http://127.0.0.1:8787/token", ["ES256"]


@wrong("01.facts", "", "glued")
def endpoint_built_by_hand(document):
    issuer = document["issuer"]
    return issuer, issuer.rstrip("/") + "/token", document[PROOF_ALGORITHMS]


@wrong("01.facts", "", "ID tokens")
def algorithms_of_id_tokens(document):
    algorithms = document["id_token_signing_alg_values_supported"]
    return document["issuer"], document["token_endpoint"], algorithms


@wrong("01.facts", "", "three values")
def two_values_only(document):
    return document["issuer"], document["token_endpoint"]


@wrong("01.facts", "", "raised KeyError")
def a_member_that_is_not_there(document):
    return document["issuer"], document["tokens"], document[PROOF_ALGORITHMS]


value("01.facts", "called-already", "without calling it", lambda lesson: ("a", "b", ["c"]))


@wrong("01.mix-up", "", "that is impersonation")
def everything_is_honest(asked, document):
    return True


@wrong("01.mix-up", "", "refused an honest document")
def nothing_is_honest(asked, document):
    return False


@wrong("01.mix-up", "M19", "slash at the end")
def slash_forgiven(asked, document):
    return str(document.get("issuer")).rstrip("/") == asked.rstrip("/")


@wrong("01.mix-up", "", "only the beginning")
def beginning_compared(asked, document):
    issuer = str(document.get("issuer"))
    return issuer.startswith(asked) and not issuer.endswith("/")


@wrong("01.mix-up", "", "ignored case")
def case_ignored(asked, document):
    return str(document.get("issuer")).lower() == asked.lower()


@wrong("01.mix-up", "", "only the host")
def host_compared(asked, document):
    issuer = str(document.get("issuer"))
    return urlsplit(issuer).netloc == urlsplit(asked).netloc and not issuer.endswith("/")


@wrong("01.mix-up", "", r"raised KeyError: 'issuer'\. It got 'https://[^']*', {")
def no_issuer_not_foreseen(asked, document):
    return document["issuer"] == asked


@wrong("01.mix-up", "", "True or False")
def no_yes_or_no(asked, document):
    return document.get("issuer") == asked and document


@wrong("01.origin", "", r"raised KeyError: ''\. It got 'https://.*', '[^']*'.$")
def a_table_of_ports_without_all_schemes(issuer, endpoint):
    ports = {"https": 443, "http": 80}
    places = [urlsplit(url) for url in (issuer, endpoint)]
    ends = {(p.scheme, p.hostname, p.port or ports[p.scheme]) for p in places}
    return len(ends) == 1 and places[1].username is None


@wrong("01.origin", "", "only the beginning of the host|user name")
def beginning_of_the_url(issuer, endpoint):
    return endpoint.lower().startswith("https://" + urlsplit(issuer).netloc) or (
        endpoint.startswith(issuer.partition("/realms/")[0])
    )


@wrong("01.origin", "", ":443 is the default port")
def string_of_the_origin(issuer, endpoint):
    return urlsplit(issuer).netloc == urlsplit(endpoint).netloc


@wrong("01.origin", "", "without https")
def host_alone(issuer, endpoint):
    return urlsplit(issuer).hostname == urlsplit(endpoint).hostname and (
        urlsplit(endpoint).username is None and urlsplit(endpoint).port != 8443
    )


@wrong("01.origin", "", "another port")
def port_forgotten(issuer, endpoint):
    one, other = urlsplit(issuer), urlsplit(endpoint)
    return one.hostname == other.hostname and other.username is None


@wrong("01.origin", "", "user name")
def user_name_forgotten(issuer, endpoint):
    def origin(url):
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"https": 443}.get(parts.scheme)

    return origin(issuer) == origin(endpoint)


@wrong("01.mix-up", "", "parsed URLs: case was lost|:443 was lost")
def parsed_urls_compared(asked, document):
    one, other = urlsplit(str(document.get("issuer"))), urlsplit(asked)
    return (one.hostname, one.path) == (other.hostname, other.path)


@wrong("01.mix-up", "", "stripped a space")
def space_stripped(asked, document):
    return str(document.get("issuer")).strip() == asked


@wrong("01.mix-up", "", "undid percent-encoding")
def percent_encoding_undone(asked, document):
    return unquote(str(document.get("issuer"))) == asked


@wrong("01.origin", "", "an origin has no path")
def begins_with_the_issuer(issuer, endpoint):
    return endpoint.startswith(issuer)


def named_members(names, document):
    return [document[name] for name in names]


class Facts:
    def __call__(self, document):
        return document["issuer"], document["token_endpoint"], tuple(document[PROOF_ALGORITHMS])


FACTS = ("issuer", "token_endpoint", PROOF_ALGORITHMS)
right("01.facts", "partial", partial(named_members, FACTS))
right("01.facts", "itemgetter", operator.itemgetter(*FACTS))
right("01.facts", "callable-object", Facts())


class Honest:
    def __call__(self, asked, document):
        return document.get("issuer") == asked


def bytes_compared(asked, document):
    issuer = document.get("issuer")
    return isinstance(issuer, str) and issuer.encode() == asked.encode()


right("01.mix-up", "lambda", lambda asked, document: document.get("issuer") == asked)
right("01.mix-up", "callable-object", Honest())
right("01.mix-up", "bytes", bytes_compared)


def by_httpx(issuer, endpoint):
    one, other = httpx.URL(issuer), httpx.URL(endpoint)
    same = (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)
    return same and not other.userinfo


def origin_of(default_ports, url):
    parts = urlsplit(url)
    port = parts.port or default_ports.get(parts.scheme)
    return parts.username, parts.scheme, parts.hostname, port


def by_a_helper(issuer, endpoint, default_ports=(("https", 443), ("http", 80))):
    return len({origin_of(dict(default_ports), url) for url in (issuer, endpoint)}) == 1


class SameOrigin:
    def __call__(self, issuer, endpoint):
        return by_a_helper(issuer, endpoint)


right("01.origin", "httpx", by_httpx)
right("01.origin", "keyword-default", by_a_helper)
right("01.origin", "callable-object", SameOrigin())


@wrong("01.mix-up", "M19", "and accepted a document that names")
def mends_the_asked_side_alone(asked, document):
    return asked.rstrip("/") == document.get("issuer")


@wrong("01.mix-up", "", "and accepted a document that names")
def lowers_the_asked_side_alone(asked, document):
    return asked.lower() == document.get("issuer")


@wrong("01.origin", "", "no port means 443")
def any_port_when_none_is_written(issuer, endpoint):
    one, other = urlsplit(issuer), urlsplit(endpoint)
    same = (one.scheme, one.hostname) == (other.scheme, other.hostname)
    return other.username is None and same and other.port in (None, 443, one.port)


@wrong("01.origin", "", "the default port of http is 80")
def port_443_for_every_scheme(issuer, endpoint):
    one, other = urlsplit(issuer), urlsplit(endpoint)
    places = [(part.scheme, part.hostname, part.port or 443) for part in (one, other)]
    return other.username is None and places[0] == places[1]


@wrong("01.facts", "", "issuer of this document is")
def facts_that_equal_everything(document):
    return Chameleon(), Chameleon(), Chameleon()


@wrong("01.facts", "", "For proofs this service lists")
def algorithms_that_equal_everything(document):
    count = len(document[PROOF_ALGORITHMS])
    return document["issuer"], document["token_endpoint"], [Chameleon()] * count


@wrong("01.facts", "", "of this document is|lists|ID tokens")
def facts_by_their_place(document):
    facts = [*document.values()]
    return facts[0], facts[1], facts[3]


@wrong("01.mix-up", "", "refused an honest document|impersonation")
def honest_by_the_number_of_members(asked, document):
    return len(document) == 2


@wrong("01.mix-up", "", "a wide r became a plain one: RFC 8414 §4 forbids that")
def unicode_normalized(asked, document):
    return unicodedata.normalize("NFKC", str(document.get("issuer"))) == asked


@wrong("01.mix-up", "", "an issuer that is a list")
def asked_is_somewhere_in_it(asked, document):
    issuer = document.get("issuer")
    return issuer == asked or (isinstance(issuer, list) and asked in issuer)


def also_looks_at_the_endpoints(asked, document):
    """Stricter than asked for, and still right about every document."""
    if document.get("issuer") != asked:
        return False
    return by_a_helper(asked, document["token_endpoint"])


right("01.mix-up", "endpoints-as-well", also_looks_at_the_endpoints)


@wrong("01.origin", "", "an @ in the path doesn't make a user name")
def no_at_anywhere_in_the_path(issuer, endpoint):
    return "@" not in endpoint.partition("?")[0] and by_a_helper(issuer, endpoint)


@wrong("01.origin", "", "an @ in the query doesn't make a user name")
def no_at_in_the_query(issuer, endpoint):
    return "@" not in urlsplit(endpoint).query and by_a_helper(issuer, endpoint)


@wrong("01.origin", "", ":80 is the default port of http")
def default_port_of_https_alone(issuer, endpoint):
    return by_a_helper(issuer, endpoint, (("https", 443),))


@wrong("01.origin", "", "the port is the same")
def no_port_but_the_default(issuer, endpoint):
    own = issuer.startswith("http://127.0.0.1")
    return by_a_helper(issuer, endpoint) and (own or urlsplit(endpoint).port in (None, 80, 443))


@wrong("01.origin", "", "host names ignore case")
def case_of_the_issuer_kept(issuer, endpoint):
    host = issuer.partition("://")[2].partition("/")[0].partition(":")[0]
    return by_a_helper(issuer, endpoint) and host == urlsplit(issuer).hostname


@wrong("01.origin", "", "no port means 443")
def written_port_of_the_issuer_kept(issuer, endpoint):
    return by_a_helper(issuer, endpoint) and ":443" not in issuer


@wrong("01.facts", "", "issuer of this document is|three values")
def facts_written_into_the_document(document):
    document.update({"issuer": "a", "token_endpoint": "b", PROOF_ALGORITHMS: ["c"]})
    return "a", "b", ["c"]


def facts_taken_out_of_the_document(document):
    return [document.pop(name) for name in FACTS]


right("01.facts", "pop", facts_taken_out_of_the_document)
