import JOSE
import OAuth
import Storage

extension AdministrationTask {
    func run(_ request: KeyRequest) async throws -> AdministrationAnswer {
        guard let keys = administration.keys else {
            throw AdministrationError(.unavailable, "The keys are not open here.")
        }
        switch request {
        case .list: return .many(keys.list(at: now.seconds).map(\.row))
        case .rotate(let purpose): return try await rotate(purpose ?? KeyRing.SigningPurpose.tokens.rawValue, keys)
        }
    }

    /// The record comes first: a key without its record would be worse than a record without its key.
    private func rotate(_ purpose: String, _ keys: KeyRing) async throws -> AdministrationAnswer {
        let signing = KeyRing.SigningPurpose(rawValue: purpose)
        let secret = KeyRing.SecretPurpose(rawValue: purpose)
        guard signing != nil || secret != nil else {
            let known = KeyRing.SigningPurpose.allCases.map(\.rawValue) + KeyRing.SecretPurpose.allCases.map(\.rawValue)
            throw AdministrationError(
                .invalid, "'\(purpose)' is no purpose of a key; there are \(known.joined(separator: ", ")).")
        }
        try await store.write { try audit($0, .keyRotated, reason: purpose) }
        if let signing { try keys.rotate(signing, now: now.seconds) }
        if let secret { try keys.rotate(secret, now: now.seconds) }
        return .many(keys.list(at: now.seconds).filter { $0.purpose == purpose }.map(\.row))
    }
}

extension KeyDescription {
    /// The key as operators see it; what is in it never leaves the ring.
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
