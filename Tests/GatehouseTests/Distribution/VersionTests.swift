import Foundation
import TestSupport
import Testing

@testable import gatehouse

@Suite("The version")
struct VersionTests {
    @Test func `A build that does not know its commit says so, and a release names it`() {
        #expect(BuildVersion(number: "1.2.3", commit: "").description == "1.2.3 (commit unknown)")
        let release = BuildVersion(number: "1.2.3", commit: "4533a3e")
        #expect(release.description == "1.2.3 (commit 4533a3e)")
        #expect(
            release.metric.split(separator: "\n").last
                == #"gatehouse_build_info{version="1.2.3",commit="4533a3e"} 1"#)
    }

    @Test func `--version, the log, the metrics and doctor name the same version`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let version = "\(BuildVersion.current)"
            let printed = try await CommandLineProgram(stage: stage)("--version")
            #expect(printed.status == 0 && printed.output == "gatehouse \(version)\n")
            await eventually { try stage.log("gatehouse").contains(#""version":"\#(version)""#) }
            let metrics = try await gatehouse.operations.get("/metrics").text
            #expect(metrics.contains(BuildVersion.current.metric))
            let doctor = try await gatehouse.command(["doctor"]).output
            #expect(doctor.contains("A server runs on this data: version \(version)."))
        }
    }
}
