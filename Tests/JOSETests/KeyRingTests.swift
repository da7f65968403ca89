import Foundation
import JOSE
import Testing

/// A directory that goes away with the test.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "jose-\(UUID().uuidString)").path(
            percentEncoded: false)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try setMode(path, 0o755)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var keys: String { path + "/keys" }

    func setMode(_ path: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: keys).sorted() }

    func file(_ prefix: String) throws -> String {
        keys + "/" + (try #require(names().first { $0.hasPrefix(prefix) }))
    }

    func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
    func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
}

@Suite("The key directory")
struct KeyRingTests {
    private let directory: TemporaryDirectory
    private let start: Int64 = 1_790_000_000

    init() throws { directory = try TemporaryDirectory() }

    private func open(
        _ passphrase: Secret? = nil, now: Int64? = nil, create: Bool = true
    ) throws(KeyRingError) -> KeyRing {
        try KeyRing.open(directory: directory.keys, passphrase: passphrase, now: now ?? start, createIfEmpty: create)
    }

    private func refusal(_ passphrase: Secret? = nil, create: Bool = true) -> String {
        do throws(KeyRingError) {
            _ = try open(passphrase, create: create)
            return ""
        } catch {
            return error.description
        }
    }

    @Test func `the first start makes a key for each purpose, readable by the owner only`() throws {
        let ring = try open()
        #expect(try directory.mode(directory.keys) == 0o700)
        let names = try directory.names()
        #expect(names.count == 7)
        for name in names { #expect(try directory.mode(directory.keys + "/" + name) == 0o600) }
        #expect(ring.list(at: start).map(\.state) == Array(repeating: .active, count: 6))
        #expect(Set(ring.list(at: start).map(\.purpose)) == ["tokens", "events", "refresh", "code", "form", "sealing"])
        #expect(ring.published(at: start).keys.map(\.use) == ["sig", "sig"])
        #expect(ring.signing(.tokens, at: start).kid != ring.signing(.events, at: start).kid)
        #expect(ring.secret(.refresh).bytes != ring.secret(.code).bytes)
    }

    @Test func `a later start finds the same keys`() throws {
        let first = try open()
        let second = try open(create: false)
        #expect(first.published(at: start) == second.published(at: start))
        #expect(first.list(at: start) == second.list(at: start))
        #expect(first.secret(.sealing).bytes == second.secret(.sealing).bytes)
        let token = try JWT.sign(typ: "at+jwt", claims: [:], with: first.signing(.tokens, at: start))
        let keys = VerificationKeySet(second.published(at: start))
        #expect(try JWT.verify(token, typ: "at+jwt", algorithms: [.es256], keys: keys).claims.isEmpty)
    }

    @Test func `a directory with only its README counts as empty and gets mode 0700`() throws {
        try FileManager.default.createDirectory(atPath: directory.keys, withIntermediateDirectories: false)
        try directory.setMode(directory.keys, 0o755)
        try directory.write("# keys", directory.keys + "/README.md")
        #expect(refusal(create: false).contains("No keys found in \(directory.keys)"))
        _ = try open()
        #expect(try directory.mode(directory.keys) == 0o700)
        #expect(try directory.names().contains("README.md"))
    }

    @Test func `a directory with other files is left unchanged`() throws {
        try FileManager.default.createDirectory(atPath: directory.keys, withIntermediateDirectories: false)
        try directory.setMode(directory.keys, 0o755)
        try directory.write("x", directory.keys + "/passwd")
        #expect(refusal().contains("holds other files"))
        #expect(try directory.mode(directory.keys) == 0o755)
        #expect(try directory.names() == ["passwd"])
    }

    @Test func `missing keys are an error unless they may be made`() {
        #expect(refusal(create: false).contains("\(directory.keys) was not found"))
        #expect(!FileManager.default.fileExists(atPath: directory.keys))
    }

    @Test func `with a passphrase every key is encrypted, and only that passphrase opens them`() throws {
        let passphrase = Secret("correct horse battery staple")
        let ring = try open(passphrase)
        for name in try directory.names() where name.hasSuffix(".pem") {
            #expect(try directory.text(directory.keys + "/" + name).hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        }
        let file = try directory.text(directory.file("refresh-"))
        #expect(file.hasPrefix("sealed:"))
        #expect(!file.contains(Base64URL.encode(ring.secret(.refresh).bytes)))
        #expect(try open(passphrase).secret(.refresh).bytes == ring.secret(.refresh).bytes)
        #expect(refusal().contains("are encrypted: give their passphrase"))
        #expect(refusal(Secret("wrong")).contains("The passphrase does not open the key file"))
        #expect(refusal(Secret("")).contains("1 to 1000 bytes"))
        try ring.rotate(.tokens, now: start)
        try ring.rotate(.sealing, now: start)
        #expect(try open(passphrase).list(at: start) == ring.list(at: start))
    }

    @Test func `a passphrase for unencrypted keys is an error`() throws {
        _ = try open()
        #expect(refusal(Secret("x")).contains("are not encrypted"))
    }

    @Test(arguments: [0o640, 0o604, 0o666, 0o610])
    func `keys that others can read are refused`(mode: Int) throws {
        _ = try open()
        for prefix in ["tokens-", "refresh-", "keys.json"] {
            let file = try directory.file(prefix)
            try directory.setMode(file, mode)
            #expect(refusal().contains("\(file) is open to other users: run chmod 600"))
            try directory.setMode(file, 0o600)
        }
        #expect(refusal().isEmpty)
    }

    @Test(arguments: [0o750, 0o701, 0o755, 0o777])
    func `a directory that others can enter is refused once it holds keys`(mode: Int) throws {
        _ = try open()
        try directory.setMode(directory.keys, mode)
        #expect(refusal().contains("run chmod 700 \(directory.keys)"))
    }

    @Test(arguments: ["tokens-", "events-", "refresh-", "code-", "form-", "sealing-"])
    func `missing, damaged and swapped keys are refused`(prefix: String) throws {
        _ = try open()
        let file = try directory.file(prefix)
        let text = try directory.text(file)
        try FileManager.default.removeItem(atPath: file)
        #expect(refusal() == "The key file \(file) is missing: restore it from the backup of the keys directory.")
        try directory.write("", file)
        try directory.setMode(file, 0o600)
        #expect(refusal().contains("\(file) is damaged"))
        try directory.write(text, file)
        #expect(refusal().isEmpty)
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "/dev/null")
        #expect(refusal().contains(file))
    }

    @Test func `a key file with the content of another is refused`() throws {
        _ = try open()
        let file = try directory.file("tokens-")
        try directory.write(directory.text(directory.file("events-")), file)
        #expect(refusal().contains("\(file) holds another key"))
        let passphrase = Secret("x")
        try FileManager.default.removeItem(atPath: directory.keys)
        _ = try open(passphrase)
        try directory.write(directory.text(directory.file("form-")), directory.file("refresh-"))
        #expect(refusal(passphrase).contains("does not open"))
    }

    @Test func `a lost or damaged index is refused and nothing is overwritten`() throws {
        _ = try open()
        let index = directory.keys + "/keys.json"
        let text = try directory.text(index)
        try FileManager.default.removeItem(atPath: index)
        #expect(refusal().contains("holds keys but no keys.json"))
        #expect(try directory.names().count == 6)
        for broken in [
            "", "{}", text.replacingOccurrences(of: #""version":1"#, with: #""version":2"#),
            text.replacingOccurrences(of: #""id":""#, with: #""id":"../"#),
        ] {
            try directory.write(broken, index)
            try directory.setMode(index, 0o600)
            #expect(refusal().contains("keys.json is damaged or of a newer version"))
        }
        try directory.write(#"{"version":1,"encrypted":false,"keys":[]}"#, index)
        #expect(refusal().contains("names no key for tokens"))
    }

    @Test func `an interrupted first start is repeated`() throws {
        _ = try open()
        try FileManager.default.removeItem(atPath: directory.keys + "/keys.json")
        try directory.write("", directory.keys + "/.creating")
        #expect(refusal(create: false).contains("No keys found"))
        #expect(try directory.names().count == 7)
        let ring = try open()
        #expect(try directory.names().count == 7)
        #expect(try open().published(at: start) == ring.published(at: start))
        // A marker that outlived the index must not cost the keys later.
        try directory.write("", directory.keys + "/.creating")
        _ = try open()
        #expect(try !directory.names().contains(".creating"))
    }

    @Test func `a new key is published before it signs, the old one until its signatures have expired`() throws {
        let ring = try open()
        let old = ring.signing(.tokens, at: start).kid
        let events = ring.signing(.events, at: start).kid
        try ring.rotate(.tokens, now: start)
        let new = try #require(ring.list(at: start).last?.id)
        let reopened = try open(now: start)
        for ring in [ring, reopened] {
            for (after, signs, published): (Int64, String, Set<String>) in [
                (0, old, [old, new, events]), (4499, old, [old, new, events]), (4500, new, [old, new, events]),
                (11_699, new, [old, new, events]), (11_700, new, [new, events]), (1_000_000, new, [new, events]),
                (-100, old, [old, new, events]),
            ] {
                #expect(ring.signing(.tokens, at: start + after).kid == signs)
                #expect(Set(ring.published(at: start + after).keys.compactMap(\.kid)) == published)
            }
        }
        func states(_ now: Int64) -> [KeyDescription.State] {
            ring.list(at: now).filter { $0.purpose == "tokens" }.map(\.state)
        }
        #expect(states(start) == [.active, .next])
        #expect(states(start + 4500) == [.retiring, .active])
        #expect(states(start + 11_700) == [.retired, .active])
    }

    @Test func `a verifier with a key set from 75 minutes ago to an hour ahead always verifies`() throws {
        let ring = try open()
        // The key set at each time, as a verifier fetched it; later the ring also has newer keys.
        var fetched: [Int64: VerificationKeySet] = [:]
        for now in stride(from: start, through: start + 40_000, by: 300) {
            if (now - start) % 14_400 == 3600 { try ring.rotate(.tokens, now: now) }
            fetched[now] = VerificationKeySet(ring.published(at: now))
            let token = try JWT.sign(typ: "at+jwt", claims: [:], with: ring.signing(.tokens, at: now))
            let cached = try #require(fetched[max(start, now - 4500)])
            let later = VerificationKeySet(ring.published(at: now + 3600))
            for keys in [cached, later] {
                #expect(throws: Never.self) { try JWT.verify(token, typ: "at+jwt", algorithms: [.es256], keys: keys) }
            }
        }
    }

    @Test func `the ring verifies signatures of one purpose and refuses those of another`() throws {
        let ring = try open()
        let token = try JWT.sign(typ: "at+jwt", claims: [:], with: ring.signing(.tokens, at: start))
        try ring.rotate(.tokens, now: start)
        func verify(_ purpose: KeyRing.SigningPurpose, at now: Int64) throws -> VerifiedJWT {
            try JWT.verify(token, typ: "at+jwt", algorithms: [.es256], keys: ring.verification(purpose, at: now))
        }
        #expect(try verify(.tokens, at: start + 11_699).claims.isEmpty)
        #expect(throws: JWTError.self) { try verify(.tokens, at: start + 11_700) }
        #expect(throws: JWTError.self) { try verify(.events, at: start) }
    }

    @Test func `a second rotation waits for the first, a leaked key is replaced at once`() throws {
        let ring = try open()
        try ring.rotate(.tokens, now: start)
        #expect(throws: KeyRingError.self) { try ring.rotate(.tokens, now: start + 100) }
        try ring.rotate(.events, now: start + 100)
        try ring.rotate(.tokens, now: start + 200, activeAfter: 0, retireAfter: 0)
        let kid = ring.signing(.tokens, at: start + 200).kid
        for now in [start + 200, start + 3600, start + 100_000] {
            #expect(ring.signing(.tokens, at: now).kid == kid)
            #expect(ring.list(at: now).filter { $0.purpose == "tokens" }.map(\.id) == [kid])
        }
        #expect(try directory.names().filter { $0.hasPrefix("tokens-") } == ["tokens-\(kid).pem"])
        #expect(try open(now: start + 200).signing(.tokens, at: start + 200).kid == kid)
    }

    @Test func `the next rotation removes a retired key, whose absence is no error before`() throws {
        let ring = try open()
        let old = ring.signing(.tokens, at: start).kid
        try ring.rotate(.tokens, now: start)
        let later = start + 20_000
        try FileManager.default.removeItem(atPath: directory.keys + "/tokens-\(old).pem")
        let reopened = try open(now: later)
        // Also when the clock goes back, to a time at which the retired key was the active one.
        #expect(reopened.signing(.tokens, at: start).kid != old)
        try reopened.rotate(.tokens, now: later)
        #expect(!reopened.list(at: later).map(\.id).contains(old))
    }

    @Test func `symmetric keys are rotated at once and the older ones kept`() throws {
        let ring = try open()
        let old = ring.secret(.sealing)
        try ring.rotate(.sealing, now: start + 10)
        let reopened = try open(now: start + 1_000_000)
        for ring in [ring, reopened] {
            #expect(ring.secret(.sealing).id != old.id)
            #expect(ring.secret(.sealing, id: old.id)?.bytes == old.bytes)
            #expect(ring.secret(.refresh, id: old.id) == nil)
            #expect(ring.secrets(.sealing).map(\.id) == [ring.secret(.sealing).id, old.id])
            #expect(ring.secret(.sealing, id: "unknown") == nil)
            #expect(ring.list(at: start + 20).filter { $0.purpose == "sealing" }.map(\.state) == [.retiring, .active])
        }
    }
}
