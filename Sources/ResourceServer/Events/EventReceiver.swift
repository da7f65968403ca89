import JOSE
import OAuth
import Synchronization

/// Receives the events that the authorization server pushes, or that `poll` fetches: verifies them, handles each once, wakes
/// waiting calls, and remembers revoked sessions.
///
/// Spec: RFC 8935 §2
public final class EventReceiver: Sendable {
    let authority: ElicitationAuthority
    let coverage: EventCoverage
    let sleep: @Sendable (_ seconds: Int) async -> Void
    private let arrivals: EventWaiters
    private let handle: @Sendable (ElicitationEvent) async throws -> Void
    private let handleRevocation: @Sendable (SessionRevocation) async throws -> Void
    private let revoked: Mutex<RevokedSessions>
    private let seen = Mutex(SeenEvents())

    /// Makes a receiver. `handle` gets each final elicitation once, as far as this process remembers, and `whenRevoked` each ended
    /// session; when one throws, the event is sent again later.
    public convenience init(
        _ elicitations: Elicitations, handle: @escaping @Sendable (ElicitationEvent) async throws -> Void = { _ in },
        whenRevoked: @escaping @Sendable (SessionRevocation) async throws -> Void = { _ in }
    ) {
        self.init(
            elicitations, sleep: { try? await Task.sleep(for: .seconds($0)) }, handle: handle, whenRevoked: whenRevoked)
    }

    init(
        _ elicitations: Elicitations, sleep: @escaping @Sendable (_ seconds: Int) async -> Void,
        handle: @escaping @Sendable (ElicitationEvent) async throws -> Void = { _ in },
        whenRevoked: @escaping @Sendable (SessionRevocation) async throws -> Void = { _ in },
        remembering limit: Int = 100_000
    ) {
        authority = elicitations.authority
        coverage = EventCoverage(elicitations.authority)
        revoked = Mutex(RevokedSessions(limit: limit, skew: elicitations.authority.allowedSkew))
        handleRevocation = whenRevoked
        self.sleep = sleep
        arrivals = EventWaiters(sleep: sleep)
        self.handle = handle
    }

    /// Handles a POST to the events endpoint and returns the response.
    public func receive(_ body: [UInt8], contentType: String?) async -> EventReply {
        guard Self.isEventToken(contentType), let compact = String(validating: body, as: UTF8.self) else {
            return .refused(.invalidRequest, "Send one security event token, as application/secevent+jwt.")
        }
        return await process(compact)
    }

    /// Whether an event has reported the end of this session.
    func hasEnded(_ session: String) -> Bool { revoked.withLock { $0.contains(session) } }

    /// Whether this process would know if the session of a token issued at `issuedAt` had ended.
    func knows(issuedAt: Int64, now: Int64) async -> Bool {
        let (doubted, forgotten) = revoked.withLock { ($0.doubtedUntil, $0.forgottenAt) }
        if let doubted, authority.mayPrecede(issuedAt, doubted) { return false }
        // After the clock was set back, tokens look valid whose sessions' ends are already forgotten.
        if let forgotten, now < forgotten { return false }
        return await coverage.covers(issuedAt: issuedAt, now: now)
    }

    /// Records that an event was unusable: it may have reported the end of a session.
    func doubt() {
        let now = authority.clock()
        revoked.withLock { $0.doubt(now) }
    }

    /// Verifies and handles one event and returns the response.
    func process(_ compact: String) async -> EventReply {
        switch await authority.signatures.claims(of: compact, typ: SecurityEvent.tokenType, now: authority.clock()) {
        case .claims(let claims): return await accept(claims)
        case .bad(let error): return .refused(Self.code(of: error), error.description)
        case .unknown(let reason): return .later(reason)
        }
    }

    func expect(_ elicitation: String) -> EventWaiter { arrivals.expect(elicitation) }

    /// The number of calls that wait for events.
    var waiting: Int { arrivals.count }

    private func accept(_ claims: JSONObject) async -> EventReply {
        guard claims["iss"]?.string == authority.issuer.string else {
            return .refused(.invalidIssuer, "The event is from another issuer.")
        }
        guard isAddressedHere(claims) else {
            return .refused(.invalidAudience, "The event is for another MCP server.")
        }
        guard let name = claims["jti"]?.string, let dated = claims.date("iat"), !authority.isAhead(dated),
            let event = ReceivedEvent(claims)
        else {
            doubt()
            return .refused(.invalidRequest, "The event lacks a claim, or is dated in the future.")
        }
        guard !seen.withLock({ $0.contains(name) }) else { return .accepted }
        // A transmitter that times out sends the event again while it is still being handled.
        guard seen.withLock({ $0.begin(name) }) else { return .later("the event is being handled") }
        let problem = await act(on: event)
        seen.withLock { $0.end(name, isDone: problem == nil) }
        return problem.map(EventReply.later) ?? .accepted
    }

    private func isAddressedHere(_ claims: JSONObject) -> Bool {
        let audience = claims["aud"]?.string.map { [$0] } ?? claims["aud"]?.strings ?? []
        return audience.contains { (try? ResourceIdentifier($0))?.matches(authority.resource) ?? false }
    }

    /// Handles an event; returns nil on success, else why it has to be sent again.
    private func act(on event: ReceivedEvent) async -> String? {
        switch event {
        case .other: return nil
        case .verification(let state):
            let body: JSONObject = ["state": .string(state)]
            do throws(ElicitationError) {
                _ = try await authority.ask(.post(body.bytes, repeatable: true), "/events/verify")
                return nil
            } catch {
                return error.description
            }
        case .revocation(let event):
            // Before the handler runs, so that no token of the session is accepted meanwhile.
            revoked.withLock { revoked in
                let now = authority.clock()
                if let session = event.sessionID { revoked.remember(session, now: now) } else { revoked.doubt(now) }
            }
            return await failure { try await handleRevocation(event) }
        case .elicitation(let event):
            arrivals.wake(event.elicitation)
            return await failure { try await handle(event) }
        }
    }

    private func failure(of handle: () async throws -> Void) async -> String? {
        do {
            try await handle()
            return nil
        } catch {
            return "the event handler failed: \(error)"
        }
    }

    /// Spec: RFC 8935 §2.1
    private static func isEventToken(_ type: String?) -> Bool {
        let essence = type?.prefix { $0 != ";" } ?? ""
        return essence.lowercased().split(separator: " ") == ["application/secevent+jwt"]
    }

    private static func code(of error: JWTError) -> EventReply.ErrorCode {
        switch error {
        case .unknownKey, .unusableKey, .badSignature, .algorithmNotAllowed: .invalidKey
        case .tooLarge, .malformed, .criticalHeader, .wrongType: .invalidRequest
        }
    }
}
