import JOSE

/// What can be asked about how things are going.
package enum DoctorRequest: Codable, Hashable, Sendable {
    /// Tells what happened in the authorization that a reference belongs to.
    case attempt(reference: String)
    /// Tries the client whose metadata document lies at this URL, and keeps nothing.
    case client(String)
    /// Looks at everything that the server stands on.
    case examination
}

/// What `gatehouse doctor` asks a running server.
struct DoctorAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: DoctorRequest) async throws -> AdministrationAnswer {
        switch request {
        case .attempt(let reference): return try tell(reference)
        case .client(let url):
            guard let trial = administration.diagnostics.trial else {
                throw AdministrationError(.unavailable, "Documents cannot be fetched here.")
            }
            return .many(try await trial.run(url, now: now).map(\.row))
        case .examination:
            guard let examine = administration.diagnostics.examine else {
                throw AdministrationError(.unavailable, "Nothing can be examined here.")
            }
            return .many(await examine().map(\.row))
        }
    }

    private func tell(_ reference: String) throws -> AdministrationAnswer {
        guard let timelines = administration.diagnostics.timelines else { throw AdministrationError.noTimelines }
        guard let timeline = timelines.timeline(reference) else {
            throw AdministrationError(
                .notFound,
                "No authorization with the reference '\(reference.prefix(64))' is remembered: the server keeps the latest "
                    + "ones since it was started; its log may still have lines with it.")
        }
        return .many(
            timeline.rows,
            note: timeline.user.map { "The person is \($0), by the id in 'gatehouse users list --json'." })
    }
}

extension AdministrationError {
    /// What is asked for lives in a server's memory, and there is no server.
    package static let noTimelines = AdministrationError(
        .unavailable,
        "What happened in an authorization is kept in the memory of the running server alone, and none runs here; start "
            + "it with 'gatehouse serve' and have the person try again.")
}
