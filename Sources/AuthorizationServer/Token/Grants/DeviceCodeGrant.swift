import OAuth
import Storage

/// Gives a device the tokens that its user approved in a browser elsewhere.
///
/// Spec: RFC 8628 §3.4
struct DeviceCodeGrant: Grant {
    /// The parameters: the device code, and the MCP server if it is named.
    struct Request: Sendable {
        let code: DeviceCode
        let resource: ResourceIdentifier?

        /// Reads the form.
        init(_ parameters: Parameters) throws(OAuthError) {
            guard let code = DeviceCode(try parameters.required(.deviceCode)) else {
                throw DeviceCodeGrant.refusal("not a device code of this server")
            }
            self.code = code
            resource = try ResourceRule.requested(parameters.repeated(.resource))
        }
    }

    typealias Asker = Client

    let type = GrantType.deviceCode
    /// The approval keeps what the user was shown of the client's document, so nothing is fetched.
    let knowledge = ClientKnowledge.identity
    let standing: StandingRule

    func read(_ parameters: Parameters) throws(OAuthError) -> Request { try Request(parameters) }

    /// The order is policy. A client that did not start with this code learns nothing about it. A denied or expired request stays
    /// so, however often the device asks.
    func redeem(
        _ request: Identified<Request, Client>, _: Void, in transaction: Transaction, now: Timestamp
    ) throws -> GrantVerdict<Never> {
        let client = request.asker
        guard let kept = try transaction.devices.find(request.request.code.digest) else {
            return .refused(Self.refusal("unknown device code"))
        }
        guard kept.clientID == client.id else { return .refused(Self.refusal("another client's device code")) }
        switch kept.state {
        case .denied: return .refused(Self.denied)
        case .redeemed: return try repeated(kept, by: request, in: transaction, now: now)
        case .unused: return .refused(Self.expired)
        case .pending, .approved: break
        }
        guard now < kept.expiresAt else { return .refused(Self.expired) }
        guard kept.state == .approved else { return .refused(try waiting(kept, in: transaction, now: now)) }
        guard let session = try kept.sessionID.flatMap({ try transaction.sessions.grant($0) }) else {
            return .refused(Self.refusal("no session"))
        }
        return try collect(session, kept, request, in: transaction, now: now)
    }

    /// Issues the first tokens of an approved session.
    private func collect(
        _ session: SessionGrant, _ kept: StoredDeviceAuthorization, _ request: Identified<Request, Client>,
        in transaction: Transaction, now: Timestamp
    ) throws -> GrantVerdict<Never> {
        if let refusal = session.refusal(of: request) { return .refused(refusal) }
        if let refusal = kept.proofDemand.refusal(of: request.key?.thumbprint) { return .refused(refusal) }
        if let error = ResourceRule.refusal(request.request.resource, granted: session.resource) {
            return .refused(error)
        }
        if let resource = try transaction.resources.find(id: session.resourceID),
            let refusal = try DevicePermission.refusal(of: session.clientID, at: resource, in: transaction)
        {
            return .refused(refusal)
        }
        let admitted: AdmittedSession
        switch try standing.admit(session, wanting: nil, in: transaction, now: now) {
        case .success(let session): admitted = session
        case .failure(let error): return .refused(error)
        }
        guard try transaction.devices.redeem(kept.digest, now: now),
            try request.activate(session.id, in: transaction, now: now)
        else { return .refused(Self.refusal("redeemed meanwhile")) }
        return .earned(
            .session(admitted, refreshGeneration: kept.refreshes ? 1 : nil),
            AuditEntry(.tokenIssued, at: now, actor: .client(session.clientID), of: session, initiator: .model))
    }

    /// The answer before the user's decision. A device that asks too often has to wait longer from then on.
    ///
    /// Spec: RFC 8628 §3.5
    private func waiting(
        _ kept: StoredDeviceAuthorization, in transaction: Transaction, now: Timestamp
    ) throws -> OAuthError {
        let isTooEarly = kept.polling.isTooEarly(at: now)
        // Whoever asks without a pause writes at most once a second, and no more once the interval cannot grow.
        let isKnown = kept.polling.lastAt == now || isTooEarly && kept.polling.isLongest
        if !isKnown { try transaction.devices.set(kept.polling.counting(at: now), of: kept.digest) }
        return isTooEarly ? Self.tooEarly : Self.pending
    }

    /// Refuses a redeemed code. Two parties that use one code later than a repetition explains hold it both, so its session ends.
    private func repeated(
        _ kept: StoredDeviceAuthorization, by request: Identified<Request, Client>, in transaction: Transaction,
        now: Timestamp
    ) throws -> GrantVerdict<Never> {
        guard let redeemedAt = kept.decidedAt,
            let session = try kept.sessionID.flatMap({ try transaction.sessions.grant($0) })
        else { return .refused(Self.refusal("redeemed")) }
        // Without the client's key nobody ends its session by the code alone.
        if let refusal = session.refusal(of: request) { return .refused(refusal) }
        if let refusal = session.proofDemand.refusal(of: request.key?.thumbprint) { return .refused(refusal) }
        guard !now.isWithin(Self.repeatable(kept.polling), of: redeemedAt) else {
            return .repeated(Self.refusal("the device code was redeemed a moment ago"))
        }
        _ = try transaction.sessions.end(
            session.id,
            SessionEnding(
                reason: .codeReplayed, initiator: .policy, actor: .client(request.asker.id),
                explanation: "the device code was redeemed twice", at: now))
        return .refused(Self.refusal("device code used again after it was redeemed"))
    }

    /// For how many seconds after the redemption a repetition is only refused: a client that lost the response comes back at its next
    /// interval.
    private static func repeatable(_ polling: DevicePolling) -> Int64 { min(max(10, polling.interval + 5), 60) }

    private static let pending = OAuthError(.authorizationPending, "The user has not decided yet.")
    private static let tooEarly = OAuthError(
        .slowDown, "The user has not decided yet. Wait five seconds longer before this and each further request.")
    private static let denied = OAuthError(.accessDenied, "The user denied the request.")
    private static let expired = OAuthError(.expiredToken, "The device code has expired. Start again.")

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidGrant, "The device code is not valid or no longer valid. Start again.", reason: reason)
    }
}
