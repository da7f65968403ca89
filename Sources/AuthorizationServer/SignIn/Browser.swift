package import JOSE

/// The browser that sent a request, identified by the digests of its two cookies.
package struct Browser: Sendable {
    /// Digest of the cookie that every browser gets. Forms and sealed requests are bound to it.
    package let binding: Digest
    /// Digest of the sign-in cookie; nil for a browser without one.
    package let signIn: Digest?
    /// The IP address of the request, for the audit trail.
    package let address: String?
    /// The id of the request, which error pages and log lines show.
    package let reference: String

    /// A browser, by what its request shows.
    package init(binding: Digest, signIn: Digest?, address: String? = nil, reference: String = "none") {
        self.binding = binding
        self.signIn = signIn
        self.address = address
        self.reference = reference
    }
}
