import OAuth
import Storage

/// One way to earn a token, in one file: it reads its parameters, proves what they show, spends it, and says what is issued.
///
/// The token endpoint owns every phase around it. A grant that is not in the list of grants is neither served nor advertised.
protocol Grant: Sendable {
    /// The parameters of this grant.
    associatedtype Request: Sendable
    /// Who may use this grant: clients or MCP servers.
    associatedtype Asker: TokenAsker
    /// The result of `prepare`.
    associatedtype Preparation: Sendable = Void
    /// What a transaction cannot do by itself and therefore asks `prepare` for.
    associatedtype Missing: Sendable = Never

    /// The grant's `grant_type`.
    var type: GrantType { get }
    /// What has to be known of the asker, besides that it authenticated.
    var knowledge: Asker.Knowledge { get }

    /// Reads the parameters of this grant.
    func read(_ parameters: Parameters) throws(OAuthError) -> Request

    /// Fetches and verifies whatever must not happen inside a transaction.
    ///
    /// The endpoint calls it before the transaction, and once more if the transaction reports something `missing`.
    func prepare(_ request: Request, missing: Missing?) async throws -> Preparation

    /// Proves the grant and spends it. A refusal is returned, not thrown, so that what it had to end stays ended.
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

/// What came of a grant inside the transaction.
enum GrantVerdict<Missing: Sendable>: Sendable {
    /// The grant was good and is spent; the entry is its audit record.
    case earned(Issuance, AuditEntry)
    /// The grant was refused; the transaction holds whatever the refusal had to change, with its record.
    case refused(OAuthError)
    /// The request that spent the grant came a second time. It is refused and changes nothing.
    case repeated(OAuthError)
    /// The grant cannot be decided before `prepare` has provided this.
    case unprepared(Missing)
}

/// What the token endpoint issues for a grant.
enum Issuance: Sendable {
    /// An access token of a session, with the refresh token of this generation; nil for a client that holds none.
    case session(AdmittedSession, refreshGeneration: UInt32?)
    /// An access token that another authorization server issued.
    case foreign(ForeignToken)
}

/// An access token of another authorization server, as it is handed out.
struct ForeignToken: Sendable {
    let accessToken: String
    /// Seconds it is still good for; nil where its issuer did not say.
    let expiresIn: Int64?
    let scope: ScopeSet
}
