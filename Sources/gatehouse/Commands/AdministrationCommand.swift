import ArgumentParser
import AuthorizationServer
import JOSE

/// A command that sends one request and prints one answer. `AdministrationRoute` decides whether the server or this process
/// carries the request out.
protocol AdministrationCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }
    /// The columns of the table; empty for a command that prints one object.
    var columns: [Column] { get }
    /// The row as the table shows it. `--json` prints the row unchanged.
    func displayed(_ row: JSONObject) -> JSONObject

    /// The request, built before the database or the socket is opened, so that a wrong argument changes nothing.
    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest
    /// Prints what follows the answer, such as the next steps of the administrator.
    func finish(_ answer: AdministrationAnswer, _ configuration: ServerConfiguration)
}

/// A command that prints a list in pages.
protocol ListCommand: AdministrationCommand {
    var page: PageOptions { get }
    /// The request for one page.
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
        Presentation(columns: columns, json: global.json, isPage: page.page, displayed: displayed).show(answer)
    }
}

extension AdministrationCommand {
    var columns: [Column] { [] }
    func displayed(_ row: JSONObject) -> JSONObject { row }
    func finish(_ answer: AdministrationAnswer, _ configuration: ServerConfiguration) {}

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let request = try await request(configuration)
        let answer = try await AdministrationRoute(configuration).send(request)
        Presentation(columns: columns, json: global.json, displayed: displayed).show(answer)
        finish(answer, configuration)
    }
}
