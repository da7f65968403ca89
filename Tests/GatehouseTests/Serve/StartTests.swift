import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("The start of a server")
struct StartTests {
    private func serve(_ gatehouse: CommandLineProgram, _ settings: [String: String]) async throws
        -> CommandLineProgram.Run
    {
        let (port, operations) = (try await LoopbackPort.free(), try await LoopbackPort.free())
        let places = [
            "GATEHOUSE_LISTEN": "127.0.0.1:\(port)", "GATEHOUSE_OPERATIONS_LISTEN": "127.0.0.1:\(operations)",
            "GATEHOUSE_ISSUER": "https://localhost:\(port)",
        ]
        return try await gatehouse("serve", environment: places.merging(settings) { $1 })
    }

    private func set(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test(arguments: [0o644, 0o640, 0o660, 0o602])
    func `a passphrase that other users can read or write is refused before anything is created`(mode: Int) async throws
    {
        try await Stage.play { stage in
            let file = try stage.write("open sesame\n", to: "passphrase")
            try set(mode, file)
            let run = try await serve(
                CommandLineProgram(stage: stage), ["GATEHOUSE_KEYS_PASSPHRASE_FILE": file])
            #expect(run.status == 1 && run.errorLines.count == 1, "\(run.errors)")
            #expect(run.errors.contains("\(file) (keys_passphrase_file)"))
            #expect(run.errors.contains("'chmod 600 \(file)'"))
            #expect(!FileManager.default.fileExists(atPath: stage.path("var")))
        }
    }

    @Test(arguments: [(0o644, 0o640), (0o664, 0o640), (0o606, 0o600)])
    func `a TLS key that every user can read or a group can write is refused`(mode: Int, right: Int) async throws {
        try await Stage.play { stage in
            let files = try TestAuthority.shared.get().files(of: "localhost")
            let key = stage.path("key.pem")
            try FileManager.default.copyItem(atPath: files.key, toPath: key)
            try set(mode, key)
            let run = try await serve(
                CommandLineProgram(stage: stage),
                ["GATEHOUSE_TLS_CERTIFICATE": files.certificate, "GATEHOUSE_TLS_KEY": key])
            #expect(run.status == 1 && run.errorLines.count == 1, "\(run.errors)")
            #expect(run.errors.contains("\(key) (tls.key)"))
            #expect(run.errors.contains("'chmod \(String(right, radix: 8)) \(key)'"))
            #expect(!FileManager.default.fileExists(atPath: stage.path("var")))
        }
    }

    @Test func `a private passphrase file, and a TLS key that a group can read, are accepted`() async throws {
        try await Stage.play { stage in
            let files = try TestAuthority.shared.get().files(of: "localhost")
            let (key, passphrase) = (stage.path("key.pem"), try stage.write("open sesame\n", to: "passphrase"))
            try FileManager.default.copyItem(atPath: files.key, toPath: key)
            try set(0o640, key)
            try set(0o400, passphrase)
            // Platforms mount renewed secrets as links.
            try FileManager.default.createSymbolicLink(atPath: stage.path("link"), withDestinationPath: passphrase)
            let gatehouse = try await RunningGatehouse.start(
                on: stage, scheme: "https",
                settings: """
                    tls: { certificate: "\(files.certificate)", key: "\(key)" }
                    keys_passphrase_file: "\(stage.path("link"))"
                    """)
            #expect(gatehouse.process.isRunning)
        }
    }

    @Test func `housekeeping runs before the first connection`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            await gatehouse.process.stop()
            let database = stage.path("var/gatehouse.sqlite")
            let store = try Store(path: database)
            try await plant(3_000, in: store, key: refreshKey(stage))
            try store.close()
            let again = try await gatehouse.restarted()
            again.process.kill()
            _ = try await again.process.end()
            let after = try Store(path: database)
            let records = try await after.read { try $0.audit.tail(limit: 4_000) }
            #expect(records.count { $0.entry.action == .sessionEnded } == 3_000, "each has its record")
            try after.close()
        }
    }

    private func refreshKey(_ stage: Stage) throws -> String {
        let now = Int64(Date().timeIntervalSince1970)
        return try KeyRing.open(directory: stage.path("keys"), now: now, createIfEmpty: false).secret(.refresh).id
    }

    /// Unused sessions that expired an hour ago.
    private func plant(_ count: Int, in store: Store, key: String) async throws {
        let begun = Timestamp(seconds: Int64(Date().timeIntervalSince1970) - 7_200)
        let user = User(name: "ana", createdAt: begun)
        let server = try Resource(
            identifier: ResourceIdentifier("https://files.example/mcp"), name: "Files", owner: "Team", scopes: [],
            secretDigest: .sha256("secret"), createdAt: begun)
        try await store.write { transaction in
            try transaction.users.insert(user)
            _ = try transaction.resources.insert(server)
        }
        for _ in 0..<(count / 250) {
            try await store.write { transaction in
                for _ in 0..<250 {
                    let session = try Session(
                        userID: user.id, clientID: ClientID("desk"), clientName: "Desk", resourceID: server.id,
                        scope: [], redirectURI: "https://desk.example/cb", binding: .sha256("browser"),
                        createdAt: begun, expiresAt: begun + 3_600, idleSeconds: 3_600, authTime: begun,
                        refreshKeyID: key)
                    let code = try AuthorizationCodeRecord(
                        digest: .sha256("code of \(session.id)"), sessionID: session.id, interactionID: .random(),
                        clientID: session.clientID, redirectURI: session.redirectURI ?? "",
                        challenge: CodeChallenge(for: CodeVerifier(String(repeating: "v", count: 43))),
                        expiresAt: begun + 60)
                    try transaction.sessions.approve(session, code: code)
                    _ = try (
                        transaction.codes.spend(code.digest, now: begun),
                        transaction.sessions.activate(session.id, now: begun)
                    )
                }
            }
        }
    }
}
