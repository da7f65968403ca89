import JOSE
import OAuth
import Synchronization

/// Takes the events that the authorization server pushes: proves them, acts on each once, and wakes the calls that wait.
///
/// Spec: RFC 8935 §2
public final class EventReceiver: Sendable {
    private let authority: ElicitationAuthority
    private let arrivals: EventArrivals
    private let handle: @Sendable (ElicitationEvent) async throws -> Void
    private let seen = Mutex(SeenEvents())

    /// `handle` hears of each event once, as far as this process remembers; when it throws, the event is sent again later.
    public convenience init(
        _ elicitations: Elicitations, handle: @escaping @Sendable (ElicitationEvent) async throws -> Void = { _ in }
    ) {
        self.init(elicitations, sleep: { try? await Task.sleep(for: .seconds($0)) }, handle: handle)
    }

    init(
        _ elicitations: Elicitations, sleep: @escaping @Sendable (_ seconds: Int) async -> Void,
        handle: @escaping @Sendable (ElicitationEvent) async throws -> Void = { _ in }
    ) {
        authority = elicitations.authority
        arrivals = EventArrivals(sleep: sleep)
        self.handle = handle
    }

    /// Judges a POST to the events endpoint and says what to answer.
    public func receive(_ body: [UInt8], contentType: String?) async -> EventReply {
        guard Self.isEventToken(contentType), let compact = String(validating: body, as: UTF8.self) else {
            return .refused(.invalidRequest, "Send one security event token, as application/secevent+jwt.")
        }
        switch await authority.signatures.claims(of: compact, typ: SecurityEvent.tokenType, now: authority.clock()) {
        case .claims(let claims): return await accept(claims)
        case .bad(let error): return .refused(Self.code(of: error), error.description)
        case .unknown(let reason): return .later(reason)
        }
    }

    func expect(_ elicitation: String) -> EventArrival { arrivals.expect(elicitation) }

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
        else { return .refused(.invalidRequest, "The event lacks a claim, or is dated in the future.") }
        guard !seen.withLock({ $0.contains(name) }) else { return .accepted }
        // Whoever waits too long for our answer sends it again while it is being acted on.
        guard seen.withLock({ $0.begin(name) }) else { return .later("the event is being acted on") }
        let problem = await act(on: event)
        seen.withLock { $0.end(name, isDone: problem == nil) }
        return problem.map(EventReply.later) ?? .accepted
    }

    private func isAddressedHere(_ claims: JSONObject) -> Bool {
        let audience = claims["aud"]?.string.map { [$0] } ?? claims["aud"]?.strings ?? []
        return audience.contains(authority.resource.string)
    }

    /// Nil when it was done, else why it should be sent again.
    private func act(on event: ReceivedEvent) async -> String? {
        switch event {
        case .other: return nil
        case .verification(let state):
            let body: JSONObject = ["state": .string(state)]
            do throws(ElicitationFault) {
                _ = try await authority.ask(.post(body.bytes, repeatable: true), "/events/verify")
                return nil
            } catch {
                return error.description
            }
        case .elicitation(let event):
            arrivals.wake(event.elicitation)
            do {
                try await handle(event)
                return nil
            } catch {
                return "the handler of events failed: \(error)"
            }
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
