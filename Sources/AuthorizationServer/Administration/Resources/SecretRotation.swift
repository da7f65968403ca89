import JOSE
import OAuth
import Storage

/// The replacement of the secret of an MCP server or of a client. With an overlap both secrets work for a while, so that no process has
/// to change at the same moment.
struct SecretRotation: AdministrationNoun {
    let task: AdministrationTask

    /// The longest overlap, in seconds.
    static let longestOverlap: Int64 = 86_400

    /// Replaces the secret of an MCP server. A second replacement voids the secret that the first one left.
    func rotate(_ name: String, overlap text: String?) async throws -> AdministrationAnswer {
        let overlap = try Self.overlap(text)
        let secret = ClientSecret.random()
        return try await store.write { transaction in
            let resource = try self.resource(name, transaction)
            guard let old = resource.secretDigest,
                try transaction.resources.setSecret(secret.digest, of: resource.id)
            else { throw AdministrationError(.invalid, Self.noSecret(resource)) }
            let voided = try transaction.replacedSecrets.working(of: resource.id, now: now)
            let end = overlap > 0 ? now + overlap : nil
            try transaction.replacedSecrets.keep(old, of: resource.id, until: end, now: now)
            try audit(
                transaction, .resourceSecretRotated, resource: resource.id,
                reason: end.map { "the old secret works until \($0)" })
            var row = resource.credentials(secret)
            row["previous_secret_until"] = end.map { .string($0.rfc3339) }
            return .one(row, note: Self.note(end, voided: voided != nil))
        }
    }

    /// Replaces the secret of a client that an administrator registered.
    func rotate(client text: String, overlap overlapText: String?) async throws -> AdministrationAnswer {
        let overlap = try Self.overlap(overlapText)
        let secret = ClientSecret.random()
        return try await store.write { transaction in
            let client = try RegisteredClientLookup(task: task).client(text, transaction)
            guard let old = client.secretDigest,
                try transaction.clients.setSecret(secret.digest, of: client.id)
            else {
                throw AdministrationError(
                    .invalid,
                    "Client '\(client.id)' authenticates with \(client.authMethod.rawValue) and has no secret. Nothing was changed."
                )
            }
            let voided = try transaction.replacedClientSecrets.working(of: client.id, now: now)
            let end = overlap > 0 ? now + overlap : nil
            try transaction.replacedClientSecrets.keep(old, of: client.id, until: end, now: now)
            try audit(
                transaction, .clientSecretRotated, client: client.id,
                reason: end.map { "the old secret works until \($0)" })
            let row: JSONObject = [
                "client_id": .string(client.id.string), "client_secret": .string(secret.reveal()),
                "previous_secret_until": JSON(end),
            ]
            return .one(row, note: Self.note(end, voided: voided != nil))
        }
    }

    private static func note(_ end: Timestamp?, voided: Bool) -> String {
        let old = end.map { "The old secret works until \($0)." } ?? "The old secret is invalid from now on."
        let older = voided ? " The secret before that one is invalid from now on." : ""
        return "\(secretNote) \(old)\(older)"
    }

    private static func overlap(_ text: String?) throws(AdministrationError) -> Int64 {
        guard let text else { return 0 }
        guard let seconds = text == "0" ? 0 : Lifetime.seconds(text), (0...longestOverlap).contains(seconds) else {
            throw AdministrationError(
                .invalid, "'\(text)' is not an overlap. Write 0, or a time of at most 24 hours such as 90s, 30m or 1h.")
        }
        return seconds
    }

    /// Why an MCP server with keys gets no secret, and how its keys are replaced.
    private static func noSecret(_ resource: Resource) -> String {
        let how =
            resource.keys?.isAtURL == true
            ? "Publish the new key in its key set." : "To replace its keys, remove it and register it again."
        return "MCP server '\(resource.identifier)' authenticates with keys and has no secret. \(how)"
    }
}
