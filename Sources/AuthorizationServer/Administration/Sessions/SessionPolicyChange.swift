import OAuth
import Storage

/// A change of an MCP server's settings for sessions, as typed on the command line. Nil leaves a setting unchanged.
package struct SessionPolicyChange: Codable, Hashable, Sendable {
    /// The value that resets a setting to the configuration.
    package static let configured = "default"
    /// The value that allows clients of every host.
    package static let anyHost = "any"

    /// The maximum lifetime of a session, such as `8h`, or `default`.
    package var longest: String?
    /// The idle timeout of a session, such as `3d`, or `default`.
    package var idle: String?
    /// The lifetimes that the consent page offers, or only `default`.
    package var choices: [String]?
    /// The lifetime of access tokens, such as `5m`, or `default`.
    package var tokenLife: String?
    /// The lifetime of the sessions of clients that act for themselves, such as `24h`, or `default`.
    package var service: String?
    /// The hosts whose clients are allowed, or only `any`.
    package var clientHosts: [String]?
    /// Whether sessions may begin on a device without a browser.
    package var allowsDevice: Bool?

    /// A change of the given settings.
    package init(
        longest: String? = nil, idle: String? = nil, choices: [String]? = nil, tokenLife: String? = nil,
        service: String? = nil, clientHosts: [String]? = nil, allowsDevice: Bool? = nil
    ) {
        self.longest = longest
        self.idle = idle
        self.choices = choices
        self.tokenLife = tokenLife
        self.service = service
        self.clientHosts = clientHosts
        self.allowsDevice = allowsDevice
    }

    /// Whether no setting changes.
    var isEmpty: Bool { self == SessionPolicyChange() }
}

extension SessionPolicy {
    /// The policy after the change.
    func changed(by change: SessionPolicyChange) throws(AdministrationError) -> SessionPolicy {
        var policy = self
        if let text = change.longest { policy.longest = try Self.length(text, of: "--longest-session", Self.lengths) }
        if let text = change.idle { policy.idle = try Self.length(text, of: "--idle-limit", Self.lengths) }
        if let texts = change.choices { policy.choices = try Self.choices(texts) }
        if let text = change.tokenLife {
            policy.tokenLife = try Self.length(text, of: "--token-life", Self.tokenLives)
        }
        if let text = change.service { policy.service = try Self.length(text, of: "--service-session", Self.lengths) }
        if let texts = change.clientHosts { policy.clientHosts = try Self.hosts(texts) }
        policy.allowsDevice = change.allowsDevice ?? policy.allowsDevice
        return policy
    }

    private static func length(
        _ text: String, of option: String, _ range: ClosedRange<Int64>
    ) throws(AdministrationError) -> Int64? {
        text == SessionPolicyChange.configured ? nil : try duration(text, of: option, range)
    }

    private static func choices(_ texts: [String]) throws(AdministrationError) -> [Int64] {
        if texts == [SessionPolicyChange.configured] { return [] }
        var choices: Set<Int64> = []
        for text in texts { choices.insert(try duration(text, of: "--session-choice", lengths)) }
        guard choices.count <= mostChoices else {
            throw AdministrationError(
                .invalid, "Too many session lifetimes: the consent page offers at most \(mostChoices).")
        }
        return choices.sorted()
    }

    private static func duration(
        _ text: String, of option: String, _ range: ClosedRange<Int64>
    ) throws(AdministrationError) -> Int64 {
        guard let seconds = Lifetime.seconds(text), range.contains(seconds) else {
            let (least, most) = (Lifetime.text(range.lowerBound), Lifetime.text(range.upperBound))
            throw AdministrationError(
                .invalid,
                "Invalid value '\(text)' for \(option): must be a duration from \(least) to \(most), or 'default'.")
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
                    .invalid, "'\(text)' is not a host. Use a name such as app.example, or only 'any' for every host.")
            }
            if !hosts.contains(host) { hosts.append(host) }
        }
        guard hosts.count <= mostHosts else {
            throw AdministrationError(
                .invalid, "Too many hosts: a policy allows at most \(mostHosts) hosts of clients.")
        }
        return hosts
    }
}
