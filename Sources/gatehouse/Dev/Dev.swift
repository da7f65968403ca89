import ArgumentParser
import AuthorizationServer
import Foundation
import JOSE

/// `gatehouse dev`: a server for trying things on one machine.
struct Dev: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev", abstract: "Run a server for trying things on this machine.",
        discussion: """
            Listens on this machine only. Keeps its data in a folder of its own, with a user 'dev' whose password is new at each \
            start, and serves a test client with a metadata document.

            With the URL of an MCP server: registers it with the scopes of its metadata, and writes the variables that it needs \
            into .env of the folder. If it does not answer yet, its scopes are added when it does.

            Neither a configuration file nor GATEHOUSE_* variables apply. Its metadata says that it is a server for trying \
            things, in 'gatehouse_dev'; that of 'gatehouse serve' never does.
            """)
    @Argument(help: "URL of the MCP server to try, as its clients use it.") var url: String?
    @Option(help: "Folder of the data; it is created, or was made by an earlier start.") var folder = "gatehouse-dev"
    @Option(help: "Issuer, on this machine.") var issuer = "http://localhost:8080"
    @Option(help: "Folder of page templates that replace the built-in ones.") var templates: String?
    @Flag(help: "Remove the data of earlier starts first.") var fresh = false
    @OptionGroup var scopes: ScopeOptions

    func validate() throws {
        let given = try scopes.drafts()
        guard url != nil || given.isEmpty else {
            throw ValidationError("Scopes belong to an MCP server: give its URL, too.")
        }
    }

    func run() async throws {
        let issuer = try DevConfiguration.checked(issuer)
        let folder = try DevFolder(folder)
        if fresh { try folder.empty() }
        let client = try TestClient(in: folder)
        let file = DevConfiguration(issuer: issuer, in: folder, client: client, templates: templates)
        let configuration = try file.write()
        var server: PublishedServer?
        if let url { server = try await PublishedServer(url, configuration) }
        let password = Secret(bytes: Array(Random.token(12).utf8))
        try await DevSetup(folder: folder, configuration: configuration).run(
            password: password, server: server, scopes: try scopes.drafts())
        let greeting = DevGreeting(
            folder: self.folder, issuer: configuration.issuer, client: client, password: password, server: server)
        let additions = client.additions { Terminal.print(greeting.text) }
        let process = try ServerProcess(acceptsClock: false, additions: additions) { try file.read() }
        let watch = server.flatMap { $0.metadata == nil ? ScopeWatch($0.url, configuration) : nil }
        // It ends with this function at the latest.
        async let _: Void? = watch?.run()
        try await process.run()
    }
}
