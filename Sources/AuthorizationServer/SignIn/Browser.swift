package import JOSE

/// The browser that sent a request, told apart by the digests of its two cookies.
package struct Browser: Sendable {
    /// Digest of the cookie that every visiting browser is given; what a page hands back is bound to it.
    package let binding: Digest
    /// Digest of the sign-in cookie, if the browser has one.
    package let signIn: Digest?
    /// The address the request came from, for the audit trail.
    package let address: String?
    /// The id of the request, which stands on an error page and in the log.
    package let reference: String

    /// A browser as its cookies show it.
    package init(binding: Digest, signIn: Digest?, address: String? = nil, reference: String = "none") {
        self.binding = binding
        self.signIn = signIn
        self.address = address
        self.reference = reference
    }
}
