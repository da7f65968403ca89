import ArgumentParser
import AuthorizationServer
import JOSE
import OAuth
import Storage

/// `gatehouse keys recover`: goes on without keys that are lost.
struct KeyRecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Go on without lost keys; says first what that costs.",
        discussion: """
            For a keys folder that is missing, damaged or incomplete, and of which there is no backup. Keys that can be read stay. \
            The lost ones count as ended: sessions that depend on a lost refresh key are revoked, and sealed values of a lost \
            sealing key stay closed. New keys take their places. The server must be stopped.
            """)
    @OptionGroup var act: ActOptions
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let opened: DirectAccess.Opened
        do {
            opened = try DirectAccess(configuration).open()
        } catch StoreError.locked(let path) {
            throw CommandError("A server or another command uses \(path). Nothing was changed. Stop the server first.")
        }
        defer { opened.close() }
        let now = WallClock.system.now()
        let reason = try act.checked()
        let salvage = try KeySalvage(
            of: configuration.keys, passphrase: try configuration.passphrase(), now: now.seconds)
        let lost = try await LostKeys(store: opened.store, salvage: salvage, now: now)
        guard !lost.isEmpty else {
            throw CommandError("No key is lost. Nothing was changed.")
        }
        if !confirmation.yes {
            try Confirmation(
                lines: try await lost.cost(), question: "Go on without these keys?",
                purpose: "go on without the lost keys", declined: "Nothing was changed."
            ).obtain()
        }
        Presentation(columns: [], json: global.json).show(try await lost.recover(by: .current, reason: reason))
    }
}
