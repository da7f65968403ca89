/// The client's response to the link. It says nothing about what the user does behind it.
public enum ClientAnswer: String, Sendable {
    /// The user agreed to open the link.
    case accept
    /// The user declined to open the link.
    case decline
    /// The user closed the request without choosing.
    case cancel
}

/// How to continue a call that needs its user.
public enum ElicitationStep: Sendable, Equatable {
    /// Continue the call with this result.
    case completed(ElicitationResult)
    /// Send the client the link and this state for its retry.
    case ask(url: String, requestState: String)
    /// Send the client this state for another retry; the user has not acted.
    case wait(requestState: String)
    /// End the call and name the link; the same call finds the elicitation again later.
    case unanswered(url: String)
    /// Fail the call with this sentence. Do not repeat the request by yourself.
    case refused(String)
}

/// The first answer to an elicitation request.
public enum ElicitationOpening: Sendable, Equatable {
    /// The user has to act.
    case waiting(id: String, url: String, expiresAt: Int64)
    /// An equal request has already ended.
    case ended(ElicitationStep)
}
