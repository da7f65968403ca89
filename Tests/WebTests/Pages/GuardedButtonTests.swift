import Foundation
import Testing

@testable import Web

@Suite("Buttons that a stray click must not press")
struct GuardedButtonTests {
    @Test func `every button that approves, ends, connects or sends stands in a guarded box`() throws {
        let renderer = try PageRenderer(templatesDirectory: TestRoutes.templates)
        var found = 0
        let pages: [any Page] = [
            ConsentPage.sample, ElicitationPage.sample, AccountPage.sample, IdentitiesPage.sample,
        ]
        for page in pages {
            let html = renderer.render(page)
            for button in html.ranges(of: "<button") {
                let tag = html[button.lowerBound...].prefix { $0 != ">" }
                // To switch the account decides nothing.
                guard tag.contains("name=\""), !tag.contains("value=\"switch\"") else { continue }
                found += 1
                let box = html[..<button.lowerBound].ranges(of: "<div class=\"").last.map {
                    html[$0.lowerBound..<button.lowerBound]
                }
                let isGuarded = box.map { $0.prefix { $0 != ">" }.contains("guard\"") && !$0.contains("</div>") }
                #expect(isGuarded == true, "\(type(of: page).template): \(tag)")
            }
        }
        #expect(found >= 15)
    }

    @Test func `the guard distinguishes pointer from touch, and no style disables it`() throws {
        let style = try String(contentsOfFile: TestRoutes.templates + "/gatehouse.css", encoding: .utf8)
        for rule in [
            ".guard::after { content: \"\"; position: absolute; inset: 0; animation: arm 0s 0.7s forwards; }",
            "@keyframes arm { to { visibility: hidden; } }", "@media (hover: hover) and (pointer: fine) {",
            ".guard:hover::after { visibility: hidden; transition: visibility 0s 0.7s; }",
        ] { #expect(style.contains(rule), "\(rule)") }
        #expect(style.ranges(of: "animation: none").count == 1)
    }
}
