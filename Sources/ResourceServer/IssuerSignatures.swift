import JOSE

/// Verifies what the authorization server signed, with keys that are fetched now and then.
struct IssuerSignatures: Sendable {
    /// What checking a signed text came to.
    enum Verdict: Sendable {
        case claims(JSONObject)
        case bad(JWTError)
        /// Nobody can tell: the keys could not be had.
        case unknown(reason: String)
    }

    let keys: CachedDocument<VerificationKeySet>
    var algorithms: Set<SignatureAlgorithm> = [.es256]

    func claims(of compact: String, typ: String, now: Int64) async -> Verdict {
        do throws(DocumentFailure) {
            let verdict = judged(compact, typ, with: try await keys.current(at: now))
            // A key may be newer than what we hold; but a stranger who makes up key names must not make us fetch each time.
            guard case .bad(.unknownKey) = verdict, let newer = await keys.renewed(at: now) else { return verdict }
            return judged(compact, typ, with: newer)
        } catch {
            return .unknown(reason: error.reason)
        }
    }

    private func judged(_ compact: String, _ typ: String, with keys: VerificationKeySet) -> Verdict {
        do throws(JWTError) {
            return .claims(try JWT.verify(compact, typ: typ, algorithms: algorithms, keys: keys).claims)
        } catch {
            return .bad(error)
        }
    }
}
