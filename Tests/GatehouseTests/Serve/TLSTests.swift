import TestSupport
import Testing

/// Curl represents every client with its own TLS implementation.
@Suite("TLS on the main listener")
struct TLSTests {
    private struct Answer {
        let status: Int32
        let text: String
    }

    /// Curl's output with the response head, and its exit status, which names a TLS failure.
    private func curl(_ stage: Stage, _ arguments: String...) async throws -> Answer {
        let log = "curl-\(UInt32.random(in: .min ... .max))"
        let child = try ChildProcess(
            "/usr/bin/curl", ["--silent", "--include", "--max-time", "20"] + arguments, output: stage.logFile(log),
            errors: stage.logFile(log + "-errors"))
        stage.adopt(child)
        return Answer(status: try await child.end(), text: try stage.log(log))
    }

    private func play(_ test: (Stage, RunningGatehouse, _ authority: String) async throws -> Void) async throws {
        try await Stage.play { stage in
            let authority = try TestAuthority.shared.get()
            let files = authority.files(of: "localhost")
            let gatehouse = try await RunningGatehouse.start(
                on: stage, scheme: "https",
                settings: "tls: { certificate: \"\(files.certificate)\", key: \"\(files.key)\" }")
            try await test(stage, gatehouse, authority.file)
        }
    }

    @Test func `a client that trusts the CA reads the metadata, and one that does not reads nothing`()
        async throws
    {
        try await play { stage, gatehouse, authority in
            let address = gatehouse.issuer + "/.well-known/oauth-authorization-server"
            let trusting = try await curl(stage, "--cacert", authority, address)
            #expect(trusting.status == 0)
            #expect(trusting.text.hasPrefix("HTTP/1.1 200"))
            #expect(trusting.text.contains("\"issuer\":\"\(gatehouse.issuer)\""))
            #expect(trusting.text.lowercased().contains("strict-transport-security: max-age=31536000"))
            let distrusting = try await curl(stage, address)
            #expect(distrusting.status == 60 && distrusting.text.isEmpty)
            let plain = try await curl(stage, address.replacing("https://", with: "http://"))
            #expect(plain.status != 0 && plain.text.isEmpty, "no answer without TLS")
        }
    }

    @Test func `over https each cookie is restricted to this host and to https`() async throws {
        try await play { stage, gatehouse, authority in
            _ = try await gatehouse.object([
                "resources", "add", "https://files.example/mcp", "--name", "Files", "--owner", "Team", "--scope",
                "files:read=Read your files",
            ])
            _ = try await gatehouse.object([
                "clients", "add", "--id", "quill", "--name", "Quill", "--redirect-uri", "http://127.0.0.1/callback",
            ])
            let query =
                "response_type=code&client_id=quill&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback"
                + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
            let page = try await curl(stage, "--cacert", authority, "\(gatehouse.issuer)/authorize?\(query)")
            #expect(page.text.contains("name=\"interaction\""))
            let cookies = page.text.split(whereSeparator: \.isNewline).filter {
                $0.lowercased().hasPrefix("set-cookie:")
            }
            #expect(!cookies.isEmpty)
            for cookie in cookies {
                #expect(cookie.dropFirst("set-cookie:".count).drop { $0 == " " }.hasPrefix("__Host-"))
                let attributes = cookie.split(separator: ";").map { $0.drop { $0 == " " } }
                #expect(attributes.contains("Secure") && attributes.contains("Path=/"))
                #expect(attributes.contains("HttpOnly") && !attributes.contains { $0.hasPrefix("Domain") })
            }
        }
    }
}
