/// How a person was authenticated: when, how strongly, by what and by whom.
///
/// A browser login keeps it. Tokens, and every rule about fresh sign-ins, read it from there and from nowhere else.
package struct Authentication: Hashable, Sendable {
    /// When the person proved who they are: `auth_time`.
    package let time: Timestamp
    /// How strongly: `acr`.
    package let context: AuthenticationContext
    /// By what: `amr`.
    package let methods: [AuthenticationMethodReference]
    /// The identity provider that vouches for it; nil where this server checked the proof itself.
    package let voucher: Issuer?

    /// What one proof comes to.
    package init(
        time: Timestamp, context: AuthenticationContext, methods: [AuthenticationMethodReference],
        voucher: Issuer? = nil
    ) {
        self.time = time
        self.context = context
        self.methods = methods
        self.voucher = voucher
    }
}
