import AuthorizationServer
import MCPClient
import OAuth
import Outbound

/// The answer of an MCP server to a request without a token, and the metadata to which it leads.
struct ResourceProbe: Sendable {
    let answer: Result<OutboundResponse, OutboundFailure>
    let challenge: ReceivedChallenge?
    let metadata: Result<ProtectedResourceMetadata, ClientFailure>
    /// The place of the metadata; nil if none was found.
    let place: String?
    /// The time of the answer.
    let at: Timestamp

    init(_ address: String, by client: OperatorClient, clock: WallClock) async throws {
        let lookup = try ProtectedResourceLookup(address, by: client)
        do throws(OutboundFailure) {
            answer = .success(try await lookup.knock())
        } catch {
            answer = .failure(error)
        }
        at = clock.now()
        challenge = ReceivedChallenge.forTokens(in: (try? answer.get())?.values(of: "www-authenticate") ?? [])
        do throws(ClientFailure) {
            let found = try await lookup.metadata(challenge)
            (place, metadata) = (found.place, .success(found.metadata))
        } catch {
            (place, metadata) = (nil, .failure(error))
        }
    }
}
