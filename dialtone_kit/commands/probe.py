"""`dialtone probe`: the attacks of lesson 11 and as many good calls, against any verifier."""

from __future__ import annotations

import click

from dialtone_kit.attacks.calls import Target
from dialtone_kit.attacks.over_http import Sender, must_be_allowed
from dialtone_kit.attacks.probing import Issued, probe
from dialtone_kit.base.errors import DialtoneError
from dialtone_kit.base.urls import same_origin
from dialtone_kit.client.identity import IdentityClient
from dialtone_kit.commands.probe_report import FORMATS, Report
from dialtone_kit.commands.signals import end_in_order
from dialtone_kit.lesson.registering import ensure_credentials
from dialtone_kit.local import place
from dialtone_kit.local.controls import Controls

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFUSALS = (400, 401, 403)  # what a verifier answers to a call that it does not let in


class Undecided(click.ClickException):
    """The verifier can't be judged: exit code 2, whatever the reason."""

    exit_code = 2


@click.command
@click.argument("url")
@click.option("--issuer", help="Whose tokens it takes.  [default: the local service]")
@click.option("--audience", help="Whom the tokens are for: the API's URL, or another name.")
@click.option("--scope", default="openid", show_default=True, help="What the tokens are for.")
@click.option("--method", type=click.Choice(METHODS), default="GET", show_default=True)
@click.option(
    "--ok",
    type=click.IntRange(200, 599),
    default=200,
    show_default=True,
    help="The status of a good call.",
)
@click.option("--i-may-test", metavar="HOST", help="Needed for a host other than this machine.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text")
def command(
    url: str,
    issuer: str | None,
    audience: str | None,
    scope: str,
    method: str,
    ok: int,
    i_may_test: str | None,
    form: str,
) -> int:
    """Try good calls and attacks on an API of yours that takes DPoP tokens.

    Exit code 0: every attack that could be tried was held. 1: one got in, or a good call was
    refused. 2: can't judge, for instance since the API fails or locks its caller out.
    Good calls take effect, so name one that does no harm; no body is sent. Test only what is
    yours: a host other than this machine has to be named twice.

    \b
    Example: dialtone probe http://127.0.0.1:5000/notes --audience http://127.0.0.1:5000
    """
    end_in_order()
    if ok in REFUSALS:
        raise click.UsageError(f"--ok {ok} is how a verifier refuses. Give a good call's status.")
    try:
        must_be_allowed(url, i_may_test)
        target, client = Target(method, url.partition("#")[0]), _client(issuer, scope)
        issued, report = Issued(client, scope, audience), Report(target, client.issuer, form)
        with Sender(url) as send:
            for outcome in probe(send, issued, target, ok):
                report.add(outcome)
    except DialtoneError as why:
        raise Undecided(f"can't judge: {why}") from None
    return report.end()


def _client(issuer: str | None, scope: str) -> IdentityClient:
    """Your client at `issuer`: a stored one, or at the local service also a new one."""
    local = place.running() if issuer else place.ensure(say=_say)
    ours = local is not None and (issuer is None or same_origin(issuer, local.base_url))
    controls = None
    if local is not None and ours:
        place.only_it(local)
        controls = Controls(place.for_controls)
    base_url = issuer or (local.base_url if local else "")
    client = IdentityClient(base_url, None if issuer else "default")
    ensure_credentials(client, scope.split(), controls=controls, say=_say)
    return client


def _say(line: str) -> None:
    click.echo(line, err=True)
