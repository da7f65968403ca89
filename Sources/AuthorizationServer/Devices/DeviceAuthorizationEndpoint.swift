import JOSE
package import OAuth
import Storage

/// Gives a device its two codes: one for itself, and one that its user types into a browser elsewhere.
///
/// Spec: RFC 8628 §3.1
package struct DeviceAuthorizationEndpoint: Sendable {
    /// For how many seconds the codes are valid.
    static let lifetime: Int64 = 600

    let settings: Settings
    let store: Store
    let keys: KeyRing
    let authentication: ClientAuthentication
    let limits: DeviceLimits
    let clock: WallClock
    let observer: Observer

    /// Answers a request from this IP address, given its form and its Authorization header.
    package func answer(
        _ parameters: Parameters, authorization: String?, address: String?
    ) async throws -> DeviceAuthorizationResponse {
        let now = clock.now()
        let source = RequestSource(address: address)
        // Asked first, because anybody can send such a request, and everything behind it costs more.
        try await observer.observingRefusals { try limits.requests.check(source, now: now) }
        let form = try await authentication.identify(
            parameters, authorization: authorization, knowing: .authorization(from: source.network), now: now)
        return try await observer.observingRefusals {
            do {
                return try await accept(form.map(DeviceAuthorizationRequest.init), address, source, now: now)
            } catch let error as OAuthError {
                throw error.asked(by: form.asker.id.string)
            }
        }
    }

    private func accept(
        _ asked: Identified<DeviceAuthorizationRequest, Client>, _ address: String?, _ source: RequestSource,
        now: Timestamp
    ) async throws -> DeviceAuthorizationResponse {
        let client = asked.asker
        // A document that lists its grants names what its developer wants. An operator's permission cannot add to that.
        guard client.origin.host == nil || client.metadata.allows(.deviceCode) else { throw Self.unlisted }
        // Read first, so that a refused request costs no write; and again in the write, because operators change things meanwhile.
        if case .failure(let refusal) = try await store.read({ try resource(of: asked, in: $0) }) { throw refusal }
        let (deviceCode, userCode) = (DeviceCode.random(), UserCode.random())
        guard let digest = userCode.digest(key: keys.secret(.code).bytes) else { throw Self.codeTaken }
        let party = client.pusher(from: source)
        let refusal = try await store.write { transaction -> OAuthError? in
            let resource: Resource
            switch try self.resource(of: asked, in: transaction) {
            case .success(let found): resource = found
            case .failure(let refusal): return refusal
            }
            let row = DeviceAuthorization(
                digest: deviceCode.digest, userCode: digest, clientID: client.id, party: party,
                resource: resource.identifier, scope: asked.request.scope, address: address, createdAt: now,
                expiresAt: now + Self.lifetime)
            switch try transaction.devices.insert(row, now: now) {
            case .stored: return nil
            case .tooMany: return Self.tooMany
            case .taken: return Self.codeTaken
            }
        }
        if let refusal { throw refusal }
        return DeviceAuthorizationResponse(
            deviceCode: deviceCode, userCode: userCode, issuer: settings.issuer, expiresIn: Self.lifetime)
    }

    /// The MCP server of a request, if the client may begin there on a device.
    private func resource(
        of asked: Identified<DeviceAuthorizationRequest, Client>, in transaction: Transaction
    ) throws -> Result<Resource, OAuthError> {
        let client = asked.asker
        if let refusal = try DevicePermission.refusal(of: client.id, in: transaction) { return .failure(refusal) }
        let access = try RequestedAccess.find(
            asked.request.scope, at: asked.request.resource, client: client,
            defaultResource: settings.defaultResource, in: transaction)
        guard case .success(let found) = access else { return access.map(\.resource) }
        if let refusal = try DevicePermission.refusal(of: client.id, at: found.resource, in: transaction) {
            return .failure(refusal)
        }
        return .success(found.resource)
    }

    private static let unlisted = OAuthError(
        .unauthorizedClient,
        "The client's metadata document does not list the grant type \(GrantType.deviceCode) in grant_types.")
    private static let tooMany = OAuthError(
        .tooManyRequests, "Too many device codes are open. Wait until some are used or expire.",
        reason: "\(DeviceAuthorization.mostOpen) device codes of this client or network are open"
    ).retrying(after: 60)
    /// Happens about once in fifty million requests even if as many codes are open as can be.
    private static let codeTaken = OAuthError(
        .temporarilyUnavailable, "Try again.", reason: "another device has the same user code")
}

extension Gatehouse {
    /// `/device_authorization`.
    package var deviceAuthorization: DeviceAuthorizationEndpoint {
        DeviceAuthorizationEndpoint(
            settings: settings, store: store, keys: keys, authentication: revocation.authentication,
            limits: deviceLimits, clock: clock, observer: observer)
    }

    /// `/device`.
    package var devicePage: DevicePageEndpoint {
        DevicePageEndpoint(
            store: store, keys: keys, people: people, clients: clients, limits: deviceLimits, clock: clock,
            observer: observer)
    }
}
