import Hummingbird
import HummingbirdTLS
import JOSE
import Logging
import MCPClient
import NIOCore
import NIOSSL

/// The client's web site, which publishes its metadata document over HTTPS.
///
/// Spec: Client ID Metadata Document §4.1
struct Website {
    let clientID: String
    private let port: Int
    private let document: [UInt8]
    private let authority: ThrowAwayAuthority

    init(authority: ThrowAwayAuthority, redirect: String) throws {
        self.authority = authority
        port = try FreePort.find()
        clientID = "https://localhost:\(port)/notebook.json"
        let document: JSONObject = [
            "client_id": .string(clientID), "client_name": "Demo Notebook", "redirect_uris": [.string(redirect)],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        ]
        self.document = document.bytes
    }

    /// Host and port for `clients.metadata_documents.private_hosts`, without which Gatehouse would not fetch from loopback.
    var privateHost: String { "localhost:\(port)" }

    func application(_ ready: @escaping @Sendable () -> Void) throws -> some ApplicationProtocol {
        let router = Router()
        router.get("/notebook.json") { [document] _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: document)))
        }
        let chain = try NIOSSLCertificate.fromPEMFile(authority.hostCertificate)
        let tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: authority.hostKey, format: .pem)))
        return Application(
            router: router, server: try .tls(.http1(), tlsConfiguration: tls),
            configuration: .init(address: .hostname("127.0.0.1", port: port)), onServerRunning: { _ in ready() },
            logger: .silent)
    }
}

extension Logger {
    /// A logger for the listeners: their lines would interrupt the narration.
    static var silent: Logger {
        var logger = Logger(label: "demo")
        logger.logLevel = .critical
        return logger
    }
}
