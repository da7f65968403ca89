import JOSE
import TestSupport

/// Chromium with scripts switched off, driven from a Python program.
struct Browser: Sendable {
    /// The folder for temporary pictures.
    let folder: String
    private let conversation: Conversation

    init(on stage: Stage) throws {
        folder = stage.directory
        conversation = try Conversation("browser.py", on: stage)
    }

    /// The page that the browser shows.
    struct Page: Sendable {
        let address: String
        let title: String
        let text: String
        let language: String
        /// The names of everything that can be filled, ticked or pressed.
        let fields: [String]
        /// Fields that a screen reader could not name.
        let unlabelled: [String]
        /// By how many pixels the page is wider than the window.
        let overflow: Int64
        /// The page's own colour.
        let background: String
        /// What the browser held against any page so far, such as a breach of its content policy.
        let complaints: [String]

        init(_ json: JSON) throws {
            guard let page = json.object, let address = page["url"]?.string else {
                throw StageFailure("the browser shows no page")
            }
            self.address = address
            title = page["title"]?.string ?? ""
            text = page["text"]?.string ?? ""
            language = page["language"]?.string ?? ""
            fields = page["fields"]?.strings ?? []
            unlabelled = page["unlabelled"]?.strings ?? []
            overflow = page["overflow"]?.integer ?? .max
            background = page["background"]?.string ?? ""
            complaints = page["complaints"]?.strings ?? []
        }
    }

    /// A fresh profile with a window of this shape; one that is trusting takes any certificate.
    func open(
        width: Int64 = 1000, height: Int64 = 900, dark: Bool = false, scale: Int64 = 1, trusting: Bool = false,
        touch: Bool = false, scripts: Bool = false
    ) async throws {
        try await conversation.ask(
            "open",
            [
                "width": .integer(width), "height": .integer(height), "dark": .bool(dark), "scale": .integer(scale),
                "trusting": .bool(trusting), "touch": .bool(touch), "scripts": .bool(scripts),
            ])
    }

    /// A client waits on loopback; with `onward` it sends the browser to yet another place. Gives its port.
    func listen(on host: String, onward: String? = nil) async throws -> Int64 {
        var request: JSONObject = ["host": .string(host)]
        request["onward"] = onward.map(JSON.string)
        guard let port = try await conversation.ask("listen", request).integer else {
            throw StageFailure("nobody listens on \(host)")
        }
        return port
    }

    /// What the next browser brought to the client at this port.
    func received(at port: Int64) async throws -> JSONObject {
        try await conversation.ask("received", ["port": .integer(port)]).object ?? [:]
    }

    /// Answers for a site that no test machine reaches.
    func pretend(toBe prefix: String) async throws {
        try await conversation.ask("pretend", ["prefix": .string(prefix)])
    }

    /// Who came to the site that is pretended: the whole address and the referrer.
    func visited() async throws -> [(url: String, referrer: String)] {
        try await (conversation.ask("visited").array ?? []).map {
            ($0.object?["url"]?.string ?? "", $0.object?["referrer"]?.string ?? "")
        }
    }

    func go(to address: String) async throws -> Page {
        try await Page(conversation.ask("go", ["url": .string(address)]))
    }

    func fill(_ name: String, _ value: String) async throws {
        try await conversation.ask("fill", ["name": .string(name), "value": .string(value)])
    }

    func check(_ name: String, _ value: String, on: Bool = true) async throws {
        try await conversation.ask("check", ["name": .string(name), "value": .string(value), "on": .bool(on)])
    }

    /// Clicks and waits for the next page; the pointer rests on a guarded button first.
    @discardableResult
    func press(_ selector: String, twice: Bool = false) async throws -> Page {
        try await Page(conversation.ask("press", ["selector": .string(selector), "twice": .bool(twice)]))
    }

    /// How a click comes that was meant for another page.
    enum StrayClick: Sendable {
        /// The second of two clicks, so many milliseconds after the first one closed the window in front.
        case behindClosedWindow(after: Int64)
        /// A press as soon as the page is drawn, by a pointer that moves.
        case underMovingPointer
        /// A touch as soon as the page is drawn.
        case touch
    }

    /// Sends such a click to the element of the selector. Returns the milliseconds for which the pointer was there, or for which the
    /// page was drawn, when the click came.
    func stray(_ click: StrayClick, at selector: String) async throws -> Int64 {
        var request: JSONObject = ["selector": .string(selector)]
        let verb: String
        switch click {
        case .behindClosedWindow(let delay):
            verb = "behind"
            request["after"] = .integer(delay)
        case .underMovingPointer: verb = "under"
        case .touch: verb = "touch"
        }
        return try await conversation.ask(verb, request).integer ?? .max
    }

    /// Touches a guarded button as soon as it accepts touch, and waits for the next page.
    @discardableResult
    func tap(_ selector: String) async throws -> Page {
        try await Page(conversation.ask("tap", ["selector": .string(selector)]))
    }

    /// Presses Enter there at once and waits for the page that follows.
    @discardableResult
    func enter(_ selector: String) async throws -> Page {
        try await Page(conversation.ask("enter", ["selector": .string(selector)]))
    }

    /// The paths to which forms were sent since the profile was opened.
    func sentForms() async throws -> [String] { try await conversation.ask("sent").strings ?? [] }

    /// Lets a script of the client's page open a URL in a new window, and continues there.
    func popup(_ address: String) async throws -> Page {
        try await Page(conversation.ask("popup", ["url": .string(address)]))
    }

    /// Whether that window has an opener, and whether it appears closed to its opener.
    func bond() async throws -> (opener: Bool, closed: Bool) {
        let answer = try await conversation.ask("bond").object
        guard let opener = answer?["opener"]?.bool, let closed = answer?["closed"]?.bool else {
            throw StageFailure("the browser does not say who opened what")
        }
        return (opener, closed)
    }

    /// Opens addresses at the same moment, each in a tab of its own.
    func rush(to addresses: [String]) async throws {
        try await conversation.ask("rush", ["urls": .array(addresses.map(JSON.string))])
    }

    /// Goes to one of these tabs.
    func turn(to tab: Int) async throws -> Page {
        try await Page(conversation.ask("turn", ["tab": .integer(Int64(tab))]))
    }

    /// Presses Tab and returns the accessible name of the focused element.
    func tab() async throws -> String { try await conversation.ask("tab").string ?? "" }

    func back() async throws -> Page { try await Page(conversation.ask("back")) }

    func look() async throws -> Page { try await Page(conversation.ask("look")) }

    /// Waits until the address begins so.
    @discardableResult
    func arrive(at prefix: String) async throws -> Page {
        try await Page(conversation.ask("arrive", ["prefix": .string(prefix)]))
    }

    func shoot(to path: String) async throws {
        try await conversation.ask("shoot", ["path": .string(path)])
    }
}

extension Browser {
    static let approve = "[name=decision][value=approve]"
    static let deny = "[name=decision][value=deny]"
    static let decline = "[name=decision][value=decline]"

    /// Fills in the sign-in page and sends it.
    @discardableResult
    func signIn(as name: String = "ada", password: String = House.password) async throws -> Page {
        try await fill("username", name)
        try await fill("password", password)
        return try await press("button[type=submit], input[type=submit]")
    }
}
