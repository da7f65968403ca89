import ArgumentParser
import AuthorizationServer
import Foundation

/// The options that give a client or an MCP server public keys instead of a secret.
struct KeyOptions: ParsableArguments {
    @Option(name: .customLong("jwks"), help: "File with its public keys (a JWK set or one JWK); it then has no secret.")
    var file: String?
    @Option(name: .customLong("jwks-url"), help: "URL of its JWK set, instead of --jwks.") var url: String?

    func validate() throws {
        try ExclusiveOptions([("--jwks", file != nil), ("--jwks-url", url != nil)]).requireOne()
    }

    /// Whether keys are given.
    var isGiven: Bool { file != nil || url != nil }

    /// The keys, of which the file is read here: the server never opens a path of its caller.
    func draft() throws -> KeysDraft? {
        if let url { return .url(url) }
        guard let file else { return nil }
        guard let data = FileManager.default.contents(atPath: file), data.count <= 64 * 1024,
            let text = String(data: data, encoding: .utf8)
        else { throw CommandError("The key file \(file) cannot be read, or is larger than 64 KiB.") }
        return .set(text)
    }
}
