import Foundation
import Glibc
import TestSupport
import Testing

@testable import gatehouse

@Suite("The file with the passphrase")
struct PassphraseFileTests {
    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func `Root accepts a group that reads it for another user's server, and nobody else's`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a passphrase", to: "passphrase")
        try FileManager.default.createDirectory(atPath: folder.path + "/var", withIntermediateDirectories: false)
        let configuration = try ServerConfiguration(
            ConfigurationSources(
                flags: [ConfigurationKeys.all.keysPassphraseFile.key: [path]], environment: [:], file: nil,
                workingDirectory: folder.path, installed: folder.path + "/none"))
        let fault = { () -> String? in configuration.secretFiles.first?.fault }
        chmod(path, 0o640)
        #expect(fault()?.contains("chmod 600 \(path)") ?? false, "root's own server needs no group")
        chown(folder.path + "/var", 65_534, 65_534)
        #expect(fault() == nil)
        chmod(path, 0o644)
        #expect(fault()?.contains("every user of this machine") ?? false)
        chmod(path, 0o660)
        #expect(fault()?.contains("chmod 640 \(path)") ?? false)
    }
}
