import Metrics
import OAuth
import Storage

/// Something that happened while a request was answered, as counters and traces learn of it.
enum Observation: Sendable {
    /// An endpoint refused a request that proves nothing, so that no audit record tells of it.
    case refused(OAuthError)
    /// A sign-in by this method ended.
    case signIn(CredentialKind, SignInMonitor.Outcome)
    /// A client redeemed its code, and the session became active.
    case codeRedeemed(AuthorizationCode, SessionID)
    /// The request that redeemed a code came a second time within a second.
    case codeRepeated
    /// The token endpoint refused a request with this form, at whatever stage. `refused` counts it; this traces it.
    case tokenRefused(OAuthError, Parameters)
    /// An elicitation was opened or answered with another account than the one that was asked.
    case wrongAccount
    /// A value that was typed for an MCP server is the user's own password.
    case ownPasswordTyped
    /// A client registered itself; one that registered the same before is not new.
    case clientRegistered(isNew: Bool)
    /// Gatehouse tried to deliver an event.
    case eventDelivery(EventOutcome)
    /// An MCP server proved itself.
    case serverProven(ResourceID)
    /// A request named a registered MCP server and did not prove it. `refused` counts it; this remembers it for the doctor.
    case serverRefused(ResourceID, OAuthError)
}

/// Stands beside the endpoints and feeds metrics and traces with what they report, so that no endpoint counts or traces by
/// itself. A new counter is a case of `Observation` and a line of `metric`.
struct Observer: Sendable {
    /// The traces of the latest authorizations.
    let traces = AuthorizationTraces()
    /// The latest contacts of MCP servers.
    let contacts: ServerContacts
    private let clock: WallClock

    init(clock: WallClock) {
        self.clock = clock
        contacts = ServerContacts(since: clock.now())
    }

    /// Counts and traces `observation`, as far as it concerns either.
    func observe(_ observation: Observation) {
        if let (label, dimensions) = observation.metric {
            Counter(label: label, dimensions: dimensions).increment()
        }
        if let (code, step) = observation.step {
            traces.writer(of: code, clock: clock)?.record(step)
        }
        switch observation {
        case .serverProven(let id): contacts.recordProof(of: id, at: clock.now())
        case .serverRefused(let id, let error): contacts.recordRefusal(of: id, error, at: clock.now())
        default: break
        }
    }

    /// Runs `body`, and observes the refusal that it throws.
    func observingRefusals<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as OAuthError {
            observe(.refused(error))
            throw error
        }
    }

    /// Begins the trace of an authorization that this browser's request begins.
    func newTrace(for browser: Browser) -> TraceWriter { traces.begin(for: browser, clock: clock) }

    /// The trace that `key` leads to, or a new one where that trace was evicted.
    func trace(_ key: AuthorizationTrace.Key?, for browser: Browser) -> TraceWriter {
        traces.resume(key, for: browser, clock: clock)
    }
}

extension Observation {
    /// The counter that the observation increments; its name and labels are a contract with dashboards.
    var metric: (label: String, dimensions: [(String, String)])? {
        switch self {
        case .refused(let error): ("gatehouse_refusals_total", [("error", error.code.rawValue)])
        case .signIn(let method, let outcome):
            ("gatehouse_sign_ins_total", [("method", method.rawValue), ("outcome", outcome.word(for: method))])
        case .clientRegistered(let isNew):
            ("gatehouse_registrations_total", [("outcome", isNew ? "new" : "known")])
        case .codeRepeated: ("gatehouse_code_repeats_total", [])
        case .wrongAccount: ("gatehouse_elicitation_wrong_person_total", [])
        case .ownPasswordTyped: ("gatehouse_elicitation_own_password_total", [])
        case .eventDelivery(let outcome): ("gatehouse_events_total", [("outcome", outcome.rawValue)])
        case .codeRedeemed, .tokenRefused, .serverProven, .serverRefused: nil
        }
    }

    /// The step that the observation adds to the trace of the authorization that issued the code; nil for a request without a
    /// readable code.
    fileprivate var step: (AuthorizationCode, AuthorizationStep)? {
        switch self {
        case .codeRedeemed(let code, let session): (code, .redeemed(session))
        // The client sends the same request again, with the nonce.
        case .tokenRefused(let error, _) where error.code == .useDPoPNonce: nil
        case .tokenRefused(let error, let form):
            (try? form.value(.code)).flatMap(AuthorizationCode.init).map { ($0, .redemptionRefused(error)) }
        case .refused, .signIn, .codeRepeated, .wrongAccount, .ownPasswordTyped, .clientRegistered, .eventDelivery,
            .serverProven, .serverRefused:
            nil
        }
    }
}
