import ArgumentParser
import AuthorizationServer
import JOSE

/// A command that is one request and one answer; which of both ways it takes is none of its business.
protocol AdministrationCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }
    /// The columns of the table that a person sees.
    var columns: [Column] { get }
    /// How a row of the answer is told to a person; a program gets it as it is.
    func told(_ row: JSONObject) -> JSONObject

    /// What to ask; made before anything is opened, so that what is wrong in the arguments costs nothing.
    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest
}

/// A command that lists what there is, in pages.
protocol ListCommand: AdministrationCommand {
    var page: PageOptions { get }
    /// What to ask for one page.
    func request(_ page: PageRequest) throws -> AdministrationRequest
}

extension ListCommand {
    func request(_ configuration: ServerConfiguration) throws -> AdministrationRequest { try request(page.first) }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let route = AdministrationRoute(configuration)
        var answer = try await route.send(request(page.first))
        while page.all, let next = answer.next {
            answer = answer.joined(
                with: try await route.send(request(PageRequest(limit: page.first.limit, after: next))))
        }
        Presentation(columns: columns, json: global.json, isPage: page.page, told: told).show(answer)
    }
}

extension AdministrationCommand {
    var columns: [Column] { [] }
    func told(_ row: JSONObject) -> JSONObject { row }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let request = try await request(configuration)
        let answer = try await AdministrationRoute(configuration).send(request)
        Presentation(columns: columns, json: global.json, told: told).show(answer)
    }
}
