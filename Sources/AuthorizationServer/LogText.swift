import Foundation

/// Makes texts safe for the log: bounded in length, and without the parts of a URL that can hold secrets.
package enum LogText {
    /// The greatest length of a value, in bytes.
    static let longest = 300

    /// The text without the path and query of every URL in it, cut to the greatest length. Paths and queries carry codes, tickets
    /// and secret addresses; an operator needs only the host.
    package static func bounded(_ text: String) -> String {
        let plain = text.utf8.count > 4 * longest ? String(text.prefix(4 * longest)) : text
        return shortened(withoutSecrets(withoutPaths(plain)))
    }

    /// Removes what looks like a secret, a code or a token of this server, which callers send in the place of a name.
    private static func withoutSecrets(_ text: String) -> String {
        guard text.contains("gate_") || text.contains("eyJ") else { return text }
        return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            let starts = [word.range(of: "gate_"), word.range(of: "eyJ")].compactMap(\.self)
            guard let start = starts.min(by: { $0.lowerBound < $1.lowerBound }) else { return String(word) }
            return String(word[..<start.upperBound]) + "…"
        }.joined(separator: " ")
    }

    /// A `client_id` for the log. The address of a metadata document loses scheme and query, and can still be searched for.
    package static func client(_ id: String) -> String {
        guard let scheme = id.range(of: "://") else { return id }
        return String(id[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" })
    }

    /// The `client_id` of a request for the log. A caller who swaps id and secret, or sends a token in the place of the id, must
    /// not have it logged.
    package static func asker(_ name: String) -> String {
        guard !name.contains("gate_"), !name.hasPrefix("eyJ") else { return "(a secret in the place of an id)" }
        return client(name)
    }

    private static func withoutPaths(_ text: String) -> String {
        var rest = text[...]
        var out = ""
        while let scheme = rest.range(of: "://") {
            let authority = rest[scheme.upperBound...].prefix { !ends.contains($0) }
            // The user part of an authority can hold a password.
            let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? authority
            out += rest[..<scheme.upperBound] + host
            rest = rest[authority.endIndex...]
            let tail = rest.prefix { !$0.isWhitespace && !"'\"<>,;)".contains($0) }
            if !tail.isEmpty { out += "/…" }
            rest = rest[tail.endIndex...]
        }
        return out + rest
    }

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > longest else { return text }
        var out = ""
        for character in text {
            guard out.utf8.count + character.utf8.count <= longest else { break }
            out.append(character)
        }
        return out + "…"
    }

    private static let ends: Set<Character> = [
        "/", "?", "#", "'", "\"", "<", ">", ",", ";", ")", " ", "\t", "\n", "\r",
    ]
}
