import JOSE
import OAuth

/// Identifies the call of a `requestState`: with another call the state does not open.
public struct OriginatingRequest: Sendable, Hashable {
    let digest: Digest

    /// Makes the identity of a request from its method, its target (a tool, prompt or resource) and its arguments as JSON in
    /// UTF-8. The order of members does not matter.
    public init(method: String, name: String, arguments: [UInt8]) {
        let canonical = (try? JSON.parse(arguments).canonical()) ?? arguments
        digest = Digest.sha256(JSON.strings([method, name, Digest.sha256(canonical).base64URL]).text)
    }
}

/// The state that a stateless server needs when a client retries a call.
public struct RequestState: Sendable, Hashable {
    /// The handle of the elicitation that the call waits for.
    public let elicitation: String
    /// The link for the user.
    public let url: String
    /// The number of retries without a decision of the user.
    public var rounds: Int
    /// When the state expires, in seconds since 1970.
    public let expiresAt: Int64

    /// Makes the state of a call that starts to wait.
    public init(elicitation: String, url: String, expiresAt: Int64) {
        self.elicitation = elicitation
        self.url = url
        self.expiresAt = expiresAt
        rounds = 0
    }
}

/// Seals the state that a client carries, so that nobody can read it, change it, or present it for another user, client or
/// call.
///
/// A state can be presented repeatedly until it expires: the single use is enforced on the elicitation's result.
///
/// Spec: MCP 2026-07-28 §Multi Round-Trip Requests
public struct RequestStateSeal: Sendable {
    private let sealing: NamedKey
    private let opening: [String: NamedKey]
    private let clock: @Sendable () -> Int64

    /// Makes a seal with a new random key: states of other processes or from before a restart do not open.
    public init(clock: @escaping @Sendable () -> Int64) {
        sealing = NamedKey.generate()
        opening = [sealing.id: sealing]
        self.clock = clock
    }

    /// Makes a seal that uses the first of several 32-byte keys and opens with any, so that processes share and rotate keys.
    public init(keys: [[UInt8]], clock: @escaping @Sendable () -> Int64) throws(InvalidConfiguration) {
        let named = keys.compactMap { NamedKey(id: Self.name(of: $0), bytes: $0) }
        guard let first = named.first, named.count == keys.count else {
            throw InvalidConfiguration(
                "Give at least one key for requestState. Each must have exactly 32 random bytes.")
        }
        sealing = first
        opening = Dictionary(named.map { ($0.id, $0) }) { one, _ in one }
        self.clock = clock
    }

    /// Seals a state as the text for the client.
    public func seal(_ state: RequestState, for request: OriginatingRequest, by access: Access) -> String {
        let plain: JSONObject = [
            "elicitation": .string(state.elicitation), "url": .string(state.url),
            "rounds": .integer(Int64(state.rounds)), "exp": .integer(state.expiresAt),
        ]
        // Sealing fails only above 16 MiB; a state has a few hundred bytes.
        let sealed = try? Sealing.seal(plain.bytes, key: sealing, context: Self.context(request, access))
        return Base64URL.encode(sealed ?? [])
    }

    /// Opens the text that this user's client presented with this request. One error stands for every cause, so that guesses
    /// reveal nothing.
    public func open(
        _ text: String, for request: OriginatingRequest, by access: Access
    ) throws(ElicitationError) -> RequestState {
        guard text.utf8.count <= Self.maximumLength, let sealed = Base64URL.decode(text),
            let plain = Sealing.open(sealed, keys: { opening[$0] }, context: Self.context(request, access)),
            let object = try? JSONObject(parsing: plain), let elicitation = object["elicitation"]?.string,
            let url = object["url"]?.string, let rounds = object["rounds"]?.integer,
            let expiresAt = object["exp"]?.integer, clock() < expiresAt
        else {
            throw ElicitationError(
                .invalidRequestState,
                "The requestState has expired or belongs to another request. Repeat the call without it.")
        }
        var state = RequestState(elicitation: elicitation, url: url, expiresAt: expiresAt)
        state.rounds = Int(rounds)
        return state
    }

    /// Bounds the work for texts of unauthenticated origin, in characters.
    private static let maximumLength = 8192

    private static func name(of key: [UInt8]) -> String { String(Digest.sha256(key).base64URL.prefix(12)) }

    /// A JSON list, because concatenated texts would be ambiguous.
    private static func context(_ request: OriginatingRequest, _ access: Access) -> String {
        JSON.strings(["requestState", access.subject, access.clientID, request.digest.base64URL]).text
    }
}
