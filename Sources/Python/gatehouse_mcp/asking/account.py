"""Connected accounts: the token of a provider for the user of a call."""

from pydantic import SecretStr

from ..access import current_token
from ..connection import Connection
from ..errors import NotFulfilled, Refusal
from .call import current_call
from .results import Results
from .waiting import Waiting

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
# The refusals that another connection cures.
MISSING = ("invalid_grant", "invalid_scope")


class Accounts:
    """Exchanges the token of the call for that of a provider, and asks the user to connect an account if none is.

    Spec: RFC 8693 §2.1
    """

    def __init__(self, connection: Connection, waiting: Waiting, results: Results) -> None:
        self._connection = connection
        self._waiting = waiting
        self._results = results

    async def connected(self, provider: str, scope: str, message: str) -> SecretStr:
        """The provider's token. The user connects an account first if there is none that suffices."""
        if (token := await self.token(provider, scope)) is not None:
            return token
        request = {"kind": "connect", "message": message, "provider": provider}
        step = await self._waiting.ask({**request, "scope": scope} if scope else request)
        if not step.done:
            await self._results.take(step)
        if (token := await self.token(provider, scope)) is None:
            raise NotFulfilled(f"The account at {provider} does not have what this tool needs: {scope or 'access'}.")
        return token

    async def token(self, provider: str, scope: str = "") -> SecretStr | None:
        """The provider's token for the user of this call; None if no account is connected that suffices."""
        call = current_call()
        if provider in call.tokens and not scope:
            return call.tokens[provider]
        fields = {
            "grant_type": EXCHANGE,
            "subject_token": current_token().token,
            "subject_token_type": ACCESS_TOKEN,
            "audience": f"urn:gatehouse:provider:{provider}",
        }
        try:
            answer = await self._connection.form(
                "/token", {**fields, "scope": scope} if scope else fields, repeatable=True
            )
        except Refusal as refusal:
            if refusal.code in MISSING:
                return None
            raise
        granted = str(answer.get("scope") or scope).split()
        if not set(scope.split()).issubset(granted):
            return None
        token = call.tokens[provider] = SecretStr(str(answer["access_token"]))
        return token
