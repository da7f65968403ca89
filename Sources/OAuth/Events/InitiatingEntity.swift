/// The party whose decision a security event reports, in the words of CAEP.
///
/// Spec: CAEP §2
package enum InitiatingEntity: String, Hashable, Sendable, CaseIterable {
    /// An administrator decided.
    case admin
    /// The user decided.
    case user
    /// A rule of the server decided, such as the one about reused refresh tokens.
    case policy
    /// A program asked for it, or a time limit passed.
    case system
}
