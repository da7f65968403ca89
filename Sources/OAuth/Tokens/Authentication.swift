/// One authentication of a user: time, class, methods and identity provider.
///
/// A browser login stores it. Tokens and the rules about recent sign-ins read it only from there.
package struct Authentication: Hashable, Sendable {
    /// When the user authenticated (`auth_time`).
    package let time: Timestamp
    /// The authentication context class (`acr`).
    package let context: AuthenticationContext
    /// The authentication methods (`amr`).
    package let methods: [AuthenticationMethodReference]
    /// The identity provider that authenticated the user; nil if this server did.
    package let voucher: OpenIDIssuer?

    /// Makes an authentication from its parts.
    package init(
        time: Timestamp, context: AuthenticationContext, methods: [AuthenticationMethodReference],
        voucher: OpenIDIssuer? = nil
    ) {
        self.time = time
        self.context = context
        self.methods = methods
        self.voucher = voucher
    }
}
