package import JOSE
package import OAuth

/// Signs events with the keys that are for them alone. What an event says is fixed by its row, so what is sent again says
/// the same, under whichever key is active then.
/// Spec: RFC 8417 §2
package struct EventSigner: Sendable {
    private let issuer: Issuer
    private let keys: KeyRing

    /// A signer in the name of `issuer`.
    package init(issuer: Issuer, keys: KeyRing) {
        self.issuer = issuer
        self.keys = keys
    }

    /// The token, in the compact form, that tells `audience` of the event.
    package func sign(_ event: SecurityEvent, for audience: ResourceIdentifier, now: Timestamp) throws -> String {
        try JWT.sign(
            typ: SecurityEvent.tokenType, claims: event.claims(issuer: issuer, audience: audience),
            with: keys.signing(.events, at: now.seconds))
    }
}
