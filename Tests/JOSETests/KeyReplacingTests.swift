import Foundation
import JOSE
import Testing

@Suite("Keys that are ended at once")
struct KeyReplacingTests {
    private let directory: TemporaryDirectory
    private let start: Int64 = 1_790_000_000

    init() throws { directory = try TemporaryDirectory() }

    private func open(_ passphrase: Secret? = nil, now: Int64? = nil) throws -> KeyRing {
        try KeyRing.open(directory: directory.keys, passphrase: passphrase, now: now ?? start, createIfEmpty: true)
    }

    private func files(_ purpose: String) throws -> [String] {
        try directory.names().filter { $0.hasPrefix(purpose + "-") }
    }

    @Test func `a new signing key is published 75 minutes before it signs`() throws {
        let ring = try open()
        try ring.rotate(.tokens, now: start)
        let next = try #require(ring.list(at: start).last)
        #expect(next.state == .next && next.activeFrom == start + 75 * 60)
        #expect(ring.published(at: start).keys.contains { $0.kid == next.id })
        #expect(ring.signing(.tokens, at: start + 75 * 60 - 1).kid != next.id)
        #expect(ring.signing(.tokens, at: start + 75 * 60).kid == next.id)
    }

    @Test(arguments: KeyRing.Purpose.all)
    func `replacing ends every key of the purpose, the next one included, and activates a new one at once`(
        purpose: KeyRing.Purpose
    ) throws {
        for passphrase in [nil, Secret("correct horse")] {
            try? FileManager.default.removeItem(atPath: directory.keys)
            let ring = try open(passphrase)
            try ring.makeIfMissing(.assertions, now: start)
            switch purpose {
            case .signing(let signing): try ring.rotate(signing, now: start)
            case .secret(let secret): try ring.rotate(secret, now: start)
            }
            let old = ring.list(at: start).filter { $0.purpose == purpose.name }.map(\.id)
            #expect(old.count == 2)
            #expect(try ring.replace(purpose, now: start + 10) == old)
            #expect(ring.ended(purpose) == old)
            try ring.forgetEnded(purpose)
            for ring in [ring, try open(passphrase, now: start + 20)] {
                let kept = ring.list(at: start + 20).filter { $0.purpose == purpose.name }
                #expect(kept.count == 1 && kept[0].state == .active && !old.contains(kept[0].id))
                #expect(ring.ended(purpose).isEmpty)
                #expect(try files(purpose.name).count == 1)
                // Every other purpose has its key still.
                #expect(ring.list(at: start + 20).count == 7)
            }
        }
    }

    @Test func `signatures of an ended key are refused and the key is unpublished, before its name is forgotten`()
        throws
    {
        let ring = try open()
        let old = ring.signing(.tokens, at: start)
        let token = try JWT.sign(typ: "at+jwt", claims: [:], with: old)
        #expect(ring.accepts(.tokens, kid: old.kid, at: start) && !ring.accepts(.events, kid: old.kid, at: start))
        try ring.replace(.signing(.tokens), now: start)
        // As a process sees it that was killed right behind that, too.
        for ring in [ring, try open()] {
            #expect(!ring.accepts(.tokens, kid: old.kid, at: start))
            #expect(!ring.published(at: start).keys.contains { $0.kid == old.kid })
            #expect(throws: JWTError.self) {
                try JWT.verify(
                    token, typ: "at+jwt", algorithms: [.es256], keys: ring.verification(.tokens, at: start))
            }
            #expect(ring.signing(.tokens, at: start).kid != old.kid)
            #expect(ring.ended(.signing(.tokens)) == [old.kid])
        }
        #expect(try files("tokens").count == 1)
    }

    @Test(arguments: [KeyRing.SecretPurpose.refresh, .code, .form])
    func `a leaked secret is erased at once, and its name finds no key`(purpose: KeyRing.SecretPurpose) throws {
        let ring = try open()
        let old = ring.secret(purpose)
        try ring.replace(.secret(purpose), now: start)
        for ring in [ring, try open()] {
            #expect(ring.secret(purpose).id != old.id)
            #expect(ring.secret(purpose, id: old.id) == nil)
            #expect(ring.secrets(purpose).map(\.id) == [ring.secret(purpose).id])
            #expect(ring.ended(.secret(purpose)) == [old.id])
        }
        #expect(try files(purpose.rawValue) == ["\(purpose.rawValue)-\(ring.secret(purpose).id).key"])
    }

    @Test func `an ended sealing key opens values until it is forgotten, and seals none`() throws {
        let ring = try open()
        let old = ring.secret(.sealing)
        try ring.replace(.secret(.sealing), now: start)
        for ring in [ring, try open()] {
            #expect(ring.secret(.sealing, id: old.id)?.bytes == old.bytes)
            #expect(ring.secret(.sealing).id != old.id)
            #expect(ring.secrets(.sealing).map(\.id) == [ring.secret(.sealing).id])
        }
        let last = try open()
        try last.forgetEnded(.secret(.sealing))
        for ring in [last, try open()] {
            #expect(ring.secret(.sealing, id: old.id) == nil)
            #expect(ring.ended(.secret(.sealing)).isEmpty)
        }
        #expect(try files("sealing").count == 1)
    }

    @Test func `a key file that a kill left behind is removed with its name`() throws {
        let ring = try open()
        let file = try directory.file("refresh-")
        let text = try directory.text(file)
        try ring.replace(.secret(.refresh), now: start)
        try directory.write(text, file)
        try directory.setMode(file, 0o600)
        let reopened = try open()
        #expect(reopened.secrets(.refresh).count == 1)
        try reopened.forgetEnded(.secret(.refresh))
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try open().ended(.secret(.refresh)).isEmpty)
    }

    @Test func `only one replacement of keys runs at a time`() async throws {
        let ring = try open()
        let outer = try await ring.replacing {
            try await ring.replacing { true }
        }
        #expect(outer == .some(.none))
        #expect(try await ring.replacing { true } == true)
    }

    @Test func `saved checkpoints have mode 0600 and do not prevent a start`() throws {
        let ring = try open()
        #expect(try ring.checkpoints() == nil)
        let note = [UInt8](repeating: 7, count: 900_000)
        try ring.save(checkpoints: note)
        #expect(try directory.mode(directory.keys + "/checkpoints.json") == 0o600)
        #expect(try open().checkpoints() == note)
        try ring.save(checkpoints: [1])
        #expect(try open().checkpoints() == [1])
    }
}
