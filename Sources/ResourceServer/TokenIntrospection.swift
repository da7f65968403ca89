import JOSE
import OAuth
import Outbound

/// Verifies each token by a request to the introspection endpoint.
///
/// Spec: RFC 7662 §2
struct TokenIntrospection: Sendable {
    let server: AuthorizationServerConnection
    let rule: AccessTokenRule
    let credentials: ServerCredentials

    func verdict(on token: String, now: Int64) async -> TokenVerdict {
        do throws(DocumentFailure) {
            let answer = try await answer(on: token, now: now)
            return judged(answer, now: now)
        } catch {
            return .unknown(reason: error.reason)
        }
    }

    private func answer(on token: String, now: Int64) async throws(DocumentFailure) -> JSONObject {
        guard let endpoint = try await server.metadata.current(at: now).introspectionEndpoint else {
            throw DocumentFailure("the authorization server offers no introspection; verify locally instead")
        }
        let form = "token=\(PercentEncoding.encode(token))&token_type_hint=access_token"
        let response = try await credentials.response(from: server, now: now, isRepeatable: true) {
            field throws(DocumentFailure) in
            try await server.post(form, to: endpoint, authorization: field)
        }
        switch response.status {
        case 200: break
        case 401:
            throw DocumentFailure("the authorization server rejects this MCP server's \(credentials.noun)")
        default: throw DocumentFailure("introspection answered \(response.status)")
        }
        guard let object = try? JSONObject(parsing: response.body) else {
            throw DocumentFailure("the introspection response is not a JSON object")
        }
        return object
    }

    private func judged(_ answer: JSONObject, now: Int64) -> TokenVerdict {
        guard answer["active"]?.bool == true else {
            return .bad(TokenRejection("the token is not active: expired, revoked, or never issued"))
        }
        do throws(TokenRejection) {
            return .good(try rule.access(answer, now: now))
        } catch {
            return .bad(error)
        }
    }
}
