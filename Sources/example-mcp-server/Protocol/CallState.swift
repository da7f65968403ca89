import JOSE
import OAuth
import ResourceServer

/// The state of a 2026-07-28 call between its rounds; the client carries it, sealed.
struct CallState: Sendable {
    /// What the user entered in a form; it counts as arguments.
    var given: JSONObject = [:]
    /// The kind of the request to the client; nil for a link.
    var asked: FormElicitation.Kind?
    /// The state of the link, as the library sealed it.
    var link: String?
}

/// Seals the state for one user, client and call, so that nobody can read it, change it or replay it for another call.
///
/// Spec: MCP 2026-07-28 §Multi Round-Trip Requests
struct CallStateSeal: Sendable {
    /// Distinguishes these states from the library's, which contain no dot.
    private static let prefix = "call."
    /// Seconds: longer than the longest elicitation with the time to collect its result.
    private static let lifetime: Int64 = 7200
    /// Bounds the work for a text of the client, in bytes.
    private static let longest = 64 * 1024

    private let key = NamedKey.generate()
    private let now: @Sendable () -> Int64

    init(now: @escaping @Sendable () -> Int64) {
        self.now = now
    }

    /// Whether a text was sealed here and not by the library.
    static func isOwn(_ text: String) -> Bool { text.hasPrefix(prefix) }

    /// Seals a state for a call.
    func seal(_ state: CallState, for call: ToolCall) -> String {
        var plain: JSONObject = ["given": .object(state.given), "exp": .integer(now() + Self.lifetime)]
        plain["asked"] = state.asked.map { .string($0.rawValue) }
        plain["link"] = state.link.map(JSON.string)
        let sealed = try? Sealing.seal(plain.bytes, key: key, context: Self.context(call))
        return Self.prefix + Base64URL.encode(sealed ?? [])
    }

    /// The state; nil for a text that has expired, was changed, or belongs to another user, client or call.
    func open(_ text: String, for call: ToolCall) -> CallState? {
        guard text.utf8.count <= Self.longest, Self.isOwn(text),
            let sealed = Base64URL.decode(String(text.dropFirst(Self.prefix.count))),
            let plain = Sealing.open(sealed, keys: { $0 == key.id ? key : nil }, context: Self.context(call)),
            let object = try? JSONObject(parsing: plain), let given = object["given"]?.object,
            let end = object["exp"]?.integer, now() < end
        else { return nil }
        return CallState(
            given: given, asked: object["asked"]?.string.flatMap(FormElicitation.Kind.init),
            link: object["link"]?.string)
    }

    /// Binds a state to user, client, tool and arguments, so that it cannot be used for another call.
    private static func context(_ call: ToolCall) -> String {
        let arguments = (try? JSON.object(call.request.arguments).canonical()) ?? []
        return JSON.strings([
            "call", call.access.subject, call.access.clientID, call.tool.name, Digest.sha256(arguments).base64URL,
        ]).text
    }
}

extension JSONRPCRequest {
    /// The arguments of a tool call, as the client sent them.
    var arguments: JSONObject { parameters["arguments"]?.object ?? [:] }
}
