import JOSE
import OAuth

/// The authorization server's signed proof that a user approved one action. Collecting the result spends it.
public struct Approval: Sendable, Hashable {
    /// The identifier of the approval (`jti`), for the MCP server's records.
    public let id: String
    /// The handle of its elicitation.
    public let elicitation: String
    /// The user's subject identifier.
    public let subject: String
    /// The digest of the action that was approved.
    public let digest: String
    /// When the user signed in, in seconds since 1970.
    public let authenticatedAt: Int64?
    /// The signed token in compact form, as evidence to keep.
    public let compact: String
}

/// The checks of an approval before the action runs. Every claim is compared with the call itself; no value of the approval is
/// used for the action.
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
        guard claims["elicitation"]?.string == id else { throw Self.fault("It is for another elicitation.") }
        guard claims["digest"]?.string == action.digest.base64URL, claims["action"]?.string == action.name else {
            throw Self.fault("It is for another action.")
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
            throw Self.fault("It has expired.")
        }
        guard let dated = claims.date("iat"), !authority.isAhead(dated) else {
            throw Self.fault("It was issued in the future: synchronize the clocks.")
        }
    }

    private func demandPerson(_ claims: JSONObject, _ access: Access) throws(ElicitationError) {
        guard claims["sub"]?.string == access.subject else { throw Self.fault("It is for another user.") }
        guard claims["client_id"]?.string == access.clientID else { throw Self.fault("It is for another client.") }
        guard let session = claims["sid"]?.string, session == access.sessionID else {
            throw Self.fault("It is for another session.")
        }
    }

    private static func fault(_ sentence: String) -> ElicitationError {
        ElicitationError(.invalidApproval, "The approval is invalid. \(sentence)")
    }
}
