import ArgumentParser
import AuthorizationServer

/// A command that is one request and one answer; which of both ways it takes is none of its business.
protocol AdministrationCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }
    /// The columns of the table that a person sees.
    var columns: [Column] { get }

    /// What to ask; made before anything is opened, so that what is wrong in the arguments costs nothing.
    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest
}

extension AdministrationCommand {
    var columns: [Column] { [] }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let request = try await request(configuration)
        let answer = try await AdministrationRoute(configuration).send(request)
        Presentation(columns: columns, json: global.json).show(answer)
    }
}
