import JOSE

/// Verifies access tokens by signature and claims, without a request per token.
///
/// Spec: RFC 9068 §4
struct LocalVerification: Sendable {
    /// RFC 9068 §2.1 requires RS256; Gatehouse signs with ES256.
    static let algorithms: Set<SignatureAlgorithm> = [.es256, .es384, .edDSA, .rs256, .ps256]

    let signatures: IssuerSignatures
    let rule: AccessTokenRule

    func verdict(on token: String, now: Int64) async -> TokenVerdict {
        switch await signatures.claims(of: token, typ: "at+jwt", now: now) {
        case .claims(let claims): judged(claims, now: now)
        case .bad(let error): .bad(TokenRejection(error.description))
        case .unknown(let reason): .unknown(reason: reason)
        }
    }

    private func judged(_ claims: JSONObject, now: Int64) -> TokenVerdict {
        do throws(TokenRejection) {
            return .good(try rule.access(signed: claims, now: now))
        } catch {
            return .bad(error)
        }
    }
}
