import JOSE
import OAuth
import Storage

/// A new password, as the form brings it.
struct PasswordChange: Sendable {
    let current: Secret
    let new: Secret
    let again: Secret
    /// All sessions and all other browsers are to go with the old password.
    let endsEverything: Bool

    /// Reads the fields of the form.
    init(_ form: Parameters) throws(OAuthError) {
        current = Secret(try form.value("current") ?? "")
        new = Secret(try form.value("new") ?? "")
        again = Secret(try form.value("again") ?? "")
        endsEverything = try form.value("everything") == "yes"
    }

    /// What is wrong with the new password, before anybody looks at the old one.
    var fault: PasswordChangeError? {
        guard new == again else { return .differs }
        switch PasswordRule.fault(of: new) {
        case .tooShort: return .tooShort
        case .unusable: return .unusable
        case nil: return new == current ? .same : nil
        }
    }
}

/// Why a password was not changed.
package enum PasswordChangeError: Hashable, Sendable {
    /// The current one is not right.
    case wrong
    /// The new one was not typed the same twice.
    case differs
    case tooShort
    /// It is too long, or has characters that nobody can type.
    case unusable
    /// It is the old one.
    case same
    /// Too many tries; the seconds to wait.
    case wait(Int64)
    /// Somebody else changed it at the same time.
    case meanwhile
}

extension AccountEndpoint {
    /// Changes the password once the current one was shown. This browser stays signed in, with a new cookie.
    func changePassword(
        _ change: PasswordChange, of person: SignedIn, browser: Browser, now: Timestamp
    ) async throws -> Outcome {
        if let fault = change.fault { return try await again(.password(fault), person, now) }
        let claim = passwords.claim(name: person.user.name, password: change.current)
        let proof: Proof
        switch try await people.confirm(person, by: claim, browser: browser, now: now) {
        case .wrong: return try await again(.password(.wrong), person, now)
        case .wait(let seconds): return try await again(.password(.wait(seconds)), person, now)
        case .proven(let found): proof = found
        }
        guard let hash = await passwords.hasher.hash(change.new, for: .known(person.user.id)) else {
            return try await again(.password(.wait(1)), person, now)
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
        guard let begun else { return try await again(.password(.meanwhile), person, now) }
        let ended = try await store.endRest(of: begun).count
        return .done(
            .passwordChanged(endedSessions: change.endsEverything ? ended : nil), for: person.user.id,
            cookie: .renewed(cookie))
    }

    /// False when the password, or this sign-in, is not any more what it was when the current password was looked at.
    private func replace(
        _ proof: Proof, with hash: PasswordHash, of person: SignedIn, cookie: Digest, address: String?,
        in transaction: Transaction,
        now: Timestamp
    ) throws -> Bool {
        let user = person.user
        guard try transaction.logins.find(digest: person.login.digest, now: now) != nil,
            try transaction.credentials.replace(proof.credential, with: hash.string, now: now),
            try transaction.logins.renew(
                browserLogin: person.login.id, digest: cookie, authentication: proof.authentication)
        else { return false }
        try transaction.audit.append(
            AuditEntry(
                .passwordChanged, at: now, actor: .person(user.id), user: user.id, initiator: .human, address: address))
        return true
    }
}
