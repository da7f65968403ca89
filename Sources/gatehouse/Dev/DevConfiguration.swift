import Foundation
import JOSE
import OAuth

/// The configuration of a server for trying things, in a file, so that every other command can use it.
struct DevConfiguration {
    /// The path of the file.
    let file: String
    private let text: String

    /// The issuer of the command line. One that other machines could reach is refused.
    static func checked(_ text: String) throws -> Issuer {
        let issuer: Issuer
        do throws(OAuthValueError) {
            issuer = try Issuer(text)
        } catch {
            throw CommandError("--issuer: \(error.sentence)")
        }
        guard !issuer.isHTTPS, Loopback.contains(issuer.host) else {
            throw CommandError(
                "'gatehouse dev' serves this machine alone, so that its issuer begins with http://localhost, http://127.0.0.1 "
                    + "or http://[::1]. For \(issuer) run 'gatehouse serve'.")
        }
        return issuer
    }

    /// A configuration for a folder and its test client. Without `templates` the pages are the built-in ones.
    init(issuer: Issuer, in folder: DevFolder, client: TestClient, templates: String?) {
        let pages = templates.map {
            AbsolutePath($0, relativeTo: FileManager.default.currentDirectoryPath).string
        }
        let host = issuer.host == "[::1]" ? issuer.host : "127.0.0.1"
        func quoted(_ text: String) -> String { JSON.string(text).text }
        file = folder.file("gatehouse.yaml")
        text = """
            # Written by 'gatehouse dev' at each start.
            issuer: \(quoted(issuer.string))
            listen: \(quoted("\(host):\(issuer.port)"))
            operations: { listen: "127.0.0.1:0" }
            data: var
            keys: keys
            templates: \(pages.map(quoted) ?? "")
            admin: { socket: var/admin/gatehouse.sock }
            clients: { metadata_documents: { private_hosts: ["localhost:\(client.port)"] } }
            outbound: { trust: [\(quoted(client.certificate))] }
            log: { level: warning }

            """
    }

    /// Writes the file and reads it back. The environment has no part in it: a variable of another server must not lead here.
    func write() throws -> ServerConfiguration {
        try PrivateFile.write(Array(text.utf8), to: file)
        return try read()
    }

    func read() throws(ConfigurationError) -> ServerConfiguration {
        try ServerConfiguration(
            ConfigurationSources(
                flags: [:], environment: [:], file: file,
                workingDirectory: FileManager.default.currentDirectoryPath))
    }
}
