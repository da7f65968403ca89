import ArgumentParser
import AuthorizationServer
import JOSE

/// Says what happened, what would happen, and what is wrong.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what happened in an authorization, or what a client would do here.",
        discussion: """
            With the reference of an error page: what happened in that authorization, step by step.
            With --client: tries the metadata document at that URL against this server; nothing is kept.
            It exits 1 if there is a problem.
            """)
    @Argument(help: "The reference that an error page shows.") var reference: String?
    @Option(help: "The URL of a client's metadata document, which is its client_id.") var client: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (reference == nil) != (client == nil) else {
            throw ValidationError("Say either a reference or --client URL.")
        }
    }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        if let reference {
            try await tell(reference, configuration)
        } else if let client {
            try report(try await AdministrationRoute(configuration).send(.doctor(.client(client))))
        }
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
