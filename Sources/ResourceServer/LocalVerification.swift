import JOSE

/// Checks tokens by their signature, with keys that are fetched now and then.
///
/// Spec: RFC 9068 §4
struct LocalVerification: Sendable {
    let keys: CachedDocument<VerificationKeySet>
    let rule: AccessTokenRule

    /// RFC 9068 §2.1 demands RS256 of everybody; Gatehouse itself signs with ES256.
    private static let algorithms: Set<SignatureAlgorithm> = [.es256, .es384, .edDSA, .rs256, .ps256]

    func verdict(on token: String, now: Int64) async -> TokenVerdict {
        do throws(DocumentFailure) {
            let keys = try await keys.current(at: now)
            do throws(JWTError) {
                return judged(try verified(token, with: keys), now: now)
            } catch .unknownKey {
                return await verdictWithNewerKeys(on: token, now: now)
            } catch {
                return .bad(TokenFault(error.description))
            }
        } catch {
            return .unknown(reason: error.reason)
        }
    }

    /// A key may be newer than what we hold; but a stranger who makes up key names must not make us fetch each time.
    private func verdictWithNewerKeys(on token: String, now: Int64) async -> TokenVerdict {
        guard let keys = await keys.renewed(at: now) else {
            return .bad(TokenFault("no known key fits the token, and the keys were fetched a moment ago"))
        }
        do throws(JWTError) {
            return judged(try verified(token, with: keys), now: now)
        } catch {
            return .bad(TokenFault(error.description))
        }
    }

    private func verified(_ token: String, with keys: VerificationKeySet) throws(JWTError) -> JSONObject {
        try JWT.verify(token, typ: "at+jwt", algorithms: Self.algorithms, keys: keys).claims
    }

    private func judged(_ claims: JSONObject, now: Int64) -> TokenVerdict {
        do throws(TokenFault) {
            return .good(try rule.access(signed: claims, now: now))
        } catch {
            return .bad(error)
        }
    }
}
