/// A certificate authority that exists as long as the demo, with one certificate for `localhost`.
struct ThrowAwayAuthority {
    let certificate: String
    let hostCertificate: String
    let hostKey: String

    init(on bench: Workbench) async throws {
        certificate = bench.path("authority.pem")
        hostCertificate = bench.path("host.pem")
        hostKey = bench.path("host.key")
        let authorityKey = bench.path("authority.key")
        let fresh = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        try await Self.openssl(
            fresh + ["-subj", "/CN=Throw-away authority", "-keyout", authorityKey, "-out", certificate], on: bench)
        try await Self.openssl(
            fresh + [
                "-subj", "/CN=localhost", "-CA", certificate, "-CAkey", authorityKey,
                "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                "-keyout", hostKey, "-out", hostCertificate,
            ], on: bench)
    }

    private static func openssl(_ arguments: [String], on bench: Workbench) async throws {
        let outcome = try await bench.run("/usr/bin/openssl", arguments)
        guard outcome.status == 0 else {
            throw StoryFailure(
                expected: "a certificate made by openssl",
                found: "it ended with \(outcome.status): \(outcome.complaint)")
        }
    }
}
