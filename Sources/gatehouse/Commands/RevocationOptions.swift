import ArgumentParser
import AuthorizationServer

/// The options of a command that also revokes sessions.
struct RevocationOptions: ParsableArguments {
    @Option(help: "Reason, for the audit trail.") var reason: String?
    @Flag(help: "Do not ask for confirmation.") var yes = false

    /// Shows the live sessions that a request would revoke, and asks before it `action`, such as `disable the user 'ada'`. A
    /// request that would revoke no session needs no confirmation.
    func confirm(
        _ request: AdministrationRequest, to action: String, _ configuration: ServerConfiguration
    ) async throws {
        guard !yes else { return }
        let preview = SessionPreview(try await AdministrationRoute(configuration).send(.preview(request)))
        guard !preview.isEmpty else { return }
        let question = "\(action) and revoke \(preview.phrase)"
        try Confirmation(
            lines: preview.lines, question: "\(question.prefix(1).uppercased())\(question.dropFirst())?",
            purpose: "\(action) and revoke \(preview.count)", declined: "Nothing was changed."
        ).obtain()
    }
}

/// The live sessions that a request would revoke, as the question before it shows them.
struct SessionPreview {
    private let answer: AdministrationAnswer

    init(_ answer: AdministrationAnswer) {
        self.answer = answer
    }

    var isEmpty: Bool { answer.rows.isEmpty }
    /// The table of the newest sessions, and a sentence about all of them.
    var lines: [String] { Presentation(columns: Sessions.columns, json: false).text(answer, width: Terminal.width) }
    /// `this session`, or `these 16 sessions`.
    var phrase: String { number == 1 ? "this session" : "these \(number) sessions" }
    /// `1 session`, or `16 sessions`.
    var count: String { "\(number) session\(number == 1 ? "" : "s")" }

    /// The answer lists the newest sessions only; its sentence begins with the number of all of them.
    private var number: Int { answer.note.flatMap { Int($0.prefix(while: \.isNumber)) } ?? answer.rows.count }
}
