"""Two OpenID providers on loopback, Canaille and LemonLDAP::NG: each has one client, and users in groups.

Both publish metadata for discovery, enforce PKCE, return `nonce`, `at_hash`, `auth_time` and the groups in the ID token, sign with RS256, and
end their own sign-in at `end_session_endpoint`. Neither sends logout tokens, or `hd`.
"""

import ctypes
import datetime
import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from canaille.backends.memory.backend import MemoryBackend
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

PORTAL = Path(__file__).parent.parent / "Perl" / "portal.psgi"


def listen(port: int, application: Any) -> Any:
    """Serves a WSGI application at this port of loopback, or at a free one for 0, with a thread a request."""
    server = make_server("127.0.0.1", port, application, threaded=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def signing_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


def find(self: MemoryBackend, model: Any, **criteria: Any) -> list[Any]:
    """Finds what matches all criteria, as Canaille's databases do; its memory finds what matches any of them."""
    if not criteria:
        return any_of(self, model)
    matches = [{found.id: found for found in any_of(self, model, **{name: it})} for name, it in criteria.items()]
    return [found for key, found in matches[0].items() if all(key in others for others in matches[1:])]


any_of = MemoryBackend.do_query
MemoryBackend.do_query = find


class Canaille:
    """Canaille, in the memory of this process: what it knows survives `stop`, not the process.

    It requires a nonce, sends `iss` with codes and `amr` in ID tokens, writes `auth_time` with a fraction, and shows changed groups at the next
    request. It asks again for the password for `prompt=login` and `max_age`: without end for `max_age=0`, and for `prompt=login` when the user
    has not consented before. It sends neither `acr` nor `email_verified`, and no `groups` of a user without any.
    """

    def __init__(self, request: dict[str, Any]):
        server = listen(request.get("port", 0), lambda environ, start: self.app(environ, start))
        host = f"127.0.0.1:{server.server_port}"
        self.app = create_app(
            config={
                "SECRET_KEY": os.urandom(16).hex(),
                "SERVER_NAME": host,
                "PREFERRED_URL_SCHEME": "http",
                "OAUTH2_TOKEN_EXPIRES_IN": {"authorization_code": request.get("lifetime", 3600), "refresh_token": 3600},
                "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "HTMX": False},
                "CANAILLE_OIDC": {"ACTIVE_JWKS": [signing_key().as_dict(private=True)]},
            }
        )
        self.issuer = f"http://{host}"
        self.server = server
        with self.app.app_context():
            for user in request["users"]:
                self.add(**user)
            client = models.Client(
                client_id="gatehouse",
                client_name="Gatehouse",
                client_secret=request["secret"],
                client_id_issued_at=datetime.datetime.now(datetime.timezone.utc),
                redirect_uris=request["redirects"],
                post_logout_redirect_uris=request.get("logout_redirects", []),
                grant_types=["authorization_code", "refresh_token"],
                response_types=["code"],
                scope=["openid", "profile", "email", "groups"],
                token_endpoint_auth_method=request.get("authentication", "client_secret_basic"),
                # Its own choice for an RSA key is RS512.
                id_token_signed_response_alg="RS256",
            )
            Backend.instance.save(client)
            # An ID token without it has an empty `aud`.
            client.audience = [client]
            Backend.instance.save(client)

    def add(self, login: str, name: str, email: str, password: str, groups: list[str] = []) -> None:
        user = models.User(user_name=login, formatted_name=name, family_name=name, emails=[email], password=password)
        Backend.instance.save(user)
        for group in groups:
            self.change(group, lambda members: [*members, user])

    def change(self, group: str, how: Any) -> None:
        known = Backend.instance.get(models.Group, display_name=group) or models.Group(display_name=group)
        known.members = how(known.members)
        # Canaille has no groups without members.
        if known.members:
            Backend.instance.save(known)
        else:
            Backend.instance.delete(known)

    def join(self, login: str, group: str) -> None:
        with self.app.app_context():
            user = Backend.instance.get(models.User, user_name=login)
            self.change(group, lambda members: [*members, user])

    def leave(self, login: str, group: str) -> None:
        with self.app.app_context():
            self.change(group, lambda members: [member for member in members if member.user_name != login])

    def trust(self, keys: str) -> None:
        """Accepts assertions by a key of this set, in place of the secret. Canaille takes a set with one key alone."""
        with self.app.app_context():
            client = Backend.instance.get(models.Client, client_id="gatehouse")
            client.token_endpoint_auth_method = "private_key_jwt"
            client.jwks = keys
            Backend.instance.save(client)

    def rotate(self) -> None:
        """Signs with a new key from now on, and publishes the new key alone."""
        self.app.config["CANAILLE_OIDC"]["ACTIVE_JWKS"] = [signing_key().as_dict(private=True)]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def start(self) -> None:
        self.server = listen(self.server.server_port, self.app)


class Lemonldap:
    """LemonLDAP::NG 2.16 of Debian in its demonstration mode, under Starman; everything it knows is in one folder. Passwords are the login names.

    It sends `azp`, `acr` (always `loa-1`: `acr_values` changes nothing), `email_verified` and `session_state`. It asks again for the password for
    `prompt=login` and `max_age`, and ignores `max_age=0`. A user's groups are as old as the user's sign-in at the provider; for a client with
    offline access, each refresh reads them anew. It takes no assertions by key. Its response has no
    `iss`, and its ID tokens no `amr`. It answers `prompt=none` with its sign-in page when nobody is signed in.
    """

    def __init__(self, request: dict[str, Any]):
        self.port = request["port"]
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.request = request
        self.folder = Path(request["folder"])
        for name in ("conf", "sessions", "locks"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.people: dict[str, Any] = {"accounts": {}, "groups": {}}
        for user in request["users"]:
            self.people["accounts"][user["login"]] = {
                "uid": user["login"], "cn": user["name"], "mail": user["email"], "verified": 1,
            }
            for group in user["groups"]:
                self.people["groups"].setdefault(group, []).append(user["login"])
        self.publish()
        (self.folder / "lemonldap-ng.ini").write_text(
            f"""
[all]
logLevel = warn
[configuration]
type = File
dirName = {self.folder}/conf
[portal]
templateDir = /usr/share/lemonldap-ng/portal/templates
languages = en
"""
        )
        self.configure()
        self.start()

    def publish(self) -> None:
        """Replaces the file of the users, which the portal reads at each request."""
        new = self.folder / "people.new"
        new.write_text(json.dumps(self.people))
        new.rename(self.folder / "people.json")

    def configure(self) -> None:
        """Writes the configuration, with a new signing key."""
        key = signing_key()
        sessions = {
            "Directory": f"{self.folder}/sessions",
            "LockDirectory": f"{self.folder}/locks",
            "generateModule": "Lemonldap::NG::Common::Apache::Session::Generate::SHA256",
        }
        client = {
            "ClientID": "gatehouse",
            "ClientSecret": self.request["secret"],
            "DisplayName": "Gatehouse",
            "RedirectUris": " ".join(self.request["redirects"]),
            "PostLogoutRedirectUris": " ".join(self.request.get("logout_redirects", [])),
            "IDTokenSignAlg": "RS256",
            "IDTokenForceClaims": 1,
            "RequirePKCE": 1,
            "RefreshToken": 1,
            # It ignores a request for offline access unless it asks nobody for consent, or always.
            "AllowOffline": int(self.request.get("offline", False)),
            "BypassConsent": int(self.request.get("offline", False)),
        }
        configuration = {
            "cfgNum": 1,
            "cfgDate": 1,
            "portal": self.issuer,
            "domain": "127.0.0.1",
            "securedCookie": 0,
            "authentication": "Demo",
            "userDB": "Same",
            "locationRules": {},
            "exportedHeaders": {},
            "passwordDB": "Null",
            "registerDB": "Null",
            "captcha": "::Captcha::None",
            "whatToTrace": "uid",
            "demoExportedVars": {"uid": "uid", "cn": "cn", "mail": "mail", "verified": "verified"},
            "globalStorage": "Apache::Session::File",
            "globalStorageOptions": sessions,
            "persistentStorage": "Apache::Session::File",
            "persistentStorageOptions": sessions,
            # Forms need no token of the page before, and `prompt=login` counts from the next second on.
            "requireToken": "0",
            "portalForceAuthnInterval": 0,
            "handlerInternalCache": 0,
            "issuerDBOpenIDConnectActivation": 1,
            "oidcServicePrivateKeySig": key.as_pem(private=True).decode(),
            "oidcServicePublicKeySig": key.as_pem(private=False).decode(),
            "oidcServiceKeyIdSig": key.kid,
            "oidcRPMetaDataOptions": {"gatehouse": {f"oidcRPMetaDataOptions{name}": it for name, it in client.items()}},
            "oidcRPMetaDataOptionsExtraClaims": {"gatehouse": {"groups": "groups"}},
            "oidcRPMetaDataExportedVars": {
                "gatehouse": {
                    "name": "cn",
                    "preferred_username": "uid",
                    "email": "mail",
                    "email_verified": "verified;bool;auto",
                    "groups": "groups;string;always",
                }
            },
        }
        (self.folder / "conf" / "lmConf-1.json").write_text(json.dumps(configuration))

    def join(self, login: str, group: str) -> None:
        self.people["groups"].setdefault(group, []).append(login)
        self.publish()

    def leave(self, login: str, group: str) -> None:
        self.people["groups"][group].remove(login)
        self.publish()

    def age(self, seconds: int) -> None:
        """Moves all sign-ins at the provider into the past."""
        for file in (self.folder / "sessions").iterdir():
            session = json.loads(file.read_text())
            for time in session.keys() & {"_utime", "_lastAuthnUTime"}:
                session[time] -= seconds
            file.write_text(json.dumps(session))

    def rotate(self) -> None:
        """Signs with a new key from now on, and publishes the new key alone."""
        self.stop()
        self.configure()
        self.start()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def start(self) -> None:
        program = shutil.which("starman")
        if not program or not Path("/usr/share/perl5/Lemonldap/NG/Portal").is_dir():
            raise RuntimeError("LemonLDAP::NG is not installed: `make tools` installs it")
        self.process = subprocess.Popen(
            [program, "--listen", f"127.0.0.1:{self.port}", "--workers", "3", "--disable-keepalive", str(PORTAL)],
            env=os.environ | {"PROVIDER_FOLDER": str(self.folder), "LLNG_DEFAULTCONFFILE": f"{self.folder}/lemonldap-ng.ini"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )


def end_with_parent() -> None:
    """Asks the kernel to end this process when its parent ends, however that ends: prctl(PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
