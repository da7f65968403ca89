import AuthorizationServer
import JOSE
import OAuth

/// Checks that the key files are complete and private, and that the server uses them.
struct KeyCheck {
    /// The age in days from which a signing key is too old.
    private static let maximumAge: Int64 = 400

    private let configuration: ServerConfiguration
    /// The keys of the running server; nil without one.
    private let inMemory: KeyRing?
    private let needed: [String]
    private let now: Timestamp

    /// `needed` are the IDs of the refresh keys on which live sessions depend.
    init(_ configuration: ServerConfiguration, inMemory: KeyRing?, needed: [String], now: Timestamp) {
        self.configuration = configuration
        self.inMemory = inMemory
        self.needed = needed
        self.now = now
    }

    var findings: [Finding] {
        do {
            // Opening reads every file and fails for one that is readable by other users, damaged or missing.
            let ring = try configuration.openKeys(createIfEmpty: false)
            return [files(ring), custody, age(ring)] + differing(ring) + missing(ring)
        } catch {
            return [Finding("keys", .problem, Sentence.of(error))]
        }
    }

    private func files(_ ring: KeyRing) -> Finding {
        Finding(
            "keys", .ok,
            "\(Sentence.count(ring.list(at: now.seconds).count, "key")) in \(configuration.keys), complete and private."
        )
    }

    private var custody: Finding {
        guard let file = configuration.keysPassphraseFile else {
            return Finding(
                "custody", .ok, "The key files are not encrypted; protect backups of their folder like the folder.")
        }
        guard
            let fault = configuration.secretFiles.first(where: {
                $0.key == ConfigurationKeys.all.keysPassphraseFile.key
            })?.fault
        else {
            return Finding("custody", .ok, "The key files are encrypted, with the passphrase in \(file).")
        }
        return Finding("custody", .problem, "The passphrase file \(file) \(fault) Then change the passphrase.")
    }

    private func age(_ ring: KeyRing) -> Finding {
        let active = ring.list(at: now.seconds).filter { $0.kind == .signing && $0.state == .active }
        let days = active.map { (now.seconds - $0.activeFrom) / 86_400 }.max() ?? 0
        return days > Self.maximumAge
            ? Finding(
                "key age", .warning, "A signing key has been active for \(days) days. Run 'gatehouse keys rotate'.")
            : Finding("key age", .ok, "The oldest active signing key is \(Sentence.count(days, "day")) old.")
    }

    private func differing(_ ring: KeyRing) -> [Finding] {
        guard let inMemory else { return [] }
        let (disk, memory) = (Set(ring.list(at: now.seconds).map(\.id)), Set(inMemory.list(at: now.seconds).map(\.id)))
        guard disk != memory else { return [] }
        return [
            Finding(
                "keys", .problem,
                "The server uses other keys than those in \(configuration.keys): the files were replaced. Restore them, "
                    + "or restart the server to use the new ones.")
        ]
    }

    private func missing(_ ring: KeyRing) -> [Finding] {
        // The server itself revokes the sessions of ended keys.
        let ended = ring.everEnded(.secret(.refresh))
        return needed.filter { ring.secret(.refresh, id: $0) == nil && !ended.contains($0) }.map { id in
            Finding(
                "keys", .problem,
                "The refresh key \(id) is missing, and live sessions depend on it. Restore it from a backup of the keys."
            )
        }
    }
}
