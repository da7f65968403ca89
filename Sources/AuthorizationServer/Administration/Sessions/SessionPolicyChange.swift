import OAuth
import Storage

/// A change of what holds for sessions at an MCP server, as it is typed; nil leaves a thing as it is.
package struct SessionPolicyChange: Codable, Hashable, Sendable {
    /// The word that gives a thing back to the configuration.
    package static let configured = "default"
    /// The word for clients of every host.
    package static let anyHost = "any"

    /// The longest that a person may let a session last, such as `8h`, or `default`.
    package var longest: String?
    /// How long a session lives unused, such as `3d`, or `default`.
    package var idle: String?
    /// What the consent page offers, or `default` alone.
    package var choices: [String]?
    /// How long access tokens live, such as `5m`, or `default`.
    package var tokenLife: String?
    /// The only hosts whose clients may come, or `any` alone.
    package var clientHosts: [String]?

    /// A change of what is named.
    package init(
        longest: String? = nil, idle: String? = nil, choices: [String]? = nil, tokenLife: String? = nil,
        clientHosts: [String]? = nil
    ) {
        self.longest = longest
        self.idle = idle
        self.choices = choices
        self.tokenLife = tokenLife
        self.clientHosts = clientHosts
    }

    /// Whether it only asks.
    var isEmpty: Bool { self == SessionPolicyChange() }
}

extension SessionPolicy {
    /// The policy after a change.
    func changed(by change: SessionPolicyChange) throws(AdministrationError) -> SessionPolicy {
        var policy = self
        if let text = change.longest { policy.longest = try Self.length(text, of: "The longest session", Self.lengths) }
        if let text = change.idle { policy.idle = try Self.length(text, of: "The idle limit", Self.lengths) }
        if let texts = change.choices { policy.choices = try Self.choices(texts) }
        if let text = change.tokenLife {
            policy.tokenLife = try Self.length(text, of: "The life of access tokens", Self.tokenLives)
        }
        if let texts = change.clientHosts { policy.clientHosts = try Self.hosts(texts) }
        return policy
    }

    private static func length(
        _ text: String, of what: String, _ range: ClosedRange<Int64>
    ) throws(AdministrationError) -> Int64? {
        text == SessionPolicyChange.configured ? nil : try duration(text, of: what, range)
    }

    private static func choices(_ texts: [String]) throws(AdministrationError) -> [Int64] {
        if texts == [SessionPolicyChange.configured] { return [] }
        var choices: Set<Int64> = []
        for text in texts { choices.insert(try duration(text, of: "A choice", lengths)) }
        guard choices.count <= mostChoices else {
            throw AdministrationError(.invalid, "The consent page offers at most \(mostChoices) choices.")
        }
        return choices.sorted()
    }

    private static func duration(
        _ text: String, of what: String, _ range: ClosedRange<Int64>
    ) throws(AdministrationError) -> Int64 {
        guard let seconds = Lifetime.seconds(text), range.contains(seconds) else {
            let (least, most) = (Lifetime.text(range.lowerBound), Lifetime.text(range.upperBound))
            throw AdministrationError(
                .invalid, "\(what) cannot be '\(text)'; write a duration from \(least) to \(most), or 'default'.")
        }
        return seconds
    }

    static func hosts(_ texts: [String]) throws(AdministrationError) -> [String] {
        if texts == [SessionPolicyChange.anyHost] { return [] }
        var hosts: [String] = []
        for text in texts {
            let host = text.lowercased()
            guard ClientRule.Target.isHost(host) else {
                throw AdministrationError(
                    .invalid, "'\(text)' is no host of clients; write it as app.example, or 'any' alone for every host."
                )
            }
            if !hosts.contains(host) { hosts.append(host) }
        }
        guard hosts.count <= mostHosts else {
            throw AdministrationError(.invalid, "A policy names at most \(mostHosts) hosts of clients.")
        }
        return hosts
    }
}
