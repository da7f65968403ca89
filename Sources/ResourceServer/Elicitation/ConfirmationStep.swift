/// What the client said when it was given the link; it says nothing about what the person did there.
public enum ClientAnswer: String, Sendable {
    /// The person agreed to open the link.
    case accept
    /// The person does not want to.
    case decline
    /// The person closed the question without choosing.
    case cancel
}

/// How a call goes on that needs a person's approval.
public enum ConfirmationStep: Sendable, Hashable {
    /// Run the action: this person approved it, and the approval is spent.
    case approved(Approval)
    /// Give the client the link, and this state to come back with.
    case ask(url: String, requestState: String)
    /// The client may come back at once with this state; nothing is new.
    case wait(requestState: String)
    /// Let the call end, and tell which link is waited for: the same call finds it again later.
    case unanswered(url: String)
    /// Let the call fail; the sentence says why. Do not ask again by yourself.
    case refused(String)
}

/// What asking a person came to at first.
public enum ConfirmationOpening: Sendable, Hashable {
    /// The person has to act.
    case waiting(id: String, url: String, expiresAt: Int64)
    /// The same call was approved, or refused, before.
    case over(ConfirmationStep)
}
