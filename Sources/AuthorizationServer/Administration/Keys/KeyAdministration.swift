import JOSE
import OAuth
import Storage

/// The requests about keys.
package enum KeyRequest: Codable, Hashable, Sendable {
    /// Lists all keys, without their contents.
    case list
    /// Creates a new key of a purpose; nil for tokens.
    case rotate(purpose: String?)
    /// Describes the consequences of `replace` now; changes nothing.
    case weigh(purpose: String)
    /// Ends every key of a purpose at once, and creates a new one.
    case replace(purpose: String, reason: String?)
}

extension KeyRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list: [.safeOnRolledBackTrail, .needsKeys]
        case .rotate, .weigh: .needsKeys
        case .replace: [.needsKeys, .withdrawsAccess, .long]
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await KeyAdministration(task: task).perform(self)
    }
}

/// The administration of keys.
struct KeyAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: KeyRequest) async throws -> AdministrationAnswer {
        guard let keys = administration.keys else {
            throw AdministrationError(.unavailable, "The keys are not open in this process.")
        }
        switch request {
        case .list: return .many((keys.past() + keys.list(at: now.seconds)).map(\.row))
        case .rotate(let name):
            return try await rotate(try purpose(name ?? KeyRing.SigningPurpose.tokens.rawValue), keys)
        case .weigh(let name):
            let purpose = try purpose(name)
            let impact = try await store.read { try KeyReplacementImpact(of: purpose, in: $0, at: now) }
            return .one(["purpose": .string(purpose.name)], note: impact.sentence)
        case .replace(let name, let reason): return try await replace(try purpose(name), reason, keys)
        }
    }

    private func purpose(_ name: String) throws(AdministrationError) -> KeyRing.Purpose {
        guard let purpose = KeyRing.Purpose(name) else {
            let known = KeyRing.Purpose.all.map(\.name).joined(separator: ", ")
            throw AdministrationError(.invalid, "'\(name)' is not a purpose of keys. The purposes are \(known).")
        }
        return purpose
    }

    /// The audit record comes first: a record without its key is harmless, a key without its record is not.
    private func rotate(_ purpose: KeyRing.Purpose, _ keys: KeyRing) async throws -> AdministrationAnswer {
        if case .signing(let signing) = purpose { try keys.requireNoNext(of: signing, at: now.seconds) }
        try await store.write { try audit($0, .keyRotated, reason: purpose.name) }
        switch purpose {
        case .signing(let signing): try keys.rotate(signing, now: now.seconds)
        case .secret(let secret): try keys.rotate(secret, now: now.seconds)
        }
        return .many(rows(of: purpose, keys))
    }

    private func replace(
        _ purpose: KeyRing.Purpose, _ reason: String?, _ keys: KeyRing
    ) async throws -> AdministrationAnswer {
        let reason = try reason.map { try AdministrationText.checked($0, as: "The reason") }
        let replacement = KeyReplacement(store: store, keys: keys, log: administration.log)
        let ending = ending(.revokedByAdmin, reason ?? "keys rotate \(purpose.name) --now")
        let done = try await keys.replacing {
            try await store.write { transaction in
                try audit(
                    transaction, .keyRotated, reason: "\(purpose.name), the old keys ended at once",
                    explanation: reason)
            }
            let names = try keys.replace(purpose, now: now.seconds)
            do {
                return try await replacement.settle(purpose, Set(names + keys.ended(purpose)).sorted(), ending)
            } catch {
                // The keys have ended already, and the housekeeper tries the rest again.
                throw error as? UnfinishedKeyReplacement
                    ?? UnfinishedKeyReplacement(purpose: purpose, reason: "\(error)")
            }
        }
        guard let done else {
            throw AdministrationError(.conflict, "Another replacement of keys is in progress. Try again in a moment.")
        }
        var rows = rows(of: purpose, keys)
        // Only the row of the new key has the number of revoked sessions, so that a program counts them once.
        if let ended = done.sessionsEnded, let new = rows.firstIndex(where: { $0["state"] == "active" }) {
            rows[new] = rows[new].counting(revokedSessions: ended)
        }
        return .many(rows, note: done.sentence)
    }

    private func rows(of purpose: KeyRing.Purpose, _ keys: KeyRing) -> [JSONObject] {
        keys.list(at: now.seconds).filter { $0.purpose == purpose.name }.map(\.row)
    }
}

extension KeyDescription {
    /// The row of a key, without key material.
    var row: JSONObject {
        [
            "id": .string(id), "purpose": .string(purpose), "kind": .string(kind.rawValue),
            "state": .string(state.rawValue),
            "created_at": .string(Timestamp(seconds: createdAt).rfc3339),
            "active_from": .string(Timestamp(seconds: activeFrom).rfc3339),
            "retires_at": JSON(retiresAt.map { Timestamp(seconds: $0) }),
        ]
    }
}
