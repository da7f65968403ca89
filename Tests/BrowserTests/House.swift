import Foundation
import JOSE
import TestSupport
import Testing

/// Gatehouse with one user, one registered MCP server, and clients that listen on loopback.
struct House: Sendable {
    let stage: Stage
    let gatehouse: RunningGatehouse
    let browser: Browser
    let resource: String
    /// The MCP server's id and secret.
    let credentials: (id: String, secret: String)

    static let password = "correct horse battery staple"
    /// The MCP server, which most tests do not run.
    static let resource = "https://files.example/mcp"
    /// The pair of RFC 7636, appendix B.
    static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    static func play(as resource: String = resource, _ test: (House) async throws -> Void) async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            _ = try await gatehouse.object(["users", "add", "ada", "--password-stdin"], input: password + "\n")
            let server = try await gatehouse.object([
                "resources", "add", resource, "--name", "Family files", "--owner", "Grace Hopper",
                "--scope", "files:read=Read your files", "--scope", "files:write=Change and delete your files",
            ])
            try await test(
                House(
                    stage: stage, gatehouse: gatehouse, browser: Browser(on: stage), resource: resource,
                    credentials: (server["client_id"]?.string ?? "", server["client_secret"]?.string ?? "")))
        }
    }

    /// A client that listens at this host, and its authorization request.
    func client(
        at host: String = "127.0.0.1", listening address: String? = nil, onward: String? = nil
    ) async throws -> Client {
        let port = try await browser.listen(on: address ?? host, onward: onward)
        let redirect = "http://\(host):\(port)/callback"
        let added = try await gatehouse.object([
            "clients", "add", "--name", "Notebook", "--redirect-uri", redirect, "--auth", "none",
        ])
        guard let id = added["client_id"]?.string else { throw StageFailure("`clients add` gave no client_id") }
        return Client(id: id, port: port, redirect: redirect, resource: resource, gatehouse: gatehouse)
    }

    /// Looks for secrets in the log, the metrics and every file of the database.
    func expectNoTrace(of secrets: [String]) async throws {
        let folder = stage.path("var")
        let metrics = try await gatehouse.operations.get("/metrics").text
        var places = [Data(try stage.log("gatehouse").utf8), Data(metrics.utf8)]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.contains("sqlite") {
            places.append(try Data(contentsOf: URL(filePath: folder + "/" + name)))
        }
        #expect(places.count >= 3)
        // The search itself works.
        #expect(places.contains { $0.range(of: Data("files.example".utf8)) != nil })
        for secret in secrets {
            #expect(secret.utf8.count >= 16)
            for place in places { #expect(place.range(of: Data(secret.utf8)) == nil, "a secret left a trace") }
        }
    }

    /// A registered client and its requests.
    struct Client: Sendable {
        let id: String
        let port: Int64
        let redirect: String
        let resource: String
        let gatehouse: RunningGatehouse

        /// The URL of the authorization request.
        func request(state: String = "st-1") -> String {
            let parameters: KeyValuePairs = [
                "response_type": "code", "client_id": id, "redirect_uri": redirect, "state": state,
                "code_challenge": House.challenge, "code_challenge_method": "S256", "resource": resource,
            ]
            let query = parameters.map { "\($0.key)=\(LoopbackHTTP.encode($0.value))" }.joined(separator: "&")
            return "\(gatehouse.issuer)/authorize?\(query)"
        }

        /// Redeems a code.
        func redeem(_ code: String) async throws -> LoopbackHTTP.Response {
            try await gatehouse.http.post(
                "/token",
                form: [
                    "grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "client_id": id,
                    "code_verifier": House.verifier, "resource": resource,
                ])
        }
    }
}
