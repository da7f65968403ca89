import Hummingbird
import JOSE
import NIOCore
import OAuth

/// Results, tickets and provider tokens of the fake authorization server.
extension FakeElicitations {
    /// The one token that the third party at `/pulls` takes.
    static let upstreamToken = "canary-upstream"

    func resultRoutes(_ router: Router<BasicRequestContext>) {
        router.get("/elicitations/:id/result") { request, context in
            self.read(context.parameters.get("id") ?? "", request)
        }
        router.delete("/elicitations/:id/result") { request, context in
            self.acknowledge(context.parameters.get("id") ?? "", request)
        }
        router.post("/elicitations/redeem") { request, _ in
            let body = try await request.body.collect(upTo: 65_536)
            return self.redeem(try JSONObject(parsing: Array(body.readableBytesView)), request)
        }
        router.post("/elicitations/:id/complete") { request, context in
            let body = try await request.body.collect(upTo: 65_536)
            let reported = try JSONObject(parsing: Array(body.readableBytesView))
            return self.complete(context.parameters.get("id") ?? "", reported, request)
        }
        router.get("/pulls") { request, _ in
            guard request.headers[.authorization] == "Bearer \(Self.upstreamToken)" else {
                return Response(status: .unauthorized)
            }
            let list: JSON = [["number": 7, "title": "Analyse the engine"]]
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: list.bytes)))
        }
        router.post("/token") { request, _ in
            let form = try await String(buffer: request.body.collect(upTo: 16_384))
            return self.answer(request) { state in
                state.exchanges.append(form)
                return state.exchange
            }
        }
    }

    /// A result is read until it is acknowledged.
    private func read(_ id: String, _ request: Request) -> Response {
        answer(request) { state in
            guard let index = Self.index(of: id, for: request, in: state) else { return Self.unknown }
            guard state.entries[index].status == "completed" else { return (409, ["error": "not_completed"]) }
            guard !state.entries[index].isCollected else { return (410, ["error": "already_collected"]) }
            return (200, result(of: state.entries[index], state))
        }
    }

    private func acknowledge(_ id: String, _ request: Request) -> Response {
        let claim = request.uri.queryParameters.get("claim")
        return answer(request) { state in
            guard let index = Self.index(of: id, for: request, in: state) else { return Self.unknown }
            guard state.entries[index].status == "completed" else { return (409, ["error": "not_completed"]) }
            guard !state.entries[index].isCollected else {
                let isDone = claim == nil || claim == state.entries[index].claim
                return isDone ? (204, nil) : (410, ["error": "already_collected"])
            }
            state.entries[index].isCollected = true
            state.entries[index].claim = claim
            return (204, nil)
        }
    }

    private func result(of entry: Entry, _ state: State) -> JSONObject {
        var body: JSONObject = ["id": .string(entry.id), "kind": .string(entry.kind)]
        switch entry.kind {
        case "secret": body["content"] = .object(state.content)
        case "connect":
            body["provider"] = entry.body["provider"]
            body["scope"] = "repo user"
            body["connection"] = "con_1"
        case "external":
            body["outcome"] = "completed"
            body["reported_by"] = "res_1"
        default:
            var claims = claims(of: entry)
            state.forge(&claims)
            let signed = try? JWT.sign(typ: state.approvalType, claims: claims, with: state.signingKey ?? key)
            body["approval"] = .string(signed ?? "")
        }
        state.forgeResult(&body)
        return body
    }

    private func claims(of entry: Entry) -> JSONObject {
        [
            "iss": .string(server.issuer), "sub": entry.person["sub"] ?? .null, "aud": .string(Fixture.resource),
            "client_id": entry.person["client_id"] ?? .null, "sid": entry.person["sid"] ?? .null, "jti": "apr_1",
            "iat": .integer(clock.now), "exp": .integer(clock.now + 300), "elicitation": .string(entry.id),
            "action": entry.body["action"]?.object?["name"] ?? .null, "digest": .string(entry.digest.base64URL),
            "auth_time": .integer(clock.now - 10),
        ]
    }

    private func redeem(_ body: JSONObject, _ request: Request) -> Response {
        answer(request) { state in
            let ticket = body["ticket"]?.string ?? ""
            guard let id = state.tickets[ticket], let index = Self.index(of: id, for: request, in: state),
                state.entries[index].isOpen
            else { return Self.unknown }
            state.tickets[ticket] = nil
            state.entries[index].ticket = ticket
            let person = state.entries[index].person
            return (
                200,
                [
                    "id": .string(id), "subject": person["sub"] ?? .null, "client_id": person["client_id"] ?? .null,
                    "session_id": person["sid"] ?? .null,
                ]
            )
        }
    }

    private func complete(_ id: String, _ reported: JSONObject, _ request: Request) -> Response {
        answer(request) { state in
            guard !state.isDeaf else { return (503, ["error": "temporarily_unavailable"]) }
            guard let index = Self.index(of: id, for: request, in: state) else { return Self.unknown }
            guard state.entries[index].isOpen else { return (409, ["error": "not_completed"]) }
            guard state.entries[index].ticket != nil else { return (409, ["error": "not_redeemed"]) }
            state.entries[index].status = reported["outcome"]?.string ?? ""
            for waiting in state.waiting { waiting.yield() }
            state.waiting = []
            return (200, Self.json(state.entries[index], link: false))
        }
    }
}
