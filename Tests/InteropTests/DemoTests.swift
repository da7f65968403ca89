import TestSupport
import Testing

@testable import demo

@Suite("The demo")
struct DemoTests {
    @Test func `make demo ONCE=1 runs every step and exits with 0`() async throws {
        try await Stage.play { stage in
            let child = try stage.start(Workspace.program("demo"), [], environment: ["ONCE": "1"], log: "demo")
            let status = try await child.end(within: .seconds(900))
            let told = try stage.log("demo")
            let text = told.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
            #expect(status == 0, "\(told)")
            for word in [
                "401", "403 insufficient_scope", "Deleted hello.txt.", "Stored the key for hub.", "mallory",
                "Submitted expense 1 of 50", "sessions revoke", "401 invalid_token", "400 invalid_grant",
                "events endpoint", "elicitation-completed", "session-revoked", "delivered", "Stopped job",
                "no longer active", "audit tail", "audit verify", "POST /register", "registered itself",
            ] {
                #expect(text.contains(word), "the story tells of \(word)")
            }
            let lines = told.split(separator: "\n")
            #expect(lines.filter { $0.count > 80 } == [], "it is read in 80 columns")
            #expect(lines.count < 150, "it is read in one go")
            #expect(["gate_", "eyJ"].allSatisfy { !told.contains($0) }, "no code and no token is told")
            for initiator in ["human", "model", "server"] {
                #expect(lines.contains { $0.split(separator: " ").contains(Substring(initiator)) }, "\(initiator)")
            }
        }
    }

    @Test func `a page's form is submitted as a browser would`() {
        let page = Page(
            """
            <form method="post" action="/consent"><input type="hidden" name="token" value="a&amp;b">
            <input type="checkbox" name="scope" value="x" checked><input type="checkbox" name="scope" value="y">
            <input type="radio" name="lifetime" value="1h"><input name="lifetime" type="radio" value="12h" checked>
            <input name="f0" type="password" value=""><input name="f1" type="text" value="">
            <a href="http://127.0.0.1/?a=1&amp;b=&quot;" id="continue">Go on</a></form>
            """)
        #expect(page.action == "/consent")
        #expect(page.filledIn.map { "\($0.0)=\($0.1)" } == ["token=a&b", "scope=x", "lifetime=12h"])
        #expect(page.values(of: "scope") == ["x", "y"])
        #expect(page.lines == ["f0", "f1"])
        #expect(page.wayOn == "http://127.0.0.1/?a=1&b=\"")
    }

    @Test func `cookies are kept per host until they expire`() {
        var jar = CookieJar()
        jar.store("a=1; Path=/; HttpOnly", from: "localhost")
        jar.store("b=2=3", from: "localhost")
        #expect(jar.field(for: "localhost") == "a=1; b=2=3")
        #expect(jar.field(for: "127.0.0.1") == nil)
        jar.store("a=; Max-Age=0", from: "localhost")
        #expect(jar.field(for: "localhost") == "b=2=3")
    }
}
