import AuthorizationServer
import Foundation
import JOSE
import Logging
import OAuth
import Outbound
import Storage

/// The database without a server: the lock is taken first, so that no server can start meanwhile.
struct DirectAccess {
    private let configuration: ServerConfiguration

    init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
    }

    /// An open database with its lock.
    struct Opened {
        let directory: DataDirectory
        let store: Store
        let configuration: ServerConfiguration

        func run(_ request: AdministrationRequest) async throws -> AdministrationAnswer {
            try await administration(for: request).runAndSign(request, by: .current)
        }

        func file(_ request: AdministrationRequest) async throws -> AdministrationFile {
            guard let file = try await administration(for: request).file(request, by: .current) else {
                throw Refusal("this request is not answered by a file")
            }
            return file
        }

        func close() {
            try? store.close()
            directory.unlock()
        }

        /// A server would not start on a database that the keys know otherwise: what were written now would be lost with it, or would
        /// hide what somebody did to it.
        private func refuseAnotherPast(for request: AdministrationRequest) async throws {
            guard !request.isSafeOnAnotherPast, KeyRing.keepsNote(in: configuration.paths.keys) else { return }
            let keys = try configuration.openKeys(createIfEmpty: false)
            let past = try await RolledBackAuditChain.find(in: store, keys: keys, at: WallClock.system.now())
                .first(where: \.isRefused)
            if let past { throw Refusal("\(past)") }
        }

        private func diagnostics(for request: AdministrationRequest) throws -> Diagnostics {
            guard case .doctor = request else { return Diagnostics() }
            let trust = try TrustRoots(additionalFiles: configuration.trust)
            let silent = Logger(label: "gatehouse") { _ in SwiftLogNoOpLogHandler() }
            return Diagnostics(trial: try configuration.clientTrial(store: store, trust: trust, log: silent))
        }

        /// Keys are opened only where they are needed: the other commands work without their passphrase.
        private func administration(for request: AdministrationRequest) async throws -> Administration {
            try await refuseAnotherPast(for: request)
            let keys =
                request.needsKeys ? try configuration.openKeys(createIfEmpty: false) : await keysForSigning(request)
            let providers = request.isAboutProviders ? try configuration.providerClient() : nil
            let settings = try configuration.settings()
            return Administration(
                store: store, keys: keys, providers: providers, diagnostics: try diagnostics(for: request),
                sessions: settings.sessions, tokens: settings.tokens,
                clock: .system)
        }

        /// What the audit trail is signed with behind a request, once a server has begun to sign it. Where the keys cannot be
        /// opened, the next server signs.
        private func keysForSigning(_ request: AdministrationRequest) async -> KeyRing? {
            guard request.takesAway || request == .database(.backup),
                (try? await store.read { try $0.audit.lastCheckpoint(.main) }) ?? nil != nil
            else { return nil }
            return try? configuration.openKeys(createIfEmpty: false)
        }
    }

    /// Takes the lock and opens an existing database; one that is missing is not made.
    func open() throws -> Opened {
        do throws(StoreError) {
            let directory = try DataDirectory.lock(configuration.paths.data, create: false)
            let store = try Store(path: directory.database)
            return Opened(directory: directory, store: store, configuration: configuration)
        } catch .missing(let path) {
            throw Refusal("no Gatehouse database at \(path); run 'gatehouse db init' or 'gatehouse serve' first")
        }
    }

    /// Makes data directory, database and keys, and returns the database's path; what exists already is refused.
    func create() async throws -> String {
        let directory = try DataDirectory.lock(configuration.paths.data, create: true)
        defer { directory.unlock() }
        guard !FileManager.default.fileExists(atPath: directory.database) else {
            throw Refusal("there is a Gatehouse database at \(directory.database) already; nothing was changed")
        }
        _ = try configuration.openKeys(createIfEmpty: true)
        try Store(path: directory.database, options: Store.Options(create: true)).close()
        return directory.database
    }
}

extension ServerConfiguration {
    /// Opens the key directory with the passphrase from its file, if one is configured.
    func openKeys(createIfEmpty: Bool) throws -> KeyRing {
        let now = WallClock.system.now().seconds
        return try KeyRing.open(
            directory: paths.keys, passphrase: try passphrase(), now: now, createIfEmpty: createIfEmpty)
    }

    private func passphrase() throws -> Secret? {
        guard let path = paths.keysPassphraseFile else { return nil }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw Refusal(
                "the file of keys_passphrase_file, \(path), cannot be read; check that it exists and that the "
                    + "server's user may read it")
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        guard !line.isEmpty else { throw Refusal("the file of keys_passphrase_file, \(path), is empty") }
        return Secret(bytes: [UInt8](line))
    }
}

extension AdministrationRequest {
    /// Whether it only reads, or decides about that very past. What comes before a question counts with what the question is
    /// about, so that nobody is asked in vain.
    fileprivate var isSafeOnAnotherPast: Bool {
        switch self {
        case .users(.list), .resources(.list), .resources(.show), .clients(.list), .clients(.show), .clients(.rules),
            .sessions(.list), .sessions(.show), .elicitations(.list), .elicitations(.show), .jobs(.list), .jobs(.show),
            .events(.list), .providers(.list), .connections(.list), .keys(.list), .report, .database(.check), .doctor:
            true
        case .resources(.policy(_, let change, _)): change == PolicyChange()
        case .audit(.tail), .audit(.verify), .audit(.acceptRestore): true
        case .users, .resources, .clients, .sessions, .elicitations, .jobs, .events, .providers, .connections, .keys,
            .audit, .database, .preview:
            false
        }
    }

    /// Whether it is about keys, or about something that is sealed with one.
    fileprivate var needsKeys: Bool {
        switch self {
        case .keys, .connections(.revoke), .audit(.verify), .audit(.export), .audit(.drop), .audit(.acceptRestore): true
        case .providers(.add(let draft)): draft.clientSecret != nil
        default: false
        }
    }

    /// Whether a provider may have to be asked or told.
    fileprivate var isAboutProviders: Bool {
        switch self {
        case .providers, .connections: true
        default: false
        }
    }
}

extension ServerConfiguration {
    /// The way to providers.
    func providerClient() throws -> ProviderClient {
        ProviderClient(
            issuer: try Issuer(issuer),
            outbound: OperatorClient(roots: try TrustRoots(additionalFiles: trust), patience: 10, connections: 8))
    }
}
