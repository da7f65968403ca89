import Foundation
import JOSE
import TestSupport
import Testing

@Suite("gatehouse doctor")
struct DoctorTests {
    @Test func `a reference from an error page is told in words, and an unknown one is one sentence`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let page = try await gatehouse.http.get("/authorize?client_id=nobody", headers: [("Accept", "text/html")])
            let start = try #require(page.text.range(of: "Reference <code>"))
            let reference = String(page.text[start.upperBound...].prefix { $0.isHexDigit })
            let told = try await gatehouse.command(["doctor", reference])
            #expect(told.status == 0 && told.errors.isEmpty)
            let lines = told.output.split(separator: "\n")
            #expect(lines.count == 2 && lines[0].contains("A request arrived from the client nobody"))
            #expect(lines[1].contains("Refused with invalid_client") && lines[1].contains("unknown client nobody"))
            let steps = try await gatehouse.json(["doctor", reference]).array?.compactMap(\.object)
            #expect(steps?.compactMap { $0["step"]?.string } == ["arrived", "refused"])
            #expect(steps?.first?.members.map(\.name) == ["at", "step", "detail"])
            let unknown = try await gatehouse.command(["doctor", "0123456789abcdef"])
            #expect(unknown.status == 1 && unknown.output.isEmpty && unknown.errors.hasSuffix(".\n"))
            #expect(unknown.errors.hasPrefix("gatehouse: No authorization with the reference '0123456789abcdef'"))
            #expect(unknown.errors.split(separator: "\n").count == 1)
        }
    }

    @Test func `without a server a reference is answered by where timelines live`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse("doctor", "0123456789abcdef")
            #expect(run.status == 1 && run.output.isEmpty && run.errorLines.count == 1)
            #expect(run.errors.contains("kept in the memory of the running server alone"))
        }
    }
}
