import OAuth
import Storage

/// One grant type, in one file: it reads its parameters, proves the grant, spends it, and says what is issued.
///
/// The token endpoint owns every other phase. A grant outside the list of grants is neither served nor advertised.
protocol Grant: Sendable {
    /// The parameters of this grant.
    associatedtype Request: Sendable
    /// The party that uses this grant: `Client` or `Resource`.
    associatedtype Asker: TokenAsker
    /// The result of `prepare`.
    associatedtype Preparation: Sendable = Void
    /// Something that a transaction found to be missing and that `prepare` has to provide.
    associatedtype Missing: Sendable = Never

    /// The grant's `grant_type`.
    var type: GrantType { get }
    /// How much the grant has to know about the asker, besides its authentication.
    var knowledge: Asker.Knowledge { get }

    /// Reads the parameters of this grant.
    func read(_ parameters: Parameters) throws(OAuthError) -> Request

    /// Does the fetching and verifying that must not happen inside a transaction.
    ///
    /// The endpoint calls it before the transaction, and once more if the transaction reports something `missing`.
    func prepare(_ request: Request, missing: Missing?) async throws -> Preparation

    /// Proves the grant and spends it. A refusal is returned, not thrown: throwing would roll back the revocations that a replay
    /// causes.
    func redeem(
        _ request: Identified<Request, Asker>, _ preparation: Preparation, in transaction: Transaction, now: Timestamp
    ) throws -> GrantVerdict<Missing>

    /// Reports the verdict of a request to the observer, after the commit, for a grant that has something to report.
    func committed(_ verdict: GrantVerdict<Missing>, of request: Request)
}

extension Grant where Preparation == Void, Missing == Never {
    func prepare(_ request: Request, missing: Never?) async {}
}

extension Grant where Asker.Knowledge == Void {
    var knowledge: Void { () }
}

extension Grant {
    func committed(_ verdict: GrantVerdict<Missing>, of request: Request) {}
}

/// The result of a grant inside the transaction.
enum GrantVerdict<Missing: Sendable>: Sendable {
    /// The grant is valid and is spent; the entry is its audit record.
    case earned(Issuance, AuditEntry)
    /// The grant is refused; the transaction holds every change that the refusal requires, with its record.
    case refused(OAuthError)
    /// The request that spent the grant came a second time. It is refused, and changes nothing.
    case repeated(OAuthError)
    /// The grant cannot be decided before `prepare` has provided this.
    case unprepared(Missing)
}

/// The token that the token endpoint issues for a grant.
enum Issuance: Sendable {
    /// An access token of a session, with the refresh token of this generation; nil for a client without refresh tokens.
    case session(AdmittedSession, refreshGeneration: UInt32?)
    /// A token with which an MCP server calls the endpoints for MCP servers.
    case server(ForeignToken)
    /// An access token that another authorization server issued.
    case foreign(ForeignToken)
}

/// An access token of another authorization server, as the response carries it.
struct ForeignToken: Sendable {
    let accessToken: String
    /// The remaining lifetime in seconds; nil where the issuer did not state one.
    let expiresIn: Int64?
    let scope: ScopeSet
}
