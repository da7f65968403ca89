/// Two similar identifiers of MCP servers, for error messages about mistyped ones.
///
/// Matching does not normalise, so an extra slash makes another MCP server. The error names the difference; the two identifiers
/// never match.
///
/// Spec: RFC 8707 §2
package struct ResourceNearMiss: Hashable, Sendable {
    /// The registered identifier.
    package let registered: ResourceIdentifier
    /// The difference, in words.
    package let difference: String
    /// The size of the difference, to find the nearest of several.
    private let distance: Int

    /// Compares two identifiers: they may differ by a trailing slash, case, query or the name of this machine, or one is the
    /// origin of the other. Nil if they match or differ by more.
    package init?(_ asked: ResourceIdentifier, registered: ResourceIdentifier) {
        let isSameOrigin = asked.origin == registered.origin
        guard isSameOrigin || asked.isSameMachine(as: registered), !asked.matches(registered) else { return nil }
        let (one, other) = (Self.trimmed(asked.path), Self.trimmed(registered.path))
        var differences = isSameOrigin ? [] : ["the name of this machine"]
        if one.lowercased() != other.lowercased() {
            guard one.isEmpty || other.isEmpty else { return nil }
            differences.append("the path behind its host")
        } else {
            if one != other { differences.append("upper and lower case") }
            if asked.hasSlash != registered.hasSlash { differences.append("a slash at the end") }
        }
        if asked.query != registered.query { differences.append("the query") }
        guard !differences.isEmpty else { return nil }
        self.registered = registered
        difference = differences.joined(separator: " and ")
        // A missing path weighs more than all other differences together.
        distance = differences.count + (one.isEmpty == other.isEmpty ? 0 : 3)
    }

    /// The nearest registered identifier; of equally near ones the first in alphabetical order.
    package static func nearest(_ asked: ResourceIdentifier, among all: [ResourceIdentifier]) -> ResourceNearMiss? {
        all.compactMap { ResourceNearMiss(asked, registered: $0) }
            .min { ($0.distance, $0.registered.string) < ($1.distance, $1.registered.string) }
    }

    /// The difference as a sentence for an error.
    package var sentence: String { "\(registered) is registered, and differs from it by \(difference)." }

    private static func trimmed(_ path: String) -> Substring {
        var rest = path[...]
        while rest.last == "/" { rest.removeLast() }
        return rest
    }
}

extension ResourceIdentifier {
    /// Whether the path ends in a slash; a missing one counts as the root.
    fileprivate var hasSlash: Bool { path.isEmpty || path.hasSuffix("/") }

    /// Whether both name one port of this machine, such as `localhost:8080` and `127.0.0.1:8080`.
    fileprivate func isSameMachine(as other: ResourceIdentifier) -> Bool {
        Loopback.contains(host) && Loopback.contains(other.host)
            && origin.replacing(host, with: "") == other.origin.replacing(other.host, with: "")
    }
}
