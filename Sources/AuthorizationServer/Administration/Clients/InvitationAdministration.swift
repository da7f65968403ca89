import JOSE
import OAuth
import Storage

/// The administration of initial access tokens, with which clients register themselves.
struct InvitationAdministration: AdministrationNoun {
    let task: AdministrationTask

    private static let mostUses = 10_000
    private static let longest: Int64 = 365 * 86_400

    func perform(_ request: InvitationRequest) async throws -> AdministrationAnswer {
        switch request {
        case .create(let uses, let lifetime, let reason): try await create(uses, lifetime, reason)
        case .list(let page): try await list(page)
        case .revoke(let id, let reason): try await revoke(id, reason)
        }
    }

    private func create(_ uses: Int, _ lifetime: Int64, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        guard (1...Self.mostUses).contains(uses) else {
            throw AdministrationError(.invalid, "The number of uses must be between 1 and \(Self.mostUses).")
        }
        guard (60...Self.longest).contains(lifetime) else {
            throw AdministrationError(
                .invalid, "The token must expire after 1m at the earliest and 365d at the latest.")
        }
        let token = InitialAccessToken.random()
        let invitation = Invitation(
            digest: token.digest, uses: uses, createdBy: administrator.uid, createdAt: now, expiresAt: now + lifetime)
        try await store.write { transaction in
            try transaction.invitations.insert(invitation)
            try audit(
                transaction, .clientInvited,
                reason: "\(invitation.id), \(uses) use\(uses == 1 ? "" : "s"), for \(Lifetime.text(lifetime))",
                explanation: reason)
        }
        var row = invitation.row(now: now)
        row["initial_access_token"] = .string(token.reveal())
        return .one(
            row,
            note:
                "The token is shown only once; Gatehouse stores only its digest. A client sends it to the registration endpoint as "
                + "'Authorization: Bearer TOKEN'.")
    }

    private func list(_ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let place = try request.place { text in
                try InvitationID(text).flatMap { try transaction.invitations.find($0) }?.id
            }
            let page = try Page(
                request, of: "invitation", read: { try transaction.invitations.list(after: place, limit: $0) },
                place: \.id.string)
            return .many(page.items.map { $0.row(now: now) }, warning: page.warning, next: page.next)
        }
    }

    private func revoke(_ text: String, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        return try await store.write { transaction in
            guard let id = InvitationID(text), let invitation = try transaction.invitations.find(id),
                try transaction.invitations.remove(id)
            else {
                throw AdministrationError(
                    .notFound,
                    "Invitation '\(text)' not found. List invitations with 'gatehouse clients invitations list'.")
            }
            try audit(transaction, .invitationRevoked, reason: id.string, explanation: reason)
            return .one(
                invitation.row(now: now),
                note: "Nobody can register with its token any more. Clients that registered with it stay registered.")
        }
    }
}

extension Invitation {
    /// The row of an invitation, without its token, which is not stored.
    fileprivate func row(now: Timestamp) -> JSONObject {
        [
            "id": .string(id.string), "state": .string(state(now: now)), "uses": JSON(uses),
            "uses_left": JSON(usesLeft),
            "created_by": .string("uid \(createdBy)"), "created_at": .string(createdAt.rfc3339),
            "expires_at": .string(expiresAt.rfc3339), "last_used_at": JSON(lastUsedAt),
        ]
    }

    private func state(now: Timestamp) -> String {
        if expiresAt <= now { return "expired" }
        return usesLeft == 0 ? "used" : "valid"
    }
}
