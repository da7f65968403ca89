import AuthorizationServer
import Foundation
import OAuth
import Outbound
import Storage
import Web

/// Sends a request to the server that holds the data directory. If no server runs, this process opens the database itself.
struct AdministrationRoute {
    private let configuration: ServerConfiguration
    /// The reason for the act, for the audit trail.
    private let reason: String?

    init(_ configuration: ServerConfiguration, reason: String? = nil) {
        self.configuration = configuration
        self.reason = reason
    }

    func send(_ request: AdministrationRequest) async throws -> AdministrationAnswer {
        try await either(direct: { try await $0.run(request, stating: reason) }, server: { try await ask($0, request) })
    }

    /// Sends a request to a running server only; nil if none runs.
    func sendToServer(_ request: AdministrationRequest) async throws -> AdministrationAnswer? {
        do {
            return try await ask(client(), request)
        } catch AdministrationClientError.noServer {
            return nil
        }
    }

    private func client() throws -> AdministrationClient {
        try AdministrationClient(
            socket: configuration.adminSocket, trusted: TrustedServer(data: configuration.data))
    }

    private func ask(
        _ client: AdministrationClient, _ request: AdministrationRequest
    ) async throws -> AdministrationAnswer {
        let message = self.message(request)
        let answer = try await client.send(
            path: AdministrationSocket.route, body: message.bytes(), isLong: request.traits.contains(.long))
        return try AdministrationAnswer(parsing: answer.body)
    }

    /// The request with the data directory that it is meant for. The server at the socket may have another one, and then refuses.
    private func message(_ request: AdministrationRequest) -> AdministrationMessage {
        AdministrationMessage(
            request, claimed: Administrator.claimedName, data: DataFolder(at: configuration.data),
            reason: reason)
    }

    /// Writes the file that a request asks for into `file`, prints the warning that comes with it, and returns its size in bytes.
    func file(_ request: AdministrationRequest, into file: OutputFile) async throws -> Int64 {
        try await file.write { try await copyFile(request, to: $0) }
    }

    /// Writes the file that a request asks for to an open file or to standard output.
    func copyFile(_ request: AdministrationRequest, to open: OutputFile.Open) async throws {
        try await either(
            direct: { direct in
                let copy = try await direct.file(request, stating: reason)
                defer { unlink(copy.path) }
                if let warning = copy.warning { Terminal.printError(warning) }
                try open.append(contentsOf: copy.path)
            },
            server: { client in
                let answer = try await client.stream(
                    path: AdministrationSocket.route, body: message(request).bytes(), into: open.descriptor)
                guard answer.status == 200 else {
                    _ = try AdministrationAnswer(parsing: answer.body)
                    throw CommandError("The server answered with status \(answer.status) and sent no file.")
                }
            })
    }

    private func either<T>(
        direct: (DirectAccess.Opened) async throws -> T, server: (AdministrationClient) async throws -> T
    ) async throws -> T {
        let opened: DirectAccess.Opened
        do {
            opened = try DirectAccess(configuration).open()
        } catch StoreError.locked {
            return try await server(client())
        } catch StoreError.permissions(let sentence) {
            return try await throughSocket(sentence, server)
        }
        defer { opened.close() }
        return try await direct(opened)
    }

    /// A member of `admin.group` cannot open the data directory, but can use the server's socket. Without a server, the error is
    /// the one about the directory.
    private func throughSocket<T>(
        _ sentence: String, _ server: (AdministrationClient) async throws -> T
    ) async throws -> T {
        do {
            return try await server(client())
        } catch AdministrationClientError.noServer {
            throw StoreError.permissions(sentence)
        }
    }
}
