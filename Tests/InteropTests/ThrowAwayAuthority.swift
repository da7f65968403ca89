import TestSupport

/// A certificate authority and one host certificate for `localhost`, made by Debian's `openssl` for one test.
struct ThrowAwayAuthority: Sendable {
    let certificate: String
    let hostCertificate: String
    let hostKey: String

    static func make(on stage: Stage) async throws -> ThrowAwayAuthority {
        let key = stage.path("authority.key")
        let made = ThrowAwayAuthority(
            certificate: stage.path("authority.pem"), hostCertificate: stage.path("host.pem"),
            hostKey: stage.path("host.key"))
        let fresh = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        try await openssl(
            fresh + ["-subj", "/CN=Throw-away authority", "-keyout", key, "-out", made.certificate], on: stage)
        try await openssl(
            fresh + [
                "-subj", "/CN=localhost", "-CA", made.certificate, "-CAkey", key,
                "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                "-keyout", made.hostKey, "-out", made.hostCertificate,
            ], on: stage)
        return made
    }

    private static func openssl(_ arguments: [String], on stage: Stage) async throws {
        let status = try await stage.start("/usr/bin/openssl", arguments, log: "openssl").end()
        guard status == 0 else { throw StageFailure("openssl ended with \(status): \(try stage.log("openssl"))") }
    }
}
