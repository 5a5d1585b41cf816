"""A provider of log-ins that speaks OpenID Connect and GitHub's OAuth over HTTP, for one person at a time.

`Provider.person` is who logs in there; nobody is asked for a password. It checks what a real one checks: the client, the
redirect, the code (once) and the PKCE verifier. `spoil` makes one thing wrong in the next id token.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET = "headwater-test", "a secret of the client"


@dataclass
class Person:
    """Who logs in at the provider."""

    number: int = 583_231
    username: str = "octavia"
    name: str = "Octavia Test"
    email: str | None = "octavia@example.org"
    verified: bool = True


@dataclass
class Provider:
    """The running provider."""

    url: str
    person: Person = field(default_factory=Person)
    spoil: dict[str, Any] = field(default_factory=dict)  # claims to put in place of the right ones
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=True))
    signs_with: ECKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def settings(self) -> dict[str, Any]:
        """The app's settings that offer this provider as GitHub and as any OpenID Connect server."""
        return {
            "github_client_id": CLIENT, "github_client_secret": SECRET, "github_url": self.url,
            "github_api_url": f"{self.url}/api", "oidc_client_id": CLIENT, "oidc_client_secret": SECRET,
            "oidc_issuer": self.url, "oidc_name": "Example Works",
        }  # fmt: skip

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": f"subject-{self.person.number}", "iat": now, "exp": now + 300,
            "nonce": nonce, "name": self.person.name, "preferred_username": self.person.username,
            "email": self.person.email, "email_verified": self.person.verified,
        } | self.spoil  # fmt: skip
        key = self.signs_with or self.key
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, key, ["ES256"])


class _Answers(BaseHTTPRequestHandler):
    provider: ClassVar[Provider]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        given = {name: values[0] for name, values in parse_qs(url.query).items()}
        one, person = self.provider, self.provider.person
        match url.path:
            case "/.well-known/openid-configuration":
                self._json({
                    "issuer": one.url, "authorization_endpoint": f"{one.url}/authorize",
                    "token_endpoint": f"{one.url}/token", "jwks_uri": f"{one.url}/keys",
                })  # fmt: skip
            case "/keys":
                self._json({"keys": [one.key.as_dict(private=False)]})
            case "/authorize" | "/login/oauth/authorize":
                self._authorize(given)
            case "/api/user" if self._let_in():
                self._json({"id": person.number, "login": person.username, "name": person.name})
            case "/api/user/emails" if self._let_in():
                self._json([{"email": person.email, "primary": True, "verified": person.verified}])
            case _:
                self._json({"error": "not here"}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        given = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.provider.codes.pop(given.get("code", ""), None)
        if fault := self._fault_of(given, asked):
            self.provider.refused.append(fault)
            self._json({"error": "invalid_grant", "error_description": fault}, 400)
            return
        assert asked is not None
        token = secrets.token_urlsafe(16)
        self.provider.tokens.add(token)
        answer = {"access_token": token, "token_type": "bearer"}
        if urlsplit(self.path).path == "/token":
            answer["id_token"] = self.provider.id_token(asked.get("nonce", ""))
        self._json(answer)

    def _authorize(self, given: dict[str, str]) -> None:
        assert given["response_type"] == "code"
        assert given["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.provider.codes[code] = given
        back = urlencode({"code": code, "state": given["state"]})
        self.send_response(302)
        self.send_header("Location", f"{given['redirect_uri']}?{back}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _fault_of(self, given: dict[str, str], asked: dict[str, str] | None) -> str:
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if asked is None:
            return "code"
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT, SECRET):
            return "client"
        if given.get("redirect_uri") != asked["redirect_uri"]:
            return "redirect_uri"
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return "" if proof == asked["code_challenge"] else "code_verifier"

    def _let_in(self) -> bool:
        return self.headers.get("Authorization", "").removeprefix("Bearer ") in self.provider.tokens

    def _json(self, value: object, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests need no log of it."""


@contextmanager
def serve_provider() -> Iterator[Provider]:
    """A provider on a free port until the block ends."""
    handler = type("Answers", (_Answers,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.provider = Provider(f"http://127.0.0.1:{server.server_address[1]}")  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield handler.provider  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
