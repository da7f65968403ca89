import Glibc

/// A file with a secret that an operator names: nobody may read it who has no business with it, and nobody else write it.
struct SecretFile {
    let path: String
    /// The key of the configuration that names it.
    let key: ConfigurationKey
    /// Whether its owner's group may read it. Keys of certificates often belong to a group of services.
    let isGroups: Bool

    /// What is wrong with its mode, and what to do about it; nil when nothing is, and for a file that cannot be looked at,
    /// because whoever opens it says that better.
    var fault: String? {
        // A link is followed: platforms that renew secrets mount them as links.
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let mode = status.st_mode & 0o777
        // Another user's file can only be read here by its group, so that it has to be readable for that.
        let allowed: mode_t = isGroups || status.st_uid != geteuid() ? 0o740 : 0o700
        guard mode & ~allowed != 0 else { return nil }
        let whom = mode & 0o007 != 0 ? "everybody on this machine" : "others"
        let (found, right) = (String(mode, radix: 8), String(mode & allowed, radix: 8))
        let who = status.st_uid == geteuid() || geteuid() == 0 ? "run" : "have its owner run"
        return "is open to \(whom) (mode 0\(found)); \(who): chmod \(right) \(path)"
    }

    /// Refuses to go on with a file that others can read or write.
    func check() throws {
        guard let fault else { return }
        throw Refusal("the file of \(key.rawValue), \(path), \(fault)")
    }
}

extension ServerConfiguration {
    /// The passphrase of the keys and the key of the certificate, as far as they are set.
    var secretFiles: [SecretFile] {
        let passphrase = paths.keysPassphraseFile.map {
            SecretFile(path: $0, key: .keysPassphraseFile, isGroups: false)
        }
        let key = tls.map { SecretFile(path: $0.key, key: .tlsKey, isGroups: true) }
        return [passphrase, key].compactMap(\.self)
    }
}
