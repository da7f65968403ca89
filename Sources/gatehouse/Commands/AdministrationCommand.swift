import ArgumentParser
import AuthorizationServer
import JOSE
import OAuth

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
    /// The reason that the administrator states, where the request itself has none.
    var statedReason: String? { get }
    /// Prints what follows the answer, such as the next steps of the administrator.
    func finish(_ answer: AdministrationAnswer, _ configuration: ServerConfiguration)
}

/// A command that changes something: it takes `--reason`, which every audit record of the request then carries.
protocol ActingCommand: AdministrationCommand {
    var act: ActOptions { get }
}

/// The option of a command that changes something.
struct ActOptions: ParsableArguments {
    @Option(help: "Reason, for the audit trail.") var reason: String?

    /// The reason, checked as a server checks it, for a command that works without one.
    func checked() throws -> String? {
        guard let reason else { return nil }
        do throws(OAuthValueError) {
            return try TypedText.checked(reason, as: "The reason", atMost: 200)
        } catch {
            throw CommandError(error.sentence)
        }
    }
}

extension ActingCommand {
    var statedReason: String? { act.reason }
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
        presentation(isPage: page.page).show(answer)
    }
}

extension AdministrationCommand {
    var columns: [Column] { [] }
    func displayed(_ row: JSONObject) -> JSONObject { row }
    var statedReason: String? { nil }
    func finish(_ answer: AdministrationAnswer, _ configuration: ServerConfiguration) {}

    func run() async throws { try await answer() }

    /// Sends the request and prints its answer.
    func answer() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let request = try await request(configuration)
        let answer = try await AdministrationRoute(configuration, reason: statedReason).send(request)
        presentation().show(answer)
        finish(answer, configuration)
    }

    fileprivate func presentation(isPage: Bool = false) -> Presentation {
        var presentation = global.presentation(columns)
        presentation.isPage = isPage
        presentation.displayed = displayed
        return presentation
    }
}
