import AuthorizationServer
import OAuth

extension AccountNotice {
    /// The notice on the account page. Names are cleaned before they become part of the sentence, because clients choose them.
    var sentence: String {
        switch self {
        case .sessionEnded(let client, let server):
            "Gatehouse revoked the access of \(Self.name(client)) to \(Self.name(server))."
        case .sessionAlreadyEnded(let client, let server):
            "The session of \(Self.name(client)) at \(Self.name(server)) had already ended. Nothing changed."
        case .sessionsEnded(0): "You had no connected apps. Nothing changed."
        case .sessionsEnded(1): "Gatehouse revoked 1 session. You have no connected apps."
        case .sessionsEnded(let count): "Gatehouse revoked \(count) sessions. You have no connected apps."
        case .jobEnded(let server):
            "Gatehouse cancelled the background job of \(Self.name(server))."
        case .disconnected(let provider, let server, .accepted):
            "Gatehouse disconnected your account at \(provider) from \(Self.name(server)) and revoked the access there."
        case .disconnected(let provider, let server, _):
            "Gatehouse disconnected your account at \(provider) from \(Self.name(server)) and deleted its tokens, but "
                + "\(provider) did not confirm it: remove the access in the settings of your account at \(provider) as well."
        case .alreadyDisconnected(let provider, let server):
            "Your account at \(provider) was already disconnected from \(Self.name(server)). Nothing changed."
        case .passwordChanged(nil):
            "You changed your password. Your apps keep their access, and your other browsers stay signed in."
        case .passwordChanged(let count?):
            "You changed your password. Gatehouse revoked \(Self.sessions(count)) and signed out every other browser."
        case .signedOut: "You are signed out in this browser. Connected apps keep their access until you revoke it."
        case .signedOutEverywhere:
            "You are signed out in every browser. Connected apps keep their access until you revoke it."
        }
    }

    /// The number of sessions with its noun.
    private static func sessions(_ count: Int) -> String { count == 1 ? "1 session" : "\(count) sessions" }

    /// A name that a client chose, cleaned for a sentence.
    private static func name(_ text: String) -> PlainText {
        let shown = PlainText(text, limit: 80)
        return shown.isEmpty ? "(no name)" : shown
    }
}

extension AccountActionError {
    /// The problem at the top of the account page; nil for a problem of the password form, which that form shows.
    var sentence: PlainText? {
        switch self {
        case .stale: "Nothing changed: you signed in again after this page opened. Review the page, then try again."
        case .unknownAction: "Nothing changed. Press one of the buttons."
        case .unknown: "Nothing changed: the access has already ended, or it is not yours."
        case .password: nil
        }
    }

    /// The problem that the password form shows; nil for any other problem.
    var passwordSentence: PlainText? {
        guard case .password(let fault) = self else { return nil }
        return switch fault {
        case .wrong: "The current password is incorrect. Nothing changed."
        case .differs: "The two new passwords differ. Nothing changed."
        case .tooShort:
            PlainText("The new password needs at least \(PasswordRule.shortest) characters. Nothing changed.")
        case .unusable: "The new password is too long or contains control characters. Nothing changed."
        case .same: "The new password equals the current one. Nothing changed."
        case .wait(let seconds):
            PlainText("Nothing changed. Wait \(WaitingTime.words(seconds)), then try again.")
        case .changedConcurrently:
            "Your password changed at the same time in another place. Check whether that was you."
        }
    }
}

extension AccountOverview.ElicitationSummary {
    /// The outcome in one word, as the account page lists it.
    var outcome: PlainText {
        switch status {
        case .completed: PlainText(completedWord)
        case .declined: "Declined"
        case .cancelled: "Cancelled"
        case .expired: "Expired"
        case .failed: "Failed"
        case .pending, .opened: "Open"
        }
    }
}
