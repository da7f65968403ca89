import JOSE
import OAuth

/// Which call a `requestState` belongs to: shown with another one it does not open.
public struct OriginatingRequest: Sendable, Hashable {
    let digest: Digest

    /// Names a request: its method, what it addresses (a tool, a prompt, a resource), and its arguments as JSON in UTF-8.
    /// The order of their members does not matter.
    public init(method: String, name: String, arguments: [UInt8]) {
        let canonical = (try? JSON.parse(arguments).canonical()) ?? arguments
        digest = Digest.sha256(JSON.strings([method, name, Digest.sha256(canonical).base64URL]).text)
    }
}

/// What a server that keeps no session has to know when a client comes back with a call.
public struct RequestState: Sendable, Hashable {
    /// The handle of the elicitation that the call waits for.
    public let elicitation: String
    /// The link that the person was given.
    public let url: String
    /// How often the client came back while the person had not acted.
    public var rounds: Int
    /// When the state ends, in seconds since 1970.
    public let expiresAt: Int64

    /// A state of a call that has just begun to wait.
    public init(elicitation: String, url: String, expiresAt: Int64) {
        self.elicitation = elicitation
        self.url = url
        self.expiresAt = expiresAt
        rounds = 0
    }
}

/// Seals what a client carries back and forth, so that nobody can read it, change it, or show it for another person,
/// client or call.
///
/// It may be shown again until it expires. What is spent once is the elicitation's result, at the authorization server.
///
/// Spec: MCP 2026-07-28 §Multi Round-Trip Requests
public struct RequestStateSeal: Sendable {
    private let sealing: NamedKey
    private let opening: [String: NamedKey]
    private let clock: @Sendable () -> Int64

    /// Seals with a key that is made now: states of another process or from before a restart do not open.
    public init(clock: @escaping @Sendable () -> Int64) {
        sealing = NamedKey.generate()
        opening = [sealing.id: sealing]
        self.clock = clock
    }

    /// Seals with the first of several keys of 32 bytes and opens with each, so that processes can share and change them.
    public init(keys: [[UInt8]], clock: @escaping @Sendable () -> Int64) throws(InvalidConfiguration) {
        let named = keys.compactMap { NamedKey(id: Self.name(of: $0), bytes: $0) }
        guard let first = named.first, named.count == keys.count else {
            throw InvalidConfiguration("Give at least one key for requestState, each of exactly 32 random bytes.")
        }
        sealing = first
        opening = Dictionary(named.map { ($0.id, $0) }) { one, _ in one }
        self.clock = clock
    }

    /// The text for the client.
    public func seal(_ state: RequestState, for request: OriginatingRequest, by access: Access) -> String {
        let plain: JSONObject = [
            "elicitation": .string(state.elicitation), "url": .string(state.url),
            "rounds": .integer(Int64(state.rounds)), "exp": .integer(state.expiresAt),
        ]
        // A few hundred bytes: the limit of a sealed value is far away.
        let sealed = try? Sealing.seal(plain.bytes, key: sealing, context: Self.context(request, access))
        return Base64URL.encode(sealed ?? [])
    }

    /// The state behind a text that this person's client brought back with this request. Why one does not open is not
    /// told: whoever sends it may be trying things out.
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
                "The requestState is over or belongs to another request: repeat the call without it.")
        }
        var state = RequestState(elicitation: elicitation, url: url, expiresAt: expiresAt)
        state.rounds = Int(rounds)
        return state
    }

    private static let maximumLength = 8192

    private static func name(of key: [UInt8]) -> String { String(Digest.sha256(key).base64URL.prefix(12)) }

    /// A list, because texts that are merely joined can be cut elsewhere.
    private static func context(_ request: OriginatingRequest, _ access: Access) -> String {
        JSON.strings(["requestState", access.subject, access.clientID, request.digest.base64URL]).text
    }
}
