package import JOSE
package import OAuth

/// Signs events with the signing keys for events. The claims of an event are fixed by its row, so that repetitions
/// carry the same claims under whichever key is active then.
///
/// Spec: RFC 8417 §2
package struct EventSigner: Sendable {
    private let issuer: Issuer
    private let keys: KeyRing

    /// A signer for `issuer`.
    package init(issuer: Issuer, keys: KeyRing) {
        self.issuer = issuer
        self.keys = keys
    }

    /// The security event token for `audience`, in compact serialization.
    package func sign(_ event: SecurityEvent, for audience: ResourceIdentifier, now: Timestamp) throws -> String {
        try JWT.sign(
            typ: SecurityEvent.tokenType, claims: event.claims(issuer: issuer, audience: audience),
            with: keys.signing(.events, at: now.seconds))
    }
}
