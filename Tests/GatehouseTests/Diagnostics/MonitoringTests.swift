import Foundation
import TestSupport
import Testing

@testable import gatehouse

@Suite("The metrics")
struct MonitoringTests {
    /// The names of the families in a text of metrics.
    private static func families(_ text: String) -> Set<String> {
        Set(text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) })
    }

    /// The names in the table of metrics of the documentation.
    private static func documented() throws -> Set<String> {
        let page = try Workspace.text("docs/operations/monitoring.md")
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `gatehouse_") || $0.hasPrefix("| `process_") }
        return Set(
            rows.compactMap { $0.split(separator: "|").first }.flatMap {
                $0.matches(of: /`([a-z_]+)`/).map { String($0.1) }
            })
    }

    /// Runs Prometheus' own tool; nil where it is not installed (Debian package `prometheus`).
    private static func promtool(_ stage: Stage, _ arguments: String) async throws -> (status: Int32, text: String)? {
        let places = ProcessInfo.processInfo.environment["PROMTOOL"].map { [$0] } ?? ["/usr/bin/promtool"]
        guard let tool = places.first(where: FileManager.default.isExecutableFile) else { return nil }
        let child = try ChildProcess(
            "/bin/sh", ["-c", "exec \(tool) \(arguments)"], output: stage.logFile("promtool"),
            errors: stage.logFile("promtool-errors"))
        stage.adopt(child)
        let status = try await child.end()
        return (status, try stage.log("promtool") + stage.log("promtool-errors"))
    }

    @Test func `every metric of a server is documented with its help, and promtool finds no fault`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            _ = try await gatehouse.http.get("/login")
            let text = try await gatehouse.operations.get("/metrics").text
            let shown = Self.families(text)
            let documented = try Self.documented()
            #expect(shown.isSubset(of: documented), "\(shown.subtracting(documented))")
            // What is never counted here, and the certificate of a server without TLS, are the only ones that are missing.
            let absent = documented.subtracting(shown).subtracting(CountedMetric.help.keys)
            #expect(
                absent.isSubset(of: [
                    "gatehouse_certificate_expiry_timestamp_seconds", "gatehouse_audit_checkpoint",
                    "gatehouse_audit_checkpoint_timestamp_seconds",
                ]), "\(absent)")
            #expect(Set(CountedMetric.help.keys).isSubset(of: documented))
            for line in text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
                #expect(text.contains("# HELP \(line.split(separator: " ")[2]) "), "\(line)")
            }
            #expect(text.contains("gatehouse_ready 1\n") && text.contains("gatehouse_sessions{state=\"active\"} 0\n"))
            _ = try stage.write(text, to: "metrics.txt")
            guard let verdict = try await Self.promtool(stage, "check metrics < \(stage.path("metrics.txt"))") else {
                return
            }
            #expect(verdict.status == 0 && verdict.text.isEmpty, "\(verdict.text)")
        }
    }

    @Test func `alerts and dashboard use documented metrics only, and each alert fires for its own cause`() async throws
    {
        let folder = "docs/operations/prometheus"
        let rules = try Workspace.text("\(folder)/gatehouse.rules.yaml")
        let dashboard = try Workspace.text("\(folder)/gatehouse.dashboard.json")
        let documented = try Self.documented()
        for text in [rules, dashboard] {
            for name in text.matches(of: /(?:gatehouse|process)_[a-z_]+/).map({ String($0.0) })
            where name != "gatehouse_" {
                let base = ["_bucket", "_count", "_sum"].first { name.hasSuffix($0) }.map {
                    String(name.dropLast($0.count))
                }
                #expect(documented.contains(name) || base.map(documented.contains) == true, "\(name)")
            }
        }
        _ = try JSONSerialization.jsonObject(with: Data(dashboard.utf8))
        let alerts = rules.matches(of: /alert: (\w+)/).map { String($0.1) }
        let page = try Workspace.text("docs/operations/monitoring.md")
        let causes = try Workspace.text("\(folder)/gatehouse.rules.test.yaml")
        for alert in alerts {
            #expect(page.contains("`\(alert)`") && causes.contains("alertname: \(alert)\n"), "\(alert)")
        }
        try await Stage.play { stage in
            let path = "\(Workspace.root)/\(folder)"
            guard let checked = try await Self.promtool(stage, "check rules \(path)/gatehouse.rules.yaml") else {
                return
            }
            #expect(checked.status == 0, "\(checked.text)")
            let tested = try await Self.promtool(stage, "test rules \(path)/gatehouse.rules.test.yaml")
            #expect(tested?.status == 0, "\(tested?.text ?? "")")
        }
    }
}
