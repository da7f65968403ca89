import JOSE
import OAuth
import Storage

/// The form for a new password.
struct PasswordChange: Sendable {
    let current: Secret
    let new: Secret
    let again: Secret
    /// Whether to revoke all sessions and to sign out all other browsers as well.
    let endsEverything: Bool

    /// Parses the fields of the form.
    init(_ form: Parameters) throws(OAuthError) {
        current = Secret(try form.value("current") ?? "")
        new = Secret(try form.value("new") ?? "")
        again = Secret(try form.value("again") ?? "")
        endsEverything = try form.value("everything") == "yes"
    }

    /// The problem of the new password; nil if it is acceptable. It is checked before the current password costs a hash.
    var fault: PasswordChangeError? {
        NewPassword(new: new, again: again).fault ?? (new == current ? .same : nil)
    }
}

/// The reason for which a password was not changed.
package enum PasswordChangeError: Hashable, Sendable {
    /// The current password is incorrect.
    case wrong
    /// The two fields for the new password differ.
    case differs
    case tooShort
    /// The new password is too long or contains control characters.
    case unusable
    /// The new password equals the current one.
    case same
    /// Too many attempts; the value is the time to wait in seconds.
    case wait(Int64)
    /// Another request changed the password at the same time.
    case changedConcurrently
}

extension AccountEndpoint {
    /// Changes the password after a check of the current one. This browser stays signed in, with a new cookie.
    func changePassword(
        _ change: PasswordChange, of person: SignedIn, browser: Browser, now: Timestamp
    ) async throws -> Outcome {
        // No page has the form then, and a password would count from the day on which passwords do.
        guard people.acceptsPasswords else { return try await refused(.unknownAction, person, now) }
        if let fault = change.fault { return try await refused(.password(fault), person, now) }
        let claim = passwords.claim(name: person.user.name, password: change.current)
        let proof: Proof
        switch try await people.confirm(person, by: claim, browser: browser, now: now) {
        case .wrong: return try await refused(.password(.wrong), person, now)
        case .wait(let seconds): return try await refused(.password(.wait(seconds)), person, now)
        case .proven(let found): proof = found
        }
        guard let hash = await passwords.hasher.hash(change.new, for: .known(person.user.id)) else {
            return try await refused(.password(.wait(1)), person, now)
        }
        let cookie = Secret(Random.token())
        let digest = Digest.sha256(cookie.bytes)
        let begun = try await store.write { transaction -> EndedSessions? in
            let isReplaced = try replace(
                proof, with: hash, of: person, cookie: digest, address: browser.address, in: transaction, now: now)
            guard isReplaced else { return nil }
            guard change.endsEverything else { return EndedSessions() }
            let user = person.user.id
            try transaction.logins.endAll(of: user, but: person.login.id)
            return try transaction.sessions.end(SessionFilter(user: user), SessionEnding(by: user, at: now))
        }
        guard let begun else { return try await refused(.password(.changedConcurrently), person, now) }
        let ended = try await store.endRest(of: begun).count
        return .done(
            .passwordChanged(endedSessions: change.endsEverything ? ended : nil), for: person.user.id,
            cookie: .renewed(cookie))
    }

    /// Replaces the password and the cookie; returns false if another request has changed either since the check of the current password.
    private func replace(
        _ proof: Proof, with hash: PasswordHash, of person: SignedIn, cookie: Digest, address: String?,
        in transaction: Transaction,
        now: Timestamp
    ) throws -> Bool {
        let user = person.user
        // A login that comes from an identity provider is as fresh as the sign-in there: an MCP server may demand that one.
        let isOwn = try transaction.upstreamLogins.find(person.login.id) == nil
        guard try transaction.logins.find(digest: person.login.digest, now: now) != nil,
            try transaction.credentials.replace(proof.credential, with: hash.string, now: now),
            try transaction.logins.renew(
                browserLogin: person.login.id, digest: cookie,
                authentication: isOwn ? proof.authentication : person.login.authentication)
        else { return false }
        try transaction.audit.append(
            AuditEntry(
                .passwordChanged, at: now, actor: .person(user.id), user: user.id, initiator: .human, address: address))
        return true
    }
}
