import OAuth
import Storage

/// A party that uses grants: a client or an MCP server.
protocol TokenAsker: Sendable {
    /// What a grant can require to be known of the asker, besides its authentication.
    associatedtype Knowledge: Sendable

    /// Whether the grants of such askers are served under the host names that only MCP servers reach.
    static var isServedOnBackChannel: Bool { get }

    /// Authenticates the asker of a token request, or refuses.
    static func identify(
        _ parameters: Parameters, authorization: String?, knowing knowledge: Knowledge,
        by authentication: TokenAuthentication, now: Timestamp
    ) async throws -> Identified<Parameters, Self>

    /// Whether the grants of such askers issue tokens that can be bound to a key. Others ignore proofs of possession.
    static var hasBoundTokens: Bool { get }

    /// Whether the asker may use grants of this type.
    func mayUse(_ grant: GrantType) -> Bool

    /// The proof of possession that every token of the asker needs.
    var proofDemand: ProofDemand { get }
}

/// The authentication of clients and of MCP servers at the token endpoint.
struct TokenAuthentication: Sendable {
    let clients: ClientAuthentication
    let resources: ResourceAuthentication
}

extension Client: TokenAsker {
    static var isServedOnBackChannel: Bool { false }
    static var hasBoundTokens: Bool { true }

    static func identify(
        _ parameters: Parameters, authorization: String?, knowing knowledge: ClientKnowledge,
        by authentication: TokenAuthentication, now: Timestamp
    ) async throws -> Identified<Parameters, Client> {
        try await authentication.clients.identify(
            parameters, authorization: authorization, knowing: knowledge, now: now)
    }

    /// A client may use the grant types that it registered, or all of them if it registered none. To act for itself or to begin on a
    /// device it needs an operator's permission instead, which those grants demand.
    func mayUse(_ grant: GrantType) -> Bool {
        grant == .clientCredentials || grant == .deviceCode || metadata.allows(grant)
    }
}

extension Resource: TokenAsker {
    static var isServedOnBackChannel: Bool { true }
    /// The tokens that an MCP server gets are those of providers, which this server cannot bind, and its own, which it sends over the
    /// same connection as a secret.
    static var hasBoundTokens: Bool { false }

    static func identify(
        _ parameters: Parameters, authorization: String?, knowing _: Void, by authentication: TokenAuthentication,
        now: Timestamp
    ) async throws -> Identified<Parameters, Resource> {
        try await authentication.resources.identify(
            parameters, authorization: authorization, now: now)
    }

    /// An MCP server may use every grant of MCP servers; the grant itself checks what an operator permitted.
    func mayUse(_: GrantType) -> Bool { true }

    var proofDemand: ProofDemand { .nothing }
}
