import AuthorizationServer

/// The page on which a signed-in user types the code that a device shows.
package struct DevicePage: Page {
    package static let template = "device"
    package static let hasForm = true

    /// The content of the field: the code of a link, or what the user typed last.
    package let code: PlainText?
    /// The username, so that the user notices a wrong account.
    package let account: PlainText
    /// The token that the form must return.
    package let token: PlainText
    /// The reason for which the last code led nowhere.
    package let problem: PlainText?

    package init(code: String?, account: String, token: String, problem: PlainText? = nil) {
        self.code = code.map { PlainText($0, limit: 64) }
        self.account = PlainText(account, limit: 80)
        self.token = PlainText(verbatim: token)
        self.problem = problem
    }

    package static let sample = DevicePage(
        code: "WDJB-MJHT", account: "ada", token: "sample", problem: "No device waits with this code.")
}

extension DevicePage {
    /// The page with the field.
    init(_ entry: DeviceEntry, problem: DevicePageEndpoint.Problem?) {
        self.init(
            code: entry.code, account: entry.username, token: entry.token, problem: problem.map(Self.sentence))
    }

    private static func sentence(_ problem: DevicePageEndpoint.Problem) -> PlainText {
        switch problem {
        case .malformed: "Type the eight letters that the device shows, such as WDJB-MJHT."
        case .unknown: "No device waits with this code. Check the letters, or start again on the device."
        case .wait(let seconds): PlainText("Too many wrong codes. Wait \(WaitingTime.words(seconds)), then try again.")
        case .outdated: "The page was out of date. Check the code, then continue."
        }
    }
}
