import Foundation
import JOSE
import TestSupport
import Testing

@Suite("Unusable TLS files")
struct TLSTrapTests {
    /// A configuration that names these files.
    private static func configuration(
        _ gatehouse: CommandLineProgram, certificate: String, key: String
    ) throws -> String {
        try gatehouse.stage.write(
            """
            templates: \(Workspace.root)/templates
            issuer: https://localhost:1
            listen: 127.0.0.1:0
            operations: { listen: 127.0.0.1:0 }
            tls: { certificate: "\(certificate)", key: "\(key)" }
            """, to: "tls.yaml")
    }

    /// The doctor's problems with the certificate.
    private static func problems(_ gatehouse: CommandLineProgram, _ file: String) async throws -> String {
        let rows = try await gatehouse("doctor", "--json", "--config", file).json().array?.compactMap(\.object)
        let problems = rows?.filter { $0["check"] == "certificate" && $0["state"] == "problem" }
        return problems?.compactMap { $0["detail"]?.string }.joined(separator: " ") ?? ""
    }

    private static func refused(
        _ gatehouse: CommandLineProgram, certificate: String, key: String
    ) async throws -> (serve: CommandLineProgram.Run, doctor: String) {
        let file = try configuration(gatehouse, certificate: certificate, key: key)
        return (try await gatehouse("serve", "--config", file), try await problems(gatehouse, file))
    }

    @Test
    func `a key that does not match, is encrypted or is missing is named by serve and is a problem for the doctor`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let authority = try TestAuthority.shared.get()
            let (own, other) = (authority.files(of: "localhost"), authority.files(of: "other.example"))
            let encrypted = gatehouse.stage.path("encrypted.key")
            let made = try ChildProcess(
                "/usr/bin/openssl", ["pkey", "-in", own.key, "-aes256", "-passout", "pass:x", "-out", encrypted],
                output: gatehouse.stage.logFile("openssl"), errors: gatehouse.stage.logFile("openssl-errors"))
            #expect(try await made.end() == 0)
            let text = try gatehouse.stage.write("not a key", to: "text.key")
            chmod(text, 0o600)
            for (key, words) in [
                (other.key, "The key \(other.key) does not match the certificate \(own.certificate)"),
                (encrypted, "The key \(encrypted) is encrypted"), (text, "The key \(text) is not a private key"),
                (gatehouse.stage.path("none.key"), "none.key cannot be read (No such file or directory)"),
            ] {
                let (serve, doctor) = try await Self.refused(gatehouse, certificate: own.certificate, key: key)
                #expect(
                    serve.status == 1 && serve.errorLines.count == 1 && serve.errors.contains(words), "\(serve.errors)")
                #expect(doctor.contains(words), "\(doctor)")
            }
            let (serve, doctor) = try await Self.refused(gatehouse, certificate: text, key: own.key)
            #expect(serve.status == 1 && serve.errors.contains("The certificate \(text) is not a PEM chain"))
            #expect(doctor.contains("is not a readable PEM certificate"))
            let file = try Self.configuration(gatehouse, certificate: own.certificate, key: own.key)
            #expect(try await Self.problems(gatehouse, file).isEmpty)
        }
    }
}
