import Foundation

/// Texts as they may stand in the log: bounded, and without what the rest of a URL could give away.
package enum LogText {
    /// The longest value, in bytes.
    static let longest = 300

    /// The text with every URL in it cut behind its authority, and cut itself where it is too long. Paths and queries carry
    /// codes, tickets and addresses that are secrets; the host alone tells an operator where to look.
    package static func bounded(_ text: String) -> String {
        let plain = text.utf8.count > 4 * longest ? String(text.prefix(4 * longest)) : text
        return shortened(withoutSecrets(withoutPaths(plain)))
    }

    /// Without what looks like a secret, a code or a token of this server: it can stand where a name was expected.
    private static func withoutSecrets(_ text: String) -> String {
        guard text.contains("gate_") || text.contains("eyJ") else { return text }
        return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            let starts = [word.range(of: "gate_"), word.range(of: "eyJ")].compactMap(\.self)
            guard let start = starts.min(by: { $0.lowerBound < $1.lowerBound }) else { return String(word) }
            return String(word[..<start.upperBound]) + "…"
        }.joined(separator: " ")
    }

    /// A client's identifier. The address of a metadata document stands without its scheme and query: it names the document
    /// and can still be searched for.
    package static func client(_ id: String) -> String {
        guard let scheme = id.range(of: "://") else { return id }
        return String(id[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" })
    }

    /// Whoever asked, as it named itself. Who mixes up the two halves of its credentials, or sends a token in the place of a
    /// name, must not find it in a log.
    package static func asker(_ name: String) -> String {
        guard !name.contains("gate_"), !name.hasPrefix("eyJ") else { return "(a secret in the place of an id)" }
        return client(name)
    }

    private static func withoutPaths(_ text: String) -> String {
        var rest = text[...]
        var out = ""
        while let scheme = rest.range(of: "://") {
            let authority = rest[scheme.upperBound...].prefix { !ends.contains($0) }
            // Who names a user names a password too.
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
