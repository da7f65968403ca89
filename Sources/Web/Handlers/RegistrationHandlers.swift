import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// Handlers of dynamic client registration and of its management by the registrant.
struct RegistrationHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// The routes of registration. Where an operator turned it off, registrants can still read and remove their clients.
    var routes: [Route] {
        let path = AdvertisedEndpoint.registration.path
        let remaining: [Route] = [
            .client(.get, path + "/{id}", .none, read), .client(.delete, path + "/{id}", .none, remove),
        ]
        guard gatehouse.settings.clients.registration != .off else { return remaining }
        return remaining + [.client(path, .json(), register), .client(.put, path + "/{id}", .json(), update)]
    }

    /// `POST /register`: registers a client.
    private func register(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let registration = try await gatehouse.registration.register(
            body, authorization: request.authorization, address: address(request, context))
        return .json(registration, status: .created)
    }

    /// `GET /register/{id}`: the registration of a client.
    private func read(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(
            try await gatehouse.registrationManagement.read(
                context.parameter("id"), authorization: request.authorization, address: address(request, context)))
    }

    /// `PUT /register/{id}`: replaces the metadata of a client.
    private func update(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(
            try await gatehouse.registrationManagement.update(
                context.parameter("id"), body, authorization: request.authorization,
                address: address(request, context)))
    }

    /// `DELETE /register/{id}`: removes a client and ends its sessions.
    private func remove(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        try await gatehouse.registrationManagement.remove(
            context.parameter("id"), authorization: request.authorization, address: address(request, context))
        return .done
    }

    private func address(_ request: Request, _ context: WebContext) -> String? {
        pipeline.proxies.clientAddress(of: request, context: context)
    }
}
