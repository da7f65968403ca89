import CDispatch
import Glibc

/// A file with a secret, named in the configuration. Only its owner may write it, and only its owner, or for some its group,
/// may read it.
struct SecretFile {
    let path: String
    /// The configuration key that names the file.
    let key: ConfigurationKey
    /// Whether the group of the file may read it. Keys of certificates often belong to a group of services.
    let isGroupReadable: Bool

    /// The end of a sentence about a mode that is too open, with the remedy; nil for a safe mode, and for a file that does not
    /// exist, which the reader of the file reports.
    var fault: String? { Self.fault(of: path, isGroupReadable: isGroupReadable) }

    /// The same for the file at any path.
    static func fault(of path: String, isGroupReadable: Bool) -> String? {
        // stat follows links: platforms that renew secrets mount them as links.
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let mode = status.st_mode & 0o777
        // This process can read another user's file only through the group, so that the group must be allowed to read it.
        let allowed: mode_t = isGroupReadable || status.st_uid != geteuid() ? 0o740 : 0o700
        guard mode & ~allowed != 0 else { return nil }
        let others = mode & 0o007 != 0 ? "every user of this machine" : "other users"
        let (current, required) = (String(mode, radix: 8), String(mode & allowed, radix: 8))
        let remedy = status.st_uid == geteuid() || geteuid() == 0 ? "Run" : "Have its owner run"
        return "is open to \(others) (mode 0\(current)). \(remedy) 'chmod \(required) \(path)'."
    }

    /// Throws if other users can read or write the file.
    func check() throws {
        guard let fault else { return }
        throw CommandError("The file \(path) (\(key.path)) \(fault)")
    }
}

extension ServerConfiguration {
    /// The files with the passphrase of the keys and with the private key of the certificate, if they are set.
    var secretFiles: [SecretFile] {
        let passphrase = self.keysPassphraseFile.map {
            SecretFile(
                path: $0, key: ConfigurationKeys.all.keysPassphraseFile.key, isGroupReadable: isOfAnotherUser)
        }
        let key = tls.map { SecretFile(path: $0.key, key: ConfigurationKeys.all.tlsKey.key, isGroupReadable: true) }
        return [passphrase, key].compactMap(\.self)
    }

    /// Whether root asks for a server that runs as another user: that user reads root's passphrase file through its group.
    private var isOfAnotherUser: Bool {
        var status = stat()
        return geteuid() == 0 && stat(self.data, &status) == 0 && status.st_uid != 0
    }
}
