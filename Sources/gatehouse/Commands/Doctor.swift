import ArgumentParser
import AuthorizationServer

/// Says what happened, what would happen, and what is wrong.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what happened in an authorization.",
        discussion: "With the reference of an error page: what happened in that authorization, step by step.")
    @Argument(help: "The reference that an error page shows.") var reference: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let request = AdministrationRequest.doctor(.attempt(reference: reference))
        guard let answer = try await AdministrationRoute(configuration).sendToServer(request) else {
            throw AdministrationError.noTimelines
        }
        Narration(labels: ["at"], json: global.json).show(answer)
    }
}
