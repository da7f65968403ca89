import ArgumentParser
import AuthorizationServer
import JOSE

/// Says what happened, what would happen, and what is wrong.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what is wrong, what happened, or what a client would do here.",
        discussion: """
            Without an argument: looks at issuer, TLS, proxies, database, disk, events, keys, clock, templates and socket.
            With the reference of an error page: what happened in that authorization, step by step.
            With --client: tries the metadata document at that URL against this server; nothing is kept.
            It exits 1 if there is a problem.
            """)
    @Argument(help: "The reference that an error page shows.") var reference: String?
    @Option(help: "The URL of a client's metadata document, which is its client_id.") var client: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard reference == nil || client == nil else {
            throw ValidationError("Say a reference or --client URL, not both.")
        }
    }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        if let reference {
            try await tell(reference, configuration)
        } else if let client {
            try report(try await AdministrationRoute(configuration).send(.doctor(.client(client))))
        } else {
            try report(try await examined(configuration))
        }
    }

    /// A running server examines itself; without one the files are looked at, and the database is held no longer than that.
    private func examined(_ configuration: ServerConfiguration) async throws -> AdministrationAnswer {
        let route = AdministrationRoute(configuration)
        if let answer = try await route.sendToServer(.doctor(.examination)) { return answer }
        let visit = await IssuerProbe(configuration, witness: nil)
        let opened = Result { try DirectAccess(configuration).open() }
        defer { try? opened.get().close() }
        let examination = Examination(
            configuration: configuration, store: opened.map(\.store), server: nil, visit: visit)
        return .many(await examination.findings().map(\.row))
    }

    private func tell(_ reference: String, _ configuration: ServerConfiguration) async throws {
        let request = AdministrationRequest.doctor(.attempt(reference: reference))
        guard let answer = try await AdministrationRoute(configuration).sendToServer(request) else {
            throw AdministrationError.noTimelines
        }
        Narration(labels: ["at"], json: global.json).show(answer)
    }

    /// Shows findings; a problem among them is how the command ends.
    private func report(_ answer: AdministrationAnswer) throws {
        Narration(labels: ["state", "check"], json: global.json).show(answer)
        let problems = answer.rows.count { $0["state"]?.string == Finding.State.problem.rawValue }
        guard problems == 0 else {
            throw Refusal(problems == 1 ? "There is a problem." : "There are \(problems) problems.")
        }
    }
}
