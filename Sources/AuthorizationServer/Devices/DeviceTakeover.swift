import JOSE
import OAuth
import Storage

/// What the page does with the request of a code that a user typed.
extension DevicePageEndpoint {
    /// The pending request of a code that is free, or that this user took up before in this browser.
    func request(
        of code: UserCode, for person: SignedIn, now: Timestamp
    ) async throws -> StoredDeviceAuthorization? {
        let digests = keys.secrets(.code).compactMap { code.digest(key: $0.bytes) }
        return try await store.read { transaction in
            for digest in digests {
                guard let found = try transaction.devices.find(userCode: digest, now: now) else { continue }
                guard let taken = found.interactionID, let interaction = try transaction.interactions.find(taken),
                    !interaction.belongs(to: person)
                else { return found }
            }
            return nil
        }
    }

    /// Shows who asks and from where.
    func review(
        _ request: StoredDeviceAuthorization, _ code: UserCode, _ person: SignedIn, _ browser: Browser, now: Timestamp
    ) async throws -> View {
        let (client, access) = try await access(
            of: request, person, browser, observer.newTrace(for: browser), now: now)
        return .review(
            DeviceReview(
                device: WaitingDevice(request, code: code), client: client.shown,
                resourceName: access.resource.name, resource: access.resource.identifier, username: person.user.name,
                token: token(for: code, person)))
    }

    /// Gives the request to an interaction of this user, who decides on the consent page.
    func proceed(
        _ request: StoredDeviceAuthorization, _ code: UserCode, _ person: SignedIn, _ browser: Browser, now: Timestamp
    ) async throws -> View {
        if let taken = request.interactionID, try await store.read({ try $0.interactions.find(taken) }) != nil {
            return .consent(taken)
        }
        let trace = observer.newTrace(for: browser)
        let (client, access) = try await access(of: request, person, browser, trace, now: now)
        let device = WaitingDevice(request, code: code)
        let interaction = Interaction(
            userID: person.user.id, browserLoginID: person.login.id,
            request: PendingAuthorization(of: device, client: client, access: access).text, createdAt: now,
            expiresAt: request.expiresAt)
        let isTaken = try await store.write { transaction in
            guard try transaction.devices.take(request.digest, for: interaction.id, now: now) else { return false }
            try transaction.interactions.open(interaction)
            return true
        }
        guard isTaken else { return .entry(entry(code.shown, person), problem: .unknown) }
        trace.link(.interaction(interaction.id))
        trace.record(.consentAsked(server: access.resource.name, scopes: access.scope.count))
        return .consent(interaction.id)
    }

    /// Ends the request without a look at what it asks for.
    func deny(
        _ request: StoredDeviceAuthorization, _ code: UserCode, _ person: SignedIn, _ browser: Browser, now: Timestamp
    ) async throws -> View {
        let device = WaitingDevice(request, code: code)
        let isDenied = try await store.write { transaction in
            guard try transaction.devices.deny(request.digest, now: now) else { return false }
            if let taken = request.interactionID { try transaction.interactions.withdraw(taken) }
            try transaction.audit.append(
                AuditEntry(
                    .accessDenied, at: now, actor: .person(person.user.id), user: person.user.id,
                    client: request.clientID, reason: device.remark, initiator: .human, explanation: device.origin,
                    address: browser.address))
            return true
        }
        return isDenied ? .denied : .entry(entry(code.shown, person), problem: .unknown)
    }

    /// The client of a request and its access, checked anew, because operators may have changed something since the device asked.
    private func access(
        of request: StoredDeviceAuthorization, _ person: SignedIn, _ browser: Browser, _ trace: TraceWriter,
        now: Timestamp
    ) async throws -> (Client, RequestedAccess) {
        trace.record(.arrived(client: request.clientID.string, redirectHost: nil))
        trace.record(.recognised)
        trace.assign(to: person.user.id)
        do {
            let client = try await clients.resolve(
                request.clientID, now: now, trace: trace, person: person.user.id, browser: browser)
            let access = try await store.read { transaction -> Result<RequestedAccess, OAuthError> in
                let found = try RequestedAccess.find(
                    request.scope, at: request.resource, client: client, defaultResource: nil, in: transaction)
                guard case .success(let access) = found,
                    let refusal = try DevicePermission.refusal(of: client.id, at: access.resource, in: transaction)
                else { return found }
                return .failure(refusal)
            }
            return (client, try access.get())
        } catch {
            let refusal = (error as? AuthorizationFailure)?.error ?? error as? OAuthError
            guard let refusal = refusal?.asked(by: request.clientID.string) else {
                trace.record(.failed)
                throw error
            }
            trace.record(.refused(refusal, .onPage))
            throw refusal
        }
    }
}
