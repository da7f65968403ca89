import OAuth
import Storage

/// What a change of an identity provider takes from users: nothing, unless a rule becomes narrower or what was stored lost its meaning.
struct IdentityProviderLoss {
    /// The browser logins of accounts of which the provider did not say, at their last sign-in, what the new rule demands.
    private let logins: [UpstreamLogins.Vouched]
    /// The users whose groups came from a claim that is no longer read.
    private let members: Int
    /// The accounts about which the provider is no longer asked, or not with the same client.
    private let asked: Int
    private let sentenceAboutLogins: String
    private let provider: ProviderName
    private let now: Timestamp

    /// The losses, as the database is now.
    init(
        from old: IdentityProvider, to new: IdentityProvider, in transaction: Transaction, now: Timestamp
    ) throws {
        provider = new.name
        self.now = now
        let isNarrower =
            Self.narrows(old.settings.domains, new.settings.domains)
            || Self.narrows(old.settings.requiredGroups, new.settings.requiredGroups)
            || (!new.settings.requiredGroups.isEmpty && old.groupClaim != new.groupClaim)
        logins =
            isNarrower
            ? try transaction.upstreamLogins.vouched(by: new.name, now: now).filter { login in
                !Self.admits(login.statement, new, readsSameClaim: old.groupClaim == new.groupClaim)
            } : []
        members =
            old.groupClaim == nil || old.groupClaim == new.groupClaim
            ? 0 : try transaction.groups.memberCount(from: GroupSource(provider: new.name))
        let isForgotten =
            old.registration.clientID != new.registration.clientID
            || (old.settings.refreshesGroups && !new.settings.refreshesGroups)
        asked = isForgotten ? try transaction.upstreamRefreshTokens.count(of: new.name) : 0
        sentenceAboutLogins =
            "the last sign-in of \(logins.count == 1 ? "its account" : "their accounts") at \(new.name) does not meet the new "
            + "rule. Sessions stay."
    }

    /// A sentence for each loss.
    var sentences: [String] {
        var sentences: [String] = []
        if !logins.isEmpty {
            let count = logins.count == 1 ? "1 browser login ends" : "\(logins.count) browser logins end"
            sentences.append("\(count): \(sentenceAboutLogins)")
        }
        if members > 0 {
            sentences.append(
                "The groups that \(provider) named of \(Self.counted(members, "user")) are forgotten until their next sign-in "
                    + "there; sessions that need one of them end at their next use.")
        }
        if asked > 0 {
            sentences.append(
                "The refresh \(asked == 1 ? "token" : "tokens") of \(Self.counted(asked, "account")) at \(provider) "
                    + "\(asked == 1 ? "is" : "are") forgotten; groups are as old as the last sign-in there.")
        }
        return sentences
    }

    /// Takes away what the sentences say, in the transaction of the change.
    func take(from name: ProviderName, in transaction: Transaction, by actor: AuditActor) throws {
        for login in logins where try transaction.upstreamLogins.end(login.id, of: login.user) {
            try transaction.audit.append(
                AuditEntry(
                    .personSignedOut, at: now, actor: actor, user: login.user, reason: "identity provider \(name)",
                    initiator: .human))
        }
        if members > 0 { try transaction.groups.forget(GroupSource(provider: name)) }
        if asked > 0 { try transaction.upstreamRefreshTokens.forgetAll(of: name) }
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// Whether a list of which one entry has to match lets fewer in than before; an empty list lets everybody in.
    private static func narrows(_ old: [String], _ new: [String]) -> Bool {
        !new.isEmpty && (old.isEmpty || !Set(old).isSubset(of: new))
    }

    /// Whether the rules admit an account by what the provider said last. What it did not say does not count.
    private static func admits(_ said: UpstreamClaims?, _ provider: IdentityProvider, readsSameClaim: Bool) -> Bool {
        let settings = provider.settings
        if !settings.domains.isEmpty {
            // A statement from before the domain was kept has its address.
            let domain =
                said?.domain ?? (said?.isEmailVerified ?? false ? said?.email.flatMap(EmailAddress.init)?.domain : nil)
            guard let domain, settings.domains.contains(domain) else { return false }
        }
        guard !settings.requiredGroups.isEmpty else { return true }
        guard readsSameClaim, let groups = said?.groups else { return false }
        return !Set(groups).isDisjoint(with: settings.requiredGroups)
    }
}
