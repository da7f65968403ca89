import AuthorizationServer
import JOSE
import OAuth

/// Whether the keys on the disk are whole, shut away, and the ones in use.
struct KeyCheck {
    /// Days after which a signing key is worth a word.
    private static let old: Int64 = 400

    private let configuration: ServerConfiguration
    private let inMemory: KeyRing?
    private let needed: [String]
    private let now: Timestamp

    /// `needed` are the refresh keys that live sessions depend on.
    init(_ configuration: ServerConfiguration, inMemory: KeyRing?, needed: [String], now: Timestamp) {
        self.configuration = configuration
        self.inMemory = inMemory
        self.needed = needed
        self.now = now
    }

    var findings: [Finding] {
        do {
            // Opening reads every file, and refuses one that is open to others, damaged or missing.
            let ring = try configuration.openKeys(createIfEmpty: false)
            return [whole(ring), custody, age(ring)] + differing(ring) + missing(ring)
        } catch {
            return [Finding("keys", .problem, Sentence.of(error))]
        }
    }

    private func whole(_ ring: KeyRing) -> Finding {
        Finding(
            "keys", .ok,
            "\(ring.list(at: now.seconds).count) keys in \(configuration.paths.keys), whole and closed to others.")
    }

    private var custody: Finding {
        guard let file = configuration.paths.keysPassphraseFile else {
            return Finding(
                "custody", .ok, "The keys are files that are not encrypted; their folder's backup needs the same care.")
        }
        guard let fault = configuration.secretFiles.first(where: { $0.key == .keysPassphraseFile })?.fault else {
            return Finding("custody", .ok, "The keys are encrypted, with the passphrase in \(file).")
        }
        return Finding("custody", .problem, "The passphrase in \(file) \(fault), and change it.")
    }

    private func age(_ ring: KeyRing) -> Finding {
        let active = ring.list(at: now.seconds).filter { $0.kind == .signing && $0.state == .active }
        let days = active.map { (now.seconds - $0.activeFrom) / 86_400 }.max() ?? 0
        return days > Self.old
            ? Finding(
                "key age", .warning,
                "A signing key has been in use for \(days) days; 'gatehouse keys rotate' makes the next one.")
            : Finding("key age", .ok, "The oldest signing key in use is \(days) days old.")
    }

    private func differing(_ ring: KeyRing) -> [Finding] {
        guard let inMemory else { return [] }
        let (disk, memory) = (Set(ring.list(at: now.seconds).map(\.id)), Set(inMemory.list(at: now.seconds).map(\.id)))
        guard disk != memory else { return [] }
        return [
            Finding(
                "keys", .problem,
                "The server uses other keys than those in \(configuration.paths.keys): somebody replaced the files; restore "
                    + "them, or restart the server to use them.")
        ]
    }

    private func missing(_ ring: KeyRing) -> [Finding] {
        // What stands on one that was put out of use ends by itself.
        let ended = ring.putOutOfUse(.secret(.refresh))
        return needed.filter { ring.secret(.refresh, id: $0) == nil && !ended.contains($0) }.map { id in
            Finding(
                "keys", .problem,
                "The refresh key \(id) is missing, and live sessions depend on it; restore it from a backup of the keys."
            )
        }
    }
}
