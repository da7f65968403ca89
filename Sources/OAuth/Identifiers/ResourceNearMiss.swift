/// Two identifiers of MCP servers that people and programs take for one another.
///
/// Nothing is normalised when a request is matched, so one slash too many is another MCP server. Saying what differs spares
/// people the search; it never makes one count as the other.
///
/// Spec: RFC 8707 §2
package struct ResourceNearMiss: Hashable, Sendable {
    /// The identifier that is registered.
    package let registered: ResourceIdentifier
    /// What differs, in words.
    package let difference: String
    /// How much that is, to find the nearest of several.
    private let distance: Int

    /// How `asked` differs from `registered`: by a slash at the end, by case, by the query, or because one is the other's
    /// origin. Nil where they match, and where they differ by more.
    package init?(_ asked: ResourceIdentifier, registered: ResourceIdentifier) {
        guard asked.origin == registered.origin, !asked.matches(registered) else { return nil }
        let (one, other) = (Self.trimmed(asked.path), Self.trimmed(registered.path))
        var differences: [String] = []
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
        // A whole path is more than everything else together.
        distance = differences.count + (one.isEmpty == other.isEmpty ? 0 : 3)
    }

    /// The nearest of those that are registered; of several equally near ones the first by its text.
    package static func nearest(_ asked: ResourceIdentifier, among all: [ResourceIdentifier]) -> ResourceNearMiss? {
        all.compactMap { ResourceNearMiss(asked, registered: $0) }
            .min { ($0.distance, $0.registered.string) < ($1.distance, $1.registered.string) }
    }

    /// What an error says of it.
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
}
