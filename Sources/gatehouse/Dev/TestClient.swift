import Foundation
import JOSE
import Web

/// The test client of a server for trying things: a metadata document that this process serves over TLS, with a certificate that
/// only this server trusts.
///
/// Spec: Client ID Metadata Document §4.1
struct TestClient: Sendable {
    let port: Int
    /// The certificate that the server has to trust.
    let certificate: String
    private let key: String

    private static let path = "/client.json"
    /// How long a certificate lasts; each start makes a new one.
    private static let days = 30

    /// Writes a new certificate into the folder.
    init(in folder: DevFolder) throws {
        port = folder.clientPort
        let place = folder.file("tls")
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        (certificate, key) = (place + "/certificate.pem", place + "/key.pem")
        let made = try SelfSignedCertificate(host: "localhost", days: Self.days)
        try PrivateFile.write(made.certificate, to: certificate)
        try PrivateFile.write(made.key, to: key)
    }

    /// The client id, which is the URL of the document.
    var id: String { "https://localhost:\(port)\(Self.path)" }

    private var document: JSONObject {
        [
            "client_id": .string(id), "client_name": "Gatehouse test client",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        ]
    }

    /// The listener of the document, and the member of the metadata that says that this is a server for trying things.
    func additions(whenReady: @escaping @Sendable () -> Void) -> ServerAdditions {
        let files = TLSFiles(certificate: certificate, key: key)
        return ServerAdditions(
            metadata: [Self.member: ["client_id": .string(id)]],
            listeners: { [document, port] logger in
                [
                    try Listener.document(
                        document.bytes, at: Self.path, host: "localhost", port: port, tls: TLSIdentity(files),
                        logger: logger)
                ]
            }, whenReady: whenReady)
    }

    /// The member of the metadata of a server for trying things; `gatehouse serve` never has it.
    static let member = "gatehouse_dev"
}
