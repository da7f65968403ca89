/// What may be shown of a key.
package struct KeyDescription: Hashable, Sendable {
    /// What kind of key it is.
    package enum Kind: String, Sendable {
        /// A P-256 key pair.
        case signing
        /// A symmetric key.
        case secret
    }

    /// Where a key stands between its making and its end.
    package enum State: String, Sendable {
        /// Published, and active later.
        case next
        /// In use.
        case active
        /// No longer in use, and still good for what was made with it.
        case retiring
        /// Good for nothing any more.
        case retired
        /// Put out of use before its time, as is right for one that leaked.
        case ended
    }

    /// The key's name.
    package let id: String
    /// What it is for.
    package let purpose: String
    /// What kind it is.
    package let kind: Kind
    /// Where it stands.
    package let state: State
    /// When it was made, in seconds.
    package let createdAt: Int64
    /// From when on it is used, in seconds.
    package let activeFrom: Int64
    /// When it ends, if that is known.
    package let retiresAt: Int64?
}
