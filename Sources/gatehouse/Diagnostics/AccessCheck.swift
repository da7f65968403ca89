import AuthorizationServer
import Storage

/// Says which MCP servers everybody may use, so that an operator notices one that was left open.
struct AccessCheck {
    let configuration: ServerConfiguration
    let store: Store

    private static let mostNamed = 5

    func findings() async -> [Finding] {
        guard let open = try? await store.read({ try $0.access.openToEverybody(limit: Self.mostNamed + 1) }) else {
            // The check of the database reports the cause.
            return []
        }
        let fresh =
            configuration.opensNewResources
            ? "Everybody may use a new MCP server ('access.default' is 'everyone')."
            : "Nobody may use a new MCP server ('access.default' is 'nobody')."
        return [Finding("access", .ok, "\(sentence(open)) \(fresh)")]
    }

    private func sentence(_ open: [String]) -> String {
        guard !open.isEmpty else { return "Each MCP server has a rule that says who may use it." }
        let names = open.prefix(Self.mostNamed).joined(separator: ", ")
        return "Everybody may use \(names)\(open.count > Self.mostNamed ? " and others" : "")."
    }
}
