import JOSE

/// The requests of `gatehouse doctor`.
package enum DoctorRequest: Codable, Hashable, Sendable {
    /// Shows the steps of the authorization with this reference.
    case attempt(reference: String)
    /// Checks the client with the metadata document at this URL, and stores nothing.
    case client(String)
    /// Checks the MCP server with this URL or ID, and stores nothing.
    case server(String)
    /// Checks the installation.
    case examination
}

extension DoctorRequest: NounRequest {
    package var traits: RequestTraits {
        [.safeOnRolledBackTrail, .long]
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await DoctorAdministration(task: task).perform(self)
    }
}

/// The diagnoses of `gatehouse doctor`.
struct DoctorAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: DoctorRequest) async throws -> AdministrationAnswer {
        switch request {
        case .attempt(let reference): return try trace(reference)
        case .client(let url):
            guard let probe = administration.diagnostics.trial else {
                throw AdministrationError(.unavailable, "This process cannot fetch metadata documents.")
            }
            return .many(try await probe.run(url, now: now).map(\.row))
        case .server(let name):
            guard let examine = administration.diagnostics.examineServer else {
                throw AdministrationError(.unavailable, "This process cannot examine MCP servers.")
            }
            return .many(try await examine(name).map(\.row))
        case .examination:
            guard let examine = administration.diagnostics.examine else {
                throw AdministrationError(.unavailable, "This process cannot check the installation.")
            }
            return .many(await examine().map(\.row))
        }
    }

    private func trace(_ reference: String) throws -> AdministrationAnswer {
        guard let traces = administration.diagnostics.traces else { throw AdministrationError.noTimelines }
        guard let trace = traces.trace(reference) else {
            throw AdministrationError(
                .notFound,
                "Reference '\(reference.prefix(64))' not found. The server remembers only the latest authorizations since "
                    + "its start. Search its log for the reference.")
        }
        return .many(trace.rows, note: trace.user.map { "User ID (see 'gatehouse users list'): \($0)" })
    }
}

extension AdministrationError {
    /// No server runs, and only a running server has the steps of authorizations, in its memory.
    package static let noTimelines = AdministrationError(
        .unavailable,
        "No server runs, and only a running server remembers authorizations. Start it with 'gatehouse serve', and have the "
            + "user try again.")
}
