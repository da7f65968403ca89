import Foundation

/// A typed user name, in the one form that all its spellings share.
///
/// The whole text is normalised before anything is cut, so a throttle that counts by `key` counts every spelling of a name
/// together, whether or not an account has the name.
package struct AccountName: Hashable, Sendable {
    /// The name without blanks around it, in lower case, with accents in composed form.
    package let key: String

    /// The longest key of an account, in bytes.
    private static let longestKey = 1_024

    /// Normalises a typed name.
    package init(_ typed: String) {
        let start = typed.drop(while: \.isWhitespace)
        let trimmed = String(start.reversed().drop(while: \.isWhitespace).reversed())
        key = trimmed.precomposedStringWithCanonicalMapping.lowercased()
    }

    /// Whether an account can have this name.
    package var isPossible: Bool { !key.isEmpty && key.utf8.count <= Self.longestKey }
}
