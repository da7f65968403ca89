import OAuth
import Storage

/// A request whose asker has authenticated. Only client authentication makes one, so no endpoint can forget it.
struct Identified<Request: Sendable, Asker: Sendable>: Sendable {
    let request: Request
    let asker: Asker
    /// How the asker authenticated.
    let method: ClientAuthenticationMethod
    /// The key that the request proved to hold; nil for a request without a proof.
    private(set) var key: ProvenKey?

    fileprivate init(_ request: Request, from asker: Asker, by method: ClientAuthenticationMethod) {
        self.request = request
        self.asker = asker
        self.method = method
    }

    /// The same request, with the key that it proved to hold.
    func proving(_ key: ProvenKey?) -> Self {
        var request = self
        request.key = key
        return request
    }

    /// The same asker with the result of `read`.
    func map<New: Sendable>(_ read: (Request) throws -> New) rethrows -> Identified<New, Asker> {
        Identified<New, Asker>(try read(request), from: asker, by: method).proving(key)
    }
}

extension ClientAuthentication {
    /// The form of an authenticated client.
    func identify(
        _ parameters: Parameters, authorization: String?, knowing needed: ClientKnowledge, now: Timestamp
    ) async throws -> Identified<Parameters, Client> {
        let (client, method) = try await client(
            parameters, authorization: authorization, knowing: needed, now: now)
        return Identified(parameters, from: client, by: method)
    }
}

extension ResourceAuthentication {
    /// The form of an MCP server that authenticates by its header or in the form.
    func identify(
        _ parameters: Parameters, authorization: String?, now: Timestamp
    ) async throws -> Identified<Parameters, Resource> {
        let (resource, method) = try await resource(parameters, authorization: authorization, now: now)
        return Identified(parameters, from: resource, by: method)
    }
}
