package import JOSE
package import Logging
import OAuth
package import Storage

/// Runs what operators ask, each request in one transaction with its audit record; the same whether it came over the
/// admin socket or from a command that holds the database itself.
package struct Administration: Sendable {
    let store: Store
    let keys: KeyRing?
    let providers: ProviderClient?
    let diagnostics: Diagnostics
    /// What holds for sessions and tokens where an MCP server's policy says nothing.
    let sessions: Settings.Sessions
    let tokens: Settings.Tokens
    /// The folder that the database lies in; nil where no request can have been meant for another one.
    let folder: DataFolder?
    let clock: WallClock
    /// The server's log, where the causes go that are nobody's mistake; nil in a command that holds the database itself: its
    /// user reads them.
    let log: Logger?

    /// Administration of this database; without keys, requests that need one are refused, without a client of providers
    /// those that would ask them, and without diagnostics those for the doctor.
    package init(
        store: Store, keys: KeyRing?, providers: ProviderClient? = nil, diagnostics: Diagnostics = Diagnostics(),
        sessions: Settings.Sessions = .init(), tokens: Settings.Tokens = .init(), folder: DataFolder? = nil,
        clock: WallClock, log: Logger? = nil
    ) {
        self.store = store
        self.keys = keys
        self.providers = providers
        self.diagnostics = diagnostics
        self.sessions = sessions
        self.tokens = tokens
        self.folder = folder
        self.clock = clock
        self.log = log
    }

    /// Runs one request and returns its answer, or the one sentence why not.
    package func run(
        _ request: AdministrationRequest, by administrator: Administrator
    ) async throws(AdministrationError) -> AdministrationAnswer {
        do {
            return try await TraceID.$current.withValue(.random()) { try await carryOut(request, by: administrator) }
        } catch {
            throw refusal(error)
        }
    }

    private func carryOut(
        _ request: AdministrationRequest, by administrator: Administrator
    ) async throws -> AdministrationAnswer {
        let task = AdministrationTask(administration: self, administrator: administrator, now: clock.now())
        return switch request {
        case .users(let request): try await UserAdministration(task: task).perform(request)
        case .resources(let request): try await ResourceAdministration(task: task).perform(request)
        case .clients(let request): try await ClientAdministration(task: task).perform(request)
        case .sessions(let request): try await SessionAdministration(task: task).perform(request)
        case .elicitations(let request): try await ElicitationAdministration(task: task).perform(request)
        case .jobs(let request): try await JobAdministration(task: task).perform(request)
        case .events(let request): try await EventAdministration(task: task).perform(request)
        case .providers(let request): try await ProviderAdministration(task: task).perform(request)
        case .connections(let request): try await ConnectionAdministration(task: task).perform(request)
        case .keys(let request): try await KeyAdministration(task: task).perform(request)
        case .audit(let request): try await AuditAdministration(task: task).perform(request)
        case .report(let request): try await ReportAdministration(task: task).perform(request)
        case .database(let request): try await DatabaseAdministration(task: task).perform(request)
        case .doctor(let request): try await DoctorAdministration(task: task).perform(request)
        case .preview(let request): try await RevocationPreview(task: task).preview(of: request)
        }
    }

    /// Writes what a request for a file asks for beside the database. Nil for a request whose answer is no file.
    package func file(
        _ request: AdministrationRequest, by administrator: Administrator
    ) async throws(AdministrationError) -> AdministrationFile? {
        let task = AdministrationTask(administration: self, administrator: administrator, now: clock.now())
        do {
            return try await TraceID.$current.withValue(.random()) {
                switch request {
                case .database(.backup): try await DatabaseAdministration(task: task).backup()
                case .audit(.export(let selection)): try await AuditAdministration(task: task).export(selection)
                default: nil
                }
            }
        } catch {
            throw refusal(error)
        }
    }

    /// Answers a message of the admin socket; `peer` is the uid that the kernel vouches for.
    package func respond(to bytes: [UInt8], peer uid: UInt32) async -> AdministrationResponse {
        do throws(AdministrationError) {
            let message = try AdministrationMessage(parsing: bytes)
            try refuseOtherData(message.data)
            let administrator = Administrator(uid: uid, claimed: message.claimed)
            if let file = try await file(message.request, by: administrator) { return .file(file.path) }
            let answer = try await runAndSign(message.request, by: administrator)
            return .json(succeeded: true, AdministrationAnswer.bytes(.success(answer)))
        } catch {
            return .json(succeeded: false, AdministrationAnswer.bytes(.failure(error)))
        }
    }

    /// A command whose configuration names another data folder came to the wrong server.
    private func refuseOtherData(_ meant: DataFolder?) throws(AdministrationError) {
        guard let meant, let folder, !folder.isSame(as: meant) else { return }
        throw AdministrationError(
            .conflict,
            "The server at this socket works on the data in \(folder.path), and this command's configuration names "
                + "\(meant.path): nothing was done; correct 'data' or 'admin.socket'.")
    }

    func refusal(_ error: any Error) -> AdministrationError {
        switch error {
        case let error as AdministrationError: error
        case let error as OAuthValueError: AdministrationError(.invalid, error.sentence)
        case let error as StoreError: AdministrationError(.unavailable, "\(error)")
        case let error as KeyRingError: AdministrationError(.unavailable, "\(error)")
        case let error as AuditExportError: AdministrationError(.unavailable, "\(error)")
        case let error as BrokenAuditChain: AdministrationError(.unsound, "Nothing was signed or dropped: \(error).")
        case let error as ReinstatedKey: AdministrationError(.unsound, "Nothing was signed or dropped: \(error).")
        case let error as UnfinishedKeyReplacement: AdministrationError(.unavailable, error.sentence)
        default: unexpected(error)
        }
    }

    /// What nobody foresaw: over the socket the sentence stays short, and the log has the cause.
    private func unexpected(_ error: any Error) -> AdministrationError {
        guard let log else {
            return AdministrationError(
                .unavailable, "The request could not be carried out: \(ErrorText.of(error)).")
        }
        log.error(
            "an administration request failed",
            metadata: ["cause": "\(LogText.bounded("\(type(of: error)): \(error)"))"])
        return AdministrationError(.unavailable, "The request could not be carried out; the server's log says why.")
    }
}

/// What goes back over the admin socket.
package enum AdministrationResponse: Sendable {
    /// An answer or a refusal.
    case json(succeeded: Bool, [UInt8])
    /// A file to send whole, and then to delete.
    case file(String)
}
