"""Log-in at another site: OAuth 2.0 with PKCE for GitHub, OpenID Connect for Google and any other server.

Speaks the protocol and believes nobody but the provider itself: the state ties the answer to the browser that began, the
nonce ties the id token to this log-in, the verifier ties the code to us, and the id token's signature, issuer, audience and
time are checked. What follows for an account is in `oauth.py`. Nothing here touches the database.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from lake.kit.log import get_log
from platform_app.errors import Refused
from platform_app.identity.oauth import Arrival
from platform_app.settings import Settings

PATIENCE = 10  # seconds that a provider has for each answer
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]  # never a symmetric one, never none
LEEWAY = 60  # seconds that clocks may differ


class ProviderFault(Refused):
    """The log-in at the other site did not work; nothing was changed here. HTTP 400."""

    code = "provider_fault"


@dataclass(frozen=True, slots=True)
class Flow:
    """What is remembered between leaving for the provider and coming back; kept by the visitor's browser, sealed."""

    provider: str
    state: str
    nonce: str
    verifier: str


class Provider(ABC):
    """One site with which people can log in."""

    def __init__(self, name: str, title: str, issuer: str, client: tuple[str, str], scope: str) -> None:
        self.name, self.title, self.issuer = name, title, issuer
        self._client, self._scope = client, scope

    def begin(self, redirect_uri: str) -> tuple[str, Flow]:
        """The provider's address to send the browser to, and what to remember. ProviderFault when it is away."""
        flow = Flow(self.name, secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64))
        with self._trouble(), self._session(redirect_uri) as session:
            address, _ = session.create_authorization_url(
                self._places()["authorization_endpoint"],
                state=flow.state,
                code_verifier=flow.verifier,
                **self._extra(flow),
            )
        return str(address), flow

    def finish(self, redirect_uri: str, came_back_to: str, flow: Flow) -> Arrival:
        """Who it is, from the address the browser came back to. ProviderFault when anything does not fit."""
        given = {name: values[0] for name, values in parse_qs(urlsplit(came_back_to).query).items()}
        if not secrets.compare_digest(given.get("state", ""), flow.state):
            raise self._fault("state")
        if "iss" in given and given["iss"] != self.issuer:  # RFC 9207: another server's answer
            raise self._fault("iss")
        if "code" not in given:
            raise self._fault(given.get("error", "no_code"))
        with self._trouble(), self._session(redirect_uri) as session:
            token = session.fetch_token(
                self._places()["token_endpoint"],
                code=given["code"],
                grant_type="authorization_code",
                code_verifier=flow.verifier,
            )
            return self._identify(session, token, flow)

    @abstractmethod
    def _places(self) -> dict[str, Any]:
        """The provider's endpoints, named as OpenID Connect Discovery names them."""

    @abstractmethod
    def _identify(self, session: OAuth2Session, token: dict[str, Any], flow: Flow) -> Arrival:
        """Who the token was given for."""

    def _extra(self, flow: Flow) -> dict[str, str]:
        return {}

    def _session(self, redirect_uri: str) -> OAuth2Session:
        client_id, client_secret = self._client
        return OAuth2Session(
            client_id,
            client_secret,
            scope=self._scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
            default_timeout=PATIENCE,
        )

    def _fault(self, why: str) -> ProviderFault:
        get_log().warning("provider_refused", provider=self.name, why=why[:60])
        return ProviderFault(f"The log-in with {self.title} did not work: try again, or use your password.")

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """Turn whatever a provider may do wrong into one fault that names no value."""
        try:
            yield
        except (OAuthError, JoseError, requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise self._fault(type(error).__name__) from None


class GitHub(Provider):
    """GitHub is OAuth 2.0 without id tokens: its API says who somebody is and which address is verified."""

    def __init__(self, settings: Settings) -> None:
        client = (settings.github_client_id, settings.github_client_secret.get_secret_value())
        super().__init__("github", "GitHub", settings.github_url.rstrip("/"), client, "read:user user:email")
        self._api = settings.github_api_url.rstrip("/")

    def _places(self) -> dict[str, Any]:
        base = f"{self.issuer}/login/oauth"
        return {"authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/access_token"}

    def _identify(self, session: OAuth2Session, token: dict[str, Any], flow: Flow) -> Arrival:
        person = _asked(session, f"{self._api}/user")
        addresses = _asked(session, f"{self._api}/user/emails")
        primary: dict[str, Any] = next((one for one in addresses if one.get("primary")), {})
        return Arrival(
            provider=self.name,
            issuer=self.issuer,
            subject=str(int(person["id"])),
            username=_text(person.get("login")),
            display_name=_text(person.get("name")) or _text(person.get("login")) or "",
            email=_text(primary.get("email")),
            email_verified=primary.get("verified") is True,
        )


class OpenId(Provider):
    """Any OpenID Connect server; its endpoints and keys come from its discovery document."""

    def __init__(self, name: str, title: str, issuer: str, client: tuple[str, str]) -> None:
        super().__init__(name, title, issuer.rstrip("/"), client, "openid email profile")
        self._found: dict[str, Any] | None = None
        self._keys: KeySet | None = None

    def _places(self) -> dict[str, Any]:
        if self._found is None:
            found = _fetched(f"{self.issuer}/.well-known/openid-configuration")
            if str(found["issuer"]).rstrip("/") != self.issuer:
                raise ValueError("the discovery document names another issuer")
            self._found = found
        return self._found

    def _extra(self, flow: Flow) -> dict[str, str]:
        return {"nonce": flow.nonce}

    def _identify(self, session: OAuth2Session, token: dict[str, Any], flow: Flow) -> Arrival:
        claims = dict(self._claims(token, flow))
        if "email" not in claims and "userinfo_endpoint" in self._places():
            more = _asked(session, self._places()["userinfo_endpoint"])
            if more.get("sub") != claims["sub"]:
                raise ValueError("userinfo is about somebody else")
            claims = more | claims
        return Arrival(
            provider=self.name,
            issuer=self.issuer,
            subject=str(claims["sub"]),
            username=_text(claims.get("preferred_username")) or _text(claims.get("email")),
            display_name=_text(claims.get("name")) or "",
            email=_text(claims.get("email")),
            email_verified=claims.get("email_verified") in (True, "true"),
        )

    def _claims(self, token: dict[str, Any], flow: Flow) -> CodeIDToken:
        encoded = str(token["id_token"])
        try:
            verified = jwt.decode(encoded, self._key_set(), ALGORITHMS)
        except (InvalidKeyIdError, ValueError):  # the provider may have a new key
            self._keys = None
            verified = jwt.decode(encoded, self._key_set(), ALGORITHMS)
        claims = CodeIDToken(
            verified.claims,
            verified.header,
            {
                "iss": {"essential": True, "value": str(self._places()["issuer"])},
                "aud": {"essential": True, "value": self._client[0]},
                "nonce": {"essential": True, "value": flow.nonce},
            },
            {"nonce": flow.nonce, "client_id": self._client[0], "access_token": token.get("access_token")},
        )
        claims.validate(leeway=LEEWAY)
        return claims

    def _key_set(self) -> KeySet:
        if self._keys is None:
            self._keys = KeySet.import_key_set(_fetched(self._places()["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys


def offered(settings: Settings) -> dict[str, Provider]:
    """The providers whose settings are there, by name, in the order of their buttons."""
    found: list[Provider] = []
    if settings.github_client_id:
        found.append(GitHub(settings))
    if settings.google_client_id:
        client = (settings.google_client_id, settings.google_client_secret.get_secret_value())
        found.append(OpenId("google", "Google", settings.google_issuer, client))
    if settings.oidc_client_id and settings.oidc_issuer:
        client = (settings.oidc_client_id, settings.oidc_client_secret.get_secret_value())
        found.append(OpenId("oidc", settings.oidc_name, settings.oidc_issuer, client))
    return {provider.name: provider for provider in found}


def _asked(session: OAuth2Session, address: str) -> Any:
    answer = session.get(address, headers={"Accept": "application/json"})
    answer.raise_for_status()
    return answer.json()


def _fetched(address: str) -> dict[str, Any]:
    answer = requests.get(address, timeout=PATIENCE, headers={"Accept": "application/json"})
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise TypeError("not an object")
    return found


def _text(value: object) -> str | None:
    """A text of at most 254 characters; None for anything else."""
    return value.strip()[:254] if isinstance(value, str) and value.strip() else None
