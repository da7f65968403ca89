/// What the client said when it was given the link; it says nothing about what the person did there.
public enum ClientAnswer: String, Sendable {
    /// The person agreed to open the link.
    case accept
    /// The person does not want to.
    case decline
    /// The person closed the question without choosing.
    case cancel
}

/// How a call goes on that needs something of a person.
public enum ElicitationStep: Sendable, Equatable {
    /// Go on with the call: the person did what was asked, and this is what came of it.
    case completed(ElicitationResult)
    /// Give the client the link, and this state to come back with.
    case ask(url: String, requestState: String)
    /// Let the client come back at once with this state; nothing is new.
    case wait(requestState: String)
    /// Let the call end, and tell which link is waited for: the same call finds it again later.
    case unanswered(url: String)
    /// Let the call fail; the sentence says why. Do not ask again by yourself.
    case refused(String)
}

/// What asking a person came to at first.
public enum ElicitationOpening: Sendable, Equatable {
    /// The person has to act.
    case waiting(id: String, url: String, expiresAt: Int64)
    /// The same was asked before, and done or refused.
    case over(ElicitationStep)
}
