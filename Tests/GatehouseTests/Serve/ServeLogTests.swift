import JOSE
import TestSupport
import Testing

@Suite("The log of a running server")
struct ServeLogTests {
    @Test(arguments: [
        ("", true, false), ("log: { level: warning }", false, false), ("log: { requests: true }", true, true),
        ("log: { level: debug }", true, true),
    ])
    func `refusals are logged at info, requests if configured, and the level can be set`(
        settings: String, hasRefusals: Bool, hasRequests: Bool
    ) async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage, settings: settings)
            #expect(try await gatehouse.http.get("/canary-path?canary").status == 404)
            #expect(try await gatehouse.http.get("/jwks").status == 200)
            let text = try stage.log("gatehouse")
            let lines = text.split(separator: "\n").compactMap { try? JSONObject(parsing: Array($0.utf8)) }
            #expect(lines.count == text.split(separator: "\n").count)
            let refused = lines.filter { $0["message"]?.string == "refused" }
            #expect(refused.count == (hasRefusals ? 1 : 0))
            for line in refused {
                #expect(line["level"] == "info" && line["status"] == "404" && line["route"] == "NotFound")
                #expect(line["reference"]?.string?.isEmpty == false && line["trace"] != nil && line["cause"] != nil)
            }
            let requests = lines.filter { $0["message"]?.string == "request" && $0["route"] == "/jwks" }
            #expect(requests.count == (hasRequests ? 1 : 0))
            #expect(!text.contains("canary"))
        }
    }
}
