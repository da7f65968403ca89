import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("A restored older keys folder")
struct OlderKeysTests {
    /// A stopped server with ended keys of one purpose, and the older keys folder restored.
    private static func play(
        _ purpose: String, _ test: (RunningGatehouse, Stage, _ revived: String) async throws -> Void
    ) async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            _ = try await gatehouse.object(["audit", "export", stage.path("one.jsonl")])
            await gatehouse.process.stop()
            // The one purpose of which a new folder has no key.
            if purpose == "assertions" { _ = try await gatehouse.command(["keys", "rotate", purpose]) }
            try stage.copyKeys(from: "keys", to: "before")
            let done = try await gatehouse.command(["keys", "rotate", purpose, "--now", "--yes"])
            #expect(done.status == 0, "\(done.errors)")
            let revived = try #require(try stage.ring().past().last?.id)
            try stage.copyKeys(from: "before", to: "keys")
            try await test(gatehouse, stage, revived)
        }
    }

    @Test(arguments: KeyRing.Purpose.all)
    func `serve refuses a key that the trail names as ended, until it is ended again`(
        purpose: KeyRing.Purpose
    ) async throws {
        let name = purpose.name
        try await Self.play(name) { gatehouse, stage, revived in
            let words = "its \(name) key \(revived) was ended at"
            let refused = try await gatehouse.command(["serve"])
            #expect(refused.status == 1 && refused.errors.contains(words), "\(refused.errors)")
            #expect(refused.errors.contains("run 'gatehouse keys rotate \(name) --now'"))
            let doctor = try await gatehouse.command(["doctor"])
            #expect(doctor.status == 1 && doctor.output.contains(words), "\(doctor.output)")
            let accepted = try await gatehouse.command(["audit", "accept-restore", "--reason", "a lost disk"])
            #expect(accepted.status == 1 && accepted.errors.contains(words), "\(accepted.errors)")
            let again = try await gatehouse.command(["keys", "rotate", name, "--now", "--yes"])
            #expect(again.status == 0, "\(again.errors)")
            #expect(try stage.ring().everEnded(purpose).contains(revived))
            if purpose == .signing(.events) {
                // The newer key is lost with the newer folder: an operator has to accept that.
                #expect(again.errors.contains("No audit checkpoint was signed"), "\(again.errors)")
                let said = try await gatehouse.command(["doctor"])
                #expect(said.output.contains("not in the keys folder"), "\(said.output)")
                let meant = try await gatehouse.command(["audit", "accept-restore", "--reason", "a lost disk"])
                #expect(meant.status == 0 && meant.output.contains("signed by"), "\(meant.errors)")
            }
            let served = try await gatehouse.restarted()
            let verified = try await served.command(["audit", "verify"])
            #expect(verified.status == 0, "\(verified.errors)")
        }
    }

    @Test func `a reinstated events key signs nothing`() async throws {
        try await Self.play("events") { gatehouse, stage, revived in
            let path = stage.path("two.jsonl")
            let exported = try await gatehouse.command(["audit", "export", path])
            #expect(exported.errors.contains("its events key \(revived) was ended at"), "\(exported.errors)")
            let store = try Store(path: stage.path("var/gatehouse.sqlite"))
            let last = try await store.read { try $0.audit.checkpoints.last(of: .main) }?.checkpoint
            try store.close()
            #expect(last?.kid != revived)
        }
    }
}
