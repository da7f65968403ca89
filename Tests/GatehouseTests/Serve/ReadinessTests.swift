import Foundation
import Synchronization
import TestSupport
import Testing

@testable import gatehouse

@Suite("Readiness")
struct ReadinessTests {
    private struct Refused: Error, CustomStringConvertible {
        let description = "the disk is full"
    }

    @Test func `a failing write is an obstacle, and one that succeeds afterwards is none`() async {
        let fails = Mutex(true)
        let probe = WriteProbe { if fails.withLock({ $0 }) { throw Refused() } }
        #expect(await probe.obstacle()?.hasPrefix("nothing can be written: ") == true)
        fails.withLock { $0 = false }
        // The failure is remembered for a second at most.
        await eventually { await probe.obstacle() == nil }
    }

    @Test func `a write that does not end is an obstacle, and the question is answered all the same`() async {
        let (waiting, release) = AsyncStream<Void>.makeStream()
        let probe = WriteProbe(patience: .milliseconds(20)) { for await _ in waiting { break } }
        let obstacle = await probe.obstacle()
        #expect(obstacle?.contains("has not ended") == true)
        release.finish()
    }

    @Test(.enabled(if: SmallDisk.isPossible))
    func `a server on a full disk is not ready, and is ready again with space`() async throws {
        try await Stage.play { stage in
            let disk = try SmallDisk(megabytes: 8)
            defer { disk.unmount() }
            let gatehouse = try await RunningGatehouse.start(on: stage).restarted(environment: [
                "GATEHOUSE_DATA": "\(disk.path)/data", "GATEHOUSE_KEYS": stage.path("other-keys"),
            ])
            let ballast = "\(disk.path)/ballast"
            let fill = try ChildProcess(
                "/bin/dd", ["if=/dev/zero", "of=\(ballast)", "bs=4k"], output: FileHandle.nullDevice,
                errors: FileHandle.nullDevice)
            #expect(try await fill.end() != 0)
            var told = ""
            await eventually {
                guard let response = try? await gatehouse.operations.get("/readyz") else { return false }
                told = response.text
                return response.status == 503
            }
            #expect(told.hasPrefix("nothing can be written: "), "\(told)")
            #expect(try await gatehouse.operations.get("/metrics").text.contains("gatehouse_ready 0\n"))
            #expect(try await gatehouse.operations.get("/healthz").status == 200)
            try FileManager.default.removeItem(atPath: ballast)
            await eventually { (try? await gatehouse.operations.get("/readyz").status) == 200 }
        }
    }
}
