import ArgumentParser
import AuthorizationServer
import JOSE

/// `gatehouse doctor`: diagnoses the installation, one authorization request, one client, or one MCP server.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Diagnose the installation, an authorization request, a client, or an MCP server.",
        discussion: """
            Without an argument: checks issuer, TLS, proxies, database, disk, events, keys, clock, registration, templates \
            and socket.
            With the reference from an error page: shows that authorization request step by step.
            With --client: checks whether this server accepts the metadata document at that URL; stores nothing.
            With --resource: checks whether the MCP server at that URL and this server agree about each other, and whether the \
            MCP server authenticates here and receives its events; stores nothing.
            Exits with 1 if a check finds a problem. With --strict, exits with 2 if there are only warnings.
            """)
    @Argument(help: "Reference from an error page.") var reference: String?
    @Option(help: "URL of a client's metadata document, which is its client_id.") var client: String?
    @Option(help: "URL of an MCP server, as its clients use it, or its ID.") var resource: String?
    @Flag(help: "Exit with 2 if there are warnings and no problem, for scripts.") var strict = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard !strict || reference == nil else {
            throw ValidationError("--strict and a reference cannot be combined.")
        }
        try ExclusiveOptions([
            ("A reference", reference != nil), ("--client", client != nil), ("--resource", resource != nil),
        ]).requireOne()
    }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        if let reference {
            try await showTrace(reference, configuration)
        } else if let client {
            try report(try await AdministrationRoute(configuration).send(.doctor(.client(client))))
        } else if let resource {
            try report(try await AdministrationRoute(configuration).send(.doctor(.server(resource))))
        } else {
            try report(try await installationFindings(configuration))
        }
    }

    /// A running server checks itself. Without one this process checks the files, and holds the database lock only for the checks.
    private func installationFindings(_ configuration: ServerConfiguration) async throws -> AdministrationAnswer {
        let route = AdministrationRoute(configuration)
        if let answer = try await route.sendToServer(.doctor(.examination)) { return answer }
        let probe = await IssuerProbe(configuration, witness: nil)
        let opened = Result { try DirectAccess(configuration).open() }
        defer { try? opened.get().close() }
        let check = InstallationCheck(
            configuration: configuration, store: opened.map(\.store), server: nil, probe: probe)
        return .many(await check.findings().map(\.row))
    }

    private func showTrace(_ reference: String, _ configuration: ServerConfiguration) async throws {
        let request = AdministrationRequest.doctor(.attempt(reference: reference))
        guard let answer = try await AdministrationRoute(configuration).sendToServer(request) else {
            throw AdministrationError.noTimelines
        }
        DetailList(labels: ["at"], json: global.json).show(answer)
    }

    /// Prints the findings, and fails if one of them is a problem.
    private func report(_ answer: AdministrationAnswer) throws {
        DetailList(labels: ["state", "check"], json: global.json).show(answer)
        let problems = answer.rows.count { $0["state"]?.string == Finding.State.problem.rawValue }
        guard problems == 0 else { throw CommandError("\(Sentence.count(problems, "problem")) found.") }
        let warnings = answer.rows.count { $0["state"]?.string == Finding.State.warning.rawValue }
        guard !strict || warnings == 0 else { throw WarningsFound(count: warnings) }
    }
}
