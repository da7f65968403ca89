package import JOSE
package import Logging
package import OAuth
package import Storage

/// Carries out requests of administrators, each in one transaction with its audit record. The admin socket and a command that
/// holds the database itself use it alike.
package struct Administration: Sendable {
    let store: Store
    let keys: KeyRing?
    let providers: ProviderClient?
    let diagnostics: Diagnostics
    /// The configured lifetimes, for settings that an MCP server's policy leaves open.
    let sessions: Settings.Sessions
    /// The issuer, the base of the links for users; nil where no request makes one.
    let issuer: Issuer?
    let tokens: Settings.Tokens
    /// Who may use new MCP servers.
    let access: Settings.Access
    /// The folder of the database; nil in a command that opened the folder itself.
    let folder: DataFolder?
    let clock: WallClock
    /// The server's log for unexpected errors; nil in a command that holds the database itself, which prints them.
    let log: Logger?

    /// Administration of this database. Without keys, requests that need one are refused; without a provider client, requests
    /// that call a provider; without diagnostics, requests of the doctor.
    package init(
        store: Store, keys: KeyRing?, providers: ProviderClient? = nil, diagnostics: Diagnostics = Diagnostics(),
        sessions: Settings.Sessions = .init(), tokens: Settings.Tokens = .init(),
        access: Settings.Access = .init(), issuer: Issuer? = nil, folder: DataFolder? = nil, clock: WallClock,
        log: Logger? = nil
    ) {
        self.store = store
        self.keys = keys
        self.providers = providers
        self.diagnostics = diagnostics
        self.sessions = sessions
        self.issuer = issuer
        self.tokens = tokens
        self.access = access
        self.folder = folder
        self.clock = clock
        self.log = log
    }

    /// Carries out one request. The error says in a sentence or two why it was refused.
    package func run(
        _ request: AdministrationRequest, by administrator: Administrator
    ) async throws(AdministrationError) -> AdministrationAnswer {
        try await task(by: administrator) { try await request.noun.perform($0) }
    }

    /// Runs a request under a trace id of its own and under the reason that its administrator states.
    private func task<Answer: Sendable>(
        by administrator: Administrator, _ body: (AdministrationTask) async throws -> Answer
    ) async throws(AdministrationError) -> Answer {
        let administrator = try administrator.withCheckedReason()
        let task = AdministrationTask(administration: self, administrator: administrator, now: clock.now())
        do {
            return try await TraceID.$current.withValue(.random()) {
                try await StatedReason.$current.withValue(administrator.reason) { try await body(task) }
            }
        } catch {
            throw refusal(error)
        }
    }

    /// Carries out a request whose answer is a file, and writes that file beside the database. Nil for any other request.
    package func file(
        _ request: AdministrationRequest, by administrator: Administrator
    ) async throws(AdministrationError) -> AdministrationFile? {
        try await task(by: administrator) { try await request.noun.file($0) }
    }

    /// Answers a message of the admin socket. `uid` is the peer's, from the kernel.
    package func respond(to bytes: [UInt8], peer uid: UInt32) async -> AdministrationResponse {
        do throws(AdministrationError) {
            let message = try AdministrationMessage(parsing: bytes)
            try requireSameData(as: message.data)
            let administrator = Administrator(uid: uid, claimed: message.claimed, reason: message.reason)
            if let file = try await file(message.request, by: administrator) { return .file(file.path) }
            let answer = try await runAndSign(message.request, by: administrator)
            return .json(succeeded: true, AdministrationAnswer.bytes(.success(answer)))
        } catch {
            return .json(succeeded: false, AdministrationAnswer.bytes(.failure(error)))
        }
    }

    /// Refuses a command whose configuration names another data folder: it reached the wrong server.
    private func requireSameData(as requested: DataFolder?) throws(AdministrationError) {
        guard let requested, let folder, !folder.isSame(as: requested) else { return }
        throw AdministrationError(
            .conflict,
            "The server at this socket uses the data in \(folder.path), but this command's configuration names "
                + "\(requested.path). Nothing was done. Correct 'data' or 'admin.socket'.")
    }

    func refusal(_ error: any Error) -> AdministrationError {
        switch error {
        case let error as AdministrationError: error
        case let error as OAuthValueError: AdministrationError(.invalid, error.sentence)
        case let error as StoreError: AdministrationError(.unavailable, "\(error)")
        case let error as KeyRingError: AdministrationError(.unavailable, "\(error)")
        case let error as AuditExportError: AdministrationError(.unavailable, "\(error)")
        case let error as BrokenAuditChain: AdministrationError(.unsound, "Nothing was signed or deleted: \(error).")
        case let error as ReinstatedKey: AdministrationError(.unsound, "Nothing was signed or deleted: \(error).")
        case let error as UnfinishedKeyReplacement: AdministrationError(.unavailable, error.sentence)
        default: unexpected(error)
        }
    }

    /// An unexpected error. The server logs the cause and does not send it over the socket.
    private func unexpected(_ error: any Error) -> AdministrationError {
        guard let log else {
            return AdministrationError(
                .unavailable, "The request failed: \(ErrorText.of(error)).")
        }
        log.error(
            "administration request failed",
            metadata: ["cause": "\(LogText.bounded("\(type(of: error)): \(error)"))"])
        return AdministrationError(.unavailable, "The request failed. The server's log has the cause.")
    }
}

/// The response on the admin socket.
package enum AdministrationResponse: Sendable {
    /// An answer or an error, as JSON.
    case json(succeeded: Bool, [UInt8])
    /// The path of a file to send and then to delete.
    case file(String)
}
