import JOSE
import OAuth

/// The proof that a person approved one action, signed by the authorization server and spent by collecting it.
public struct Approval: Sendable, Hashable {
    /// Its own identifier, for the MCP server's records.
    public let id: String
    /// The elicitation that it is the result of.
    public let elicitation: String
    /// The person, as the authorization server names them to this MCP server.
    public let subject: String
    /// The digest of the action that was approved.
    public let digest: String
    /// When the person signed in for it, in seconds since 1970.
    public let authenticatedAt: Int64?
    /// The signed text, as evidence to keep.
    public let compact: String
}

/// What an approval has to say before the action runs: everything is compared with the call itself, nothing is taken from
/// the approval.
struct ApprovalRule: Sendable {
    let authority: ElicitationAuthority

    func approval(
        _ compact: String, of id: String, for action: OAuth.ElicitationAction, by access: Access
    ) async throws(ElicitationError) -> Approval {
        let claims: JSONObject
        switch await authority.signatures.claims(of: compact, typ: ApprovalClaims.type, now: authority.clock()) {
        case .claims(let proven): claims = proven
        case .bad(let error): throw Self.fault(error.description)
        case .unknown(let reason): throw ElicitationError(DocumentFailure(reason))
        }
        try demandParties(claims)
        try demandTime(claims)
        try demandPerson(claims, access)
        guard claims["elicitation"]?.string == id else { throw Self.fault("It belongs to another elicitation.") }
        guard claims["digest"]?.string == action.digest.base64URL, claims["action"]?.string == action.name else {
            throw Self.fault("What was approved is not what is about to run.")
        }
        guard let name = claims["jti"]?.string else { throw Self.fault("It has no identifier.") }
        return Approval(
            id: name, elicitation: id, subject: access.subject, digest: action.digest.base64URL,
            authenticatedAt: claims.date("auth_time"), compact: compact)
    }

    private func demandParties(_ claims: JSONObject) throws(ElicitationError) {
        guard claims["iss"]?.string == authority.issuer.string else { throw Self.fault("It is from another issuer.") }
        guard claims["aud"]?.string == authority.resource.string else {
            throw Self.fault("It is for another MCP server.")
        }
    }

    private func demandTime(_ claims: JSONObject) throws(ElicitationError) {
        guard let end = claims.date("exp"), authority.clock() - authority.allowedSkew < end else {
            throw Self.fault("It is over.")
        }
        guard let dated = claims.date("iat"), !authority.isAhead(dated) else {
            throw Self.fault("It is dated in the future: compare the clocks.")
        }
    }

    private func demandPerson(_ claims: JSONObject, _ access: Access) throws(ElicitationError) {
        guard claims["sub"]?.string == access.subject else { throw Self.fault("It is another person's.") }
        guard claims["client_id"]?.string == access.clientID else { throw Self.fault("It came by another client.") }
        guard let session = claims["sid"]?.string, session == access.sessionID else {
            throw Self.fault("It is from another session.")
        }
    }

    private static func fault(_ sentence: String) -> ElicitationError {
        ElicitationError(.invalidApproval, "The approval does not count. \(sentence)")
    }
}
