import AuthorizationServer
import Foundation
import JOSE
import Logging
import OAuth
import Outbound
import Storage

/// The database without a server. The lock is taken first, so that no server starts while a command works.
struct DirectAccess {
    private let configuration: ServerConfiguration

    init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
    }

    /// An open database and its lock, until `close`.
    struct Opened {
        let directory: DataDirectory
        let store: Store
        let configuration: ServerConfiguration

        func run(
            _ request: AdministrationRequest, stating reason: String? = nil
        ) async throws -> AdministrationAnswer {
            try await administration(for: request).runAndSign(request, by: Administrator.current.stating(reason))
        }

        func file(
            _ request: AdministrationRequest, stating reason: String? = nil
        ) async throws -> AdministrationFile {
            let administrator = Administrator.current.stating(reason)
            guard let file = try await administration(for: request).file(request, by: administrator) else {
                throw CommandError("This request has no file for an answer.")
            }
            return file
        }

        func close() {
            try? store.close()
            directory.unlock()
        }

        /// Refuses to change a database that does not match the checkpoints in the keys folder, on which no server would start. A
        /// change would be lost with the database, or would cover the traces of an attack.
        private func refuseRolledBackTrail(for request: AdministrationRequest) async throws {
            guard !request.traits.contains(.safeOnRolledBackTrail),
                KeyRing.hasCheckpoints(in: configuration.keys)
            else { return }
            let keys = try configuration.openKeys(createIfEmpty: false)
            let past = try await RolledBackAuditChain.find(in: store, keys: keys, at: WallClock.system.now())
                .first(where: \.isRefused)
            if let past { throw CommandError("\(past)") }
        }

        private func diagnostics(for request: AdministrationRequest) throws -> Diagnostics {
            guard case .doctor = request else { return Diagnostics() }
            let trust = try TrustRoots(additionalFiles: configuration.outboundTrust)
            let silent = Logger(label: "gatehouse") { _ in SwiftLogNoOpLogHandler() }
            return Diagnostics(
                trial: try configuration.clientProbe(store: store, trust: trust, log: silent),
                examineServer: ResourceCheck(configuration: configuration, store: store, contacts: nil).findings)
        }

        /// Opens the keys only for requests that need them, so that all others work without the passphrase.
        private func administration(for request: AdministrationRequest) async throws -> Administration {
            try await refuseRolledBackTrail(for: request)
            let keys =
                request.traits.contains(.needsKeys)
                ? try configuration.openKeys(createIfEmpty: false) : await keysForSigning(request)
            let providers = request.traits.contains(.callsProviders) ? try configuration.providerClient() : nil
            let settings = try configuration.settings()
            return Administration(
                store: store, keys: keys, providers: providers, diagnostics: try diagnostics(for: request),
                sessions: settings.sessions, tokens: settings.tokens, access: settings.access, issuer: settings.issuer,
                clock: .system)
        }

        /// The keys that sign the audit trail after a request; nil before a server has signed the first checkpoint. If the keys cannot
        /// be opened, the next server signs.
        private func keysForSigning(_ request: AdministrationRequest) async -> KeyRing? {
            guard request.traits.contains(.withdrawsAccess) || request == .database(.backup()),
                (try? await store.read { try $0.audit.checkpoints.last(of: .main) }) ?? nil != nil
            else { return nil }
            return try? configuration.openKeys(createIfEmpty: false)
        }
    }

    /// Takes the lock and opens the existing database. It never creates one.
    func open() throws -> Opened {
        do throws(StoreError) {
            let directory = try DataDirectory.lock(configuration.data, create: false)
            let store = try Store(path: directory.database)
            return Opened(directory: directory, store: store, configuration: configuration)
        } catch .missing(let path) {
            throw CommandError("No Gatehouse database at \(path). Run 'gatehouse db init' or 'gatehouse serve' first.")
        }
    }

    /// Creates data directory, database and keys, and returns the path of the database. An existing database is refused.
    func create() async throws -> String {
        let directory = try DataDirectory.lock(configuration.data, create: true)
        defer { directory.unlock() }
        guard !FileManager.default.fileExists(atPath: directory.database) else {
            throw CommandError("A Gatehouse database already exists at \(directory.database). Nothing was changed.")
        }
        _ = try configuration.openKeys(createIfEmpty: true)
        try Store(path: directory.database, options: Store.Options(create: true)).close()
        return directory.database
    }
}

extension ServerConfiguration {
    /// Opens the keys folder, with the passphrase from `keys_passphrase_file` if that is set.
    func openKeys(createIfEmpty: Bool) throws -> KeyRing {
        let now = WallClock.system.now().seconds
        return try KeyRing.open(
            directory: self.keys, passphrase: try passphrase(), now: now, createIfEmpty: createIfEmpty)
    }

    /// The passphrase from `keys_passphrase_file`; nil if that is not set.
    func passphrase() throws -> Secret? {
        guard let path = self.keysPassphraseFile else { return nil }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw CommandError(
                "Cannot read the keys_passphrase_file \(path). Check that it exists and that the server's user may read it."
            )
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        guard !line.isEmpty else { throw CommandError("The keys_passphrase_file \(path) is empty.") }
        return Secret(bytes: [UInt8](line))
    }
}

extension ServerConfiguration {
    /// The client for calls to providers.
    func providerClient() throws -> ProviderClient {
        ProviderClient(
            issuer: try Issuer(self.issuer),
            outbound: OperatorClient(
                roots: try TrustRoots(additionalFiles: self.outboundTrust), patience: 10, connections: 8,
                proxy: outboundProxyInUse))
    }
}
