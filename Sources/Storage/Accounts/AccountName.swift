import Foundation

/// A name as somebody types it to sign in, in the one form that all its spellings share.
///
/// It is made of the whole text, before anything is cut: whoever counts tries by it counts every spelling of a name
/// together, whether an account has that name or not.
package struct AccountName: Hashable, Sendable {
    /// Blanks around the name, its case and the way its accents are encoded make no difference.
    package let key: String

    /// No name that an administrator can give is longer, in bytes of its key.
    private static let longestKey = 1_024

    /// The name that was typed.
    package init(_ typed: String) {
        let start = typed.drop(while: \.isWhitespace)
        let trimmed = String(start.reversed().drop(while: \.isWhitespace).reversed())
        key = trimmed.precomposedStringWithCanonicalMapping.lowercased()
    }

    /// Whether an account can have this name at all.
    package var isPossible: Bool { !key.isEmpty && key.utf8.count <= Self.longestKey }
}
