import Foundation
package import NIOSSL
package import Outbound

/// The tests' certificate authority, made once per process by the openssl command.
package struct TestAuthority {
    /// The authority that all tests of a process share.
    package static let shared = Result { try TestAuthority() }

    private let folder: TemporaryFolder
    /// The folder of its files.
    package var directory: String { folder.path }

    /// The path of its certificate, for `outbound.trust`.
    package var file: String { directory + "/ca.pem" }

    private init() throws {
        folder = try TemporaryFolder()
        folder.lastsUntilExit()
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout",
            directory + "/ca.key", "-out", file, "-subj", "/CN=Test authority", "-addext",
            "basicConstraints=critical,CA:TRUE")
        for leaf in ["client.example", "other.example", "localhost"] { try issue(leaf) }
    }

    /// Trust roots with this authority.
    package static func roots() throws -> TrustRoots {
        try TrustRoots(additionalFiles: [shared.get().file])
    }

    /// Gets a URL of a loopback server with a certificate of this authority.
    package static func get(_ url: String) async throws -> LoopbackHTTP.Response {
        let answer = try await OperatorClient(roots: roots()).get(RemoteURL(operator: url))
        return LoopbackHTTP.Response(status: answer.status, headers: [], body: answer.body)
    }

    /// The paths of certificate and key for an issued name.
    package func files(of name: String) -> (certificate: String, key: String) {
        ("\(directory)/\(name).pem", "\(directory)/\(name).key")
    }

    /// The TLS context of a server with an issued name.
    package static func server(_ name: String, from oldest: TLSVersion = .tlsv12, to newest: TLSVersion? = nil) throws
        -> NIOSSLContext
    {
        let files = try shared.get().files(of: name)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem)))
        configuration.minimumTLSVersion = oldest
        configuration.maximumTLSVersion = newest
        return try NIOSSLContext(configuration: configuration)
    }

    private func issue(_ name: String) throws {
        let base = "\(directory)/\(name)"
        let names = name == "localhost" ? "DNS:localhost,IP:127.0.0.1" : "DNS:\(name)"
        try Data("subjectAltName=\(names)\n".utf8).write(to: URL(fileURLWithPath: base + ".ext"))
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", base + ".key", "-out",
            base + ".csr", "-subj", "/CN=\(name)")
        try openssl(
            "x509", "-req", "-in", base + ".csr", "-CA", file, "-CAkey", directory + "/ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", base + ".ext", "-out", base + ".pem")
    }

    private func openssl(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw OpenSSLError(arguments: arguments) }
    }
}

/// The openssl command failed.
private struct OpenSSLError: Error {
    let arguments: [String]
}
