import Foundation
import JOSE
import Testing

@Suite("Keys in a backup, and keys under another passphrase")
struct KeyRecoveryTests {
    private let directory: TemporaryDirectory
    private let start: Int64 = 1_790_000_000

    init() throws { directory = try TemporaryDirectory() }

    private func open(_ passphrase: Secret? = nil, in folder: String? = nil) throws -> KeyRing {
        try KeyRing.open(
            directory: folder ?? directory.keys, passphrase: passphrase, now: start, createIfEmpty: true)
    }

    /// Every key of a ring with its use, so that two rings with the same text are the same.
    private func content(_ ring: KeyRing) -> [String] {
        ring.list(at: start).map { key in
            switch KeyRing.Purpose(key.purpose) {
            case .secret(let purpose): "\(key.id) \(ring.secret(purpose, id: key.id)?.bytes ?? [])"
            default: "\(key.id) \(key.state)"
            }
        }
    }

    @Test func `an archive brings every key into another folder, under another passphrase, and knows the past`() throws
    {
        let ring = try open(Secret("the passphrase of the folder"))
        try ring.rotate(.sealing, now: start)
        try ring.replace(.secret(.form), now: start)
        try ring.forgetEnded(.secret(.form))
        let archive = KeyArchive(of: ring, checkpoints: Array("{}".utf8))
        let parsed = try #require(KeyArchive(parsing: try archive.bytes()))
        let folder = directory.path + "/other"
        try parsed.write(to: folder, passphrase: nil)
        let restored = try open(in: folder)
        #expect(content(restored) == content(ring))
        #expect(restored.past().map(\.id) == ring.past().map(\.id) && !ring.past().isEmpty)
        #expect(try restored.checkpoints() == Array("{}".utf8))
        let message = Array("message".utf8)
        let signature = try restored.signing(.tokens, at: start).sign(message)
        #expect(ring.signing(.tokens, at: start).verification.verifies(signature, over: message, .es256))
        #expect(try directory.mode(folder) == 0o700)
    }

    @Test func `an archive never overwrites keys, and finishes what a kill began`() throws {
        let ring = try open()
        let archive = KeyArchive(of: ring, checkpoints: nil)
        let folder = directory.path + "/other"
        let present = content(try open(in: folder))
        #expect(throws: KeyRingError.self) { try archive.write(to: folder, passphrase: nil) }
        #expect(content(try open(in: folder)) == present)
        // A kill before the index leaves the mark, under which no file counts yet.
        try FileManager.default.removeItem(atPath: folder + "/keys.json")
        try directory.write("", folder + "/.creating")
        try archive.write(to: folder, passphrase: nil)
        #expect(content(try open(in: folder)) == content(ring))
    }

    @Test func `an archive with a swapped, missing or malformed key is refused`() throws {
        let ring = try open()
        let text = String(decoding: try KeyArchive(of: ring, checkpoints: nil).bytes(), as: UTF8.self)
        #expect(KeyArchive(parsing: Array(text.utf8)) != nil)
        let (one, other) = (ring.signing(.tokens, at: start).kid, ring.signing(.events, at: start).kid)
        for damaged in [
            text.replacing(one, with: "x").replacing(other, with: one).replacing("x", with: other),
            text.replacing("\"purpose\":\"refresh\"", with: "\"purpose\":\"code\""),
            text.replacing("\"secret\"", with: "\"sacred\""), text.replacing("\"version\":1", with: "\"version\":2"),
            String(text.dropLast()), "{}",
        ] {
            #expect(KeyArchive(parsing: Array(damaged.utf8)) == nil, "\(damaged.prefix(80))")
        }
    }

    @Test func `an archive names the keys that an older folder lacks`() throws {
        let ring = try open()
        let older = KeyArchive(of: ring, checkpoints: nil)
        try ring.rotate(.refresh, now: start)
        #expect(older.unknown(to: ring).isEmpty)
        let newer = KeyArchive(of: ring, checkpoints: nil)
        try FileManager.default.removeItem(atPath: directory.keys)
        try older.write(to: directory.keys, passphrase: nil)
        #expect(newer.unknown(to: try open()) == [ring.secret(.refresh).id])
    }

