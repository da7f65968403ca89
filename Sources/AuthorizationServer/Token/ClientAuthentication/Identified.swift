import OAuth
import Storage

/// A request whose asker has authenticated. Only client authentication makes one, so no endpoint can forget it.
struct Identified<Request: Sendable, Asker: Sendable>: Sendable {
    let request: Request
    let asker: Asker

    fileprivate init(_ request: Request, from asker: Asker) {
        self.request = request
        self.asker = asker
    }

    /// The same asker with the result of `read`.
    func map<New: Sendable>(_ read: (Request) throws -> New) rethrows -> Identified<New, Asker> {
        Identified<New, Asker>(try read(request), from: asker)
    }
}

extension ClientAuthentication {
    /// The form of an authenticated client.
    func identify(
        _ parameters: Parameters, authorization: String?, knowing needed: ClientKnowledge, now: Timestamp
    ) async throws -> Identified<Parameters, Client> {
        Identified(
            parameters,
            from: try await client(parameters, authorization: authorization, knowing: needed, now: now))
    }
}

extension ResourceAuthentication {
    /// The form of an MCP server that authenticates by its header or in the form.
    func identify(
        _ parameters: Parameters, authorization: String?
    ) async throws -> Identified<Parameters, Resource> {
        Identified(parameters, from: try await resource(parameters, authorization: authorization))
    }
}
