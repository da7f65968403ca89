import OAuth
import Outbound
import Storage

// How the values of a policy are read from what an administrator types, and written back.

/// The value that resets a setting to the configuration.
private let configured = "default"
/// The value that allows clients of every host.
private let anyHost = "any"

extension PolicySetting.Kind<Int64?> {
    /// A duration, such as `8h`, or `default`.
    static func length(_ range: ClosedRange<Int64>) -> Self {
        Self(
            read: { words, option in
                let text = try single(words, option)
                return text == configured ? nil : try duration(text, of: option, range)
            }, words: { [$0.map(Lifetime.text) ?? configured] })
    }
}

extension PolicySetting.Kind<[Int64]> {
    /// The lifetimes that the consent page offers, or only `default`.
    static var choices: Self {
        Self(
            read: { words, option in
                if words == [configured] { return [] }
                // An empty list is no way to say 'default'.
                let choices = Set(
                    try (words.isEmpty ? [""] : words).map { try duration($0, of: option, SessionPolicy.lengths) })
                guard choices.count <= SessionPolicy.mostChoices else {
                    throw AdministrationError(
                        .invalid,
                        "Too many session lifetimes: the consent page offers at most \(SessionPolicy.mostChoices).")
                }
                return choices.sorted()
            }, words: { $0.isEmpty ? [configured] : $0.map(Lifetime.text) })
    }
}

extension PolicySetting.Kind<Bool> {
    /// `yes` or `no`.
    static var yesOrNo: Self {
        Self(
            read: { words, option in
                switch try single(words, option) {
                case "yes", "true": true
                case "no", "false": false
                case let other:
                    throw AdministrationError(.invalid, "Invalid value '\(other)' for \(option): must be yes or no.")
                }
            }, words: { [$0 ? "yes" : "no"] })
    }
}

extension PolicySetting.Kind<Set<ElicitationKind>> {
    /// Kinds of elicitation by name.
    static var elicitationKinds: Self {
        Self(
            read: { words, _ in
                Set(
                    try words.map { word in
                        guard let kind = ElicitationKind(rawValue: word) else {
                            let known = ElicitationKind.allCases.map(\.rawValue).joined(separator: ", ")
                            throw AdministrationError(
                                .invalid, "'\(word)' is not a kind of elicitation. The kinds are \(known).")
                        }
                        return kind
                    })
            }, words: { $0.sorted().map(\.rawValue) })
    }
}

extension PolicySetting.Kind<[String]> {
    /// Hosts of clients' documents, or only `any`.
    static var clientHosts: Self {
        Self(
            read: { words, _ in
                if words == [anyHost] { return [] }
                // An empty list is no way to say 'any': it would open the MCP server to every host.
                let hosts = try (words.isEmpty ? [""] : words).map { word in
                    guard ClientRule.Target.isHost(word.lowercased()) else {
                        throw AdministrationError(
                            .invalid,
                            "'\(word)' is not a host. Use a name such as app.example, or only 'any' for every host.")
                    }
                    return word.lowercased()
                }
                let distinct = hosts.enumerated().filter { !hosts.prefix($0).contains($1) }.map(\.element)
                guard distinct.count <= SessionPolicy.mostHosts else {
                    throw AdministrationError(
                        .invalid, "Too many hosts: a policy allows at most \(SessionPolicy.mostHosts) hosts of clients."
                    )
                }
                return distinct
            }, words: { $0.isEmpty ? [anyHost] : $0 })
    }

    /// Hosts as in an https URL, with a port if that is not 443.
    static var externalHosts: Self {
        Self(
            read: { words, _ in
                try words.map { word in
                    let typed = word.lowercased()
                    let host = typed.hasSuffix(":443") ? String(typed.dropLast(4)) : typed
                    guard let url = try? RemoteURL(operator: "https://\(host)/"), url.hostField == host else {
                        throw AdministrationError(
                            .invalid,
                            "'\(word)' is not a host. Write it as pay.example or pay.example:8443, without https://.")
                    }
                    return host
                }
            }, words: { $0 })
    }
}

private func single(_ words: [String], _ option: String) throws(AdministrationError) -> String {
    guard let word = words.first, words.count == 1 else {
        throw AdministrationError(.invalid, "Give \(option) one value.")
    }
    return word
}

private func duration(
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
