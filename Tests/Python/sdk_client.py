"""The official MCP SDK as a client: its own discovery, its own OAuth, its own transport."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx2
from conversation import converse
from joserfc.jwk import ECKey, KeySet, RSAKey
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import (
    ClientCredentialsOAuthProvider,
    PrivateKeyJWTOAuthProvider,
    SignedJWTParameters,
)
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    ErrorData,
    TextContent,
)
from person import PATIENCE, Person

REDIRECT = "http://127.0.0.1:53682/callback"


class Memory:
    """The SDK's token storage, with room for a client that was registered beforehand."""

    def __init__(self, client: OAuthClientInformationFull | None):
        self.client = client
        self.tokens: OAuthToken | None = None
        self.turns = 0

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens
        self.turns += 1

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Conversation:
    """One client, one person, one MCP server."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refusals: list[str] = []
        self.links: list[dict[str, Any]] = []
        self.forms: list[list[str]] = []
        self.over = asyncio.Event()
        self.life: asyncio.Task[None] | None = None

    async def connect(self, request: dict[str, Any]) -> dict[str, Any]:
        redirect = request.get("redirect_uri") or REDIRECT
        known = None
        if client_id := request.get("client_id"):
            known = OAuthClientInformationFull(
                client_id=client_id,
                client_secret=request.get("client_secret"),
                token_endpoint_auth_method=request.get("auth_method") or "none",
                redirect_uris=[redirect],
            )
        self.memory = Memory(known)
        self.person = Person(**request["person"])
        self.provider = self.service(request) if request.get("issuer") else self.of_a_person(request, redirect)
        self.opens = request.get("opens")
        self.stranger = request.get("stranger")
        self.answers = request.get("answers") or {}
        connected = asyncio.get_running_loop().create_future()
        self.life = asyncio.create_task(self.live(request, connected))
        self.client = await connected
        return {"protocol": self.client.session.protocol_version}

    def of_a_person(self, request: dict[str, Any], redirect: str) -> OAuthClientProvider:
        return OAuthClientProvider(
            server_url=request["server"],
            client_metadata=OAuthClientMetadata(client_name="Interop", redirect_uris=[redirect]),
            storage=self.memory,
            redirect_handler=self.redirect,
            callback_handler=self.callback,
            client_metadata_url=request.get("client_metadata_url"),
        )

    def service(self, request: dict[str, Any]) -> OAuthClientProvider:
        """A client that acts for itself, with its key or its secret."""
        if request["auth_method"] == "private_key_jwt":
            signing = SignedJWTParameters(
                issuer=request["client_id"],
                subject=request["client_id"],
                signing_key=self.key.as_pem(private=True).decode(),
                signing_algorithm=self.algorithm,
            )
            return PrivateKeyJWTOAuthProvider(
                server_url=request["server"],
                storage=self.memory,
                client_id=request["client_id"],
                assertion_provider=signing.create_assertion_provider(),
                scope=request.get("scope"),
                issuer=request["issuer"],
            )
        return ClientCredentialsOAuthProvider(
            server_url=request["server"],
            storage=self.memory,
            client_id=request["client_id"],
            client_secret=request["client_secret"],
            token_endpoint_auth_method=request["auth_method"],
            scope=request.get("scope"),
            issuer=request["issuer"],
        )

    async def live(self, request: dict[str, Any], connected: asyncio.Future[Client]) -> None:
        """The SDK has a task of its own, because it takes down the one that it lives in when the person refuses."""
        try:
            async with httpx2.AsyncClient(auth=self.provider, timeout=PATIENCE) as http:
                transport = streamable_http_client(request["server"], http_client=http)
                elicit = self.elicit if self.opens or "form" in self.answers else None
                sample = self.sample if "sampling" in self.answers else None
                mode = request.get("mode") or "auto"
                callbacks = {"elicitation_callback": elicit, "sampling_callback": sample}
                async with Client(transport, mode=mode, **callbacks) as client:
                    connected.set_result(client)
                    await self.over.wait()
        except Exception as failure:
            if connected.done():
                raise
            connected.set_exception(failure)

    async def while_alive(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What the SDK answers; its own end is an answer, too."""
        answer = asyncio.ensure_future(work)
        await asyncio.wait({answer, self.life}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            raise self.life.exception() or RuntimeError("the SDK ended")
        return answer.result()

    async def end(self) -> None:
        self.over.set()
        if self.life:
            await asyncio.gather(self.life, return_exceptions=True)

    async def redirect(self, url: str) -> None:
        self.asked.append(url)

    async def callback(self) -> AuthorizationCodeResult:
        answer = await self.person.decide(self.asked[-1])
        if error := answer.get("error"):
            self.refusals.append(error)
            raise PermissionError(error)
        return AuthorizationCodeResult(code=answer["code"], state=answer.get("state"), iss=answer.get("iss"))

    async def elicit(self, _: Any, params: ElicitRequestURLParams | ElicitRequestFormParams) -> ElicitResult:
        """Shows the link to the person, or not; a stranger may have got hold of it before. A form is filled in."""
        if isinstance(params, ElicitRequestFormParams):
            self.forms.append(list(params.requested_schema["properties"]))
            return ElicitResult(**self.answers["form"])
        link = {"url": params.url, "message": params.message, "id": params.elicitation_id, "status": None}
        self.links.append(link)
        if self.opens == "wrong person first":
            stranger = Person(**self.stranger)
            link["stranger"] = {"status": await stranger.answer(params.url), "page": stranger.pages[-1]}
        if self.opens == "approve while held":
            # The client says at once that the link is open; the person takes their time.
            self.answering = asyncio.create_task(self.person.answer(params.url, "approve"))
        elif self.opens == "approve after a restart":
            self.answering = asyncio.create_task(self.approve_after_restart(params.url))
        elif self.opens != "never":
            decision = "decline" if self.opens == "decline" else "approve"
            link["status"] = await self.person.answer(params.url, decision)
        return ElicitResult(action="decline" if self.opens == "never" else "accept")

    async def approve_after_restart(self, url: str) -> None:
        """Acts once Gatehouse has gone and come back."""

        async def answers() -> bool:
            try:
                return bool(await self.person.browser.get(url))
            except httpx2.TransportError:
                return False

        while await answers():
            await asyncio.sleep(0.02)
        while not await answers():
            await asyncio.sleep(0.02)
        await self.person.answer(url, "approve")

    async def sample(self, _: Any, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
        """The model writes, and the person looks at it. What they did with it stands in a member of the example's own."""
        review = self.answers["sampling"]
        if review == "rejected":
            return ErrorData(code=-1, message="User rejected sampling request")
        text = "41 of 1,260 customers left, most of them over the price."
        content = TextContent(type="text", text=text.replace("most", "19") if review == "edited" else text)
        meta = {"_meta": {"example.gatehouse/review": review}}
        return CreateMessageResult(role="assistant", content=content, model="model-1", **meta)

    async def make_key(self, request: dict[str, Any]) -> dict[str, Any]:
        """A new key for the SDK's own assertions; the public half as a JWK set."""
        self.algorithm = request["algorithm"]
        self.key = ECKey.generate_key("P-256") if self.algorithm == "ES256" else RSAKey.generate_key(2048)
        return KeySet([self.key]).as_dict(private=False)

    async def tools(self, _: dict[str, Any]) -> list[str]:
        return [tool.name for tool in (await self.while_alive(self.client.list_tools(cache_mode="bypass"))).tools]

    async def call(self, request: dict[str, Any]) -> dict[str, Any]:
        result = await self.while_alive(self.client.call_tool(request["tool"], request.get("arguments") or {}))
        return {"text": " ".join(getattr(part, "text", "") for part in result.content), "failed": bool(result.is_error)}

    async def state(self, _: dict[str, Any]) -> dict[str, Any]:
        """What the client holds, and how often it had to ask the person."""
        tokens = self.memory.tokens
        return {
            "access_token": tokens.access_token if tokens else None,
            "refresh_token": tokens.refresh_token if tokens else None,
            "scope": tokens.scope if tokens else None,
            "expires_in": tokens.expires_in if tokens else None,
            "client_id": self.memory.client.client_id if self.memory.client else None,
            "turns": self.memory.turns,
            "asked": self.asked,
            "refusals": self.refusals,
            "pages": self.person.pages,
            "links": self.links,
            "forms": self.forms,
        }

    async def expire(self, _: dict[str, Any]) -> None:
        """Makes the SDK believe that its access token is over, so that the next request refreshes first."""
        self.provider.context.token_expiry_time = 1.0

    async def visit(self, request: dict[str, Any]) -> int:
        """The person opens a link that the client did not show."""
        return await self.person.answer(request["url"], "approve")

    async def change_person(self, request: dict[str, Any]) -> None:
        """What the person decides from now on, in the browser that they already use."""
        for name, value in request["person"].items():
            setattr(self.person, name, value)


VERBS = ("connect", "make_key", "tools", "call", "state", "expire", "visit", "change_person")


async def main() -> None:
    conversation = Conversation()
    verbs = {name: getattr(conversation, name) for name in VERBS}
    await converse(verbs)
    await conversation.end()


asyncio.run(main())