    @Test func `a recovery key opens only with its passphrase, its derivation and its context`() throws {
        let key = try #require(RecoveryKey(Secret("correct horse battery")))
        let sealed = try #require(key.seal([1, 2, 3], context: "a"))
        #expect(key.open(sealed, context: "a") == [1, 2, 3])
        #expect(RecoveryKey(Secret("correct horse battery"), key.derivation)?.open(sealed, context: "a") == [1, 2, 3])
        #expect(key.open(sealed, context: "b") == nil)
        #expect(RecoveryKey(Secret("correct horse batterz"), key.derivation)?.open(sealed, context: "a") == nil)
        #expect(RecoveryKey(Secret("correct horse battery"))?.open(sealed, context: "a") == nil)
        var json = key.derivation.json
        #expect(RecoveryKey.Derivation(json) == key.derivation)
        json["log_n"] = 63
        let costly = try #require(RecoveryKey.Derivation(json))
        #expect(
            RecoveryKey(Secret("correct horse battery"), costly) == nil, "a file cannot demand any amount of memory")
        #expect("\(key)" == "[recovery key]")
    }

    // MARK: - Another passphrase

    private let phrases: [Secret?] = [nil, Secret("one passphrase"), Secret("another passphrase"), nil]

    @Test func `keys are encrypted, encrypted anew and decrypted, and stay the same keys`() throws {
        let before = content(try open())
        for (old, new) in zip(phrases, phrases.dropFirst()) {
            #expect(try KeyProtection.change(of: directory.keys, from: old, to: new, now: start) == before.count)
            #expect(content(try open(new)) == before)
            #expect(throws: KeyRingError.self) { try open(old) }
            let texts = try directory.names().filter { $0.hasSuffix(".key") }.map {
                try directory.text("\(directory.keys)/\($0)")
            }
            #expect(texts.allSatisfy { $0.hasPrefix(new == nil ? "plain:" : "sealed:") } && texts.count == 4)
        }
        // What the ring writes later goes to the same generation.
        let ring = try open()
        try ring.rotate(.refresh, now: start)
        try ring.replace(.secret(.code), now: start)
        #expect(content(try open()) == content(ring))
    }

    @Test func `a kill at any file leaves a folder that opens, and no file of the other passphrase stays`() throws {
        let before = content(try open())
        let plain = try directory.names()
        let copy = directory.path + "/copy"
        try FileManager.default.copyItem(atPath: directory.keys, toPath: copy)
        try KeyProtection.change(of: directory.keys, from: nil, to: Secret("one passphrase"), now: start)
        let sealed = try directory.names().filter { $0 != "keys.json" }
        // Killed before the index: some of the new files stand beside the old ones.
        for count in 0...sealed.count {
            let folder = directory.path + "/before-\(count)"
            try FileManager.default.copyItem(atPath: copy, toPath: folder)
            for name in sealed.prefix(count) {
                try FileManager.default.copyItem(atPath: "\(directory.keys)/\(name)", toPath: "\(folder)/\(name)")
            }
            #expect(content(try open(in: folder)) == before)
            try KeyProtection.change(of: folder, from: nil, to: Secret("one passphrase"), now: start)
            #expect(content(try open(Secret("one passphrase"), in: folder)) == before)
        }
        // Killed after the index: some of the old files are still there, and the next opening removes them.
        for name in plain where name != "keys.json" {
            try FileManager.default.copyItem(atPath: "\(copy)/\(name)", toPath: "\(directory.keys)/\(name)")
        }
        #expect(content(try open(Secret("one passphrase"))) == before)
        #expect(try directory.names() == (sealed + ["keys.json"]).sorted())
    }

    @Test func `a wrong passphrase changes nothing`() throws {
        let right = Secret("one passphrase")
        _ = try open(right)
        let names = try directory.names()
        #expect(throws: KeyRingError.self) {
            try KeyProtection.change(of: directory.keys, from: Secret("a wrong one"), to: nil, now: start)
        }
        #expect(throws: KeyRingError.self) {
            try KeyProtection.change(of: directory.keys, from: nil, to: Secret("another"), now: start)
        }
        #expect(try directory.names() == names)
        _ = try open(right)
    }
}
