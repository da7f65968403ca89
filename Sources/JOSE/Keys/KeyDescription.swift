/// A description of a key, without its bytes.
package struct KeyDescription: Hashable, Sendable {
    /// The kind of a key.
    package enum Kind: String, Sendable {
        /// A P-256 key pair.
        case signing
        /// A symmetric key.
        case secret
    }

    /// The state of a key.
    package enum State: String, Sendable {
        /// Published; becomes active later.
        case next
        /// Used for new signatures or values.
        case active
        /// No longer used for new values; still verifies or opens existing ones.
        case retiring
        /// No longer used at all.
        case retired
        /// Ended before its time, as a leaked key must be.
        case ended
    }

    /// The key's name.
    package let id: String
    /// The name of its purpose.
    package let purpose: String
    /// The kind of the key.
    package let kind: Kind
    /// The state of the key.
    package let state: State
    /// When the key was made, in seconds since 1970.
    package let createdAt: Int64
    /// When the key becomes active, in seconds since 1970.
    package let activeFrom: Int64
    /// When the key retires, in seconds since 1970; nil if not scheduled.
    package let retiresAt: Int64?
}
