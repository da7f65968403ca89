import JOSE
import OAuth

/// Lets calls wait for people, whatever these are asked, without keeping anything about them.
///
/// The waiting is done here rather than by the client: a call that comes back is held open until the person has acted or
/// `hold` seconds are over, and comes back at most `rounds` times with nothing new, because clients stop after ten.
public struct WaitingCalls: Sendable {
    /// For how many seconds a call is held, at most 30.
    public var hold = 25
    /// How often a call is answered with nothing but a state.
    public var rounds = 8
    /// For how many seconds after an elicitation's end its result can be collected.
    public static let collectable: Int64 = 900

    private let elicitations: Elicitations
    private let seal: RequestStateSeal
    private let receiver: EventReceiver?

    /// With a receiver of pushed events nothing is asked while a call is held: the event wakes it.
    public init(_ elicitations: Elicitations, seal: RequestStateSeal, receiver: EventReceiver? = nil) {
        self.elicitations = elicitations
        self.seal = seal
        self.receiver = receiver
    }

    /// Asks the person, or takes what they did when the same was asked before.
    public func open(
        _ request: ElicitationRequest, by access: Access
    ) async throws(ElicitationError) -> ElicitationOpening {
        let elicitation = try await elicitations.create(request, for: access)
        if elicitation.status.isFinal { return .over(try await end(elicitation, of: request, by: access)) }
        guard let url = elicitation.url else {
            throw ElicitationError(.unavailable, "The authorization server gave no link.")
        }
        if let digest = request.sharedDigest, elicitation.digest != digest.base64URL {
            throw ElicitationError(.unavailable, "The authorization server understood another action.")
        }
        return .waiting(id: elicitation.id, url: url, expiresAt: elicitation.expiresAt)
    }

    /// Waits up to `hold` seconds for the person; nil when they have not acted.
    public func wait(
        for id: String, _ request: ElicitationRequest, by access: Access
    ) async throws(ElicitationError) -> ElicitationStep? {
        let elicitation = try await held(id)
        return elicitation.status.isFinal ? try await end(elicitation, of: request, by: access) : nil
    }

    /// Takes the question back, because the client would not put it to the person.
    public func withdraw(_ id: String) async -> ElicitationStep {
        // Should it not be heard, the question ends by itself. If the person was faster, the result is spent here: the
        // answer that follows says that nothing was done, and no later call may find it.
        if let end = try? await elicitations.cancel(id), end.status == .completed {
            try? await elicitations.discardResult(of: id)
        }
        return .refused("The link was not opened, so nothing was done.")
    }

    private func held(_ id: String) async throws(ElicitationError) -> Elicitation {
        guard let receiver else { return try await elicitations.status(of: id, waiting: hold) }
        // Registered before the question, so that no event falls between the two.
        let arrival = receiver.expect(id)
        let elicitation = try await elicitations.status(of: id)
        guard !elicitation.status.isFinal else { return elicitation }
        await arrival.wait(atMost: hold)
        return try await elicitations.status(of: id)
    }

    private func end(
        _ elicitation: Elicitation, of request: ElicitationRequest, by access: Access
    ) async throws(ElicitationError) -> ElicitationStep {
        switch elicitation.status {
        case .completed: try await collect(elicitation.id, request, access)
        case .declined: .refused("The person declined, so nothing was done.")
        case .expired: .refused("Nobody acted in time, so nothing was done.")
        case .cancelled: .refused("The request was taken back, so nothing was done.")
        case .pending, .opened, .failed: .refused("What was asked could not be done there, so nothing was done.")
        }
    }

    private func collect(
        _ id: String, _ request: ElicitationRequest, _ access: Access
    ) async throws(ElicitationError) -> ElicitationStep {
        do throws(ElicitationError) {
            return .completed(try await elicitations.result(of: id, for: request, by: access))
        } catch {
            switch error.kind {
            case .alreadyCollected: return .refused("What was done there was used before, or too long ago.")
            case .sessionEnded: return .refused("The session in which it was asked has ended.")
            case .invalidApproval: return .refused(error.description)
            case .invalidRequest, .invalidClient, .invalidSubjectToken, .unsupportedKind, .accessDenied, .notFound,
                .notCompleted, .notRedeemed, .notConnected, .invalidTarget, .idempotencyConflict, .tooManyRequests,
                .unavailable, .invalidRequestState:
                throw error
            }
        }
    }
}

extension WaitingCalls {
    /// A call that brings no state: asks the person, or takes what they did when the same call was made before.
    public func begin(
        _ request: ElicitationRequest, in call: OriginatingRequest, by access: Access
    ) async throws(ElicitationError) -> ElicitationStep {
        switch try await open(request, by: access) {
        case .over(let step): return step
        case .waiting(let id, let url, let expiresAt):
            let state = RequestState(elicitation: id, url: url, expiresAt: expiresAt + Self.collectable)
            return .ask(url: url, requestState: seal.seal(state, for: call, by: access))
        }
    }

    /// A call that came back with its state: holds it until the person has acted, and says how it goes on.
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
