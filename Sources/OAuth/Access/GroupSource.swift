/// Who says that a user is in a group: an administrator, or an identity provider.
package struct GroupSource: Hashable, Sendable, CustomStringConvertible {
    /// `local`, or the name of an identity provider.
    package let string: String

    /// An administrator, by a command.
    package static let local = GroupSource(string: "local")

    /// An identity provider. The name `local` is refused, because its groups would pass as those of an administrator.
    package init(provider: ProviderName) throws(OAuthValueError) {
        guard provider.string != Self.local.string else {
            throw OAuthValueError("No identity provider can be named 'local'. Choose another name.")
        }
        string = provider.string
    }

    /// Reads the stored name.
    package init(stored string: String) { self.init(string: string) }

    private init(string: String) { self.string = string }

    /// Whether an administrator says it.
    package var isLocal: Bool { self == .local }
    /// The source itself.
    package var description: String { string }
}

/// A user's membership in a group, as one source states it.
package struct GroupMembership: Hashable, Sendable {
    /// The group's name.
    package let group: String
    package let source: GroupSource
    /// When the identity provider last stated it; nil for a membership by an administrator, which has no age.
    package let learntAt: Timestamp?

    /// A membership in a group.
    package init(group: String, source: GroupSource, learntAt: Timestamp?) {
        self.group = group
        self.source = source
        self.learntAt = learntAt
    }

    /// Whether the membership counts at `now`, given the greatest age of an identity provider's statement in seconds.
    package func isCurrent(at now: Timestamp, maximumAge: Int64) -> Bool {
        learntAt.map { now - $0 < maximumAge } ?? true
    }
}
