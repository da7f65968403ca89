import JOSE

/// Verifies signatures of the authorization server with its cached key set.
struct IssuerSignatures: Sendable {
    /// The result of verifying a signed token.
    enum Verdict: Sendable {
        case claims(JSONObject)
        case bad(JWTError)
        /// Undecided, because the keys could not be fetched.
        case unknown(reason: String)
    }

    let keys: CachedDocument<VerificationKeySet>
    var algorithms: Set<SignatureAlgorithm> = [.es256]

    func claims(of compact: String, typ: String, now: Int64) async -> Verdict {
        do throws(DocumentFailure) {
            let verdict = judged(compact, typ, with: try await keys.current(at: now))
            // The key may be newer than the cached set. `renewed` limits the rate: made-up key names must not cause a fetch each.
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
