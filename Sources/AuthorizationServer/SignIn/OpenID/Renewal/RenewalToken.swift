import JOSE
import OAuth
import Storage

/// The refresh token of an account at an identity provider, with the nonce of its sign-in, as they are sealed and kept.
struct RenewalToken: Sendable, RedactedCredential {
    let refresh: Secret
    /// A renewed ID token that has a nonce must have this one.
    let nonce: String

    init(refresh: Secret, nonce: String) {
        self.refresh = refresh
        self.nonce = nonce
    }

    /// Reads the opened value of a row; nil if it is malformed.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONObject(parsing: bytes), let refresh = json["refresh"]?.string,
            let nonce = json["nonce"]?.string
        else { return nil }
        self.init(refresh: Secret(refresh), nonce: nonce)
    }

    /// The plain text that the vault seals.
    var bytes: [UInt8] {
        let json: JSONObject = ["refresh": .string(refresh.reveal()), "nonce": .string(nonce)]
        return json.bytes
    }
}

extension ConnectionVault {
    /// Seals the refresh token of an account for its row.
    func seal(_ token: RenewalToken, of account: Digest, in transaction: Transaction) throws -> [UInt8] {
        try seal(token.bytes, Self.refreshTokenContext(account), in: transaction)
    }

    /// Opens the refresh token of an account; nil if it does not open.
    func renewal(by token: UpstreamRefreshToken) -> RenewalToken? {
        open(token.token, Self.refreshTokenContext(token.account)).flatMap(RenewalToken.init)
    }

    /// The context of the refresh token of an account at a provider.
    static func refreshTokenContext(_ account: Digest) -> String { "upstream refresh token:\(account.base64URL)" }
}
