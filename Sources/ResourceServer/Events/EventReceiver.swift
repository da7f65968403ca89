import JOSE
import OAuth
import Synchronization

/// Takes the events that the authorization server pushes, or that `poll` fetches: proves them, acts on each once, wakes the
/// calls that wait, and remembers which sessions have ended.
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

    /// `handle` hears of each end of an elicitation once, as far as this process remembers, and `whenRevoked` of each end of
    /// a session; when they throw, the event is sent again later.
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

    /// Judges a POST to the events endpoint and says what to answer.
    public func receive(_ body: [UInt8], contentType: String?) async -> EventReply {
        guard Self.isEventToken(contentType), let compact = String(validating: body, as: UTF8.self) else {
            return .refused(.invalidRequest, "Send one security event token, as application/secevent+jwt.")
        }
        return await judge(compact)
    }

    /// Whether an event told that this session is over.
    func hasEnded(_ session: String) -> Bool { revoked.withLock { $0.contains(session) } }

    /// Whether the end of a session whose token was issued then would be known here.
    func knows(issuedAt: Int64, now: Int64) async -> Bool {
        let (doubted, forgotten) = revoked.withLock { ($0.doubtedUntil, $0.forgottenAt) }
        if let doubted, authority.mayPrecede(issuedAt, doubted) { return false }
        // A clock that was set back has tokens live on whose sessions' ends are forgotten.
        if let forgotten, now < forgotten { return false }
        return await coverage.covers(issuedAt: issuedAt, now: now)
    }

    /// Says that an event came which could not be used: it may have told of an end.
    func doubt() {
        let now = authority.clock()
        revoked.withLock { $0.doubt(now) }
    }

    /// Judges one event and says what to answer.
    func judge(_ compact: String) async -> EventReply {
        switch await authority.signatures.claims(of: compact, typ: SecurityEvent.tokenType, now: authority.clock()) {
        case .claims(let claims): return await accept(claims)
        case .bad(let error): return .refused(Self.code(of: error), error.description)
        case .unknown(let reason): return .later(reason)
        }
    }

    func expect(_ elicitation: String) -> EventWaiter { arrivals.expect(elicitation) }

    /// How many calls wait for events.
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
        // Whoever waits too long for our answer sends it again while it is being acted on.
        guard seen.withLock({ $0.begin(name) }) else { return .later("the event is being acted on") }
        let problem = await act(on: event)
        seen.withLock { $0.end(name, isDone: problem == nil) }
        return problem.map(EventReply.later) ?? .accepted
    }

    private func isAddressedHere(_ claims: JSONObject) -> Bool {
        let audience = claims["aud"]?.string.map { [$0] } ?? claims["aud"]?.strings ?? []
        return audience.contains { (try? ResourceIdentifier($0))?.matches(authority.resource) ?? false }
    }

    /// Nil when it was done, else why it should be sent again.
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
            // Before anybody else hears of it: what they do must not be overtaken by a token.
            revoked.withLock { revoked in
                let now = authority.clock()
                if let session = event.sessionID { revoked.remember(session, now: now) } else { revoked.doubt(now) }
            }
            return await heard { try await handleRevocation(event) }
        case .elicitation(let event):
            arrivals.wake(event.elicitation)
            return await heard { try await handle(event) }
        }
    }

    private func heard(_ handle: () async throws -> Void) async -> String? {
        do {
            try await handle()
            return nil
        } catch {
            return "the handler of events failed: \(error)"
        }
    }

    /// Spec: RFC 8935 §2.1
    private static func isEventToken(_ type: String?) -> Bool {
        let essence = type?.prefix { $0 != ";" } ?? ""
        return essence.lowercased().split(separator: " ") == ["application/secevent+jwt"]
    }

    private static func code(of error: JWTError) -> EventReply.ErrorCode {
        switch error {
        case .unknownKey, .badSignature, .algorithmNotAllowed: .invalidKey
        case .tooLarge, .malformed, .criticalHeader, .wrongType: .invalidRequest
        }
    }
}
