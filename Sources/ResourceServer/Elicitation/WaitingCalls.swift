import JOSE
import OAuth

/// Lets tool calls wait for their users without server state.
///
/// The server waits rather than the client: a retried call is held open until the user has acted or `hold` seconds have passed.
/// A call gets at most `rounds` responses without news, because clients stop after ten.
public struct WaitingCalls: Sendable {
    /// Seconds that a call is held open, at most 30.
    public var hold = 25
    /// The number of retries that a call gets before it ends unanswered.
    public var rounds = 8
    /// Seconds after the end of an elicitation in which its result can be collected.
    public static let collectable: Int64 = 900

    private let elicitations: Elicitations
    private let seal: RequestStateSeal
    private let receiver: EventReceiver?

    /// With a receiver of pushed events a held call sends no requests: the event wakes it.
    public init(_ elicitations: Elicitations, seal: RequestStateSeal, receiver: EventReceiver? = nil) {
        self.elicitations = elicitations
        self.seal = seal
        self.receiver = receiver
    }

    /// Creates the elicitation, or returns the outcome of an equal one that has ended.
    public func open(
        _ request: ElicitationRequest, by access: Access
    ) async throws(ElicitationError) -> ElicitationOpening {
        let elicitation = try await elicitations.create(request, for: access)
        if elicitation.status.isFinal { return .ended(try await step(elicitation, of: request, by: access)) }
        guard let url = elicitation.url else {
            throw ElicitationError(.unavailable, "The authorization server returned no link.")
        }
        if let digest = request.sharedDigest, elicitation.digest != digest.base64URL {
            throw ElicitationError(.unavailable, "The authorization server returned the digest of another action.")
        }
        return .waiting(id: elicitation.id, url: url, expiresAt: elicitation.expiresAt)
    }

    /// Waits up to `hold` seconds; nil when the user has not acted.
    public func wait(
        for id: String, _ request: ElicitationRequest, by access: Access
    ) async throws(ElicitationError) -> ElicitationStep? {
        let elicitation = try await held(id)
        return elicitation.status.isFinal ? try await step(elicitation, of: request, by: access) : nil
    }

    /// Cancels the elicitation, because the client did not show it to the user.
    public func withdraw(_ id: String) async -> ElicitationStep {
        // If this request is lost, the elicitation expires. If the user was faster, the result is spent here: the response
        // says that nothing was done, so no later call may collect it.
        if let end = try? await elicitations.cancel(id), end.status == .completed {
            try? await elicitations.discardResult(of: id)
        }
        return .refused("The link was not opened, so nothing was done.")
    }

    private func held(_ id: String) async throws(ElicitationError) -> Elicitation {
        guard let receiver else { return try await elicitations.status(of: id, waiting: hold) }
        // Registered before the status request, so that no event is missed in between.
        let arrival = receiver.expect(id)
        let elicitation = try await elicitations.status(of: id)
        guard !elicitation.status.isFinal else { return elicitation }
        await arrival.wait(atMost: hold)
        return try await elicitations.status(of: id)
    }

    private func step(
        _ elicitation: Elicitation, of request: ElicitationRequest, by access: Access
    ) async throws(ElicitationError) -> ElicitationStep {
        switch elicitation.status {
        case .completed: try await collect(elicitation.id, request, access)
        case .declined: .refused("The user declined, so nothing was done.")
        case .expired: .refused("The user did not act in time, so nothing was done.")
        case .cancelled: .refused("The request was cancelled, so nothing was done.")
        case .pending, .opened, .failed: .refused("The request could not be fulfilled, so nothing was done.")
        }
    }

    private func collect(
        _ id: String, _ request: ElicitationRequest, _ access: Access
    ) async throws(ElicitationError) -> ElicitationStep {
        do throws(ElicitationError) {
            return .completed(try await elicitations.result(of: id, for: request, by: access))
        } catch {
            switch error.kind {
            case .alreadyCollected: return .refused("The answer was used before or has expired.")
            case .sessionEnded: return .refused("The session was revoked or has expired.")
            case .invalidApproval: return .refused(error.description)
            case .invalidRequest, .invalidClient, .invalidSubjectToken, .noUser, .unsupportedKind, .accessDenied,
                .notFound,
                .notCompleted, .notRedeemed, .notConnected, .scopeNotGranted, .invalidTarget, .idempotencyConflict,
                .tooManyRequests,
                .unavailable, .invalidRequestState:
                throw error
            }
        }
    }
}

extension WaitingCalls {
    /// Starts a call without state: creates the elicitation, or continues with the outcome of an equal call.
    public func begin(
        _ request: ElicitationRequest, in call: OriginatingRequest, by access: Access
    ) async throws(ElicitationError) -> ElicitationStep {
        switch try await open(request, by: access) {
        case .ended(let step): return step
        case .waiting(let id, let url, let expiresAt):
            let state = RequestState(elicitation: id, url: url, expiresAt: expiresAt + Self.collectable)
            return .ask(url: url, requestState: seal.seal(state, for: call, by: access))
        }
    }

    /// Continues a call that returned with its state: holds it until the user has acted or the time has passed.
    public func resume(
        _ text: String, answer: ClientAnswer?, _ request: ElicitationRequest, in call: OriginatingRequest,
        by access: Access
    ) async throws(ElicitationError) -> ElicitationStep {
        var state = try seal.open(text, for: call, by: access)
        if let answer, answer != .accept { return await withdraw(state.elicitation) }
        if let step = try await wait(for: state.elicitation, request, by: access) { return step }
        guard state.rounds < rounds else { return .unanswered(url: state.url) }
        state.rounds += 1
        return .wait(requestState: seal.seal(state, for: call, by: access))
    }
}
